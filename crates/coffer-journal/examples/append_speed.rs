//! What a record costs: appended and flushed one by one, and several to a flush.

#![expect(clippy::print_stdout, clippy::unwrap_used, clippy::disallowed_methods, reason = "a tool")]

use std::time::Instant;

use coffer_journal::{Journal, JournalKey, Settings};
use coffer_model::Timestamp;

fn main() {
    let folder = std::env::args().nth(1).unwrap_or_else(|| "/tmp/coffer-journal-speed".to_owned());
    std::fs::remove_dir_all(&folder).ok();
    let record = vec![b'x'; 700];
    for together in [1_u32, 2, 4, 8, 16, 64] {
        let key = JournalKey::new(&[7; 32]);
        let now = Timestamp::EPOCH;
        let (journal, _) = Journal::open(folder.as_ref(), key, Settings::default(), now).unwrap();
        let (start, cpu) = (Instant::now(), cpu_ticks());
        for _ in 0..RECORDS / together {
            let mut ticket = None;
            for _ in 0..together {
                ticket = Some(journal.append(now, &record).unwrap());
            }
            journal.flush(ticket.unwrap()).unwrap();
        }
        let wall = start.elapsed().as_secs_f64() * 1e6 / f64::from(RECORDS);
        let cpu = (cpu_ticks() - cpu) * 1e4 / f64::from(RECORDS);
        println!("{together:3} to a flush: {wall:.2} µs wall, {cpu:.2} µs CPU of all threads");
        drop(journal);
        std::fs::remove_dir_all(&folder).unwrap();
    }
}

/// User and system time of this process, in hundredths of a second.
fn cpu_ticks() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    let fields = stat.rsplit(')').next().unwrap().split_whitespace();
    fields.skip(11).take(2).map(|ticks| ticks.parse::<f64>().unwrap()).sum()
}

const RECORDS: u32 = 400_000;

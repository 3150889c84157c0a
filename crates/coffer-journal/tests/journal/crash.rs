//! Whenever the process is killed, or its disk refuses, what was acknowledged is there and proven.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;

use coffer_journal::{Found, Journal, JournalError, Settings, Slot};
use coffer_model::Timestamp;

use crate::folder::{Place, key, texts, write};

/// Where the child writes; the test that finds it set is the child.
const FOLDER: &str = "COFFER_JOURNAL_CRASH_FOLDER";
const KILLS: usize = 15;

#[test]
fn a_kill_loses_nothing_that_was_acknowledged_and_breaks_nothing() {
    if let Some(folder) = child_folder() {
        write_until_killed(Path::new(&folder));
    }
    let place = Place::new();
    let mut acknowledged = Vec::new();
    for kill in 0..KILLS {
        let name = "crash::a_kill_loses_nothing_that_was_acknowledged_and_breaks_nothing";
        let mut child = this_test(name, "exec \"$@\"").env(FOLDER, place.path()).spawn().unwrap();
        let patience = acknowledged.len() + 1 + kill * kill * 37 % 300;
        let mut lines = BufReader::new(child.stdout.take().unwrap());
        while acknowledged.len() < patience {
            acknowledged.extend(next_record(&mut lines).unwrap());
        }
        child.kill().unwrap();
        while let Some(record) = next_record(&mut lines) {
            acknowledged.extend(record);
        }
        assert_eq!(child.wait().unwrap().signal(), Some(9), "it did not end before it was killed");
        check(&place, &acknowledged);
    }
}

#[test]
fn a_disk_that_refuses_makes_flushes_fail_and_breaks_nothing() {
    if let Some(folder) = child_folder() {
        write_until_refused(Path::new(&folder));
        return;
    }
    let place = Place::new();
    let limited = "trap '' XFSZ; ulimit -f 64; exec \"$@\"";
    let name = "crash::a_disk_that_refuses_makes_flushes_fail_and_breaks_nothing";
    let mut child = this_test(name, limited).env(FOLDER, place.path()).spawn().unwrap();
    let mut acknowledged = Vec::new();
    let mut lines = BufReader::new(child.stdout.take().unwrap());
    while let Some(record) = next_record(&mut lines) {
        acknowledged.extend(record);
    }
    assert!(child.wait().unwrap().success());
    assert!(!acknowledged.is_empty());
    check(&place, &acknowledged);
}

#[test]
fn a_torn_last_frame_is_cut_off_and_noted() {
    for torn in [1, 20, 60] {
        let place = Place::new();
        let journal = place.open_long();
        write(&journal, 0..5);
        drop(journal);
        let live = place.files(".log").remove(0);
        let mut bytes = fs::read(&live).unwrap();
        // As if the process had been killed while it wrote a sixth: the head knows nothing of it.
        let (start, frame) = (bytes.len() - 37, bytes[bytes.len() - 37..].to_vec());
        assert_eq!(start % 37, 56 % 37);
        bytes.extend(frame.iter().cycle().take(torn));
        fs::write(&live, &bytes).unwrap();
        assert_eq!(place.verify().first_broken.is_some(), torn > 36);
        let (journal, found) = place.open_and_find();
        let bytes = u64::try_from(torn).unwrap();
        assert_eq!(found, [Found::Torn { sequence: 5, bytes }]);
        write(&journal, 5..8);
        drop(journal);
        let report = place.verify();
        assert_eq!(report.first_broken, None);
        assert_eq!(report.records, 8);
        assert!(report.notes[0].text.starts_with("torn: "), "{:?}", report.notes);
        assert_eq!(place.records(), texts(0..8));
    }
}

#[test]
fn a_segment_that_was_only_begun_is_begun_again() {
    for garbage in [vec![], vec![0; 4096]] {
        let place = Place::new();
        let journal = place.open_long();
        write(&journal, 0..5);
        drop(journal);
        fs::write(place.path().join("journal-0000000000000002.log"), &garbage).unwrap();
        let journal = place.open();
        write(&journal, 5..50);
        drop(journal);
        assert_eq!(place.verify().first_broken, None);
        assert_eq!(place.records(), texts(0..50));
    }
}

/// Appends numbered records from several threads, and says so after each flush.
fn write_until_killed(folder: &Path) -> ! {
    let settings = Settings::default().with_segment_bytes_max(4096);
    let (journal, found) = Journal::open(folder, key(), settings, Timestamp::EPOCH).unwrap();
    let is_torn = |found: &Found| matches!(found, Found::Torn { .. });
    assert!(found.iter().all(is_torn), "{found:?}");
    thread::scope(|threads| {
        for writer in 0..4 {
            let journal = &journal;
            threads.spawn(move || {
                for number in 0..u64::MAX {
                    let record = format!("{}-{writer}-{number}", std::process::id());
                    // Some alike, and some not.
                    let slot = Slot(writer % 2);
                    let ticket = journal.append_like(Timestamp::EPOCH, slot, record.as_bytes());
                    let ticket = ticket.unwrap();
                    journal.flush(ticket).unwrap();
                    say(&record);
                }
            });
        }
    });
    unreachable!("it writes until it is killed");
}

fn write_until_refused(folder: &Path) {
    let settings = Settings::default();
    let (journal, _) = Journal::open(folder, key(), settings, Timestamp::EPOCH).unwrap();
    let mut refusals = 0;
    for number in 0..10_000 {
        // Of every length, so that what was not written whole ends anywhere.
        let record = format!("{number:0200}{}", "x".repeat(number % 50));
        let flushed = journal
            .append_like(Timestamp::EPOCH, Slot::default(), record.as_bytes())
            .and_then(|ticket| journal.flush(ticket));
        match flushed {
            Ok(()) if refusals == 0 => say(&record),
            Ok(()) => panic!("it was refused before"),
            Err(JournalError::NotWritten(_)) => refusals += 1,
            Err(error) => panic!("{error}"),
        }
        if refusals == 3 {
            return;
        }
    }
    panic!("the disk never refused");
}

fn check(place: &Place, acknowledged: &[String]) {
    let report = place.verify();
    assert_eq!(report.first_broken, None);
    let mut found = place.records();
    let count = found.len();
    found.sort();
    found.dedup();
    assert_eq!(found.len(), count, "a record is there twice");
    for record in acknowledged {
        assert!(found.binary_search(record).is_ok(), "{record} is lost");
    }
}

fn child_folder() -> Option<std::ffi::OsString> {
    #[expect(clippy::disallowed_methods, reason = "the test tells itself what to do in the child")]
    std::env::var_os(FOLDER)
}

fn this_test(name: &str, shell: &str) -> Command {
    let mut command = Command::new("sh");
    command.args(["-c", shell, "sh"]).arg(std::env::current_exe().unwrap());
    command.args(["--exact", name, "--nocapture", "--test-threads=1"]).stdout(Stdio::piped());
    command
}

fn say(record: &str) {
    let mut out = std::io::stdout().lock();
    writeln!(out, "acknowledged {record}").unwrap();
}

/// The next record that a child has acknowledged, nothing for its other lines.
fn next_record(lines: &mut impl BufRead) -> Option<Option<String>> {
    let mut line = String::new();
    lines.read_line(&mut line).unwrap();
    if !line.ends_with('\n') {
        return None;
    }
    Some(line.trim().rsplit_once("acknowledged ").map(|(_, record)| record.to_owned()))
}

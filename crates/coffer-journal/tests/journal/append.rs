//! What is appended is there, in order and once, whoever appends and whoever reads.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};

use coffer_journal::{
    Journal, JournalError, Kind, Known, Portion, Position, RECORD_BYTES_MAX, Reader, Settings,
    verify,
};
use coffer_model::Timestamp;

use crate::folder::{Place, key, long_texts, read, text, texts, wait_until, write, write_like};

#[test]
fn records_are_read_back_in_order_over_segments_and_starts() {
    let place = Place::new();
    for start in 0..5 {
        let journal = place.open();
        write(&journal, start * 10..start * 10 + 10);
        // While it is written, too.
        assert_eq!(place.records(), texts(0..start * 10 + 10));
        drop(journal);
        assert_eq!(place.records(), texts(0..start * 10 + 10));
        let report = place.verify();
        assert_eq!(report.first_broken, None);
        assert_eq!(report.notes, []);
        assert_eq!(i64::try_from(report.records).unwrap(), start * 10 + 10);
    }
    let sequences: Vec<u64> = place.entries().iter().map(|entry| entry.sequence).collect();
    assert_eq!(sequences, (1..=50).collect::<Vec<_>>());
    assert!(place.contents().len() > 10);
}

#[test]
fn records_that_are_alike_are_read_back_whole_from_wherever_reading_goes_on() {
    let place = Place::new();
    for start in 0..5 {
        let journal = place.open();
        write_like(&journal, start * 20..start * 20 + 20);
        drop(journal);
        assert_eq!(place.records(), long_texts(0..start * 20 + 20));
    }
    assert!(place.contents().len() > 10);
    let report = place.verify();
    assert_eq!((report.first_broken, report.records), (None, 100));
}

#[test]
fn records_that_are_alike_take_little_room() {
    let place = Place::new();
    let journal = place.open_long();
    write_like(&journal, 0..1000);
    drop(journal);
    assert_eq!(place.records(), long_texts(0..1000));
    let bytes = std::fs::metadata(&place.files(".log")[0]).unwrap().len();
    let written: usize = long_texts(0..1000).iter().map(String::len).sum();
    assert!(bytes * 2 < u64::try_from(written).unwrap(), "{bytes} of {written}");
}

#[test]
fn every_closed_segment_is_compressed_and_reads_the_same() {
    let place = Place::new();
    let journal = place.open();
    write(&journal, 0..100);
    wait_until(|| place.files(".log").len() == 1);
    assert_eq!(place.records(), texts(0..100));
    assert_eq!(place.verify().first_broken, None);
}

#[test]
fn a_reader_goes_on_where_it_left_off() {
    let place = Place::new();
    let journal = place.open();
    let mut at = Position::START;
    for round in 0..30 {
        write(&journal, round * 2..round * 2 + 2);
        let found = read(place.path(), at, 100, 100_000);
        let expected = texts(round * 2..round * 2 + 2);
        let records: Vec<_> = found.entries.iter().map(|entry| entry.record.clone()).collect();
        assert_eq!(records, expected.iter().map(|text| text.as_bytes()).collect::<Vec<_>>());
        assert!(found.is_end);
        at = found.next;
    }
}

#[test]
fn many_that_append_at_once_share_the_writes_and_lose_nothing() {
    let place = Place::new();
    let journal = Arc::new(place.open_long());
    thread::scope(|threads| {
        for writer in 0..8_i64 {
            let journal = &journal;
            threads.spawn(move || write(journal, writer * 1000..writer * 1000 + 500));
        }
    });
    let mut found = place.records();
    assert_eq!(found.len(), 4000);
    found.sort();
    let mut expected: Vec<String> =
        (0..8).flat_map(|writer| texts(writer * 1000..writer * 1000 + 500)).collect();
    expected.sort();
    assert_eq!(found, expected);
    assert_eq!(place.verify().first_broken, None);
}

#[test]
fn one_flush_writes_all_that_was_appended_before_it() {
    let place = Place::new();
    let journal = place.open_long();
    let tickets: Vec<_> = (0..10)
        .map(|number| journal.append(Timestamp::EPOCH, text(number).as_bytes()).unwrap())
        .collect();
    assert_eq!(place.records(), texts(0..0));
    journal.flush(tickets[3]).unwrap();
    assert_eq!(place.records(), texts(0..10));
    journal.flush(tickets[9]).unwrap();
    assert_eq!(journal.last().sequence, 10);
}

#[test]
fn a_record_that_is_too_long_is_refused_and_the_next_one_is_not() {
    let place = Place::new();
    let journal = place.open_long();
    let long = vec![b'x'; RECORD_BYTES_MAX + 1];
    let refused = journal.append(Timestamp::EPOCH, &long);
    assert_eq!(refused, Err(JournalError::TooLong(RECORD_BYTES_MAX + 1)));
    let ticket = journal.append(Timestamp::EPOCH, &long[1..]).unwrap();
    journal.flush(ticket).unwrap();
    assert_eq!(place.verify().records, 1);
}

#[test]
fn more_than_the_buffer_holds_is_written_on_the_way() {
    let place = Place::new();
    let journal = place.open_long();
    let record = vec![b'x'; RECORD_BYTES_MAX];
    for _ in 0..100 {
        journal.append(Timestamp::EPOCH, &record).unwrap();
    }
    drop(journal);
    assert_eq!(place.verify().records, 100);
}

#[test]
fn what_waits_for_the_disk_is_told_when_it_is_there() {
    let place = Place::new();
    let journal = place.open_long();
    for number in 0..3 {
        let ticket = journal.append(Timestamp::EPOCH, text(number).as_bytes()).unwrap();
        journal.flush(ticket).unwrap();
        block_on(journal.synced(ticket)).unwrap();
    }
}

#[test]
fn nothing_behind_what_is_secured_is_read_by_whoever_asks_for_no_more() {
    let place = Place::new();
    let journal = place.open_long();
    let mut reader = Reader::new(place.path(), Position::START);
    let mut read = Vec::new();
    assert_eq!(block_on(journal.secured()).unwrap().sequence, 0);
    for last in [3, 7, 11] {
        for number in 0..3 {
            journal.append(Timestamp::EPOCH, text(number).as_bytes()).unwrap();
        }
        let secured = block_on(journal.secured()).unwrap();
        assert_eq!(secured, journal.last(), "what was appended is written and on the disk");
        assert_eq!(secured.sequence, last);
        let behind = journal.append(Timestamp::EPOCH, b"behind it").unwrap();
        journal.flush(behind).unwrap();
        for sequence_max in [last - 1, last, last] {
            let portion = Portion { records_max: 100, bytes_max: 1 << 20, sequence_max };
            let is_end = reader.read(portion, |entry| read.push(entry.sequence));
            assert!(is_end.unwrap());
            assert_eq!(read.last(), Some(&sequence_max));
        }
    }
    assert_eq!(read, (1..=11).collect::<Vec<u64>>());
}

#[test]
fn a_folder_has_one_writer() {
    let place = Place::new();
    let _journal = place.open();
    let second = Journal::open(place.path(), key(), Settings::default(), Timestamp::EPOCH);
    assert!(second.unwrap_err().to_string().contains("another process has it open"));
}

#[test]
fn a_segment_that_spans_too_much_time_is_closed() {
    let place = Place::new();
    let journal = place.open_long();
    let day = 86_400_000;
    for time in [0, day / 2, day + 1, day + 2] {
        let ticket = journal.append(Timestamp::from_millis(time), b"now and then").unwrap();
        journal.flush(ticket).unwrap();
    }
    wait_until(|| !place.files(".zst").is_empty());
    assert_eq!(place.entries().len(), 4);
}

#[test]
fn old_segments_go_and_the_rest_verifies_from_its_new_beginning() {
    let place = Place::new();
    let journal = place.open();
    write(&journal, 0..100);
    wait_until(|| place.files(".log").len() == 1);
    let before = journal.last();
    assert!(journal.retain_since(Timestamp::from_millis(50)).unwrap() > 5);
    assert_eq!(journal.retain_since(Timestamp::from_millis(50)).unwrap(), 0);
    let kept = place.records();
    assert!(kept.len() > 49 && kept.len() < 60, "{}", kept.len());
    assert_eq!(kept.last(), Some(&text(99)));
    assert_eq!(place.verify().first_broken, None);
    write(&journal, 100..110);
    drop(journal);
    drop(place.open());
    let report = verify(place.path(), &key(), Some(before)).unwrap();
    assert_eq!(report.first_broken, None);
    let unknown = Known { tag: [0; 16], ..before };
    assert!(verify(place.path(), &key(), Some(unknown)).unwrap().first_broken.is_some());
    // However old, the last one stays.
    place.open().retain_since(Timestamp::from_millis(1_000_000)).unwrap();
    assert_eq!(place.verify().first_broken, None);
}

#[test]
fn a_broken_segment_is_kept_however_old_it_is() {
    let place = Place::new();
    drop({
        let journal = place.open();
        write(&journal, 0..30);
        wait_until(|| place.files(".log").len() == 1);
        journal
    });
    let first = &place.files(".zst")[0];
    let mut bytes = std::fs::read(first).unwrap();
    bytes[100] ^= 1;
    std::fs::write(first, bytes).unwrap();
    let journal = place.open();
    assert_eq!(journal.retain_since(Timestamp::from_millis(1000)).unwrap(), 0);
    assert!(place.verify().first_broken.is_some());
}

#[test]
fn a_reader_that_stayed_behind_goes_on_with_what_is_kept() {
    let place = Place::new();
    let journal = place.open();
    write(&journal, 0..10);
    let at = read(place.path(), Position::START, 1, 1000).next;
    write(&journal, 10..100);
    wait_until(|| place.files(".log").len() == 1);
    journal.retain_since(Timestamp::from_millis(50)).unwrap();
    let found = read(place.path(), at, 1, 1000);
    assert!(found.entries[0].sequence > 40);
    assert_eq!(
        found.entries[0].record,
        text(i64::try_from(found.entries[0].sequence).unwrap() - 1).as_bytes()
    );
    assert_eq!(found.entries[0].kind, Kind::Record);
}

/// Polls a future to its end on this thread.
fn block_on<F: Future>(future: F) -> F::Output {
    struct Unpark(Thread);
    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut future = pin!(future);
    loop {
        match future.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(output) => return output,
            Poll::Pending => thread::park(),
        }
    }
}

//! A journal in a folder that is gone after the test.

use std::fs;
use std::path::{Path, PathBuf};

use coffer_journal::{
    Found, Journal, JournalKey, Kind, Portion, Position, Reader, Report, Settings, Slot, verify,
};
use coffer_model::Timestamp;
use tempfile::TempDir;

pub(crate) struct Place(TempDir);

impl Place {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    pub(crate) fn open(&self) -> Journal {
        let (journal, found) = self.open_and_find();
        assert_eq!(found, []);
        journal
    }

    pub(crate) fn open_and_find(&self) -> (Journal, Vec<Found>) {
        let settings = Settings::default().with_segment_bytes_max(SEGMENT_BYTES);
        Journal::open(self.path(), key(), settings, Timestamp::from_millis(5)).unwrap()
    }

    /// Opens with a segment length that is never reached.
    pub(crate) fn open_long(&self) -> Journal {
        let now = Timestamp::from_millis(5);
        let settings = Settings { segments_kept_plain: 0, ..Settings::default() };
        Journal::open(self.path(), key(), settings, now).unwrap().0
    }

    pub(crate) fn verify(&self) -> Report {
        verify(self.path(), &key(), None).unwrap()
    }

    /// Every record, as text.
    pub(crate) fn records(&self) -> Vec<String> {
        let records = self.entries().into_iter().filter(|entry| entry.kind == Kind::Record);
        records.map(|entry| String::from_utf8(entry.record).unwrap()).collect()
    }

    /// All entries: by one reader and by many that go on for each other, which find the same.
    pub(crate) fn entries(&self) -> Vec<Entry> {
        let (mut entries, mut at) = (Vec::new(), Position::START);
        let mut reader = Reader::new(self.path(), at);
        loop {
            let found = read(self.path(), at, 3, 200);
            let by_one = read_on(&mut reader, 3, 200);
            assert_eq!(found, by_one);
            entries.extend(found.entries);
            at = found.next;
            if found.is_end {
                return entries;
            }
        }
    }

    /// The files with this end, in order.
    pub(crate) fn files(&self, end: &str) -> Vec<PathBuf> {
        let entries = fs::read_dir(self.path()).unwrap();
        let paths = entries.map(|entry| entry.unwrap().path());
        let mut files: Vec<_> =
            paths.filter(|path| path.to_str().unwrap().ends_with(end)).collect();
        files.sort();
        files
    }

    /// All that a journal consists of, but for its lock.
    pub(crate) fn contents(&self) -> Vec<PathBuf> {
        let mut files = self.files(".log");
        files.extend(self.files(".zst"));
        files.extend(self.files(".head"));
        files
    }

    /// A copy that can be tampered with.
    pub(crate) fn copy(&self) -> Self {
        let copy = Self::new();
        for file in self.contents() {
            fs::copy(&file, copy.path().join(file.file_name().unwrap())).unwrap();
        }
        copy
    }
}

/// A record that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) sequence: u64,
    pub(crate) kind: Kind,
    pub(crate) record: Vec<u8>,
    pub(crate) tag: [u8; 16],
}

/// What was read at once.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Read {
    pub(crate) entries: Vec<Entry>,
    pub(crate) next: Position,
    pub(crate) is_end: bool,
}

/// Reads by a reader that has read nothing before.
pub(crate) fn read(folder: &Path, at: Position, records_max: usize, bytes_max: usize) -> Read {
    read_on(&mut Reader::new(folder, at), records_max, bytes_max)
}

fn read_on(reader: &mut Reader, records_max: usize, bytes_max: usize) -> Read {
    let mut entries = Vec::new();
    let portion = Portion { records_max, bytes_max, sequence_max: u64::MAX };
    let is_end = reader.read(portion, |entry| {
        let (sequence, kind, tag) = (entry.sequence, entry.kind, entry.tag);
        entries.push(Entry { sequence, kind, record: entry.record.to_vec(), tag });
    });
    Read { entries, next: reader.next(), is_end: is_end.unwrap() }
}

pub(crate) fn key() -> JournalKey {
    JournalKey::new(&[7; 32])
}

/// Appends and flushes texts, each with its number as its time.
pub(crate) fn write(journal: &Journal, numbers: std::ops::Range<i64>) {
    for number in numbers {
        let record = text(number);
        let ticket = journal.append(Timestamp::from_millis(number), record.as_bytes()).unwrap();
        journal.flush(ticket).unwrap();
    }
}

/// Appends and flushes long texts that are much alike.
pub(crate) fn write_like(journal: &Journal, numbers: std::ops::Range<i64>) {
    for number in numbers {
        let (time, record) = (Timestamp::from_millis(number), long_text(number));
        let slot = Slot(u8::try_from(number % 3).unwrap());
        let ticket = journal.append_like(time, slot, record.as_bytes()).unwrap();
        journal.flush(ticket).unwrap();
    }
}

/// A text that is much like others of the same slot; some have names of another length.
pub(crate) fn long_text(number: i64) -> String {
    let (slot, name) = (number % 3, "n".repeat(usize::try_from(number % 7).unwrap()));
    format!("time {number:06}, {}, name {name}, {}", "who ".repeat(10), slot.to_string().repeat(30))
}

pub(crate) fn long_texts(numbers: std::ops::Range<i64>) -> Vec<String> {
    numbers.map(long_text).collect()
}

pub(crate) fn text(number: i64) -> String {
    format!("record {number}")
}

pub(crate) fn texts(numbers: std::ops::Range<i64>) -> Vec<String> {
    numbers.map(text).collect()
}

/// Waits, for as long as a test may take, until something holds.
pub(crate) fn wait_until(mut holds: impl FnMut() -> bool) {
    for _ in 0..WAITS_MAX {
        if holds() {
            return;
        }
        std::thread::yield_now();
    }
    panic!("it did not happen");
}

/// A few records to a segment.
pub(crate) const SEGMENT_BYTES: usize = 200;
const WAITS_MAX: u64 = 50_000_000;

//! A journal in a folder that is gone after the test.

use std::fs;
use std::path::{Path, PathBuf};

use coffer_journal::{
    Entry, Found, Journal, JournalKey, Kind, Position, Report, Settings, read, verify,
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

    pub(crate) fn entries(&self) -> Vec<Entry> {
        let (mut entries, mut at) = (Vec::new(), Position::START);
        loop {
            let read = read(self.path(), at, 3, 200).unwrap();
            entries.extend(read.entries);
            at = read.next;
            if read.is_end {
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

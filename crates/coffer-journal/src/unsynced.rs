//! What the operating system has and the disk may not have yet, kept until a sync says that it does.
//!
//! A sync that fails tells of pages that were given up: the system counts them as written from then
//! on, and the next sync succeeds without them. So they are written once more before it.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::sync::Arc;

/// Pieces of segments, in the order in which they were written.
#[derive(Default)]
pub(crate) struct Unsynced {
    pieces: Vec<Piece>,
    bytes: usize,
    /// Whether a sync has failed since they were written.
    must_write_again: bool,
}

struct Piece {
    file: Arc<File>,
    offset: u64,
    bytes: Vec<u8>,
}

impl Unsynced {
    /// Notes what was written at a place.
    pub(crate) fn wrote(&mut self, file: &Arc<File>, offset: u64, bytes: &[u8]) {
        self.bytes += bytes.len();
        if let Some(last) = self.pieces.last_mut().filter(|last| last.goes_on_at(file, offset)) {
            last.bytes.extend_from_slice(bytes);
            return;
        }
        self.pieces.push(Piece { file: Arc::clone(file), offset, bytes: bytes.to_vec() });
    }

    /// Notes what an earlier process has left: whether a sync of its has failed is not known.
    pub(crate) fn found(&mut self, file: &Arc<File>, offset: u64, bytes: &[u8]) {
        self.wrote(file, offset, bytes);
        self.must_write_again = true;
    }

    /// Whether so much waits for the disk that nothing more is to be written.
    pub(crate) fn is_full(&self) -> bool {
        self.bytes >= BYTES_MAX || self.pieces.len() >= PIECES_MAX
    }

    /// Whether there is something of another file than this one.
    pub(crate) fn is_beyond(&self, file: &Arc<File>) -> bool {
        self.pieces.iter().any(|piece| !Arc::ptr_eq(&piece.file, file))
    }

    /// Puts it all on the disk.
    pub(crate) fn sync(&mut self) -> io::Result<()> {
        let synced = self.try_sync();
        self.must_write_again = synced.is_err();
        synced
    }

    fn try_sync(&self) -> io::Result<()> {
        if self.must_write_again {
            for piece in &self.pieces {
                piece.file.write_all_at(&piece.bytes, piece.offset)?;
            }
        }
        let mut synced: Option<&Arc<File>> = None;
        for Piece { file, .. } in &self.pieces {
            if !synced.is_some_and(|last| Arc::ptr_eq(last, file)) {
                file.sync_data()?;
            }
            synced = Some(file);
        }
        Ok(())
    }

    /// Puts back what could not be synced, before what was written meanwhile.
    pub(crate) fn put_back(&mut self, mut earlier: Self) {
        for Piece { file, offset, bytes } in std::mem::take(&mut self.pieces) {
            earlier.wrote(&file, offset, &bytes);
        }
        *self = earlier;
    }
}

impl Piece {
    fn goes_on_at(&self, file: &Arc<File>, offset: u64) -> bool {
        let length = u64::try_from(self.bytes.len()).unwrap_or(u64::MAX);
        Arc::ptr_eq(&self.file, file) && self.offset.saturating_add(length) == offset
    }
}

/// What waits for the disk, at most; what was put back may come to as much again.
const BYTES_MAX: usize = 32 * 1024 * 1024;
/// Segments that wait for the disk, at most.
const PIECES_MAX: usize = 64;

#[cfg(test)]
mod tests {
    use std::fs::{self, OpenOptions};

    use super::*;

    fn open(path: &std::path::Path, is_writable: bool) -> Arc<File> {
        let mut options = OpenOptions::new();
        options.read(true).write(is_writable).create(is_writable).truncate(false);
        Arc::new(options.open(path).unwrap())
    }

    #[test]
    fn after_a_sync_that_failed_all_is_written_again_and_before_it_nothing_is() {
        let folder = tempfile::tempdir().unwrap();
        let (one, other) = (folder.path().join("one"), folder.path().join("other"));
        let (first, second) = (open(&one, true), open(&other, true));
        let mut unsynced = Unsynced::default();
        unsynced.wrote(&first, 2, b"ab");
        unsynced.wrote(&first, 4, b"cd");
        unsynced.wrote(&second, 0, b"ef");
        assert_eq!((unsynced.pieces.len(), unsynced.bytes), (2, 6));
        unsynced.sync().unwrap();
        assert_eq!(fs::read(&one).unwrap(), b"", "a sync that succeeds at once writes nothing");
        // What the disk has thrown away, and what was written while it refused.
        let mut later = Unsynced::default();
        later.wrote(&second, 2, b"gh");
        unsynced.must_write_again = true;
        later.put_back(unsynced);
        assert_eq!((later.pieces.len(), later.bytes), (2, 8));
        assert!(later.is_beyond(&second) && later.is_beyond(&first));
        later.sync().unwrap();
        assert_eq!(fs::read(&one).unwrap(), b"\0\0abcd");
        assert_eq!(fs::read(&other).unwrap(), b"efgh");
        fs::write(&one, b"").unwrap();
        later.sync().unwrap();
        assert_eq!(fs::read(&one).unwrap(), b"", "once is enough");
    }

    #[test]
    fn what_cannot_be_written_again_is_not_synced() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        fs::write(&path, b"").unwrap();
        let mut unsynced = Unsynced::default();
        unsynced.found(&open(&path, false), 0, b"ab");
        unsynced.sync().unwrap_err();
        unsynced.sync().unwrap_err();
    }

    #[test]
    fn what_waits_is_bounded() {
        let folder = tempfile::tempdir().unwrap();
        let file = open(&folder.path().join("file"), true);
        let mut unsynced = Unsynced::default();
        for number in 0..32 {
            assert!(!unsynced.is_full());
            unsynced.wrote(&file, number << 20, &[0; 1 << 20]);
        }
        assert!(unsynced.is_full());
    }
}

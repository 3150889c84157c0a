//! A journal's folder: the names of its files, and how they are written so that none is half there.

use std::collections::BTreeMap;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use crate::segment::SEGMENT_READ_MAX;

/// A journal's folder.
#[derive(Debug, Clone)]
pub(crate) struct Folder(PathBuf);

/// In which forms a segment is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Forms {
    /// As frames.
    pub(crate) plain: bool,
    /// Closed and compressed.
    pub(crate) closed: bool,
}

impl Folder {
    pub(crate) fn new(path: &Path) -> Self {
        Self(path.to_owned())
    }

    /// Makes the folder, private, where it is missing.
    pub(crate) fn make(&self) -> io::Result<()> {
        if self.0.is_dir() {
            return Ok(());
        }
        DirBuilder::new().recursive(true).mode(0o700).create(&self.0)
    }

    /// Opens the lock file.
    pub(crate) fn lock_file(&self) -> io::Result<File> {
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false).mode(0o600);
        options.open(self.0.join(LOCK_FILE))
    }

    /// The segments that are there, by number.
    pub(crate) fn segments(&self) -> io::Result<BTreeMap<u64, Forms>> {
        let mut segments: BTreeMap<u64, Forms> = BTreeMap::new();
        for entry in fs::read_dir(&self.0)? {
            let name = entry?.file_name();
            let Some(name) = name.to_str() else { continue };
            if let Some(number) = number_of(name, CLOSED_END) {
                segments.entry(number).or_default().closed = true;
            } else if let Some(number) = number_of(name, PLAIN_END) {
                segments.entry(number).or_default().plain = true;
            }
        }
        Ok(segments)
    }

    /// Removes what was being written when a process died.
    pub(crate) fn remove_unfinished(&self) -> io::Result<()> {
        for entry in fs::read_dir(&self.0)? {
            let path = entry?.path();
            if path.extension().is_some_and(|end| end == "new") {
                fs::remove_file(path)?;
            }
        }
        Ok(())
    }

    pub(crate) fn plain(&self, number: u64) -> PathBuf {
        self.0.join(format!("{START}{number:016}{PLAIN_END}"))
    }

    pub(crate) fn closed(&self, number: u64) -> PathBuf {
        self.0.join(format!("{START}{number:016}{CLOSED_END}"))
    }

    /// The head's bytes, where there is one.
    pub(crate) fn read_head(&self) -> io::Result<Option<Vec<u8>>> {
        found(read_bounded(&self.0.join(HEAD_FILE), HEAD_READ_MAX))
    }

    pub(crate) fn write_head(&self, bytes: &[u8]) -> io::Result<()> {
        self.write_whole(&self.0.join(HEAD_FILE), bytes)
    }

    /// The bytes of a segment's file as frames, where it is there.
    pub(crate) fn read_plain(&self, number: u64) -> io::Result<Option<Vec<u8>>> {
        found(read_bounded(&self.plain(number), SEGMENT_READ_MAX))
    }

    /// The bytes of a segment's closed file, where it is there.
    pub(crate) fn read_closed(&self, number: u64) -> io::Result<Option<Vec<u8>>> {
        found(read_bounded(&self.closed(number), SEGMENT_READ_MAX))
    }

    /// Writes a file so that it is there whole or not at all, also after power loss, but for its
    /// name: see [`Folder::sync`].
    pub(crate) fn write_whole(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        let (unfinished, mut file) = begin_file(path)?;
        file.write_all(bytes)?;
        file.sync_data()?;
        fs::rename(&unfinished, path)
    }

    /// Makes a segment's file with its header. It is not synced: until the head vouches for it, an
    /// empty one is told from a broken one by that.
    pub(crate) fn begin_segment(&self, number: u64, header: &[u8]) -> io::Result<File> {
        let path = self.plain(number);
        let (unfinished, mut file) = begin_file(&path)?;
        file.write_all(header)?;
        fs::rename(&unfinished, &path)?;
        Ok(file)
    }

    /// Opens a segment's file to go on with it.
    pub(crate) fn open_segment(&self, number: u64) -> io::Result<File> {
        OpenOptions::new().read(true).write(true).open(self.plain(number))
    }

    /// Removes a segment in both of its forms.
    pub(crate) fn remove(&self, number: u64) -> io::Result<()> {
        found(fs::remove_file(self.plain(number)))?;
        found(fs::remove_file(self.closed(number)))?;
        Ok(())
    }

    /// Makes the names in the folder durable.
    pub(crate) fn sync(&self) -> io::Result<()> {
        File::open(&self.0)?.sync_all()
    }
}

/// A file beside the one that it is to become.
fn begin_file(path: &Path) -> io::Result<(PathBuf, File)> {
    let mut unfinished = path.as_os_str().to_owned();
    unfinished.push(UNFINISHED_END);
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(true).mode(0o600);
    let file = options.open(&unfinished)?;
    Ok((unfinished.into(), file))
}

fn number_of(name: &str, end: &str) -> Option<u64> {
    let number = name.strip_prefix(START)?.strip_suffix(end)?;
    (number.len() >= 16).then(|| number.parse().ok()).flatten()
}

fn read_bounded(path: &Path, bytes_max: usize) -> io::Result<Vec<u8>> {
    let file = File::open(path)?;
    let length = file.metadata()?.len();
    let bound = u64::try_from(bytes_max).unwrap_or(u64::MAX);
    if length > bound {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, "longer than it may be"));
    }
    let mut bytes = Vec::with_capacity(usize::try_from(length).unwrap_or(0));
    file.take(bound).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn found<T>(read: io::Result<T>) -> io::Result<Option<T>> {
    match read {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

const START: &str = "journal-";
const PLAIN_END: &str = ".log";
const CLOSED_END: &str = ".log.zst";
const UNFINISHED_END: &str = ".new";
const HEAD_FILE: &str = "journal.head";
const LOCK_FILE: &str = "journal.lock";
const HEAD_READ_MAX: usize = 4096;

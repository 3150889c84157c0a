//! A backup in a file, as what a store is restored from.

use std::fmt;
use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};

use async_trait::async_trait;
use bytes::Bytes;
use coffer_store::{Key, RestoreSource, Revision, Row, Snapshot, StoreError};

use crate::format::Contents;
use crate::read::{BackupReader, ReadError};

/// A file that was read whole, and is as it was written.
#[derive(Debug)]
pub struct BackupFile {
    path: PathBuf,
    contents: Contents,
}

/// Why a file cannot be used, and which.
#[derive(Debug)]
pub struct FileError {
    /// The file.
    pub path: PathBuf,
    /// What is wrong with it.
    pub cause: ReadError,
}

impl BackupFile {
    /// Reads a file whole; `each` is given its rows.
    ///
    /// # Errors
    /// A file that is no whole backup.
    pub fn verify(
        path: &Path,
        mut each: impl FnMut(&Key, &Bytes),
    ) -> Result<(Self, BackupReader<BufReader<File>>), FileError> {
        let failed = |cause| FileError { path: path.to_owned(), cause };
        let mut reader = open(path).map_err(failed)?;
        loop {
            let rows = reader.rows().map_err(failed)?;
            if rows.is_empty() {
                break;
            }
            rows.iter().for_each(|(key, value)| each(key, value));
        }
        let contents = reader.contents().cloned().ok_or(ReadError::CutOff(0)).map_err(failed)?;
        Ok((Self { path: path.to_owned(), contents }, reader))
    }

    /// What it holds.
    pub fn contents(&self) -> &Contents {
        &self.contents
    }
}

fn open(path: &Path) -> Result<BackupReader<BufReader<File>>, ReadError> {
    let file = File::open(path).map_err(|error| ReadError::Io(error.to_string()))?;
    BackupReader::open(BufReader::with_capacity(READ_BYTES, file))
}

impl RestoreSource for BackupFile {
    fn name(&self) -> Bytes {
        self.contents.sha256.clone().into()
    }

    fn rows(&self) -> Result<Box<dyn Snapshot>, StoreError> {
        let reader = open(&self.path).map_err(told)?;
        Ok(Box::new(FileRows { reader, sha256: self.contents.sha256.clone() }))
    }
}

struct FileRows {
    reader: BackupReader<BufReader<File>>,
    sha256: String,
}

#[async_trait]
impl Snapshot for FileRows {
    async fn next(&mut self) -> Result<Vec<(Key, Row)>, StoreError> {
        let rows = self.reader.rows().map_err(told)?;
        if rows.is_empty() && self.reader.contents().is_none_or(|it| it.sha256 != self.sha256) {
            return Err(StoreError::Corrupt("the backup was changed meanwhile".to_owned()));
        }
        let row = |value| Row { value, revision: Revision::ZERO };
        Ok(rows.into_iter().map(|(key, value)| (key, row(value))).collect())
    }
}

fn told(error: ReadError) -> StoreError {
    match error {
        ReadError::Io(cause) => StoreError::Unavailable(cause),
        error => StoreError::Corrupt(error.to_string()),
    }
}

impl fmt::Display for FileError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "cannot use backup `{}`: {}", self.path.display(), self.cause)
    }
}

impl std::error::Error for FileError {}

const READ_BYTES: usize = 256 * 1024;

//! Reads a backup, and finds whatever is not as it was written.

use std::fmt;
use std::io::{self, Read};

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::digest::{Context, SHA256};
use bytes::Bytes;
use coffer_store::{KEY_BYTES_MAX, Key, VALUE_BYTES_MAX};
use serde::de::DeserializeOwned;

use crate::format::{
    BLOCK_BYTES_MAX, BackupKey, Contents, ENDING, Ending, HEADER, Header, MAGIC, MAGIC_OF_ALL,
    ROWS, SUM_BYTES, hex,
};

/// A backup that is being read. What it gives is as it was written; that it is all there is known at its
/// end.
pub struct BackupReader<R> {
    input: R,
    sum: Context,
    header: Header,
    last: Option<Key>,
    rows: u64,
    bytes: u64,
    end: Option<End>,
}

/// What is known at the end.
struct End {
    contents: Contents,
    seal: String,
    sealed: Vec<u8>,
}

/// Why a file is not taken for a backup.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReadError {
    /// The operating system says so.
    Io(String),
    /// It does not begin like one.
    NotABackup,
    /// It is of a format that this release does not know.
    Newer,
    /// It ends before its end, after so many bytes.
    CutOff(u64),
    /// What begins after so many bytes is not what was written.
    Damaged(u64),
}

impl<R: Read> BackupReader<R> {
    /// Reads the beginning.
    ///
    /// # Errors
    /// See [`ReadError`].
    pub fn open(input: R) -> Result<Self, ReadError> {
        let mut head = Head { input, sum: Context::new(&SHA256), bytes: 0 };
        let magic = head.take(MAGIC.len()).map_err(|error| match error {
            ReadError::CutOff(_) => ReadError::NotABackup,
            error => error,
        })?;
        if magic != MAGIC {
            let is_newer = magic.starts_with(MAGIC_OF_ALL);
            return Err(if is_newer { ReadError::Newer } else { ReadError::NotABackup });
        }
        let begun = head.bytes;
        let held = match head.block()? {
            Some((HEADER, held, _)) => held,
            Some(_) => return Err(ReadError::Damaged(begun)),
            None => return Err(ReadError::CutOff(begun)),
        };
        let header = json(&held, begun)?;
        let Head { input, sum, bytes } = head;
        Ok(Self { input, sum, header, last: None, rows: 0, bytes, end: None })
    }

    /// What it says of itself.
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// The next rows; none when the backup has come to its end, whole.
    ///
    /// # Errors
    /// See [`ReadError`]. There is nothing to be read after one.
    pub fn rows(&mut self) -> Result<Vec<(Key, Bytes)>, ReadError> {
        if self.end.is_some() {
            return Ok(Vec::new());
        }
        let begun = self.bytes;
        let mut head = Head { input: &mut self.input, sum: self.sum.clone(), bytes: begun };
        let block = head.block()?;
        let at_end = matches!(block, Some((ENDING, ..))).then(|| head.is_over()).transpose()?;
        let (sum, bytes) = (head.sum, head.bytes);
        (self.sum, self.bytes) = (sum, bytes);
        match (block, at_end) {
            (Some((ROWS, held, _)), _) => self.rows_in(held.into(), begun),
            (Some((ENDING, held, sealed)), Some(true)) => {
                self.end(&held, sealed, begun)?;
                Ok(Vec::new())
            }
            (None, _) => Err(ReadError::CutOff(begun)),
            _ => Err(ReadError::Damaged(begun)),
        }
    }

    /// What it holds, when it has come to its end.
    pub fn contents(&self) -> Option<&Contents> {
        self.end.as_ref().map(|end| &end.contents)
    }

    /// Whether it was made by somebody who has this key, when it has come to its end.
    pub fn is_sealed_by(&self, key: &BackupKey) -> bool {
        self.end.as_ref().is_some_and(|end| key.is_seal(&end.sealed, &end.seal))
    }

    fn rows_in(&mut self, mut held: Bytes, begun: u64) -> Result<Vec<(Key, Bytes)>, ReadError> {
        let damaged = || ReadError::Damaged(begun);
        let mut rows = Vec::new();
        while !held.is_empty() {
            let mut length = |max| {
                let bytes = held.split_to_checked(4).ok_or_else(damaged)?;
                let bytes = bytes.as_ref().try_into().map_err(|_| damaged())?;
                let length = usize::try_from(u32::from_be_bytes(bytes)).unwrap_or(usize::MAX);
                if length <= max { Ok(length) } else { Err(damaged()) }
            };
            let (key, value) = (length(KEY_BYTES_MAX)?, length(VALUE_BYTES_MAX)?);
            let key = Key::from_bytes(&held.split_to_checked(key).ok_or_else(damaged)?);
            let value = held.split_to_checked(value).ok_or_else(damaged)?;
            if self.last.as_ref().is_some_and(|last| *last >= key) {
                return Err(damaged());
            }
            self.last = Some(key.clone());
            self.rows += 1;
            rows.push((key, value));
        }
        // An empty page would be taken for the end.
        if rows.is_empty() { Err(damaged()) } else { Ok(rows) }
    }

    fn end(&mut self, held: &[u8], sealed: Vec<u8>, begun: u64) -> Result<(), ReadError> {
        let ending: Ending = json(held, begun)?;
        if ending.rows != self.rows {
            return Err(ReadError::Damaged(begun));
        }
        let contents = Contents {
            header: self.header.clone(),
            rows: self.rows,
            bytes: self.bytes,
            sha256: hex(self.sum.clone().finish().as_ref()),
        };
        self.end = Some(End { contents, seal: ending.seal, sealed });
        Ok(())
    }
}

trait SplitChecked {
    fn split_to_checked(&mut self, length: usize) -> Option<Bytes>;
}

impl SplitChecked for Bytes {
    fn split_to_checked(&mut self, length: usize) -> Option<Bytes> {
        (length <= self.len()).then(|| self.split_to(length))
    }
}

/// The place up to which a file was read.
struct Head<R> {
    input: R,
    sum: Context,
    bytes: u64,
}

/// The kind of a block, what it holds, and the sum before it.
type Block = (u8, Vec<u8>, Vec<u8>);

impl<R: Read> Head<R> {
    /// The next block; nothing where the file is over.
    fn block(&mut self) -> Result<Option<Block>, ReadError> {
        let begun = self.bytes;
        let before = self.sum.clone().finish();
        let mut kind = [0; 1];
        if read_up_to(&mut self.input, &mut kind)? == 0 {
            return Ok(None);
        }
        self.count(&kind);
        let length = self.take(4)?;
        let length = length.try_into().map_or(u32::MAX, u32::from_be_bytes);
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        if length > BLOCK_BYTES_MAX {
            return Err(ReadError::Damaged(begun));
        }
        let held = self.take(length)?;
        let expected = self.sum.clone().finish();
        let sum = self.take(SUM_BYTES)?;
        verify_slices_are_equal(&sum, expected.as_ref()).map_err(|_| ReadError::Damaged(begun))?;
        let [kind] = kind;
        Ok(Some((kind, held, before.as_ref().to_vec())))
    }

    fn take(&mut self, length: usize) -> Result<Vec<u8>, ReadError> {
        let mut bytes = vec![0; length];
        let read = read_up_to(&mut self.input, &mut bytes)?;
        if read < length {
            let end = self.bytes + u64::try_from(read).unwrap_or(0);
            return Err(ReadError::CutOff(end));
        }
        self.count(&bytes);
        Ok(bytes)
    }

    fn count(&mut self, bytes: &[u8]) {
        self.sum.update(bytes);
        self.bytes += u64::try_from(bytes.len()).unwrap_or(u64::MAX);
    }

    fn is_over(&mut self) -> Result<bool, ReadError> {
        Ok(read_up_to(&mut self.input, &mut [0])? == 0)
    }
}

/// Fills the buffer as far as the input goes.
fn read_up_to(input: &mut impl Read, mut buffer: &mut [u8]) -> Result<usize, ReadError> {
    let mut all = 0;
    while !buffer.is_empty() {
        match input.read(buffer) {
            Ok(0) => break,
            Ok(read) => {
                all += read;
                buffer = buffer.get_mut(read..).unwrap_or_default();
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(ReadError::Io(error.to_string())),
        }
    }
    Ok(all)
}

fn json<T: DeserializeOwned>(held: &[u8], at: u64) -> Result<T, ReadError> {
    serde_json::from_slice(held).map_err(|_| ReadError::Damaged(at))
}

impl fmt::Display for ReadError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io(cause) => out.write_str(cause),
            Self::NotABackup => out.write_str("it is not a backup of coffer's"),
            Self::Newer => {
                out.write_str("its format is a newer one; take the release that made it")
            }
            Self::CutOff(bytes) => {
                write!(out, "it is cut off after {bytes} bytes; take another backup")
            }
            Self::Damaged(at) => {
                write!(
                    out,
                    "it is damaged: what begins after {at} bytes is not what was written; \
                             take another backup"
                )
            }
        }
    }
}

impl std::error::Error for ReadError {}

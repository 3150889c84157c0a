//! Why a record is not in the journal.

use std::fmt;
use std::io;

/// Why a record could not be kept, or is not on the disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum JournalError {
    /// The record is longer than a record may be; its length.
    TooLong(usize),
    /// What could not be written fills the buffer.
    Full,
    /// The operating system did not take what was written.
    NotWritten(String),
    /// The operating system took it, and the disk did not.
    NotSynced(String),
}

impl JournalError {
    pub(crate) fn not_written(error: &io::Error) -> Self {
        Self::NotWritten(error.to_string())
    }
}

impl fmt::Display for JournalError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong(bytes) => {
                write!(out, "a journal's record has {bytes} bytes, more than it may have")
            }
            Self::Full => out.write_str("the journal's buffer is full of what can't be written"),
            Self::NotWritten(cause) => write!(out, "cannot write the journal: {cause}"),
            Self::NotSynced(cause) => write!(out, "cannot sync the journal to the disk: {cause}"),
        }
    }
}

impl std::error::Error for JournalError {}

//! A store's rows in one file: written from a snapshot, verified, brought back.
//!
//! The rows are in it as the store has them, so it is the same file whatever the engine, and all that
//! is secret in it is sealed.
//!
//! # Layout
//!
//! A line of text that names the format, then blocks. A block is its kind (one byte), the length of
//! what it holds (four bytes, the greatest first), what it holds, and the SHA-256 of all bytes of the
//! file before this sum. So whatever is changed, left out, moved or cut off is found at the block that
//! it is in, before anything of the block is used.
//!
//! | kind | holds |
//! | --- | --- |
//! | `H` | the [`Header`], JSON; the first block |
//! | `R` | rows, in the order of their keys: the lengths of key and value (four bytes each), key, value |
//! | `E` | the ending, JSON: how many rows there are, and a seal; the last block |
//!
//! The seal is an HMAC-SHA256 over the sum before it, by a key that goes with the store. The sums tell
//! of a disk that errs; the seal tells, to whoever has the root key, of somebody who does not.
//!
//! # What is not found
//!
//! That there are newer backups: an old file is as whole as a new one.

mod file;
mod format;
#[cfg(feature = "fuzzed")]
pub mod fuzzed;
mod read;
mod write;

pub use file::{BackupFile, FileError};
pub use format::{BackupKey, Contents, Header, PURPOSE};
pub use read::{BackupReader, ReadError};
pub use write::BackupWriter;

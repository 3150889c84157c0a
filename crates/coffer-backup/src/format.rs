//! What a backup file is made of.

use std::fmt;

use aws_lc_rs::hmac;
use coffer_model::Timestamp;
use serde::{Deserialize, Serialize};

/// What a backup says of itself before its rows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Header {
    /// The id that it was asked for by.
    pub id: String,
    /// When its rows were as they are in it, or a moment before.
    pub made: Timestamp,
    /// The release that made it.
    pub release: String,
    /// The root key that opens what is in it.
    pub root_key_id: String,
}

/// What a whole backup holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contents {
    /// What it says of itself.
    pub header: Header,
    /// How many rows are in it.
    pub rows: u64,
    /// How long the file is.
    pub bytes: u64,
    /// The SHA-256 of the file, in hexadecimal digits.
    pub sha256: String,
}

/// The last block.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Ending {
    pub(crate) rows: u64,
    pub(crate) seal: String,
}

/// The key of the seal, which goes with the store.
pub struct BackupKey(hmac::Key);

impl BackupKey {
    /// The key of this secret: what the store's key gives for [`PURPOSE`].
    pub fn new(secret: &[u8; 32]) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, secret))
    }

    pub(crate) fn seal(&self, sum: &[u8]) -> String {
        hex(hmac::sign(&self.0, sum).as_ref())
    }

    pub(crate) fn is_seal(&self, sum: &[u8], seal: &str) -> bool {
        let bytes = from_hex(seal);
        bytes.is_some_and(|bytes| hmac::verify(&self.0, sum, &bytes).is_ok())
    }
}

impl fmt::Debug for BackupKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("BackupKey(***)")
    }
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    let byte = |pair: &[u8; 2]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
    if rest.is_empty() { pairs.iter().map(byte).collect() } else { None }
}

/// What the key of seals is asked of the store's key for.
pub const PURPOSE: &str = "coffer.backup.v1";
/// How the files of this format begin.
pub(crate) const MAGIC: &[u8; 16] = b"coffer backup 1\n";
/// How the files of every format begin.
pub(crate) const MAGIC_OF_ALL: &[u8] = b"coffer backup ";
pub(crate) const HEADER: u8 = b'H';
pub(crate) const ROWS: u8 = b'R';
pub(crate) const ENDING: u8 = b'E';
pub(crate) const SUM_BYTES: usize = 32;
/// From how many bytes on a block takes no further row.
pub(crate) const BLOCK_BYTES: usize = 256 * 1024;
/// How much a block holds at most: that, and a row of the longest kind.
pub(crate) const BLOCK_BYTES_MAX: usize = 2 * 1024 * 1024;

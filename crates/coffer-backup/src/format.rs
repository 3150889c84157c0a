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

impl fmt::Display for Contents {
    /// A line for an operator. What the file says is shown so that a terminal takes it for nothing but
    /// text: anybody may have written it.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            out,
            "{} rows of {}, by release {}, for root key {}",
            self.rows,
            self.header.made.to_iso8601(),
            shown(&self.header.release),
            shown(&self.header.root_key_id)
        )
    }
}

/// A text of a file's, without what a terminal would obey, and not for long.
fn shown(text: &str) -> String {
    text.chars().take(SHOWN_CHARS_MAX).flat_map(char::escape_debug).collect()
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
/// How much is shown of a text of a file's: more than a release or the id of a root key has.
const SHOWN_CHARS_MAX: usize = 80;

#[cfg(test)]
mod tests {
    use coffer_model::Timestamp;

    use super::{Contents, Header};

    fn line(release: &str, root_key_id: &str) -> String {
        let header = Header {
            id: "1".to_owned(),
            made: Timestamp::EPOCH,
            release: release.to_owned(),
            root_key_id: root_key_id.to_owned(),
        };
        Contents { header, rows: 7, bytes: 9, sha256: String::new() }.to_string()
    }

    #[test]
    fn what_a_file_says_of_itself_reaches_no_terminal_as_more_than_text() {
        let plain = "7 rows of 1970-01-01T00:00:00.000Z, by release 0.1.0-rc+1, for root key ab12";
        assert_eq!(line("0.1.0-rc+1", "ab12"), plain);
        let hostile = line("1\u{1b}]0;title\u{7}\r\n\u{9b}2J\u{202e}", "\u{1b}[2Jab\u{7f}");
        assert!(
            hostile.chars().all(|letter| letter == ' ' || letter.is_ascii_graphic()),
            "{hostile}"
        );
        assert!(hostile.contains(r"1\u{1b}]0;title\u{7}\r\n\u{9b}2J\u{202e}"), "{hostile}");
        assert!(hostile.ends_with(r"\u{1b}[2Jab\u{7f}"), "{hostile}");
        assert!(line(&"x".repeat(100_000), "ab12").len() < 200);
    }
}

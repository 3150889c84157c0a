//! The journal's key: tags of the chain, MACs of files.

use std::fmt;

use aws_lc_rs::hmac;

/// The key of a journal. One for the chain and one for whole files are made of it.
pub struct JournalKey {
    chain: hmac::Key,
    file: hmac::Key,
}

/// A link of the chain.
pub(crate) type Tag = [u8; TAG_BYTES];
/// The MAC of a whole file.
pub(crate) type FileMac = [u8; FILE_MAC_BYTES];

impl JournalKey {
    /// Makes the key of 32 secret bytes that are used for nothing else.
    pub fn new(secret: &[u8; 32]) -> Self {
        let secret = hmac::Key::new(hmac::HMAC_SHA256, secret);
        let derived = |purpose: &[u8]| {
            hmac::Key::new(hmac::HMAC_SHA256, hmac::sign(&secret, purpose).as_ref())
        };
        Self {
            chain: derived(b"coffer journal chain v1"),
            file: derived(b"coffer journal file v1"),
        }
    }

    /// The tag of a link: of the tag before it and all that it says, in one piece.
    pub(crate) fn tag(&self, link: &[u8]) -> Tag {
        first_bytes(hmac::sign(&self.chain, link).as_ref())
    }

    /// Whether this is the tag of a link; in constant time.
    pub(crate) fn is_tag(&self, link: &[u8], tag: &Tag) -> bool {
        aws_lc_rs::constant_time::verify_slices_are_equal(&self.tag(link), tag).is_ok()
    }

    /// The MAC of a file's bytes.
    pub(crate) fn file_mac(&self, bytes: &[u8]) -> FileMac {
        first_bytes(hmac::sign(&self.file, bytes).as_ref())
    }

    /// The bytes of a file without the MAC that ends it, where that is the right one.
    pub(crate) fn authentic<'a>(&self, file: &'a [u8]) -> Option<&'a [u8]> {
        let (bytes, mac) = file.split_last_chunk::<FILE_MAC_BYTES>()?;
        hmac::verify(&self.file, bytes, mac).ok().map(|()| bytes)
    }
}

impl fmt::Debug for JournalKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("JournalKey(***)")
    }
}

fn first_bytes<const N: usize>(bytes: &[u8]) -> [u8; N] {
    let mut first = [0; N];
    for (to, from) in first.iter_mut().zip(bytes) {
        *to = *from;
    }
    first
}

pub(crate) const TAG_BYTES: usize = 16;
pub(crate) const FILE_MAC_BYTES: usize = 32;

//! The head: where the chain begins and how far it has come.

use crate::key::{JournalKey, TAG_BYTES, Tag};

/// What the head vouches for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Head {
    /// Where the chain begins.
    pub(crate) anchor: Anchor,
    /// The segment that was live.
    pub(crate) segment: u64,
    /// The last sequence number; one before the first where there was none.
    pub(crate) sequence: u64,
    /// Where the frame of that number ends in its segment.
    pub(crate) offset: u64,
    /// The tag of that frame, or of the segment's header.
    pub(crate) tag: Tag,
}

/// The first segment that is kept, and what it follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Anchor {
    /// Its number.
    pub(crate) segment: u64,
    /// Its first sequence number.
    pub(crate) first_sequence: u64,
    /// The last tag of what was before it.
    pub(crate) before: Tag,
}

impl Head {
    /// The head's file.
    pub(crate) fn to_bytes(self, key: &JournalKey) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(HEAD_FILE_BYTES);
        bytes.extend_from_slice(MAGIC);
        bytes.extend_from_slice(&self.anchor.segment.to_le_bytes());
        bytes.extend_from_slice(&self.anchor.first_sequence.to_le_bytes());
        bytes.extend_from_slice(&self.anchor.before);
        bytes.extend_from_slice(&self.segment.to_le_bytes());
        bytes.extend_from_slice(&self.sequence.to_le_bytes());
        bytes.extend_from_slice(&self.offset.to_le_bytes());
        bytes.extend_from_slice(&self.tag);
        let mac = key.file_mac(&bytes);
        bytes.extend_from_slice(&mac);
        bytes
    }

    /// Reads a head that the key has made.
    pub(crate) fn read_authentic(file: &[u8], key: &JournalKey) -> Option<Self> {
        let rest = key.authentic(file)?;
        let (magic, rest) = rest.split_first_chunk::<8>()?;
        let (anchor_segment, rest) = rest.split_first_chunk::<8>()?;
        let (first_sequence, rest) = rest.split_first_chunk::<8>()?;
        let (before, rest) = rest.split_first_chunk::<TAG_BYTES>()?;
        let (segment, rest) = rest.split_first_chunk::<8>()?;
        let (sequence, rest) = rest.split_first_chunk::<8>()?;
        let (offset, rest) = rest.split_first_chunk::<8>()?;
        let tag: &Tag = rest.try_into().ok()?;
        (magic == MAGIC).then_some(Self {
            anchor: Anchor {
                segment: u64::from_le_bytes(*anchor_segment),
                first_sequence: u64::from_le_bytes(*first_sequence),
                before: *before,
            },
            segment: u64::from_le_bytes(*segment),
            sequence: u64::from_le_bytes(*sequence),
            offset: u64::from_le_bytes(*offset),
            tag: *tag,
        })
    }
}

const MAGIC: &[u8; 8] = b"COFFERH1";
pub(crate) const HEAD_FILE_BYTES: usize = 8 * 6 + 2 * TAG_BYTES + crate::key::FILE_MAC_BYTES;

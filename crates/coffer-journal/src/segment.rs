//! Segments: their headers, and the closed form of them.

use coffer_model::Timestamp;

use crate::frame::{self, At};
use crate::key::{JournalKey, TAG_BYTES, Tag};

/// What a segment's header says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Header {
    /// The segment's number.
    pub(crate) number: u64,
    /// The sequence number of its first frame.
    pub(crate) first_sequence: u64,
    /// The last tag of the segment before it.
    pub(crate) before: Tag,
}

impl Header {
    /// The header's bytes, which end in its tag.
    pub(crate) fn to_bytes(self, key: &JournalKey) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(HEADER_BYTES);
        bytes.extend_from_slice(MAGIC);
        bytes.extend_from_slice(&self.number.to_le_bytes());
        bytes.extend_from_slice(&self.first_sequence.to_le_bytes());
        bytes.extend_from_slice(&self.before);
        let tag = key.tag(&bytes);
        bytes.extend_from_slice(&tag);
        bytes
    }

    /// Reads a header without looking at its tag.
    pub(crate) fn read(segment: &[u8]) -> Option<Self> {
        let (magic, rest) = segment.split_first_chunk::<8>()?;
        let (number, rest) = rest.split_first_chunk::<8>()?;
        let (first_sequence, rest) = rest.split_first_chunk::<8>()?;
        let (before, _tag) = rest.split_first_chunk::<TAG_BYTES>()?;
        (magic == MAGIC && segment.len() >= HEADER_BYTES).then_some(Self {
            number: u64::from_le_bytes(*number),
            first_sequence: u64::from_le_bytes(*first_sequence),
            before: *before,
        })
    }

    /// Reads a header that the key has made.
    pub(crate) fn read_authentic(segment: &[u8], key: &JournalKey) -> Option<Self> {
        let header = Self::read(segment)?;
        let (bytes, tag) = segment.get(..HEADER_BYTES)?.split_last_chunk::<TAG_BYTES>()?;
        key.is_tag(bytes, tag).then_some(header)
    }
}

/// How far a segment's chain holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Chain {
    /// The sequence number of the last frame that holds; one before the first where none does.
    pub(crate) sequence: u64,
    /// The tag of that frame, or of the header.
    pub(crate) tag: Tag,
    /// Where the next frame begins, or would.
    pub(crate) end: usize,
    /// What stands there.
    pub(crate) stop: Stop,
}

/// Why a chain goes no further.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stop {
    /// The segment ends.
    End,
    /// The segment ends within a frame.
    Torn,
    /// A frame whose tag is wrong, or no frame at all.
    Broken,
}

/// Walks a segment's chain from its header on; `each` sees every frame that holds, with its
/// sequence number, the place where it begins, and its tag.
pub(crate) fn walk(
    segment: &[u8],
    header: &Header,
    key: &JournalKey,
    mut each: impl FnMut(u64, &frame::Frame<'_>, &Tag),
) -> Chain {
    let mut chain = Chain {
        sequence: header.first_sequence.saturating_sub(1),
        tag: tag_before(segment, HEADER_BYTES).unwrap_or_default(),
        end: HEADER_BYTES,
        stop: Stop::End,
    };
    loop {
        let frame = match frame::at(segment, chain.end) {
            At::Frame(frame) => frame,
            At::End => return chain,
            At::Torn => return Chain { stop: Stop::Torn, ..chain },
            At::Nonsense => return Chain { stop: Stop::Broken, ..chain },
        };
        let link = frame::link(segment, chain.end, frame.end);
        let Some((_, tag)) = link.filter(|(link, tag)| key.is_tag(link, tag)) else {
            return Chain { stop: Stop::Broken, ..chain };
        };
        chain.sequence = chain.sequence.saturating_add(1);
        chain.tag = tag;
        chain.end = frame.end;
        each(chain.sequence, &frame, &tag);
    }
}

/// The tag that ends before this place.
pub(crate) fn tag_before(segment: &[u8], offset: usize) -> Option<Tag> {
    segment.get(..offset)?.last_chunk::<TAG_BYTES>().copied()
}

/// What is said of a closed segment in front of its compressed bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Facts {
    /// Its number.
    pub(crate) number: u64,
    /// The sequence number of its first frame.
    pub(crate) first_sequence: u64,
    /// How many frames it has.
    pub(crate) frames: u64,
    /// The time of its last frame.
    pub(crate) last_time: Timestamp,
    /// Its length before it was compressed.
    pub(crate) plain_bytes: u64,
}

/// Closes a segment: facts, compressed bytes, MAC of both.
pub(crate) fn close(segment: &[u8], key: &JournalKey) -> std::io::Result<Vec<u8>> {
    let header = Header::read(segment).ok_or(std::io::ErrorKind::InvalidData)?;
    let (mut offset, mut frames, mut last_time) = (HEADER_BYTES, 0_u64, Timestamp::EPOCH);
    while let At::Frame(frame) = frame::at(segment, offset) {
        frames += 1;
        last_time = frame.time;
        offset = frame.end;
    }
    if !matches!(frame::at(segment, offset), At::End) {
        return Err(std::io::ErrorKind::InvalidData.into());
    }
    let compressed = zstd::bulk::compress(segment, COMPRESSION_LEVEL)?;
    let mut file = Vec::with_capacity(FACTS_BYTES + compressed.len() + crate::key::FILE_MAC_BYTES);
    file.extend_from_slice(CLOSED_MAGIC);
    file.extend_from_slice(&header.number.to_le_bytes());
    file.extend_from_slice(&header.first_sequence.to_le_bytes());
    file.extend_from_slice(&frames.to_le_bytes());
    file.extend_from_slice(&last_time.as_millis().to_le_bytes());
    file.extend_from_slice(&u64::try_from(segment.len()).unwrap_or(u64::MAX).to_le_bytes());
    file.extend_from_slice(&compressed);
    let mac = key.file_mac(&file);
    file.extend_from_slice(&mac);
    Ok(file)
}

/// Reads the facts of a closed segment.
pub(crate) fn facts(file: &[u8]) -> Option<Facts> {
    let (magic, rest) = file.split_first_chunk::<8>()?;
    let (number, rest) = rest.split_first_chunk::<8>()?;
    let (first_sequence, rest) = rest.split_first_chunk::<8>()?;
    let (frames, rest) = rest.split_first_chunk::<8>()?;
    let (last_time, rest) = rest.split_first_chunk::<8>()?;
    let (plain_bytes, _) = rest.split_first_chunk::<8>()?;
    (magic == CLOSED_MAGIC).then_some(Facts {
        number: u64::from_le_bytes(*number),
        first_sequence: u64::from_le_bytes(*first_sequence),
        frames: u64::from_le_bytes(*frames),
        last_time: Timestamp::from_millis(i64::from_le_bytes(*last_time)),
        plain_bytes: u64::from_le_bytes(*plain_bytes),
    })
}

/// The plain bytes of a closed segment, whose MAC has not been looked at.
pub(crate) fn reopen(file: &[u8]) -> Option<Vec<u8>> {
    let facts = facts(file)?;
    let plain_bytes = usize::try_from(facts.plain_bytes).ok().filter(|b| *b <= SEGMENT_READ_MAX)?;
    let body = file.get(FACTS_BYTES..)?;
    let (compressed, _mac) = body.split_last_chunk::<{ crate::key::FILE_MAC_BYTES }>()?;
    zstd::bulk::decompress(compressed, plain_bytes).ok().filter(|plain| plain.len() == plain_bytes)
}

const MAGIC: &[u8; 8] = b"COFFERJ1";
const CLOSED_MAGIC: &[u8; 8] = b"COFFERZ1";
pub(crate) const HEADER_BYTES: usize = 8 + 8 + 8 + TAG_BYTES + TAG_BYTES;
pub(crate) const FACTS_BYTES: usize = 8 * 6;
/// What is read of a segment at most: no journal writes longer ones, so a longer one is not ours.
pub(crate) const SEGMENT_READ_MAX: usize = 256 * 1024 * 1024;
/// Records are so much alike that a higher level makes them hardly smaller, and costs three times
/// as much (measured: 382 ns a record, and 1,052 at level 3).
const COMPRESSION_LEVEL: i32 = 1;

//! The live segment: closes the chain over what waits and hands it to the operating system.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::sync::Arc;
use std::time::Duration;

use coffer_model::Timestamp;

use crate::buffer::{clear, empty};
use crate::folder::Folder;
use crate::frame::{self, At};
use crate::key::{JournalKey, TAG_BYTES, Tag};
use crate::segment::{HEADER_BYTES, Header};

/// The end of the chain, and the file it is in.
pub(crate) struct Writer {
    pub(crate) file: Arc<File>,
    pub(crate) number: u64,
    pub(crate) offset: u64,
    pub(crate) sequence: u64,
    pub(crate) tag: Tag,
    /// The time of the segment's first frame.
    pub(crate) since: Option<Timestamp>,
    /// The time of the last frame.
    pub(crate) last_time: Timestamp,
    /// Room for a tag, then the frames that are being written, or could not be.
    pub(crate) pending: Vec<u8>,
    /// Segments that were left for a new one and are not synced.
    pub(crate) left: Vec<Arc<File>>,
    /// The last ticket that is written.
    pub(crate) ticket: u64,
}

/// How far the chain had come at some moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Point {
    pub(crate) segment: u64,
    pub(crate) sequence: u64,
    pub(crate) offset: u64,
    pub(crate) tag: Tag,
}

impl Writer {
    /// Begins at the start of a segment whose file holds its header.
    pub(crate) fn at_start(file: File, header: &Header, key: &JournalKey) -> Self {
        let bytes = header.to_bytes(key);
        Self {
            file: Arc::new(file),
            number: header.number,
            offset: length(bytes.len()),
            sequence: header.first_sequence.saturating_sub(1),
            tag: bytes.last_chunk::<TAG_BYTES>().copied().unwrap_or_default(),
            since: None,
            last_time: Timestamp::EPOCH,
            pending: empty(),
            left: Vec::new(),
            ticket: 0,
        }
    }

    /// Writes all that is pending, in one call. What fails stays pending.
    pub(crate) fn write(&mut self, key: &JournalKey, upto: u64) -> io::Result<()> {
        let sealed = seal(&mut self.pending, self.tag, key)?;
        let frames = self.pending.get(TAG_BYTES..).unwrap_or_default();
        // At its own place, so that a write that was cut short is written over by the next try.
        self.file.write_all_at(frames, self.offset)?;
        self.offset += length(frames.len());
        self.sequence += sealed.frames;
        self.tag = sealed.tag;
        self.since = self.since.or(sealed.first_time);
        self.last_time = sealed.last_time.unwrap_or(self.last_time);
        self.ticket = upto;
        clear(&mut self.pending);
        Ok(())
    }

    /// Whether the segment is as long, or spans as much time, as one may.
    pub(crate) fn is_full(&self, bytes_max: u64, span_max: Duration) -> bool {
        let is_old = |since| self.last_time.since(since) > span_max;
        self.offset >= bytes_max || self.since.is_some_and(is_old)
    }

    /// Leaves the segment for a new one; gives the number of the one that was left.
    pub(crate) fn rotate(&mut self, folder: &Folder, key: &JournalKey) -> io::Result<u64> {
        if self.left.len() >= UNSYNCED_SEGMENTS_MAX {
            return Err(io::Error::other("too many segments wait for the disk"));
        }
        let header =
            Header { number: self.number + 1, first_sequence: self.sequence + 1, before: self.tag };
        let file = folder.begin_segment(header.number, &header.to_bytes(key))?;
        let left = self.number;
        let mut next = Self::at_start(file, &header, key);
        std::mem::swap(&mut next.pending, &mut self.pending);
        next.left = std::mem::take(&mut self.left);
        next.left.push(Arc::clone(&self.file));
        next.ticket = self.ticket;
        next.last_time = self.last_time;
        *self = next;
        Ok(left)
    }

    /// How far the chain has come.
    pub(crate) fn point(&self) -> Point {
        Point { segment: self.number, sequence: self.sequence, offset: self.offset, tag: self.tag }
    }
}

struct Sealed {
    tag: Tag,
    frames: u64,
    first_time: Option<Timestamp>,
    last_time: Option<Timestamp>,
}

/// Sets the tags of pending frames. The tag before them is put in front of the first, so that each
/// link is one piece of the buffer.
fn seal(pending: &mut [u8], before: Tag, key: &JournalKey) -> io::Result<Sealed> {
    if let Some(room) = pending.first_chunk_mut::<TAG_BYTES>() {
        *room = before;
    }
    let mut sealed = Sealed { tag: before, frames: 0, first_time: None, last_time: None };
    let mut offset = TAG_BYTES;
    loop {
        let (end, time) = match frame::at(pending, offset) {
            At::Frame(frame) => (frame.end, frame.time),
            At::End => return Ok(sealed),
            At::Torn | At::Nonsense => return Err(io::Error::other("the buffer is damaged")),
        };
        let Some((link, _)) = frame::link(pending, offset, end) else {
            return Err(io::Error::other("the buffer is damaged"));
        };
        sealed.tag = key.tag(link);
        let frame = pending.get_mut(..end).and_then(|all| all.last_chunk_mut::<TAG_BYTES>());
        let Some(room) = frame else { return Err(io::Error::other("the buffer is damaged")) };
        *room = sealed.tag;
        sealed.frames += 1;
        sealed.first_time = sealed.first_time.or(Some(time));
        sealed.last_time = Some(time);
        offset = end;
    }
}

pub(crate) fn length(bytes: usize) -> u64 {
    u64::try_from(bytes).unwrap_or(u64::MAX)
}

/// Where a segment's first frame begins.
pub(crate) fn header_end() -> u64 {
    length(HEADER_BYTES)
}

/// Segments that were left and could not be synced, at most.
const UNSYNCED_SEGMENTS_MAX: usize = 64;

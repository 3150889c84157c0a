//! The live segment: closes the chain over what waits and hands it to the operating system.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::sync::Arc;
use std::time::Duration;

use coffer_model::Timestamp;

use crate::buffer::{clear, empty, shrink};
use crate::delta::{Patterns, Slot, Written};
use crate::folder::Folder;
use crate::frame::{self, At, Form, Frame};
use crate::key::{JournalKey, TAG_BYTES, Tag};
use crate::segment::{HEADER_BYTES, Header};
use crate::unsynced::Unsynced;

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
    /// Room for a tag, then the frames that are to be written, or could not be: all records whole.
    pub(crate) pending: Vec<u8>,
    /// The same as it is written.
    pub(crate) encoded: Vec<u8>,
    /// What records of this segment are compared with.
    pub(crate) patterns: Patterns,
    /// Whether a write that failed may have left something behind the end.
    pub(crate) has_remains: bool,
    /// What was written, in this segment and those before it, and is not synced.
    pub(crate) unsynced: Unsynced,
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
            encoded: Vec::new(),
            patterns: Patterns::default(),
            has_remains: false,
            unsynced: Unsynced::default(),
            ticket: 0,
        }
    }

    /// Writes all that is pending, in one call. What fails stays pending.
    pub(crate) fn write(&mut self, key: &JournalKey, upto: u64) -> io::Result<()> {
        if self.unsynced.is_full() {
            return Err(io::Error::other("too much of it waits for the disk"));
        }
        if self.has_remains {
            self.file.set_len(self.offset)?;
            self.has_remains = false;
        }
        let sealed = seal(&self.pending, self.tag, key, &mut self.patterns, &mut self.encoded)?;
        let frames = self.encoded.get(TAG_BYTES..).unwrap_or_default();
        if let Err(error) = self.file.write_all_at(frames, self.offset) {
            // Nobody could read a record again whose pattern was not written.
            self.patterns.clear();
            self.has_remains = true;
            return Err(error);
        }
        self.unsynced.wrote(&self.file, self.offset, frames);
        self.offset += length(frames.len());
        self.encoded.clear();
        shrink(&mut self.encoded);
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
        if self.unsynced.is_full() {
            return Err(io::Error::other("too many segments wait for the disk"));
        }
        let header =
            Header { number: self.number + 1, first_sequence: self.sequence + 1, before: self.tag };
        let bytes = header.to_bytes(key);
        let file = folder.begin_segment(header.number, &bytes)?;
        let left = self.number;
        let mut next = Self::at_start(file, &header, key);
        std::mem::swap(&mut next.pending, &mut self.pending);
        std::mem::swap(&mut next.encoded, &mut self.encoded);
        next.unsynced = std::mem::take(&mut self.unsynced);
        next.unsynced.wrote(&next.file, 0, &bytes);
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

/// Writes pending frames with their tags, and records as what they differ in. The tag before them is
/// put in front of the first, so that each link is one piece of the buffer.
fn seal(
    pending: &[u8],
    before: Tag,
    key: &JournalKey,
    patterns: &mut Patterns,
    out: &mut Vec<u8>,
) -> io::Result<Sealed> {
    let damaged = || io::Error::other("the buffer is damaged");
    out.clear();
    out.extend_from_slice(&before);
    let mut sealed = Sealed { tag: before, frames: 0, first_time: None, last_time: None };
    let mut offset = TAG_BYTES;
    loop {
        let frame = match frame::at(pending, offset) {
            At::Frame(frame) => frame,
            At::End => return Ok(sealed),
            At::Torn | At::Nonsense => return Err(damaged()),
        };
        let start = out.len();
        encode(&frame, patterns, out);
        frame::finish(start, out).map_err(|_| damaged())?;
        let (link, _) = frame::link(out, start, out.len()).ok_or_else(damaged)?;
        sealed.tag = key.tag(link);
        *out.last_chunk_mut::<TAG_BYTES>().ok_or_else(damaged)? = sealed.tag;
        sealed.frames += 1;
        sealed.first_time = sealed.first_time.or(Some(frame.time));
        sealed.last_time = Some(frame.time);
        offset = frame.end;
    }
}

/// Appends head and payload of a frame.
fn encode(frame: &Frame<'_>, patterns: &mut Patterns, out: &mut Vec<u8>) {
    let start = out.len();
    frame::begin(frame.form, frame.time, out);
    match (frame.form, frame.payload.split_first()) {
        (Form::Pattern, Some((&slot, record))) => {
            out.push(slot);
            if patterns.write(Slot(slot), record, out) == Written::Delta {
                frame::set_form(start, Form::Delta, out);
            }
        }
        _ => out.extend_from_slice(frame.payload),
    }
}

pub(crate) fn length(bytes: usize) -> u64 {
    u64::try_from(bytes).unwrap_or(u64::MAX)
}

/// Where a segment's first frame begins.
pub(crate) fn header_end() -> u64 {
    length(HEADER_BYTES)
}

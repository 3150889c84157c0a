//! Reads records, also while a server writes them. The chain is not looked at here: that is
//! [`crate::verify`]'s, which has the key.

use std::fs::File;
use std::io::{self, Read as _, Seek, SeekFrom};
use std::path::Path;

use coffer_model::Timestamp;

use crate::folder::Folder;
use crate::frame::{self, At, FRAME_OVERHEAD_BYTES, Kind, RECORD_BYTES_MAX};
use crate::segment::{self, HEADER_BYTES, Header};
use crate::writer::length;

/// A record that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its place in the chain.
    pub sequence: u64,
    /// Its time.
    pub time: Timestamp,
    /// Whose record it is.
    pub kind: Kind,
    /// What it says.
    pub record: Vec<u8>,
    /// Its tag in the chain.
    pub tag: [u8; 16],
}

/// A place in a journal, between two records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    /// The segment.
    pub segment: u64,
    /// The offset in its frames.
    pub offset: u64,
    /// The sequence number of the record that follows.
    pub sequence: u64,
}

impl Position {
    /// Before the first record that is kept.
    pub const START: Self = Self { segment: 0, offset: 0, sequence: 0 };
}

/// What was read, and where to go on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Read {
    /// The records in the order of the chain.
    pub entries: Vec<Entry>,
    /// The place after them.
    pub next: Position,
    /// Whether there was no more to read.
    pub is_end: bool,
}

/// Reads at most so many records after a place, and not many more bytes than `bytes_max`. Where the
/// place's segment is no longer kept it goes on with the first one that is. A record that is being
/// written is not seen yet.
///
/// # Errors
/// Files that cannot be read, or hold what no journal has written.
pub fn read(
    folder: &Path,
    after: Position,
    entries_max: usize,
    bytes_max: usize,
) -> io::Result<Read> {
    let folder = Folder::new(folder);
    let mut read = Read { entries: Vec::new(), next: after, is_end: false };
    let mut room = bytes_max;
    for _ in 0..SEGMENTS_MAX {
        // Looked up before the segment is read: if there is a later one now, this one is complete.
        let segments = folder.segments()?;
        let Some((&number, _)) = segments.range(read.next.segment..).next() else {
            read.is_end = true;
            return Ok(read);
        };
        let next_number = segments.range(number + 1..).next().map(|(number, _)| *number);
        let begins_anew = number != read.next.segment || read.next.offset == 0;
        if begins_anew {
            read.next = beginning(&folder, number)?;
        }
        let bytes = bytes_from(&folder, number, read.next.offset, room)?;
        let is_whole = frames(&bytes, &mut read, entries_max, &mut room)?;
        if read.entries.len() >= entries_max || room == 0 || !is_whole {
            read.is_end = !is_whole && next_number.is_none();
            if is_whole || next_number.is_none() || room == 0 {
                return Ok(read);
            }
        }
        let Some(next_number) = next_number else {
            read.is_end = true;
            return Ok(read);
        };
        read.next = Position { segment: next_number, offset: 0, sequence: read.next.sequence };
    }
    Ok(read)
}

/// The place of a segment's first frame.
fn beginning(folder: &Folder, number: u64) -> io::Result<Position> {
    let bytes = bytes_from(folder, number, 0, 0)?;
    let header = Header::read(&bytes).ok_or(io::ErrorKind::InvalidData)?;
    let offset = length(HEADER_BYTES);
    Ok(Position { segment: number, offset, sequence: header.first_sequence })
}

/// A segment's bytes from a place on: of a live one only about as many as are wanted.
fn bytes_from(folder: &Folder, number: u64, offset: u64, wanted: usize) -> io::Result<Vec<u8>> {
    match File::open(folder.plain(number)) {
        Ok(mut file) => {
            file.seek(SeekFrom::Start(offset))?;
            let bound = length(wanted.saturating_add(RECORD_BYTES_MAX + FRAME_OVERHEAD_BYTES));
            let left = file.metadata()?.len().saturating_sub(offset).min(bound);
            let mut bytes = Vec::with_capacity(usize::try_from(left).unwrap_or_default());
            file.take(bound).read_to_end(&mut bytes)?;
            Ok(bytes)
        }
        // It may have been compressed just now.
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let closed = folder.read_closed(number)?.ok_or(io::ErrorKind::NotFound)?;
            let mut plain = segment::reopen(&closed).ok_or(io::ErrorKind::InvalidData)?;
            let start = usize::try_from(offset).unwrap_or(usize::MAX).min(plain.len());
            plain.drain(..start);
            Ok(plain)
        }
        Err(error) => Err(error),
    }
}

/// Takes frames as long as there is room; says whether it stopped between two of them.
fn frames(bytes: &[u8], read: &mut Read, entries_max: usize, room: &mut usize) -> io::Result<bool> {
    let mut offset = 0;
    while read.entries.len() < entries_max && *room > 0 {
        let frame = match frame::at(bytes, offset) {
            At::Frame(frame) => frame,
            At::End => return Ok(true),
            At::Torn => return Ok(false),
            At::Nonsense => return Err(io::ErrorKind::InvalidData.into()),
        };
        read.entries.push(Entry {
            sequence: read.next.sequence,
            time: frame.time,
            kind: frame.kind,
            record: frame.payload.to_vec(),
            tag: segment::tag_before(bytes, frame.end).unwrap_or_default(),
        });
        *room = room.saturating_sub(frame.end - offset);
        read.next.offset += length(frame.end - offset);
        read.next.sequence += 1;
        offset = frame.end;
    }
    Ok(true)
}

/// Segments looked at in one reading.
const SEGMENTS_MAX: usize = 1024;

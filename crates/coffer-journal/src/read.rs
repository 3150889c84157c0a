//! Reads records, also while a server writes them. The chain is not looked at here: that is
//! [`crate::verify`]'s, which has the key.

use std::fs::File;
use std::io::{self, Read as _, Seek, SeekFrom};
use std::path::Path;

use coffer_model::Timestamp;

use crate::delta::{Patterns, Slot};
use crate::folder::Folder;
use crate::frame::{self, At, FRAME_OVERHEAD_BYTES, Form, Frame, Kind, RECORD_BYTES_MAX};
use crate::segment::{self, HEADER_BYTES, Header};
use crate::writer::length;

/// A record that was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry<'r> {
    /// Its place in the chain.
    pub sequence: u64,
    /// Its time.
    pub time: Timestamp,
    /// Whose record it is.
    pub kind: Kind,
    /// The records that it is likely to be like.
    pub slot: Slot,
    /// What it says.
    pub record: &'r [u8],
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

/// What is read at once, at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Portion {
    /// The number of records.
    pub records_max: usize,
    /// Their bytes; the last one may go beyond them.
    pub bytes_max: usize,
    /// The last record that is looked at, whatever follows: what a failed write or a loss of power
    /// can still take back is no business of whoever passes records on.
    pub sequence_max: u64,
}

/// Reads a journal from some place on. It keeps what it needs to go on where it left off, so whoever
/// follows a journal keeps the reader.
#[derive(Debug)]
pub struct Reader {
    folder: Folder,
    next: Position,
    /// The patterns of the segment up to `next`, where `are_known`.
    patterns: Patterns,
    are_known: bool,
    bytes: Vec<u8>,
    record: Vec<u8>,
    opened: Opened,
}

/// A compressed segment as it is uncompressed: kept as long as it is read, since that takes long.
#[derive(Debug, Default)]
struct Opened {
    number: u64,
    plain: Vec<u8>,
}

/// How a look at a segment ended.
#[derive(PartialEq, Eq)]
enum Stopped {
    /// There was no room for more.
    Full,
    /// All that may be looked at was read.
    Through,
    /// All that is there was read.
    End,
    /// A frame is being written.
    Torn,
}

impl Reader {
    /// A reader of what follows a place. Where the place's segment is no longer kept it goes on with
    /// the first one that is.
    pub fn new(folder: &Path, after: Position) -> Self {
        Self {
            folder: Folder::new(folder),
            next: after,
            patterns: Patterns::default(),
            are_known: false,
            bytes: Vec::new(),
            record: Vec::new(),
            opened: Opened::default(),
        }
    }

    /// The place after what was read.
    pub fn next(&self) -> Position {
        self.next
    }

    /// Gives records one by one, in the order of the chain; says whether there was no more to read. A
    /// record that is being written is not seen yet.
    ///
    /// # Errors
    /// Files that cannot be read, or hold what no journal has written.
    pub fn read(&mut self, portion: Portion, mut each: impl FnMut(&Entry<'_>)) -> io::Result<bool> {
        let mut room = portion;
        for _ in 0..SEGMENTS_MAX {
            // Looked up before the segment is read: if there is a later one now, this is complete.
            let segments = self.folder.segments()?;
            let Some((&number, _)) = segments.range(self.next.segment..).next() else {
                return Ok(true);
            };
            let next_number = segments.range(number + 1..).next().map(|(number, _)| *number);
            match self.read_segment(number, &mut room, &mut each)? {
                Stopped::Full => return Ok(false),
                Stopped::Through => return Ok(true),
                Stopped::Torn if next_number.is_none() => return Ok(true),
                Stopped::End | Stopped::Torn => {}
            }
            let Some(next_number) = next_number else { return Ok(true) };
            self.go_to(Position { segment: next_number, offset: 0, sequence: self.next.sequence });
        }
        Ok(false)
    }

    fn go_to(&mut self, place: Position) {
        self.next = place;
        self.patterns.clear();
        self.are_known = false;
    }

    fn read_segment(
        &mut self,
        number: u64,
        room: &mut Portion,
        each: &mut impl FnMut(&Entry<'_>),
    ) -> io::Result<Stopped> {
        if number != self.next.segment || self.next.offset == 0 {
            let place = beginning(&self.folder, number, &mut self.opened)?;
            self.go_to(place);
            self.are_known = true;
        }
        if !self.are_known {
            self.learn(number)?;
        }
        let mut wanted = READ_BYTES;
        loop {
            let start = self.next.offset;
            let (bytes, opened) = (&mut self.bytes, &mut self.opened);
            let is_all = bytes_from(&self.folder, number, start, wanted, bytes, opened)?;
            let stopped = self.frames(room, each)?;
            if is_all || matches!(stopped, Stopped::Full | Stopped::Through) {
                return Ok(stopped);
            }
            // Torn by where the reading ended, not by who writes: in a frame that is longer than
            // what was read, or after some that were read.
            let is_longer = self.next.offset == start;
            wanted = if is_longer { RECORD_BYTES_MAX + FRAME_OVERHEAD_BYTES } else { READ_BYTES };
        }
    }

    /// Takes frames of what was read of the segment, as long as there is room.
    fn frames(
        &mut self,
        room: &mut Portion,
        each: &mut impl FnMut(&Entry<'_>),
    ) -> io::Result<Stopped> {
        let bytes = std::mem::take(&mut self.bytes);
        let mut offset = 0;
        let stopped = loop {
            if self.next.sequence > room.sequence_max {
                break Stopped::Through;
            }
            if room.records_max == 0 || room.bytes_max == 0 {
                break Stopped::Full;
            }
            let frame = match frame::at(&bytes, offset) {
                At::Frame(frame) => frame,
                At::End => break Stopped::End,
                At::Torn => break Stopped::Torn,
                At::Nonsense => return Err(io::ErrorKind::InvalidData.into()),
            };
            let sequence = self.next.sequence;
            let (slot, record) = self.record_of(&frame).ok_or(io::ErrorKind::InvalidData)?;
            each(&Entry {
                sequence,
                time: frame.time,
                kind: frame.form.kind(),
                slot,
                record,
                tag: segment::tag_before(&bytes, frame.end).unwrap_or_default(),
            });
            room.records_max -= 1;
            room.bytes_max = room.bytes_max.saturating_sub(record.len());
            self.next.offset += length(frame.end - offset);
            self.next.sequence += 1;
            offset = frame.end;
        };
        self.bytes = bytes;
        Ok(stopped)
    }

    /// The record that a frame holds.
    fn record_of<'r>(&'r mut self, frame: &Frame<'r>) -> Option<(Slot, &'r [u8])> {
        if matches!(frame.form, Form::Record | Form::Note) {
            return Some((Slot::default(), frame.payload));
        }
        let (slot, rest) = frame.payload.split_first()?;
        let slot = Slot(*slot);
        if frame.form == Form::Pattern {
            self.patterns.learn(slot, rest);
            return Some((slot, rest));
        }
        self.record.clear();
        self.patterns.read(slot, rest, RECORD_BYTES_MAX, &mut self.record)?;
        Some((slot, &self.record))
    }

    /// Learns the patterns of a segment up to where reading is to go on.
    fn learn(&mut self, number: u64) -> io::Result<()> {
        let until = usize::try_from(self.next.offset).unwrap_or(usize::MAX);
        bytes_from(&self.folder, number, 0, until, &mut self.bytes, &mut self.opened)?;
        let bytes = self.bytes.get(..until).ok_or(io::ErrorKind::InvalidData)?;
        self.patterns.clear();
        let mut offset = HEADER_BYTES;
        while let At::Frame(frame) = frame::at(bytes, offset) {
            if let (Form::Pattern, Some((slot, record))) = (frame.form, frame.payload.split_first())
            {
                self.patterns.learn(Slot(*slot), record);
            }
            offset = frame.end;
        }
        self.are_known = true;
        Ok(())
    }
}

/// The place of a segment's first frame.
fn beginning(folder: &Folder, number: u64, opened: &mut Opened) -> io::Result<Position> {
    let mut bytes = Vec::new();
    bytes_from(folder, number, 0, HEADER_BYTES, &mut bytes, opened)?;
    let header = Header::read(&bytes).ok_or(io::ErrorKind::InvalidData)?;
    let offset = length(HEADER_BYTES);
    Ok(Position { segment: number, offset, sequence: header.first_sequence })
}

/// Reads a segment's bytes from a place on, as many as are wanted; says whether there were no more.
fn bytes_from(
    folder: &Folder,
    number: u64,
    offset: u64,
    wanted: usize,
    bytes: &mut Vec<u8>,
    opened: &mut Opened,
) -> io::Result<bool> {
    bytes.clear();
    if opened.number == number {
        return Ok(opened.copy(offset, wanted, bytes));
    }
    *opened = Opened::default();
    match File::open(folder.plain(number)) {
        Ok(mut file) => {
            file.seek(SeekFrom::Start(offset))?;
            let read = file.take(length(wanted)).read_to_end(bytes)?;
            Ok(read < wanted)
        }
        // It may have been compressed just now.
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let closed = folder.read_closed(number)?.ok_or(io::ErrorKind::NotFound)?;
            let plain = segment::reopen(&closed).ok_or(io::ErrorKind::InvalidData)?;
            *opened = Opened { number, plain };
            Ok(opened.copy(offset, wanted, bytes))
        }
        Err(error) => Err(error),
    }
}

impl Opened {
    fn copy(&self, offset: u64, wanted: usize, bytes: &mut Vec<u8>) -> bool {
        let start = usize::try_from(offset).unwrap_or(usize::MAX);
        let rest = self.plain.get(start..).unwrap_or_default();
        bytes.extend_from_slice(rest.get(..wanted).unwrap_or(rest));
        rest.len() < wanted
    }
}

/// Segments looked at in one reading.
const SEGMENTS_MAX: usize = 1024;
/// What is read of a segment at once, mostly: what a processor has room for beside it.
const READ_BYTES: usize = 64 * 1024;

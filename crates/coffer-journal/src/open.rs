//! Opens a journal: goes on where it was left, cuts off what a crash has torn, and tells what else
//! it finds. A broken chain is never mended: what follows goes to a new segment, and the broken one
//! stays as it is.

use std::collections::BTreeMap;
use std::fmt;
use std::fs::{File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::folder::{Folder, Forms};
use crate::head::{Anchor, Head};
use crate::key::{JournalKey, Tag};
use crate::segment::{self, Chain, Header, Stop};
use crate::unsynced::Unsynced;
use crate::writer::{Point, Writer, header_end, length};

/// What was found amiss in a journal that was opened. Each leaves a note in the journal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// Bytes after the last whole frame, beyond what the head vouches for: what a crash leaves.
    /// They were cut off.
    Torn {
        /// The last sequence number before them.
        sequence: u64,
        /// How many there were.
        bytes: u64,
    },
    /// There are segments and no head.
    HeadMissing,
    /// The head was not written with this key, or was changed.
    HeadBroken,
    /// The chain breaks, or ends, before the head says that it does.
    Broken {
        /// The last sequence number that holds.
        sequence: u64,
        /// The one that the head vouches for.
        vouched: u64,
    },
}

impl fmt::Display for Found {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Torn { sequence, bytes } => {
                write!(out, "torn: {bytes} bytes after record {sequence} were cut off")
            }
            Self::HeadMissing => out.write_str("head missing: the end of the chain is unproven"),
            Self::HeadBroken => out.write_str("head broken: the end of the chain is unproven"),
            Self::Broken { sequence, vouched } => write!(
                out,
                "broken: the chain holds up to record {sequence}, and went up to {vouched}"
            ),
        }
    }
}

/// Why a journal could not be opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenError {
    folder: PathBuf,
    cause: String,
}

impl OpenError {
    pub(crate) fn new(folder: &Path, error: &io::Error) -> Self {
        Self { folder: folder.to_owned(), cause: error.to_string() }
    }
}

impl fmt::Display for OpenError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "cannot open journal `{}`: {}", self.folder.display(), self.cause)
    }
}

impl std::error::Error for OpenError {}

/// Takes the lock of a folder, for as long as the file stays open.
pub(crate) fn take_lock(place: &Folder, folder: &Path) -> Result<File, OpenError> {
    let file = place.lock_file().map_err(|error| OpenError::new(folder, &error))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => {
            let cause = "another process has it open; stop that one first".to_owned();
            Err(OpenError { folder: folder.to_owned(), cause })
        }
        Err(TryLockError::Error(error)) => Err(OpenError::new(folder, &error)),
    }
}

/// A journal to go on with.
pub(crate) struct Resumed {
    pub(crate) writer: Writer,
    pub(crate) anchor: Anchor,
    pub(crate) found: Vec<Found>,
    pub(crate) to_archive: Vec<u64>,
}

/// Looks at what is there and goes on with it.
pub(crate) fn resume(folder: &Folder, key: &JournalKey) -> io::Result<Resumed> {
    folder.remove_unfinished()?;
    let head_file = folder.read_head()?;
    let head = head_file.as_ref().and_then(|file| Head::read_authentic(file, key));
    let mut segments = folder.segments()?;
    let mut found = Vec::new();
    if let Some(head) = &head {
        drop_forgotten(folder, head, &mut segments)?;
    } else if head_file.is_some() {
        found.push(Found::HeadBroken);
    } else if !segments.is_empty() {
        found.push(Found::HeadMissing);
    }
    drop_unborn(folder, key, head.as_ref(), &mut segments)?;
    let anchor = match head {
        Some(head) => head.anchor,
        None => first_anchor(folder, &segments)?,
    };
    let Some((&last, &forms)) = segments.last_key_value() else {
        return from_nothing(folder, key, head, anchor, found);
    };
    let tail = Tail::read(folder, key, last, forms)?;
    let writer = match tail.fits(head.as_ref()) {
        Ok(()) => {
            let mut unsynced = Unsynced::default();
            let earlier = segments.range(..last).filter(|(_, forms)| forms.plain);
            find_unsynced(
                folder,
                head.as_ref(),
                earlier.map(|(number, _)| *number),
                &mut unsynced,
            )?;
            tail.go_on(folder, key, head.as_ref(), unsynced, &mut found)?
        }
        Err(vouched) => {
            found.push(Found::Broken { sequence: tail.chain.sequence, vouched: vouched.sequence });
            let header = Header {
                number: last.max(vouched.segment) + 1,
                first_sequence: tail.chain.sequence.max(vouched.sequence) + 1,
                before: vouched.tag,
            };
            begin(folder, key, header)?
        }
    };
    let live = writer.number;
    let plain = segments.iter().filter(|(number, forms)| forms.plain && **number != live);
    let to_archive = plain.map(|(number, _)| *number).collect();
    Ok(Resumed { writer, anchor, found, to_archive })
}

/// Removes segments from before the anchor: their removal was under way.
fn drop_forgotten(
    folder: &Folder,
    head: &Head,
    segments: &mut BTreeMap<u64, Forms>,
) -> io::Result<()> {
    let kept = segments.split_off(&head.anchor.segment);
    for number in std::mem::replace(segments, kept).into_keys() {
        folder.remove(number)?;
    }
    Ok(())
}

/// Removes a last segment that was being made when power was lost: no header, no frame, and
/// nothing that the head knows of.
fn drop_unborn(
    folder: &Folder,
    key: &JournalKey,
    head: Option<&Head>,
    segments: &mut BTreeMap<u64, Forms>,
) -> io::Result<()> {
    let Some((&last, forms)) = segments.last_key_value() else { return Ok(()) };
    let Some(head) = head.filter(|head| head.segment < last) else { return Ok(()) };
    if forms.closed || last != head.segment + 1 {
        return Ok(());
    }
    let bytes = folder.read_plain(last)?.unwrap_or_default();
    let is_empty = bytes.iter().all(|byte| *byte == 0) || length(bytes.len()) < header_end();
    if Header::read_authentic(&bytes, key).is_none() && is_empty {
        folder.remove(last)?;
        segments.remove(&last);
    }
    Ok(())
}

/// The anchor where no head says it: the first segment that is there.
fn first_anchor(folder: &Folder, segments: &BTreeMap<u64, Forms>) -> io::Result<Anchor> {
    let fresh = Anchor { segment: 1, first_sequence: 1, before: Tag::default() };
    let Some((&first, _)) = segments.first_key_value() else { return Ok(fresh) };
    let bytes = match folder.read_plain(first)? {
        Some(plain) => Some(plain),
        None => folder.read_closed(first)?.as_deref().and_then(segment::reopen),
    };
    let header = bytes.as_deref().and_then(Header::read);
    Ok(header.map_or(Anchor { segment: first, ..fresh }, |header| Anchor {
        segment: first,
        first_sequence: header.first_sequence,
        before: header.before,
    }))
}

/// Begins a journal, or goes on after all of its segments were lost.
fn from_nothing(
    folder: &Folder,
    key: &JournalKey,
    head: Option<Head>,
    anchor: Anchor,
    mut found: Vec<Found>,
) -> io::Result<Resumed> {
    let first = Header {
        number: anchor.segment,
        first_sequence: anchor.first_sequence,
        before: anchor.before,
    };
    let header = match head {
        // A head that vouches for nothing was written by a start that went no further.
        Some(head) if head.sequence >= anchor.first_sequence || head.segment != anchor.segment => {
            found.push(Found::Broken { sequence: 0, vouched: head.sequence });
            Header { number: head.segment + 1, first_sequence: head.sequence + 1, before: head.tag }
        }
        Some(_) => first,
        None => {
            // The head before the first segment, or a crash in between looks like a lost head.
            let tag = segment::tag_before(&first.to_bytes(key), segment::HEADER_BYTES);
            let head = Head {
                anchor,
                segment: first.number,
                sequence: first.first_sequence.saturating_sub(1),
                offset: header_end(),
                tag: tag.unwrap_or_default(),
            };
            folder.write_head(&head.to_bytes(key))?;
            folder.sync()?;
            first
        }
    };
    let writer = begin(folder, key, header)?;
    Ok(Resumed { writer, anchor, found, to_archive: Vec::new() })
}

fn begin(folder: &Folder, key: &JournalKey, header: Header) -> io::Result<Writer> {
    let bytes = header.to_bytes(key);
    let mut writer = Writer::at_start(folder.begin_segment(header.number, &bytes)?, &header, key);
    folder.sync()?;
    writer.unsynced.wrote(&writer.file, 0, &bytes);
    Ok(writer)
}

/// Finds what an earlier process wrote into segments before the last one and did not sync: the head
/// goes on with the segment, unless a disk refused.
fn find_unsynced(
    folder: &Folder,
    head: Option<&Head>,
    segments: impl Iterator<Item = u64>,
    unsynced: &mut Unsynced,
) -> io::Result<()> {
    let Some(head) = head else { return Ok(()) };
    for number in segments.filter(|number| *number >= head.segment) {
        let bytes = folder.read_plain(number)?.unwrap_or_default();
        let file = Arc::new(folder.open_segment(number)?);
        found_behind(head, number, &file, &bytes, unsynced);
    }
    Ok(())
}

/// Notes the bytes of a segment that the head does not vouch for.
fn found_behind(head: &Head, number: u64, file: &Arc<File>, bytes: &[u8], unsynced: &mut Unsynced) {
    let vouched = if number == head.segment { head.offset } else { 0 };
    let behind = usize::try_from(vouched).ok().and_then(|offset| bytes.get(offset..));
    if let Some(behind) = behind.filter(|behind| !behind.is_empty()) {
        unsynced.found(file, vouched, behind);
    }
}

/// The last segment that is there, and how far it holds.
struct Tail {
    number: u64,
    is_closed: bool,
    bytes: Vec<u8>,
    is_header_authentic: bool,
    chain: Chain,
}

impl Tail {
    fn read(folder: &Folder, key: &JournalKey, number: u64, forms: Forms) -> io::Result<Self> {
        let bytes = if forms.plain {
            folder.read_plain(number)?.unwrap_or_default()
        } else {
            folder.read_closed(number)?.as_deref().and_then(segment::reopen).unwrap_or_default()
        };
        let header = Header::read_authentic(&bytes, key).filter(|header| header.number == number);
        let chain = match &header {
            Some(header) => segment::walk(&bytes, header, key, |_, _, _| ()),
            None => Chain { sequence: 0, tag: Tag::default(), end: 0, stop: Stop::Broken },
        };
        let is_header_authentic = header.is_some();
        Ok(Self { number, is_closed: !forms.plain, bytes, is_header_authentic, chain })
    }

    /// Whether it reaches as far as the head says; if not, the point to go on from.
    fn fits(&self, head: Option<&Head>) -> Result<(), Point> {
        let own = Point {
            segment: self.number,
            sequence: self.chain.sequence,
            offset: length(self.chain.end),
            tag: self.chain.tag,
        };
        let Some(head) = head else {
            return if self.is_header_authentic { Ok(()) } else { Err(own) };
        };
        let vouched = Point {
            segment: head.segment,
            sequence: head.sequence,
            offset: head.offset,
            tag: head.tag,
        };
        let fits = match head.segment.cmp(&self.number) {
            std::cmp::Ordering::Less => true,
            std::cmp::Ordering::Greater => false,
            std::cmp::Ordering::Equal => usize::try_from(head.offset).is_ok_and(|offset| {
                offset <= self.chain.end
                    && segment::tag_before(&self.bytes, offset) == Some(head.tag)
            }),
        };
        if self.is_header_authentic && fits { Ok(()) } else { Err(vouched) }
    }

    /// Goes on in this segment, without what is torn; after a closed one, in the next.
    fn go_on(
        self,
        folder: &Folder,
        key: &JournalKey,
        head: Option<&Head>,
        unsynced: Unsynced,
        found: &mut Vec<Found>,
    ) -> io::Result<Writer> {
        let Chain { sequence, tag, end, stop } = self.chain;
        if self.is_closed {
            let number = self.number + 1;
            let header = Header { number, first_sequence: sequence + 1, before: tag };
            let mut writer = begin(folder, key, header)?;
            writer.unsynced.put_back(unsynced);
            return Ok(writer);
        }
        let file = folder.open_segment(self.number)?;
        let offset = length(end);
        if stop != Stop::End {
            let bytes = length(self.bytes.len()).saturating_sub(offset);
            file.set_len(offset)?;
            found.push(Found::Torn { sequence, bytes });
        }
        let first_sequence = sequence + 1;
        let header = Header { number: self.number, first_sequence, before: tag };
        let mut writer = Writer {
            offset,
            tag,
            since: first_time(&self.bytes),
            unsynced,
            ..Writer::at_start(file, &header, key)
        };
        if let (Some(head), Some(whole)) = (head, self.bytes.get(..end)) {
            found_behind(head, self.number, &writer.file, whole, &mut writer.unsynced);
        }
        Ok(writer)
    }
}

/// The time of a segment's first frame.
fn first_time(bytes: &[u8]) -> Option<coffer_model::Timestamp> {
    match crate::frame::at(bytes, segment::HEADER_BYTES) {
        crate::frame::At::Frame(frame) => Some(frame.time),
        _ => None,
    }
}

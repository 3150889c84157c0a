//! Proves a journal's chain whole, or names the first place where it is not.

use std::fmt;
use std::io;
use std::path::Path;

use coffer_model::Timestamp;

use crate::folder::Folder;
use crate::frame::Kind;
use crate::head::{Anchor, Head};
use crate::key::{JournalKey, Tag};
use crate::segment::{self, Chain, HEADER_BYTES, Header, Stop};
use crate::writer::length;

/// The end of a chain at some time, kept elsewhere than in the journal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Known {
    /// The last sequence number.
    pub sequence: u64,
    /// Its tag.
    pub tag: [u8; 16],
}

/// What a verification found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// Records whose tags hold, up to the first break.
    pub records: u64,
    /// Segments that were read.
    pub segments: u64,
    /// The end of the chain as far as it holds.
    pub last: Known,
    /// What the journal noted of itself.
    pub notes: Vec<Note>,
    /// Bytes of a frame that was being written, or that a crash has torn, at the very end.
    pub torn_bytes: u64,
    /// Where the chain breaks first.
    pub first_broken: Option<Broken>,
}

/// A note of the journal's own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// Its place in the chain.
    pub sequence: u64,
    /// Its time.
    pub time: Timestamp,
    /// What it says.
    pub text: String,
}

/// A place where the chain breaks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Broken {
    /// The segment.
    pub segment: u64,
    /// The offset in its frames.
    pub offset: u64,
    /// The sequence number of the first record that does not hold.
    pub sequence: u64,
    /// What is wrong there.
    pub why: Why,
}

/// What breaks a chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// There is no head.
    HeadMissing,
    /// The head was changed, or was written with another key.
    HeadChanged,
    /// A note says that the head was lost or changed once.
    HeadWasLost,
    /// A segment is not there.
    SegmentMissing,
    /// A segment's header was changed, or does not follow from what is before it.
    HeaderChanged,
    /// A compressed segment was changed.
    ClosedChanged,
    /// A record was changed, or is not in its place.
    RecordChanged,
    /// Records are missing here.
    RecordsMissing,
    /// The journal was put back to an earlier state, or replaced.
    PutBack,
}

impl fmt::Display for Why {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::HeadMissing => "the head is missing",
            Self::HeadChanged => "the head was changed, or was written with another key",
            Self::HeadWasLost => "the head was lost or changed here once",
            Self::SegmentMissing => "the segment is missing",
            Self::HeaderChanged => "the segment's header was changed or does not follow",
            Self::ClosedChanged => "the compressed segment was changed",
            Self::RecordChanged => "the record was changed or is not in its place",
            Self::RecordsMissing => "records are missing",
            Self::PutBack => "the journal was put back to an earlier state or replaced",
        })
    }
}

/// Verifies the journal in a folder, also while a server writes it; `known` is the end of its chain
/// at some earlier time, where that was kept elsewhere. A folder without a journal has no records.
///
/// # Errors
/// Files that cannot be read.
pub fn verify(folder: &Path, key: &JournalKey, known: Option<Known>) -> io::Result<Report> {
    let folder = Folder::new(folder);
    let mut before = None;
    // Segments may be let go of meanwhile; then it begins again from the new anchor.
    for _ in 0..ATTEMPTS_MAX {
        let head_file = folder.read_head()?;
        if before.is_some() && before == head_file {
            break;
        }
        let report = attempt(&folder, key, head_file.as_deref(), known)?;
        match &report.first_broken {
            Some(broken) if broken.why == Why::SegmentMissing => before = head_file,
            _ => return Ok(report),
        }
    }
    attempt(&folder, key, folder.read_head()?.as_deref(), known)
}

fn attempt(
    folder: &Folder,
    key: &JournalKey,
    head_file: Option<&[u8]>,
    known: Option<Known>,
) -> io::Result<Report> {
    let head = head_file.and_then(|file| Head::read_authentic(file, key));
    let mut walker = Walker::new(folder, key, head, known);
    let segments = folder.segments()?;
    let Some(head) = head else {
        let why = if head_file.is_some() { Why::HeadChanged } else { Why::HeadMissing };
        let is_there = head_file.is_some() || !segments.is_empty() || known.is_some();
        let broken = Broken { segment: 0, offset: 0, sequence: 1, why };
        walker.report.first_broken = is_there.then_some(broken);
        return Ok(walker.report);
    };
    let last = segments.last_key_value().map_or(0, |(last, _)| *last).max(head.segment);
    for number in head.anchor.segment..=last {
        if let Err(broken) = walker.segment(number, number == last)? {
            walker.report.first_broken = Some(broken);
            return Ok(walker.report);
        }
    }
    walker.report.first_broken = walker.lost_or_put_back();
    Ok(walker.report)
}

struct Walker<'a> {
    folder: &'a Folder,
    key: &'a JournalKey,
    head: Option<Head>,
    known: Option<Known>,
    /// Where the chain has come to.
    at: Anchor,
    offset: u64,
    saw_head: bool,
    saw_known: bool,
    head_was_lost: Option<u64>,
    report: Report,
}

impl<'a> Walker<'a> {
    fn new(
        folder: &'a Folder,
        key: &'a JournalKey,
        head: Option<Head>,
        known: Option<Known>,
    ) -> Self {
        let nowhere = Anchor { segment: 0, first_sequence: 1, before: Tag::default() };
        let at = head.map_or(nowhere, |head| head.anchor);
        let report = Report {
            records: 0,
            segments: 0,
            last: Known { sequence: at.first_sequence.saturating_sub(1), tag: at.before },
            notes: Vec::new(),
            torn_bytes: 0,
            first_broken: None,
        };
        Self {
            folder,
            key,
            head,
            known,
            at,
            offset: 0,
            saw_head: false,
            // What was let go of since can't be looked at any more.
            saw_known: known.is_none_or(|known| known.sequence < at.first_sequence),
            head_was_lost: None,
            report,
        }
    }

    fn broken(&self, segment: u64, offset: u64, why: Why) -> Broken {
        Broken { segment, offset, sequence: self.at.first_sequence, why }
    }

    /// Verifies one segment, in each form that is there.
    fn segment(&mut self, number: u64, is_last: bool) -> io::Result<Result<(), Broken>> {
        let plain = self.folder.read_plain(number)?;
        let closed = self.folder.read_closed(number)?;
        let mut forms = Vec::with_capacity(2);
        if let Some(closed) = closed {
            let authentic = self.key.authentic(&closed).and_then(|_| segment::reopen(&closed));
            match authentic {
                Some(bytes) => forms.push(bytes),
                None => return Ok(Err(self.broken(number, 0, Why::ClosedChanged))),
            }
        }
        forms.extend(plain);
        let Some(bytes) = forms.pop() else {
            return Ok(Err(self.broken(number, 0, Why::SegmentMissing)));
        };
        // Both are there for a moment only, and then are the same.
        if forms.pop().is_some_and(|closed| closed != bytes) {
            return Ok(Err(self.broken(number, 0, Why::ClosedChanged)));
        }
        Ok(self.frames(number, &bytes, is_last))
    }

    fn frames(&mut self, number: u64, bytes: &[u8], is_last: bool) -> Result<(), Broken> {
        let header = Header::read_authentic(bytes, self.key);
        let Some(header) = header.filter(|header| header.number == number) else {
            return Err(self.broken(number, 0, Why::HeaderChanged));
        };
        if header.before != self.at.before || header.first_sequence != self.at.first_sequence {
            // The header is ours, so what it follows is what is not there.
            let segment = if number == self.at.segment { number } else { number - 1 };
            return Err(self.broken(segment, self.offset, Why::RecordsMissing));
        }
        let chain = self.walk(bytes, &header);
        self.report.segments += 1;
        self.report.last = Known { sequence: chain.sequence, tag: chain.tag };
        self.at = Anchor {
            segment: self.at.segment,
            first_sequence: chain.sequence + 1,
            before: chain.tag,
        };
        self.offset = length(chain.end);
        self.look_for_head(number, bytes, &chain)?;
        match chain.stop {
            Stop::End => Ok(()),
            Stop::Torn if is_last && self.saw_head => {
                self.report.torn_bytes = length(bytes.len() - chain.end);
                Ok(())
            }
            Stop::Torn => Err(self.broken(number, self.offset, Why::RecordsMissing)),
            Stop::Broken => Err(self.broken(number, self.offset, Why::RecordChanged)),
        }
    }

    fn walk(&mut self, bytes: &[u8], header: &Header) -> Chain {
        let known = self.known;
        // Right after a change of segments the end of the chain is a header.
        let header_end = segment::tag_before(bytes, HEADER_BYTES)
            .map(|tag| Known { sequence: header.first_sequence.saturating_sub(1), tag });
        self.saw_known |= known.is_some() && known == header_end;
        let (report, saw_known) = (&mut self.report, &mut self.saw_known);
        let lost = &mut self.head_was_lost;
        segment::walk(bytes, header, self.key, |sequence, frame, tag| {
            *saw_known |= known == Some(Known { sequence, tag: *tag });
            match frame.form.kind() {
                Kind::Record => report.records += 1,
                Kind::Note => {
                    let text = String::from_utf8_lossy(frame.payload).into_owned();
                    if text.starts_with("head ") {
                        lost.get_or_insert(sequence);
                    }
                    if report.notes.len() < NOTES_MAX {
                        report.notes.push(Note { sequence, time: frame.time, text });
                    }
                }
            }
        })
    }

    /// Whether the segment that the head names reaches as far as it says.
    fn look_for_head(&mut self, number: u64, bytes: &[u8], chain: &Chain) -> Result<(), Broken> {
        let Some(head) = self.head.filter(|head| head.segment == number) else { return Ok(()) };
        let offset = usize::try_from(head.offset).unwrap_or(usize::MAX);
        if offset > chain.end && chain.stop == Stop::Broken {
            return Ok(());
        }
        let is_there = offset >= HEADER_BYTES
            && offset <= chain.end
            && segment::tag_before(bytes, offset) == Some(head.tag);
        self.saw_head = is_there;
        if is_there { Ok(()) } else { Err(self.broken(number, self.offset, Why::RecordsMissing)) }
    }

    fn lost_or_put_back(&self) -> Option<Broken> {
        let segment = self.head.map_or(0, |head| head.segment);
        if let Some(sequence) = self.head_was_lost {
            return Some(Broken { segment, offset: 0, sequence, why: Why::HeadWasLost });
        }
        (!self.saw_known).then(|| self.broken(segment, self.offset, Why::PutBack))
    }
}

const ATTEMPTS_MAX: usize = 3;
const NOTES_MAX: usize = 1000;

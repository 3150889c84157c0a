//! Frames: `length (4) · kind (1) · time (8) · bytes · tag (16)`, numbers little-endian.

use coffer_model::Timestamp;

use crate::key::{TAG_BYTES, Tag};

/// What a frame holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A record of the journal's user.
    Record,
    /// A note of the journal's own, such as of a torn frame that was cut off.
    Note,
}

/// How a frame holds it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// A record, whole.
    Record,
    /// A note, whole.
    Note,
    /// A slot (1 byte), then a record, which is that slot's pattern from here on.
    Pattern,
    /// A slot (1 byte), then how a record differs from the slot's pattern.
    Delta,
}

impl Form {
    fn byte(self) -> u8 {
        match self {
            Self::Record => 0,
            Self::Note => 1,
            Self::Pattern => 2,
            Self::Delta => 3,
        }
    }

    fn of(byte: u8) -> Option<Self> {
        match byte {
            0 => Some(Self::Record),
            1 => Some(Self::Note),
            2 => Some(Self::Pattern),
            3 => Some(Self::Delta),
            _ => None,
        }
    }

    pub(crate) fn kind(self) -> Kind {
        match self {
            Self::Note => Kind::Note,
            Self::Record | Self::Pattern | Self::Delta => Kind::Record,
        }
    }
}

/// A whole frame within a segment's bytes.
pub(crate) struct Frame<'a> {
    pub(crate) form: Form,
    pub(crate) time: Timestamp,
    pub(crate) payload: &'a [u8],
    /// Where the next one begins.
    pub(crate) end: usize,
}

/// What stands at a place of a segment.
pub(crate) enum At<'a> {
    /// A whole frame, whose tag has not been looked at.
    Frame(Frame<'a>),
    /// Nothing: the segment ends here.
    End,
    /// The beginning of a frame, and then the segment ends.
    Torn,
    /// Bytes that no journal has written.
    Nonsense,
}

/// Looks at what stands at `offset`.
pub(crate) fn at(segment: &[u8], offset: usize) -> At<'_> {
    let Some(rest) = segment.get(offset..).filter(|rest| !rest.is_empty()) else { return At::End };
    let Some((head, body)) = rest.split_first_chunk::<HEAD_BYTES>() else { return At::Torn };
    let [l0, l1, l2, l3, form, time @ ..] = *head;
    let Ok(length) = usize::try_from(u32::from_le_bytes([l0, l1, l2, l3])) else {
        return At::Nonsense;
    };
    let Some(form) = Form::of(form).filter(|_| length <= RECORD_BYTES_MAX) else {
        return At::Nonsense;
    };
    let Some(payload) = body.get(..length).filter(|_| body.len() >= length + TAG_BYTES) else {
        return At::Torn;
    };
    At::Frame(Frame {
        form,
        time: Timestamp::from_millis(i64::from_le_bytes(time)),
        payload,
        end: offset + HEAD_BYTES + length + TAG_BYTES,
    })
}

/// Appends a frame's head, with a length that is set when the frame is finished.
pub(crate) fn begin(form: Form, time: Timestamp, out: &mut Vec<u8>) {
    out.extend_from_slice(&[0; 4]);
    out.push(form.byte());
    out.extend_from_slice(&time.as_millis().to_le_bytes());
}

/// Changes the form of the frame that began at `start`.
pub(crate) fn set_form(start: usize, form: Form, out: &mut [u8]) {
    if let Some(byte) = out.get_mut(start + 4) {
        *byte = form.byte();
    }
}

/// Ends the frame that began at `start`, with room for its tag; gives back the length where it is
/// beyond what a record may have.
pub(crate) fn finish(start: usize, out: &mut Vec<u8>) -> Result<(), usize> {
    let length = out.len().saturating_sub(start + HEAD_BYTES);
    let small = u32::try_from(length).ok().filter(|_| length <= RECORD_BYTES_MAX);
    let room = out.get_mut(start..).and_then(|frame| frame.first_chunk_mut::<4>());
    let (Some(small), Some(room)) = (small, room) else { return Err(length) };
    *room = small.to_le_bytes();
    out.extend_from_slice(&[0; TAG_BYTES]);
    Ok(())
}

/// The link that a frame is: the tag before it and all of it but its own tag.
pub(crate) fn link(segment: &[u8], offset: usize, end: usize) -> Option<(&[u8], Tag)> {
    let whole = segment.get(offset.checked_sub(TAG_BYTES)?..end)?;
    let (link, tag) = whole.split_last_chunk::<TAG_BYTES>()?;
    Some((link, *tag))
}

/// The bytes of a record at most.
pub const RECORD_BYTES_MAX: usize = 64 * 1024;
/// The bytes of a frame before its record.
pub(crate) const HEAD_BYTES: usize = 4 + 1 + 8;
/// The bytes of a frame beside its record.
pub(crate) const FRAME_OVERHEAD_BYTES: usize = HEAD_BYTES + TAG_BYTES;

#[cfg(test)]
mod tests {
    use coffer_model::Timestamp;

    use super::{At, Form, HEAD_BYTES, RECORD_BYTES_MAX, at, begin, finish};

    #[test]
    fn a_frame_is_read_as_it_was_written() {
        let mut bytes = Vec::new();
        begin(Form::Note, Timestamp::from_millis(-7), &mut bytes);
        bytes.extend_from_slice(b"said");
        finish(0, &mut bytes).unwrap();
        let At::Frame(frame) = at(&bytes, 0) else { panic!() };
        assert_eq!(
            (frame.form, frame.time.as_millis(), frame.payload),
            (Form::Note, -7, &b"said"[..])
        );
        assert_eq!(frame.end, bytes.len());
        assert!(matches!(at(&bytes, frame.end), At::End));
        for cut in 1..bytes.len() {
            assert!(matches!(at(&bytes[..cut], 0), At::Torn), "{cut}");
        }
    }

    #[test]
    fn a_frame_that_is_too_long_is_refused() {
        let mut bytes = Vec::new();
        begin(Form::Record, Timestamp::EPOCH, &mut bytes);
        bytes.resize(HEAD_BYTES + RECORD_BYTES_MAX + 1, b'x');
        assert_eq!(finish(0, &mut bytes), Err(RECORD_BYTES_MAX + 1));
    }
}

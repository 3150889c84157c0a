//! The little of DER that the library does not write or read for us.

pub(crate) const INTEGER: u8 = 0x02;
pub(crate) const BIT_STRING: u8 = 0x03;
pub(crate) const OCTET_STRING: u8 = 0x04;
pub(crate) const OBJECT_ID: u8 = 0x06;
pub(crate) const SEQUENCE: u8 = 0x30;

/// Writes a value, given in pieces.
pub(crate) fn write(tag: u8, pieces: &[&[u8]]) -> Vec<u8> {
    let length: usize = pieces.iter().map(|piece| piece.len()).sum();
    // All of it at once, so that no copy of a secret is left behind by growing.
    let mut out = Vec::with_capacity(length + HEAD_BYTES_MAX);
    out.push(tag);
    match u8::try_from(length) {
        Ok(short @ 0..0x80) => out.push(short),
        _ => {
            let bytes = length.to_be_bytes();
            let first = bytes.iter().position(|byte| *byte != 0).unwrap_or(bytes.len());
            let significant = bytes.get(first..).unwrap_or_default();
            out.push(0x80 | u8::try_from(significant.len()).unwrap_or_default());
            out.extend_from_slice(significant);
        }
    }
    for piece in pieces {
        out.extend_from_slice(piece);
    }
    out
}

/// Reads a value with this tag: its content, and what comes after it.
pub(crate) fn read(tag: u8, bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (&found, rest) = bytes.split_first()?;
    let (&first, rest) = rest.split_first()?;
    if found != tag {
        return None;
    }
    if first < 0x80 {
        return rest.split_at_checked(usize::from(first));
    }
    let (length, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
    if length.is_empty() || length.len() > LENGTH_BYTES_MAX {
        return None;
    }
    let length = length.iter().fold(0, |sum, byte| (sum << 8) | usize::from(*byte));
    rest.split_at_checked(length)
}

const HEAD_BYTES_MAX: usize = 10;
const LENGTH_BYTES_MAX: usize = 3;

#[cfg(test)]
mod tests {
    use super::{OCTET_STRING, SEQUENCE, read, write};

    #[test]
    fn what_is_written_is_read() {
        for length in [0, 1, 127, 128, 255, 256, 65535, 65536] {
            let content = vec![7; length];
            let mut written =
                write(OCTET_STRING, &[&content[..length / 2], &content[length / 2..]]);
            assert_eq!(read(OCTET_STRING, &written), Some((content.as_slice(), &[][..])));
            assert_eq!(read(SEQUENCE, &written), None);
            written.push(9);
            assert_eq!(read(OCTET_STRING, &written), Some((content.as_slice(), &[9][..])));
        }
    }

    #[test]
    fn what_is_cut_is_not_read() {
        let written = write(OCTET_STRING, &[&[7; 300]]);
        for end in 0..written.len() {
            assert_eq!(read(OCTET_STRING, &written[..end]), None, "cut at {end}");
        }
        assert_eq!(read(OCTET_STRING, &[OCTET_STRING, 0x80, 0, 0]), None);
        assert_eq!(read(OCTET_STRING, &[OCTET_STRING, 0x84, 0, 0, 0, 1, 7]), None);
    }
}

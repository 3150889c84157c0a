//! Inputs, taken apart in the same way by all targets.

/// The lines of an input that is a text, each without its end.
pub(crate) fn lines(input: &[u8]) -> Option<impl Iterator<Item = &str>> {
    std::str::from_utf8(input).ok().map(|text| text.split('\n'))
}

/// The first line of an input, and the bytes after it.
pub(crate) fn head(input: &[u8]) -> Option<(&str, &[u8])> {
    let end = input.iter().position(|byte| *byte == b'\n')?;
    let (head, rest) = input.split_at_checked(end)?;
    Some((std::str::from_utf8(head).ok()?, rest.get(1..)?))
}

/// The byte that an input begins with, and the others.
pub(crate) fn byte(input: &[u8]) -> Option<(u8, &[u8])> {
    input.split_first().map(|(first, rest)| (*first, rest))
}

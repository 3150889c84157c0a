//! Row keys: ordered bytes, built from components that may hold anything.

use std::borrow::Borrow;
use std::fmt;
use std::sync::Arc;

/// The name of one row: a table and its components, joined by a zero byte.
///
/// Keys compare as bytes, and that order is the order of their components: zero and one bytes
/// inside a component are escaped (`00` to `01 01`, `01` to `01 02`), so a component can hold any
/// input and never reaches into its neighbour. Cloning is cheap.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key(Arc<[u8]>);

impl Key {
    /// Builds the key of `table` with these text components.
    pub fn of(table: &str, parts: &[&str]) -> Self {
        let mut key = Self::build(table);
        parts.iter().for_each(|part| key.push(part));
        key.key()
    }

    /// Starts a key in `table`; components follow one by one.
    pub fn build(table: &str) -> KeyBuilder {
        let mut bytes = Vec::with_capacity(KEY_BYTES_USUAL);
        push_escaped(&mut bytes, table.as_bytes());
        KeyBuilder { bytes }
    }

    /// Takes encoded bytes, as [`Key::as_bytes`] gave them, for a key.
    pub fn from_bytes(bytes: &[u8]) -> Self {
        Self(bytes.into())
    }

    /// The encoded bytes, which engines store and compare.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Builds the key one component below this one.
    pub fn child(&self, part: impl AsRef<[u8]>) -> Self {
        self.builder().part(part).key()
    }

    /// Goes on building from this key.
    pub fn builder(&self) -> KeyBuilder {
        let mut bytes = Vec::with_capacity(self.0.len().max(KEY_BYTES_USUAL));
        bytes.extend_from_slice(&self.0);
        KeyBuilder { bytes }
    }

    /// The prefix of every key below this one; the key itself is not among them.
    pub fn prefix(&self) -> Vec<u8> {
        self.builder().prefix()
    }

    /// The components as they were given, the table's name first.
    pub fn parts(&self) -> impl Iterator<Item = Vec<u8>> + '_ {
        self.0.split(|byte| *byte == SEPARATOR).map(unescaped)
    }

    /// The last component as it was given: in an index key, usually the name that it leads to.
    pub fn last_part(&self) -> Vec<u8> {
        self.0.rsplit(|byte| *byte == SEPARATOR).next().map(unescaped).unwrap_or_default()
    }
}

/// A key under construction.
#[derive(Clone, Debug)]
pub struct KeyBuilder {
    bytes: Vec<u8>,
}

impl KeyBuilder {
    /// Adds a component, text or bytes.
    #[must_use]
    pub fn part(mut self, part: impl AsRef<[u8]>) -> Self {
        self.push(part);
        self
    }

    /// Adds a component, text or bytes, in place.
    pub fn push(&mut self, part: impl AsRef<[u8]>) {
        self.bytes.push(SEPARATOR);
        push_escaped(&mut self.bytes, part.as_ref());
    }

    /// Adds a number as twenty decimal digits, so that keys are in the numbers' order.
    #[must_use]
    pub fn number(self, number: u64) -> Self {
        self.part(format!("{number:020}"))
    }

    /// Adds a component already encoded with others: everything after the table of another key.
    #[must_use]
    pub fn parts_of(mut self, key: &Key) -> Self {
        for part in key.as_bytes().split(|byte| *byte == SEPARATOR).skip(1) {
            self.bytes.push(SEPARATOR);
            self.bytes.extend_from_slice(part);
        }
        self
    }

    /// The finished key.
    pub fn key(self) -> Key {
        Key(self.bytes.into())
    }

    /// The prefix of every key that goes on after these components. It ends in the separator, so
    /// `a` is no prefix of `ab`.
    pub fn prefix(mut self) -> Vec<u8> {
        self.bytes.push(SEPARATOR);
        self.bytes
    }

    /// The prefix of every key whose next component starts with `start`.
    pub fn starting(self, start: impl AsRef<[u8]>) -> Vec<u8> {
        self.part(start).bytes
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, part) in self.parts().enumerate() {
            let separator = if index == 0 { "" } else { "|" };
            match std::str::from_utf8(&part) {
                Ok(text) => write!(formatter, "{separator}{}", text.escape_debug())?,
                Err(_) => write!(formatter, "{separator}{}", part.escape_ascii())?,
            }
        }
        Ok(())
    }
}

impl fmt::Display for Key {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, formatter)
    }
}

impl Borrow<[u8]> for Key {
    fn borrow(&self) -> &[u8] {
        &self.0
    }
}

fn push_escaped(bytes: &mut Vec<u8>, part: &[u8]) {
    if is_plain(part) {
        bytes.extend_from_slice(part);
        return;
    }
    bytes.reserve(part.len());
    for byte in part {
        match *byte {
            SEPARATOR => bytes.extend_from_slice(&[ESCAPE, 1]),
            ESCAPE => bytes.extend_from_slice(&[ESCAPE, 2]),
            other => bytes.push(other),
        }
    }
}

/// Whether there is nothing to escape, as nearly always. Whole chunks are looked at without a branch
/// for each byte, which the compiler turns into a few vector instructions; the last one overlaps
/// with the one before it, so that only the shortest components are looked at byte by byte.
fn is_plain(part: &[u8]) -> bool {
    let any = |chunk: &[u8]| chunk.iter().fold(false, |any, byte| any | (*byte <= ESCAPE));
    if let Some(last) = part.last_chunk::<16>() {
        let (chunks, _) = part.as_chunks::<16>();
        return !any(last) && !chunks.iter().any(|chunk| any(chunk));
    }
    match (part.first_chunk::<8>(), part.last_chunk::<8>()) {
        (Some(first), Some(last)) => !any(first) && !any(last),
        _ => !any(part),
    }
}

fn unescaped(part: &[u8]) -> Vec<u8> {
    let mut plain = Vec::with_capacity(part.len());
    let mut bytes = part.iter();
    while let Some(byte) = bytes.next() {
        match *byte {
            ESCAPE => plain.push(bytes.next().map_or(ESCAPE, |code| code.wrapping_sub(1))),
            other => plain.push(other),
        }
    }
    plain
}

/// The first byte string that sorts after everything that starts with `prefix`; `None` when there
/// is none, because the prefix is empty or all `ff`.
pub(crate) fn prefix_end(prefix: &[u8]) -> Option<Vec<u8>> {
    let last = prefix.iter().rposition(|byte| *byte != u8::MAX)?;
    let mut end = prefix.get(..=last)?.to_vec();
    if let Some(byte) = end.last_mut() {
        *byte += 1;
    }
    Some(end)
}

const SEPARATOR: u8 = 0;
const ESCAPE: u8 = 1;
/// What most keys have room in.
const KEY_BYTES_USUAL: usize = 128;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_component_comes_back_as_it_was_given() {
        let odd: [&[u8]; 6] =
            [b"", b"\0", b"\x01", b"\x01\x01\0\x02", b"\xff\xff", "\u{e9}".as_bytes()];
        for part in odd {
            let key = Key::build("t").part(part).part("end").key();
            assert_eq!(key.parts().collect::<Vec<_>>(), [b"t".as_slice(), part, b"end"]);
            assert_eq!(key.last_part(), b"end");
        }
    }

    #[test]
    fn keys_sort_as_their_components_do() {
        let odd: [&[u8]; 9] =
            [b"", b"\0", b"\0\0", b"\0\x01", b"\x01", b"\x01\0", b"\x02", b"a", b"ab"];
        for left in odd {
            for right in odd {
                let of = |part: &[u8]| Key::build("t").part(part).part("z").key();
                assert_eq!(left.cmp(right), of(left).cmp(&of(right)), "{left:?} {right:?}");
            }
        }
    }

    #[test]
    fn a_prefix_ends_at_its_component() {
        let prefix = Key::of("t", &["a"]).prefix();
        assert!(Key::of("t", &["a", "x"]).as_bytes().starts_with(&prefix));
        assert!(!Key::of("t", &["ab", "x"]).as_bytes().starts_with(&prefix));
        assert!(!Key::of("t", &["a"]).as_bytes().starts_with(&prefix));
        let starting = Key::build("t").starting("a");
        assert!(Key::of("t", &["ab"]).as_bytes().starts_with(&starting));
    }

    #[test]
    fn a_component_never_reaches_into_the_next() {
        assert_ne!(Key::of("t", &["a\0b"]), Key::of("t", &["a", "b"]));
        assert_ne!(Key::of("t\0a", &[]), Key::of("t", &["a"]));
    }

    #[test]
    fn numbers_sort_as_numbers() {
        let of = |number| Key::build("t").number(number).key();
        assert!(of(9) < of(10));
        assert!(of(10) < of(u64::MAX));
    }

    #[test]
    fn an_index_key_can_end_in_another_keys_components() {
        let primary = Key::of("parameter", &["1", "a\0b"]);
        let index = Key::build("by-tag").part("k").parts_of(&primary).key();
        assert_eq!(index, Key::of("by-tag", &["k", "1", "a\0b"]));
    }

    #[test]
    fn a_key_prints_as_text() {
        assert_eq!(format!("{:?}", Key::of("t", &["/a/b", "x\0y"])), "t|/a/b|x\\0y");
        assert_eq!(format!("{:?}", Key::build("t").part(b"\xff").key()), "t|\\xff");
    }

    #[test]
    fn the_end_of_a_prefix_is_after_all_that_starts_with_it() {
        assert_eq!(prefix_end(b"a"), Some(b"b".to_vec()));
        assert_eq!(prefix_end(b"a\xff\xff"), Some(b"b".to_vec()));
        assert_eq!(prefix_end(b"\xff\xff"), None);
        assert_eq!(prefix_end(b""), None);
    }
}

//! Records written as what differs from an earlier one that is like them. Most of what an audit
//! journal is told is the same caller doing the same thing again: a time, an id and a name differ in
//! a kilobyte. What is not written need not be authenticated, synced, shipped or compressed.
//!
//! Whoever appends says which records are likely to be alike, by a *slot*. The last record of a slot
//! that was written whole is its *pattern*; a record that is like it is written as
//!
//! `bytes of the pattern's end that it shares · (bytes to copy · bytes that differ · those bytes)…`
//!
//! with numbers as LEB128. Copying goes on behind the pattern's bytes that differ, since texts of the
//! same length are what differs most.

/// Which records are likely to be alike: any number that is the same for those. A poor choice costs
/// room, nothing else.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Slot(pub u8);

/// The patterns that records are compared with, or made from again.
#[derive(Default)]
pub struct Patterns {
    slots: Vec<Vec<u8>>,
}

/// How a record was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Written {
    /// Whole; it is the pattern of its slot now.
    Pattern,
    /// As what differs from its slot's pattern.
    Delta,
}

impl Patterns {
    /// Whether a record can be a pattern: longer ones are few, and would have to be kept.
    pub fn takes(record: &[u8]) -> bool {
        record.len() <= PATTERN_BYTES_MAX
    }

    /// Appends a record in the shorter form.
    pub fn write(&mut self, slot: Slot, record: &[u8], out: &mut Vec<u8>) -> Written {
        let pattern = self.slots.get(usize::from(slot.0)).map_or(&[][..], Vec::as_slice);
        let start = out.len();
        if !pattern.is_empty() && write_delta(pattern, record, out, record.len() / 2) {
            return Written::Delta;
        }
        out.truncate(start);
        out.extend_from_slice(record);
        self.learn(slot, record);
        Written::Pattern
    }

    /// Takes a record that was written whole as the pattern of its slot.
    pub fn learn(&mut self, slot: Slot, record: &[u8]) {
        if self.slots.is_empty() {
            self.slots.resize_with(SLOTS, Vec::new);
        }
        if let Some(kept) = self.slots.get_mut(usize::from(slot.0)) {
            kept.clear();
            kept.extend_from_slice(record);
        }
    }

    /// Appends the record that was written as a delta; nothing where no such delta can have been.
    #[must_use]
    pub fn read(
        &self,
        slot: Slot,
        delta: &[u8],
        bytes_max: usize,
        out: &mut Vec<u8>,
    ) -> Option<()> {
        let pattern = self.slots.get(usize::from(slot.0))?;
        let (shared_end, mut delta) = read_number(delta)?;
        let start = out.len();
        // Mostly all of it but little is copied, so all of it is, and the little written over it.
        out.extend_from_slice(pattern);
        let mut at = 0_usize;
        while !delta.is_empty() {
            let (copied, rest) = read_number(delta)?;
            let (differing, rest) = read_number(rest)?;
            let (bytes, rest) = rest.split_at_checked(differing)?;
            at = at.checked_add(copied).filter(|at| *at <= pattern.len())?;
            let end = at.checked_add(differing).filter(|end| *end <= bytes_max)?;
            match out.get_mut(start + at..start + end) {
                Some(over) => over.copy_from_slice(bytes),
                None => {
                    out.truncate(start + at);
                    out.extend_from_slice(bytes);
                }
            }
            (at, delta) = (end, rest);
        }
        at.checked_add(shared_end).filter(|length| *length <= bytes_max)?;
        let end = pattern.get(pattern.len().checked_sub(shared_end)?..)?;
        out.truncate(start + at);
        out.extend_from_slice(end);
        Some(())
    }

    /// Forgets all patterns.
    pub fn clear(&mut self) {
        self.slots.clear();
    }
}

impl std::fmt::Debug for Patterns {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("Patterns(…)")
    }
}

/// Appends what differs, as long as that is not more than so many bytes; says whether it was.
fn write_delta(pattern: &[u8], record: &[u8], out: &mut Vec<u8>, bytes_max: usize) -> bool {
    let shared_end = match pattern.len() == record.len() {
        true => 0,
        false => alike_at_end(pattern, record),
    };
    let body = |of: &'_ [u8]| of.len() - shared_end;
    let (pattern, record) = (pattern.get(..body(pattern)), record.get(..body(record)));
    let (Some(mut pattern), Some(mut record)) = (pattern, record) else { return false };
    let limit = out.len() + bytes_max;
    write_number(shared_end, out);
    while !record.is_empty() {
        let copied = alike(pattern, record);
        (pattern, record) = (behind(pattern, copied), behind(record, copied));
        let differing = differing(pattern, record);
        let bytes = record.get(..differing).unwrap_or(record);
        if out.len() + bytes.len() + 2 * NUMBER_BYTES_MAX > limit {
            return false;
        }
        write_number(copied, out);
        write_number(bytes.len(), out);
        out.extend_from_slice(bytes);
        (pattern, record) = (behind(pattern, bytes.len()), behind(record, bytes.len()));
    }
    true
}

fn behind(bytes: &[u8], count: usize) -> &[u8] {
    bytes.get(count..).unwrap_or_default()
}

/// How many bytes at the beginning are the same.
fn alike(left: &[u8], right: &[u8]) -> usize {
    let (left_blocks, _) = left.as_chunks::<BLOCK_BYTES>();
    let (right_blocks, _) = right.as_chunks::<BLOCK_BYTES>();
    let blocks = left_blocks.iter().zip(right_blocks).take_while(|(left, right)| left == right);
    let mut at = blocks.count() * BLOCK_BYTES;
    for difference in differences(behind(left, at), behind(right, at)) {
        if difference != 0 {
            return at + byte_of(difference.trailing_zeros());
        }
        at += WORD_BYTES;
    }
    at + alike_bytes(behind(left, at), behind(right, at))
}

/// The same of a few.
fn alike_bytes(left: &[u8], right: &[u8]) -> usize {
    left.iter().zip(right).take_while(|(left, right)| left == right).count()
}

/// How many bytes at the end are the same.
fn alike_at_end(left: &[u8], right: &[u8]) -> usize {
    let (_, left_words) = left.as_rchunks::<WORD_BYTES>();
    let (_, right_words) = right.as_rchunks::<WORD_BYTES>();
    let words = left_words.iter().rev().zip(right_words.iter().rev());
    let mut at = 0;
    for (left, right) in words {
        let difference = difference(left, right);
        if difference != 0 {
            return at + byte_of(difference.leading_zeros());
        }
        at += WORD_BYTES;
    }
    let rest = left.iter().rev().skip(at).zip(right.iter().rev().skip(at));
    at + rest.take_while(|(left, right)| left == right).count()
}

/// How many bytes of a record differ from a pattern's, up to where enough are the same again to be
/// worth two numbers: a word of them, wherever it begins.
fn differing(pattern: &[u8], record: &[u8]) -> usize {
    // How many bytes before this place are the same.
    let (mut at, mut alike) = (0, 0);
    for difference in differences(pattern, record) {
        if alike + byte_of(difference.trailing_zeros()) >= WORD_BYTES {
            return at - alike;
        }
        alike = byte_of(difference.leading_zeros());
        at += WORD_BYTES;
    }
    let is_enough = alike + alike_bytes(behind(pattern, at), behind(record, at)) >= WORD_BYTES;
    if is_enough { at - alike } else { record.len() }
}

/// In which bits the words of two texts differ, the first byte in the lowest ones.
fn differences(left: &[u8], right: &[u8]) -> impl Iterator<Item = u64> {
    let (left, _) = left.as_chunks::<WORD_BYTES>();
    let (right, _) = right.as_chunks::<WORD_BYTES>();
    let words = left.iter().zip(right);
    words.map(|(left, right)| difference(left, right))
}

fn difference(left: &[u8; WORD_BYTES], right: &[u8; WORD_BYTES]) -> u64 {
    u64::from_le_bytes(*left) ^ u64::from_le_bytes(*right)
}

/// The place within a word of the byte that a bit is in.
fn byte_of(bit: u32) -> usize {
    usize::try_from(bit / u8::BITS).unwrap_or_default()
}

#[inline]
fn write_number(mut number: usize, out: &mut Vec<u8>) {
    while number >= 0x80 {
        out.push(u8::try_from(number & 0x7f).unwrap_or_default() | 0x80);
        number >>= 7;
    }
    out.push(u8::try_from(number).unwrap_or_default());
}

/// Reads a number of at most so many bytes as are ever written.
fn read_number(bytes: &[u8]) -> Option<(usize, &[u8])> {
    // Most have one byte.
    if let Some((&byte, rest)) = bytes.split_first().filter(|(byte, _)| **byte < 0x80) {
        return Some((usize::from(byte), rest));
    }
    let mut number = 0;
    for (at, byte) in bytes.iter().take(NUMBER_BYTES_MAX).enumerate() {
        number |= usize::from(byte & 0x7f) << (7 * at);
        if byte & 0x80 == 0 {
            return Some((number, behind(bytes, at + 1)));
        }
    }
    None
}

const SLOTS: usize = 256;
/// The bytes of a record that is kept as a pattern, at most: 2 MiB are kept at most.
const PATTERN_BYTES_MAX: usize = 8 * 1024;
const BLOCK_BYTES: usize = 32;
/// So many bytes that are the same are worth two numbers.
const WORD_BYTES: usize = 8;
/// Numbers are below 2²¹: no record is that long.
const NUMBER_BYTES_MAX: usize = 3;

#[cfg(test)]
mod tests {
    use super::{Patterns, Slot, WORD_BYTES, Written, write_delta};

    fn pattern(text: &[u8]) -> Patterns {
        let mut patterns = Patterns::default();
        patterns.learn(Slot(3), text);
        patterns
    }

    /// Writes a record and reads it again; gives the bytes it took.
    fn there_and_back(first: &[u8], second: &[u8]) -> (Written, usize) {
        let mut patterns = pattern(first);
        let reading = pattern(first);
        let mut bytes = Vec::new();
        let written = patterns.write(Slot(3), second, &mut bytes);
        let mut read = b"before".to_vec();
        match written {
            Written::Pattern => read.extend_from_slice(&bytes),
            Written::Delta => reading.read(Slot(3), &bytes, second.len(), &mut read).unwrap(),
        }
        assert_eq!(read, [b"before", second].concat());
        (written, bytes.len())
    }

    #[test]
    fn what_is_alike_takes_few_bytes() {
        let record = |time: u32, name: &str| {
            let filling = "x".repeat(300);
            format!("{{\"time\":{time},\"who\":\"{filling}\",\"name\":\"{name}\",\"{filling}\"}}")
        };
        let first = record(1000, "/app/password");
        let (same, bytes) = there_and_back(first.as_bytes(), first.as_bytes());
        assert_eq!((same, bytes), (Written::Delta, 4));
        let later = record(1001, "/app/passwort");
        let (like, bytes) = there_and_back(first.as_bytes(), later.as_bytes());
        assert!(like == Written::Delta && bytes < 20, "{bytes}");
        let longer = record(1001, "/app/another/password");
        let (like, bytes) = there_and_back(first.as_bytes(), longer.as_bytes());
        assert!(like == Written::Delta && bytes < 40, "{bytes}");
        let shorter = record(1001, "/a");
        let (like, bytes) = there_and_back(first.as_bytes(), shorter.as_bytes());
        assert!(like == Written::Delta && bytes < 40, "{bytes}");
    }

    #[test]
    fn what_is_not_alike_is_written_whole() {
        let (first, second) = (vec![1; 500], vec![2; 400]);
        assert_eq!(there_and_back(&first, &second), (Written::Pattern, 400));
        assert_eq!(there_and_back(b"", b"x").0, Written::Pattern);
    }

    #[test]
    fn any_two_texts_come_back() {
        // Every pair of texts made of few pieces: all ways of growing, shrinking and moving.
        let pieces: Vec<Vec<u8>> = [&b""[..], b"a", b"b", &[7; 40], &[8; 33], &[7; 9]]
            .iter()
            .map(|piece| piece.to_vec())
            .collect();
        let mut texts = Vec::new();
        for one in &pieces {
            for two in &pieces {
                for three in &pieces {
                    texts.push([one.as_slice(), two, three].concat());
                }
            }
        }
        for first in &texts {
            for second in &texts {
                there_and_back(first, second);
            }
        }
    }

    /// The same, byte by byte.
    fn naive_delta(pattern: &[u8], record: &[u8]) -> Vec<u8> {
        let count = |ends: bool| {
            let same = |at: &usize| match ends {
                true => pattern[pattern.len() - 1 - at] == record[record.len() - 1 - at],
                false => pattern[*at] == record[*at],
            };
            (0..pattern.len().min(record.len())).take_while(same).count()
        };
        let shared_end = if pattern.len() == record.len() { 0 } else { count(true) };
        let pattern = &pattern[..pattern.len() - shared_end];
        let record = &record[..record.len() - shared_end];
        let same: Vec<bool> = pattern.iter().zip(record).map(|(one, two)| one == two).collect();
        let (mut out, mut at) = (vec![u8::try_from(shared_end).unwrap()], 0);
        while at < record.len() {
            let copied = same.iter().skip(at).take_while(|same| **same).count();
            let from = at + copied;
            let mut words = same.windows(WORD_BYTES).enumerate().skip(from);
            let word = words.find(|(_, word)| word.iter().all(|same| *same));
            at = word.map_or(record.len(), |(at, _)| at);
            out.push(u8::try_from(copied).unwrap());
            out.push(u8::try_from(at - from).unwrap());
            out.extend_from_slice(&record[from..at]);
        }
        out
    }

    #[test]
    fn what_is_compared_by_words_is_written_as_if_by_bytes() {
        // Texts of zeros and few ones, of all lengths around those of words and blocks.
        let mut seed = 7_u64;
        let mut next = || {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            usize::try_from(seed >> 33).unwrap()
        };
        for round in 0..30_000 {
            let length = 1 + next() % 110;
            let mut texts = [vec![0; length], vec![0; length]];
            if round % 2 == 0 {
                texts[1].resize(1 + next() % 110, 0);
            }
            for text in &mut texts {
                for _ in 0..next() % 5 {
                    let at = next() % text.len();
                    text[at] = 1;
                }
            }
            let [left, right] = &texts;
            let mut out = Vec::new();
            assert!(write_delta(left, right, &mut out, 1000));
            assert_eq!(out, naive_delta(left, right), "{texts:?}");
        }
    }

    #[test]
    fn nonsense_is_refused_and_nothing_grows_beyond_its_bound() {
        let patterns = pattern(&[1; 100]);
        let mut out = Vec::new();
        let cases: [&[u8]; 8] = [
            b"",
            &[0x80],
            &[101],
            &[0, 101, 0],
            &[0, 0, 5, 1],
            &[0, 0xff, 0xff, 0x7f, 0],
            &[0, 0xff, 0xff, 0xff, 0xff, 0],
            &[0, 60, 0, 60, 0],
        ];
        for delta in cases {
            out.clear();
            assert_eq!(patterns.read(Slot(3), delta, 1000, &mut out), None, "{delta:?}");
        }
        assert_eq!(patterns.read(Slot(4), &[0], 1000, &mut out), Some(()), "a slot never used");
        assert_eq!(patterns.read(Slot(3), &[100, 0, 0], 99, &mut out), None);
        assert_eq!(patterns.read(Slot(3), &[60, 60, 0], 119, &mut out), None);
        assert_eq!(patterns.read(Slot(3), &[60, 60, 0], 120, &mut out), Some(()));
    }
}

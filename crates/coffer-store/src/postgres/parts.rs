//! Keys as the database has them: in two parts, since an index entry has not room for a long one.

/// The two parts of a key: up to 2,000 bytes, and the rest.
///
/// Pairs of them are in the order of the keys: only a head that is full can have a tail.
pub(super) fn parts(key: &[u8]) -> (&[u8], &[u8]) {
    key.split_at(key.len().min(HEAD_BYTES_MAX))
}

/// As the schema has it.
const HEAD_BYTES_MAX: usize = 2_000;

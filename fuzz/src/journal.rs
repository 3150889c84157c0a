//! A journal's files: whatever bytes are in them are refused or read, and what differs from a record
//! brings that record back.

use coffer_journal::delta::{Patterns, Written};
use coffer_journal::{Slot, fuzzed};

use crate::{Target, input};

pub(crate) const TARGET: Target = Target { name: "journal", bytes_max: 16 * 1024, run };

/// The first byte says where the bytes are cut and changed; they are the frames of a segment, then a
/// file of its own, then two records.
fn run(input: &[u8]) {
    let Some((place, bytes)) = input::byte(input) else { return };
    fuzzed::read_files(bytes);
    let (first, second) = bytes.split_at(usize::from(place).min(bytes.len()));
    is_given_back(first, second);
    let records: Vec<&[u8]> = bytes.split(|byte| *byte == b'\n').take(RECORDS_MAX).collect();
    is_kept(&records, usize::from(place));
}

fn is_given_back(first: &[u8], second: &[u8]) {
    let mut written = Patterns::default();
    let mut read = Patterns::default();
    written.learn(SLOT, first);
    read.learn(SLOT, first);
    let mut delta = Vec::new();
    if let Written::Delta = written.write(SLOT, second, &mut delta) {
        let mut again = Vec::new();
        assert!(read.read(SLOT, &delta, second.len(), &mut again).is_some());
        assert_eq!(again, second);
    }
    // A delta that nobody wrote makes no more than it may.
    let mut made = Vec::new();
    let is_made = read.read(SLOT, second, BYTES_MAX, &mut made).is_some();
    assert!(made.len() <= BYTES_MAX, "{is_made}");
}

/// Records that are written are read; where a byte is changed, those before it still are, and the
/// chain ends there.
fn is_kept(records: &[&[u8]], place: usize) {
    let mut segment = fuzzed::segment(records);
    let whole = fuzzed::walked(&segment);
    assert_eq!(whole.as_ref().map(Vec::len), Some(records.len()));
    assert!(
        whole.is_some_and(|read| read.iter().zip(records).all(|(read, record)| read == record))
    );
    let at = place.wrapping_mul(97) % segment.len();
    for byte in segment.iter_mut().skip(at).take(1) {
        *byte ^= 0x40;
    }
    if let Some(read) = fuzzed::walked(&segment) {
        assert!(read.len() < records.len().max(1));
        assert!(read.iter().zip(records).all(|(read, record)| read == record));
    }
    segment.truncate(at);
    if let Some(read) = fuzzed::walked(&segment) {
        assert!(read.iter().zip(records).all(|(read, record)| read == record));
    }
}

const SLOT: Slot = Slot(3);
const BYTES_MAX: usize = 1024;
const RECORDS_MAX: usize = 32;

//! Answers of etcd in frames of gRPC: however they come in pieces, they are read as the same.

use coffer_store::etcd_fuzzed::answers;

use crate::{Target, input};

pub(crate) const TARGET: Target = Target { name: "etcd_answers", bytes_max: 32 * 1024, run };

/// The first byte says where the frames are cut.
fn run(input: &[u8]) {
    let Some((cut, frames)) = input::byte(input) else { return };
    let whole = answers(&[frames], BYTES_MAX);
    let pieces: Vec<&[u8]> = frames.chunks(usize::from(cut).max(1)).collect();
    assert_eq!(answers(&pieces, BYTES_MAX), whole);
    assert!(whole.is_some_and(|(_, is_same)| is_same));
}

const BYTES_MAX: usize = 16 * 1024;

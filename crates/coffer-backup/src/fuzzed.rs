//! What the targets of `fuzz/` reach of backups: files with the sums that they need, whatever they hold.

use aws_lc_rs::digest::{SHA256, digest};

use crate::format::MAGIC;

/// A file of these blocks, each of them its kind and what it holds.
pub fn file(blocks: &[(u8, &[u8])]) -> Vec<u8> {
    let mut file = MAGIC.to_vec();
    for (kind, held) in blocks {
        file.push(*kind);
        let length = u32::try_from(held.len()).unwrap_or(u32::MAX);
        file.extend_from_slice(&length.to_be_bytes());
        file.extend_from_slice(held);
        let sum = digest(&SHA256, &file);
        file.extend_from_slice(sum.as_ref());
    }
    file
}

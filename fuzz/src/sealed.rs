//! Sealed bytes: they open where they were sealed and nowhere else, and nothing else opens.

use std::sync::atomic::{AtomicU64, Ordering};

use coffer_seal::{Entropy, RootKey, RowSealer};

use crate::{Target, input};

pub(crate) const TARGET: Target = Target { name: "sealed", bytes_max: 8 * 1024, run };

/// Chance that is the same each time.
#[derive(Debug)]
pub(crate) struct Counting(AtomicU64);

impl Counting {
    pub(crate) fn new() -> Self {
        Self(AtomicU64::new(0x9e37_79b9_7f4a_7c15))
    }
}

impl Entropy for Counting {
    fn fill(&self, buffer: &mut [u8]) {
        for chunk in buffer.chunks_mut(8) {
            let mut number = self.0.fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::Relaxed);
            number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            for (to, from) in chunk.iter_mut().zip((number ^ (number >> 31)).to_le_bytes()) {
                *to = from;
            }
        }
    }
}

/// A line with the row's key, and bytes: sealed, opened, changed and opened.
fn run(input: &[u8]) {
    let Some((key, bytes)) = input::head(input) else { return };
    let entropy = Counting::new();
    let root = RootKey::generate(&entropy);
    let (sealer, stored) = RowSealer::generate(&entropy, &root);
    assert!(sealer.open(key.as_bytes(), bytes).is_err() && root.open(b"", bytes).is_err());
    let sealed = sealer.seal(&entropy, key.as_bytes(), bytes);
    assert_eq!(sealer.open(key.as_bytes(), &sealed).unwrap().as_slice(), bytes);
    assert!(sealer.open(b"elsewhere", &sealed).is_err() || key == "elsewhere");
    let place = bytes.len().wrapping_mul(31) % sealed.len();
    let mut changed = sealed;
    for byte in changed.iter_mut().skip(place).take(1) {
        *byte ^= 1;
    }
    assert!(sealer.open(key.as_bytes(), &changed).is_err());
    let reopened = RowSealer::open_key(&root, &stored).unwrap();
    let again = reopened.seal(&entropy, key.as_bytes(), bytes);
    assert_eq!(sealer.open(key.as_bytes(), &again).unwrap().as_slice(), bytes);
    if let Ok(read) = RootKey::parse(key) {
        assert_eq!(
            RootKey::parse(&read.to_text()).map(|it| it.id().to_owned()).ok().as_deref(),
            Some(read.id())
        );
    }
}

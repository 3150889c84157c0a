//! The keys of messages that were opened lately, made ready for the cipher: what is read often is not
//! derived and set up anew each time.
//!
//! They are no nearer at hand than the material that they come from, which is kept ready as well; those of
//! material that is gone open nothing any more, and stay until others take their slots. A message is
//! authenticated each time it is opened, and AWS-LC wipes a key that is dropped.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use aws_lc_rs::aead::LessSafeKey;

use crate::envelope::{SALT_BYTES, SealedWith};

/// A bounded number of keys. A new one takes the place of whichever stood in its slot.
pub struct MessageKeys(Box<[Mutex<Option<Kept>>]>);

/// What tells one message's key from all others.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Of {
    /// The number of the material in this process: numbers are not given twice.
    pub(crate) material: u64,
    pub(crate) with: SealedWith,
    pub(crate) salt: [u8; SALT_BYTES],
}

struct Kept {
    of: Of,
    key: Arc<LessSafeKey>,
}

impl Default for MessageKeys {
    fn default() -> Self {
        Self((0..SLOTS).map(|_| Mutex::new(None)).collect())
    }
}

impl MessageKeys {
    pub(crate) fn get(&self, of: &Of) -> Option<Arc<LessSafeKey>> {
        let slot = self.slot(of)?.lock().unwrap_or_else(PoisonError::into_inner);
        slot.as_ref().filter(|kept| kept.of == *of).map(|kept| Arc::clone(&kept.key))
    }

    /// Keeps a key that has opened its message: nobody fills the slots with what is none.
    pub(crate) fn keep(&self, of: Of, key: Arc<LessSafeKey>) {
        if let Some(slot) = self.slot(&of) {
            *slot.lock().unwrap_or_else(PoisonError::into_inner) = Some(Kept { of, key });
        }
    }

    fn slot(&self, of: &Of) -> Option<&Mutex<Option<Kept>>> {
        // Salts are drawn at random.
        let [first, second, ..] = of.salt;
        self.0.get(usize::from(u16::from_le_bytes([first, second])) % SLOTS)
    }
}

impl fmt::Debug for MessageKeys {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("MessageKeys(***)")
    }
}

/// Some 3 MiB of keys at most.
const SLOTS: usize = 4096;

//! Chance as a value: who needs random bytes is handed a source of them.

use aws_lc_rs::rand::{SecureRandom, SystemRandom};

/// A source of random bytes.
pub trait Entropy: Send + Sync + 'static {
    /// Fills the buffer with random bytes.
    ///
    /// A source that cannot must end the process rather than return: a predictable key or nonce
    /// is worse than no server.
    fn fill(&self, buffer: &mut [u8]);
}

/// The operating system's entropy by way of AWS-LC's generator.
#[derive(Debug, Default)]
pub struct SystemEntropy(SystemRandom);

impl SystemEntropy {
    /// Makes the source.
    pub fn new() -> Self {
        Self(SystemRandom::new())
    }
}

impl Entropy for SystemEntropy {
    fn fill(&self, buffer: &mut [u8]) {
        if self.0.fill(buffer).is_err() {
            std::process::abort();
        }
    }
}

/// Draws a random (version 4) UUID in its 36-character form.
pub fn random_uuid(entropy: &dyn Entropy) -> String {
    let mut bytes = [0_u8; 16];
    entropy.fill(&mut bytes);
    uuid_text(u128::from_be_bytes(bytes))
}

/// Writes a number as a version 4 UUID, whose version and variant take the place of six bits.
pub fn uuid_text(number: u128) -> String {
    let number = (number & !(0xf << 76)) | (0x4 << 76);
    let number = (number & !(0x3 << 62)) | (0x2 << 62);
    let digit = |nibble: u8| if nibble < 10 { b'0' + nibble } else { b'a' + nibble - 10 };
    let mut digits = [0; 32];
    let (pairs, _) = digits.as_chunks_mut::<2>();
    for (pair, byte) in pairs.iter_mut().zip(number.to_be_bytes()) {
        *pair = [digit(byte >> 4), digit(byte & 0xf)];
    }
    let mut text = String::with_capacity(36);
    let mut rest = std::str::from_utf8(&digits).unwrap_or_default();
    for group in [8, 4, 4, 4] {
        let (before, after) = rest.split_at_checked(group).unwrap_or((rest, ""));
        text.push_str(before);
        text.push('-');
        rest = after;
    }
    text.push_str(rest);
    text
}

#[cfg(test)]
mod tests {
    use super::{Entropy, random_uuid};

    struct Fixed(u8);

    impl Entropy for Fixed {
        fn fill(&self, buffer: &mut [u8]) {
            buffer.fill(self.0);
        }
    }

    #[test]
    fn a_uuid_carries_its_version_and_variant() {
        assert_eq!(random_uuid(&Fixed(0xff)), "ffffffff-ffff-4fff-bfff-ffffffffffff");
        assert_eq!(random_uuid(&Fixed(0)), "00000000-0000-4000-8000-000000000000");
    }
}

//! One-time passwords by time: RFC 6238, as authenticator apps have it: SHA-1, six digits, steps of
//! thirty seconds.

use aws_lc_rs::hmac;
use zeroize::Zeroizing;

/// The seed of a virtual MFA device.
pub struct TotpSeed(Zeroizing<Vec<u8>>);

impl TotpSeed {
    /// Takes the bytes of a seed.
    pub fn new(bytes: Zeroizing<Vec<u8>>) -> Self {
        Self(bytes)
    }

    /// Reads a seed in base32, as apps take it: any case, padding and blanks or not.
    pub fn parse(text: &str) -> Option<Self> {
        let mut bytes = Zeroizing::new(Vec::with_capacity(text.len()));
        let (mut held, mut held_bits) = (0_u32, 0_u32);
        for character in text.bytes().filter(|byte| !matches!(byte, b' ' | b'=')) {
            let value = match character.to_ascii_uppercase() {
                letter @ b'A'..=b'Z' => letter - b'A',
                digit @ b'2'..=b'7' => digit - b'2' + 26,
                _ => return None,
            };
            held = held << 5 | u32::from(value);
            held_bits += 5;
            if held_bits >= 8 {
                held_bits -= 8;
                bytes.push(held.checked_shr(held_bits)?.to_le_bytes()[0]);
                held &= (1 << held_bits) - 1;
            }
        }
        (!bytes.is_empty()).then_some(Self(bytes))
    }

    /// The code of a time step.
    pub fn code(&self, step: u64) -> String {
        let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &self.0);
        let tag = hmac::sign(&key, &step.to_be_bytes());
        let tag = tag.as_ref();
        let place = usize::from(tag.last().copied().unwrap_or(0) & 0x0f);
        let word = tag.get(place..).and_then(<[u8]>::first_chunk::<4>).copied().unwrap_or_default();
        let number = (u32::from_be_bytes(word) & 0x7fff_ffff) % 1_000_000;
        format!("{number:06}")
    }

    /// The step whose code this is: the one of now or a neighbour, if it comes after `last_step`,
    /// so that no code is taken twice.
    pub fn step_of(&self, code: &str, now_secs: u64, last_step: u64) -> Option<u64> {
        let current = now_secs / STEP_SECS;
        let steps = current.saturating_sub(STEPS_ASIDE)..=current.saturating_add(STEPS_ASIDE);
        steps.filter(|step| *step > last_step).find(|step| self.code(*step) == code)
    }
}

const STEP_SECS: u64 = 30;
/// A device's clock may be a step off, and a person takes a while to type.
const STEPS_ASIDE: u64 = 1;

#[cfg(test)]
mod tests {
    use super::TotpSeed;

    #[test]
    fn codes_are_those_of_the_rfc() {
        // RFC 6238, appendix B, the last six of its eight digits.
        let seed = TotpSeed::new(b"12345678901234567890".to_vec().into());
        for (secs, code) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_234_567_890, "005924"),
            (20_000_000_000, "353130"),
        ] {
            assert_eq!(seed.code(secs / 30), code);
        }
    }

    #[test]
    fn a_seed_is_read_from_base32() {
        let seed = TotpSeed::parse("gezd gnbv GY3TQOJQGEZDGNBVGY3TQOJQ").unwrap();
        assert_eq!(seed.code(59 / 30), "287082");
        for text in ["", "=", "A", "GEZDGNB1", "é"] {
            assert!(TotpSeed::parse(text).is_none(), "{text}");
        }
    }

    #[test]
    fn a_code_is_taken_once_and_near_its_time() {
        let seed = TotpSeed::new(b"12345678901234567890".to_vec().into());
        let code = seed.code(100);
        for secs in [2970, 3000, 3029, 3059] {
            assert_eq!(seed.step_of(&code, secs, 0), Some(100), "{secs}");
            assert_eq!(seed.step_of(&code, secs, 100), None);
        }
        for secs in [2969, 3060] {
            assert_eq!(seed.step_of(&code, secs, 0), None, "{secs}");
        }
    }
}

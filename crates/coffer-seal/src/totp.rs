//! Time-based one-time passwords as authenticator apps make them: RFC 6238 with SHA-1, six digits,
//! steps of 30 seconds.

use aws_lc_rs::hmac;

/// How long a code lasts.
pub const TOTP_STEP_SECONDS: u64 = 30;

/// The code of a time step: how many whole steps of 30 seconds have passed since the epoch.
pub fn totp_code(seed: &[u8], step: u64) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, seed);
    let tag = hmac::sign(&key, &step.to_be_bytes());
    let bytes = tag.as_ref();
    // RFC 4226, 5.3: the last four bits say where the four bytes of the number begin.
    let offset = usize::from(bytes.last().copied().unwrap_or_default() & 0xf);
    let chunk = bytes.get(offset..).and_then(|rest| rest.first_chunk::<4>());
    let number = u32::from_be_bytes(chunk.copied().unwrap_or_default()) & 0x7fff_ffff;
    format!("{:06}", number % 1_000_000)
}

/// Whether a code is that of a step, in a time that does not depend on where they differ.
pub fn is_totp_code(seed: &[u8], step: u64, code: &str) -> bool {
    let right = totp_code(seed, step);
    aws_lc_rs::constant_time::verify_slices_are_equal(right.as_bytes(), code.as_bytes()).is_ok()
}

#[cfg(test)]
mod tests {
    use super::{is_totp_code, totp_code};

    #[test]
    fn codes_are_those_of_the_standard() {
        // RFC 6238, appendix B, SHA-1, without the first two of its eight digits.
        for (seconds, code) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000_u64, "353130"),
        ] {
            assert_eq!(totp_code(b"12345678901234567890", seconds / 30), code);
        }
        assert!(is_totp_code(b"12345678901234567890", 1, "287082"));
        assert!(!is_totp_code(b"12345678901234567890", 2, "287082"));
        assert!(!is_totp_code(b"12345678901234567890", 1, "28708"));
    }
}

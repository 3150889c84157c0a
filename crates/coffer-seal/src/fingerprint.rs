//! Names for secrets and for long texts, which tell nothing of them.

use aws_lc_rs::hmac;

use crate::aead;

/// A name for a secret within a context: the same for the same secret and context, and of no use
/// to who does not know the secret. 64 hexadecimal digits.
pub fn fingerprint(purpose: &str, secret: &[u8], context: &[u8]) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret);
    hex(aead::derive(&key, purpose, context).as_ref())
}

/// Bytes as hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    let digit = |value: u8| char::from(if value < 10 { b'0' + value } else { b'a' + value - 10 });
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 0xf)]).collect()
}

#[cfg(test)]
mod tests {
    use super::{fingerprint, hex};

    #[test]
    fn a_fingerprint_is_of_one_secret_for_one_purpose_in_one_context() {
        let name = fingerprint("p", b"s", b"c");
        assert_eq!(name.len(), 64);
        assert_eq!(name, fingerprint("p", b"s", b"c"));
        for other in [
            fingerprint("q", b"s", b"c"),
            fingerprint("p", b"t", b"c"),
            fingerprint("p", b"s", b"d"),
        ] {
            assert_ne!(name, other);
        }
    }

    #[test]
    fn bytes_are_written_in_two_digits_each() {
        assert_eq!(hex(&[0x00, 0x09, 0xaf, 0xff]), "0009afff");
    }
}

//! Key material that callers import: it comes out of its wrapping as it was wrapped or not at all, and
//! is of one spec.

use std::sync::OnceLock;

use coffer_seal::{KeyPair, KeyPairSpec, OaepHash, RsaBits};
use coffer_services::kms::fuzzed::{specs_of, unwrapped};

use crate::{Target, input};

pub(crate) const TARGET: Target = Target { name: "imported_keys", bytes_max: 6144, run };

/// The first byte says where wrapped bytes are changed; the others are an opened token and what is
/// wrapped for it, material, and wrapped material.
fn run(input: &[u8]) {
    let Some((place, bytes)) = input::byte(input) else { return };
    if let Some((head, rest)) = input::head(bytes) {
        // A token that was opened is whole: what it holds beside its key may be anything.
        unwrapped(&token(head), rest);
    }
    let specs = specs_of(bytes);
    // The lengths of keys for codes overlap; what is longer is a key pair, and says of which kind.
    assert!(specs.len() <= 1 || bytes.len() <= CODE_KEY_BYTES_MAX, "{specs:?}");
    is_kept(bytes, usize::from(place));
    for algorithm in ["RsaAesKeyWrapSha1", "RsaAesKeyWrapSha256"] {
        let (hash, token) = (hash(algorithm), whole_token(algorithm));
        let wrapped = [wrapping_key(hash), bytes].concat();
        assert_eq!(unwrapped(&token, &wrapped), REFUSED, "{algorithm}");
        assert_eq!(unwrapped(&token, bytes), REFUSED, "{algorithm}");
    }
}

/// What was wrapped is unwrapped, and nothing else is.
fn is_kept(bytes: &[u8], place: usize) {
    for algorithm in ["RsaesOaepSha1", "RsaesOaepSha256"] {
        let token = whole_token(algorithm);
        assert_eq!(unwrapped(&token, bytes), REFUSED, "{algorithm}");
        let Ok(mut wrapped) = pair().encrypt(hash(algorithm), bytes) else {
            assert!(bytes.len() > WRAPPED_BYTES_MIN);
            continue;
        };
        assert_eq!(unwrapped(&token, &wrapped), Some(Ok(bytes.to_vec())), "{algorithm}");
        wrapped[place] ^= 1;
        assert_eq!(unwrapped(&token, &wrapped), REFUSED, "{algorithm}, changed at {place}");
    }
}

fn hash(algorithm: &str) -> OaepHash {
    if algorithm.ends_with("Sha1") { OaepHash::Sha1 } else { OaepHash::Sha256 }
}

fn whole_token(algorithm: &str) -> Vec<u8> {
    token(&format!(r#"{{"wrapping":"{algorithm}","key":"Rsa2048","expires":0}}"#))
}

fn token(head: &str) -> Vec<u8> {
    [head.as_bytes(), &[0], pair().private_der()].concat()
}

/// Drawn once: what holds does so for every pair.
fn pair() -> &'static KeyPair {
    static PAIR: OnceLock<KeyPair> = OnceLock::new();
    PAIR.get_or_init(|| KeyPair::generate(KeyPairSpec::Rsa(RsaBits::Rsa2048)).unwrap())
}

/// A key of AES, wrapped.
fn wrapping_key(hash: OaepHash) -> &'static [u8] {
    static KEYS: [OnceLock<Vec<u8>>; 2] = [const { OnceLock::new() }; 2];
    let place = usize::from(matches!(hash, OaepHash::Sha256));
    KEYS[place].get_or_init(|| pair().encrypt(hash, &[5; 32]).unwrap())
}

const REFUSED: Option<Result<Vec<u8>, &str>> = Some(Err("InvalidCiphertextException"));
const CODE_KEY_BYTES_MAX: usize = 128;
/// As much goes into every wrapping.
const WRAPPED_BYTES_MIN: usize = 190;

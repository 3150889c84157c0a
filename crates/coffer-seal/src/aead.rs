//! AES-256-GCM under a key derived for one use.

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::hmac;
use smallvec::SmallVec;
use zeroize::Zeroizing;

use crate::OpenError;

/// Bytes of a 256-bit key.
pub(crate) const KEY_BYTES: usize = 32;
/// Bytes of a GCM nonce.
pub(crate) const NONCE_BYTES: usize = 12;
/// Bytes of a GCM tag.
pub(crate) const TAG_BYTES: usize = 16;

/// Derives a key from a secret for a purpose and the data that names its use: one block of
/// HMAC-SHA256 as a pseudo-random function (NIST SP 800-108, counter mode, one iteration).
pub(crate) fn derive(secret: &hmac::Key, purpose: &str, data: &[u8]) -> Zeroizing<[u8; KEY_BYTES]> {
    let (counter, bits) = (1_u32.to_be_bytes(), 256_u32.to_be_bytes());
    // Written whole before it is signed: each piece given to the MAC by itself costs a call.
    let mut input = SmallVec::<[u8; DERIVED_FROM_BYTES_USUAL]>::new();
    for piece in [&counter, purpose.as_bytes(), &[0], data, &bits] {
        input.extend_from_slice(piece);
    }
    let mut key = Zeroizing::new([0; KEY_BYTES]);
    for (to, from) in key.iter_mut().zip(hmac::sign(secret, &input).as_ref()) {
        *to = *from;
    }
    key
}

/// Appends the ciphertext and tag of `plain` to `out`.
pub(crate) fn seal(
    key: &[u8; KEY_BYTES],
    nonce: [u8; NONCE_BYTES],
    aad: &[u8],
    plain: &[u8],
    out: &mut Vec<u8>,
) {
    let start = out.len();
    // The only errors are a key of the wrong length and a message beyond 64 GiB: neither is possible
    // here, and sealing wrongly is worse than no server.
    let Ok(key) = UnboundKey::new(&AES_256_GCM, key) else { std::process::abort() };
    let key = LessSafeKey::new(key);
    out.reserve_exact(plain.len() + TAG_BYTES);
    out.extend_from_slice(plain);
    let Some(message) = out.get_mut(start..) else { std::process::abort() };
    let nonce = Nonce::assume_unique_for_key(nonce);
    match key.seal_in_place_separate_tag(nonce, Aad::from(aad), message) {
        Ok(tag) => out.extend_from_slice(tag.as_ref()),
        Err(_) => std::process::abort(),
    }
}

/// Opens what [`seal`] made.
pub(crate) fn open(
    key: &[u8; KEY_BYTES],
    nonce: [u8; NONCE_BYTES],
    aad: &[u8],
    sealed: &[u8],
) -> Result<Zeroizing<Vec<u8>>, OpenError> {
    open_with(&ready(key)?, nonce, aad, sealed)
}

/// A key, set up for the cipher.
pub(crate) fn ready(key: &[u8; KEY_BYTES]) -> Result<LessSafeKey, OpenError> {
    UnboundKey::new(&AES_256_GCM, key).map(LessSafeKey::new).map_err(|_| OpenError)
}

/// Opens what [`seal`] made, with its key set up.
pub(crate) fn open_with(
    key: &LessSafeKey,
    nonce: [u8; NONCE_BYTES],
    aad: &[u8],
    sealed: &[u8],
) -> Result<Zeroizing<Vec<u8>>, OpenError> {
    let mut buffer = Zeroizing::new(sealed.to_vec());
    let nonce = Nonce::assume_unique_for_key(nonce);
    let plain_bytes =
        key.open_in_place(nonce, Aad::from(aad), &mut buffer).map_err(|_| OpenError)?.len();
    buffer.truncate(plain_bytes);
    Ok(buffer)
}

const DERIVED_FROM_BYTES_USUAL: usize = 128;

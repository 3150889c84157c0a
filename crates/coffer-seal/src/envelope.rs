//! Key material and the messages sealed under it, bound to an encryption context.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use aws_lc_rs::hmac;
use zeroize::Zeroizing;

use crate::aead::{self, KEY_BYTES, NONCE_BYTES, TAG_BYTES};
use crate::message_keys::{MessageKeys, Of};
use crate::{Entropy, OpenError};

/// 256 bits of symmetric key material, ready for use.
pub struct Material {
    bytes: Zeroizing<[u8; KEY_BYTES]>,
    mac: hmac::Key,
    number: u64,
}

/// What kind of key seals a message: kinds never open each other's messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SealedWith {
    /// The operator's root key.
    RootKey,
    /// A KMS key.
    KmsKey,
}

impl Material {
    /// Takes 32 bytes as key material.
    pub fn new(bytes: [u8; KEY_BYTES]) -> Self {
        let mac = hmac::Key::new(hmac::HMAC_SHA256, &bytes);
        let number = NEXT_NUMBER.fetch_add(1, Ordering::Relaxed);
        Self { bytes: Zeroizing::new(bytes), mac, number }
    }

    /// Draws new material.
    pub fn generate(entropy: &dyn Entropy) -> Self {
        let mut bytes = Zeroizing::new([0; KEY_BYTES]);
        entropy.fill(bytes.as_mut());
        Self::new(*bytes)
    }

    /// Takes a slice as material where it has the right length.
    pub fn from_slice(bytes: &[u8]) -> Result<Self, OpenError> {
        let bytes = Zeroizing::new(<[u8; KEY_BYTES]>::try_from(bytes).map_err(|_| OpenError)?);
        Ok(Self::new(*bytes))
    }

    /// The bytes, for those who seal or hand out the key itself.
    pub fn bytes(&self) -> &[u8; KEY_BYTES] {
        &self.bytes
    }

    /// Seals a message: `salt (16) · nonce (12) · ciphertext · tag (16)`.
    ///
    /// The salt gives each message a key of its own.
    pub fn seal(
        &self,
        with: SealedWith,
        entropy: &dyn Entropy,
        context: &[u8],
        plain: &[u8],
    ) -> Vec<u8> {
        let mut random = [0; SALT_BYTES + NONCE_BYTES];
        entropy.fill(&mut random);
        let (salt, nonce) = split(random);
        let key = aead::derive(&self.mac, with.purpose(), &salt);
        let mut out = Vec::with_capacity(OVERHEAD_BYTES + plain.len());
        out.extend_from_slice(&salt);
        out.extend_from_slice(&nonce);
        aead::seal(&key, nonce, context, plain, &mut out);
        out
    }

    /// Opens what [`Material::seal`] made with the same kind and context.
    pub fn open(
        &self,
        with: SealedWith,
        context: &[u8],
        sealed: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, OpenError> {
        let (head, body) = sealed.split_first_chunk::<HEAD_BYTES>().ok_or(OpenError)?;
        let (salt, nonce) = split(*head);
        let key = aead::derive(&self.mac, with.purpose(), &salt);
        aead::open(&key, nonce, context, body)
    }

    /// Opens as [`Material::open`] does, with the message's key where that is among `keys`, and keeps
    /// it there.
    pub fn open_again(
        &self,
        with: SealedWith,
        context: &[u8],
        sealed: &[u8],
        keys: &MessageKeys,
    ) -> Result<Zeroizing<Vec<u8>>, OpenError> {
        let (head, body) = sealed.split_first_chunk::<HEAD_BYTES>().ok_or(OpenError)?;
        let (salt, nonce) = split(*head);
        let of = Of { material: self.number, with, salt };
        if let Some(key) = keys.get(&of) {
            return aead::open_with(&key, nonce, context, body);
        }
        let key = aead::ready(&aead::derive(&self.mac, with.purpose(), &salt))?;
        let opened = aead::open_with(&key, nonce, context, body)?;
        keys.keep(of, Arc::new(key));
        Ok(opened)
    }
}

impl fmt::Debug for Material {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Material(***)")
    }
}

impl SealedWith {
    fn purpose(self) -> &'static str {
        match self {
            Self::RootKey => "coffer.root-key.v1",
            Self::KmsKey => "coffer.kms-key.v1",
        }
    }
}

/// The bytes of an encryption context for use as additional data: each name and value with its
/// length before it, in the order of names, so that no two contexts have the same bytes.
pub fn context_bytes(context: &BTreeMap<String, String>) -> Vec<u8> {
    pairs_bytes(context.iter().map(|(name, value)| (name.as_str(), value.as_str())))
}

/// The same of names and values that are in the order of names already.
pub fn pairs_bytes<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> Vec<u8> {
    let mut out = Vec::with_capacity(PAIRS_BYTES_USUAL);
    for (name, value) in pairs {
        for text in [name, value] {
            out.extend_from_slice(&(text.len() as u64).to_be_bytes());
            out.extend_from_slice(text.as_bytes());
        }
    }
    out
}

/// The names and values that [`pairs_bytes`] has written.
pub fn pairs_of_bytes(mut bytes: &[u8]) -> Vec<(&str, &str)> {
    let mut text = || {
        let (length, rest) = bytes.split_first_chunk::<8>()?;
        let length = usize::try_from(u64::from_be_bytes(*length)).ok()?;
        let (text, rest) = rest.split_at_checked(length)?;
        bytes = rest;
        std::str::from_utf8(text).ok()
    };
    std::iter::from_fn(|| Some((text()?, text()?))).collect()
}

fn split(bytes: [u8; HEAD_BYTES]) -> ([u8; SALT_BYTES], [u8; NONCE_BYTES]) {
    let (mut salt, mut nonce) = ([0; SALT_BYTES], [0; NONCE_BYTES]);
    let (first, second) = bytes.split_at(SALT_BYTES);
    salt.copy_from_slice(first);
    nonce.copy_from_slice(second);
    (salt, nonce)
}

static NEXT_NUMBER: AtomicU64 = AtomicU64::new(0);
const PAIRS_BYTES_USUAL: usize = 192;
pub(crate) const SALT_BYTES: usize = 16;
const HEAD_BYTES: usize = SALT_BYTES + NONCE_BYTES;
const OVERHEAD_BYTES: usize = HEAD_BYTES + TAG_BYTES;

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::{Material, SealedWith, context_bytes, pairs_bytes, pairs_of_bytes};
    use crate::{MessageKeys, SystemEntropy};

    #[test]
    fn any_changed_byte_is_refused() {
        let entropy = SystemEntropy::new();
        let material = Material::generate(&entropy);
        let sealed = material.seal(SealedWith::KmsKey, &entropy, b"c", b"attack at dawn");
        assert_eq!(
            material.open(SealedWith::KmsKey, b"c", &sealed).unwrap().as_slice(),
            b"attack at dawn"
        );
        for place in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[place] ^= 1;
            assert!(material.open(SealedWith::KmsKey, b"c", &changed).is_err(), "byte {place}");
        }
        for cut in 0..sealed.len() {
            assert!(material.open(SealedWith::KmsKey, b"c", &sealed[..cut]).is_err());
        }
        assert!(material.open(SealedWith::RootKey, b"c", &sealed).is_err());
    }

    #[test]
    fn a_key_that_was_kept_opens_what_its_message_was_and_nothing_else() {
        let entropy = SystemEntropy::new();
        let (one, other) = (Material::generate(&entropy), Material::generate(&entropy));
        let keys = MessageKeys::default();
        let sealed = one.seal(SealedWith::KmsKey, &entropy, b"c", b"attack at dawn");
        let open = |material: &Material, with, context: &[u8], sealed: &[u8]| {
            material.open_again(with, context, sealed, &keys).map(|plain| plain.to_vec())
        };
        let kms = SealedWith::KmsKey;
        for _ in 0..3 {
            assert!(open(&other, kms, b"c", &sealed).is_err());
            assert!(open(&one, SealedWith::RootKey, b"c", &sealed).is_err());
            assert!(open(&one, kms, b"d", &sealed).is_err());
            for place in 0..sealed.len() {
                let mut changed = sealed.clone();
                changed[place] ^= 1;
                assert!(open(&one, kms, b"c", &changed).is_err(), "byte {place}");
                assert!(open(&one, kms, b"c", &sealed[..place]).is_err(), "cut at {place}");
            }
            assert_eq!(open(&one, kms, b"c", &sealed).unwrap(), b"attack at dawn");
        }
        // Material made anew of the same bytes opens it too.
        assert!(open(&Material::new(*one.bytes()), kms, b"c", &sealed).is_ok());
    }

    #[test]
    fn keys_of_many_messages_take_each_others_place() {
        let entropy = SystemEntropy::new();
        let (material, keys) = (Material::generate(&entropy), MessageKeys::default());
        let seal =
            |number: u32| material.seal(SealedWith::KmsKey, &entropy, b"c", &number.to_be_bytes());
        let sealed: Vec<Vec<u8>> = (0..10_000).map(seal).collect();
        for _ in 0..2 {
            for (number, sealed) in sealed.iter().enumerate() {
                let plain = material.open_again(SealedWith::KmsKey, b"c", sealed, &keys).unwrap();
                assert_eq!(*plain, u32::try_from(number).unwrap().to_be_bytes());
            }
        }
    }

    #[test]
    fn contexts_that_differ_have_different_bytes() {
        let map = |pairs: &[(&str, &str)]| {
            let pairs = pairs.iter().map(|(name, value)| (name.to_string(), value.to_string()));
            context_bytes(&pairs.collect::<BTreeMap<_, _>>())
        };
        assert_ne!(map(&[("a", "bc")]), map(&[("ab", "c")]));
        assert_ne!(map(&[("a", ""), ("b", "")]), map(&[("a", "b")]));
        assert_eq!(map(&[("a", "1"), ("b", "2")]), map(&[("b", "2"), ("a", "1")]));
        let pairs = [("a", "1"), ("b", "2")];
        assert_eq!(map(&pairs), pairs_bytes(pairs));
        assert_eq!(pairs_of_bytes(&pairs_bytes(pairs)), pairs);
        assert_eq!(pairs_of_bytes(b"\0\0\0\0\0\0\0\x05abc"), []);
    }
}

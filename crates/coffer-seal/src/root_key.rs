//! The operator's root key: it seals key material and the store's key, nothing else.

use std::fmt;
use std::sync::Arc;

use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use crate::aead::KEY_BYTES;
use crate::envelope::{Material, SealedWith};
use crate::{Entropy, OpenError};

/// The operator's 256-bit root key.
pub struct RootKey {
    material: Material,
    id: String,
}

/// The root key in force, and the one before it as long as key material is sealed under that.
#[derive(Debug, Clone)]
pub struct RootKeys {
    current: Arc<RootKey>,
    former: Option<Arc<RootKey>>,
}

/// The text was not 32 bytes in base64.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidRootKey;

impl RootKey {
    /// Draws a new root key.
    pub fn generate(entropy: &dyn Entropy) -> Self {
        let mut bytes = Zeroizing::new([0; KEY_BYTES]);
        entropy.fill(bytes.as_mut());
        Self::from_bytes(&bytes)
    }

    /// Reads a key in its written form: 32 bytes in base64, blanks around it ignored.
    pub fn parse(text: &str) -> Result<Self, InvalidRootKey> {
        let bytes = Zeroizing::new(STANDARD.decode(text.trim()).map_err(|_| InvalidRootKey)?);
        let bytes: &[u8; KEY_BYTES] = bytes.as_slice().try_into().map_err(|_| InvalidRootKey)?;
        Ok(Self::from_bytes(bytes))
    }

    /// The written form: 32 bytes in base64.
    pub fn to_text(&self) -> Zeroizing<String> {
        Zeroizing::new(STANDARD.encode(self.material.bytes()))
    }

    /// A public name of this key, by which a store tells whether it is the right one.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Seals under the root key, bound to `context`.
    pub fn seal(&self, entropy: &dyn Entropy, context: &[u8], plain: &[u8]) -> Vec<u8> {
        self.material.seal(SealedWith::RootKey, entropy, context, plain)
    }

    /// Opens what [`RootKey::seal`] made under the same context.
    pub fn open(&self, context: &[u8], sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, OpenError> {
        self.material.open(SealedWith::RootKey, context, sealed)
    }

    /// Seals another root key under this one, so that who holds this one alone holds both.
    pub fn seal_former(&self, entropy: &dyn Entropy, former: &Self) -> Vec<u8> {
        self.seal(entropy, FORMER_CONTEXT, former.material.bytes())
    }

    /// Opens what [`RootKey::seal_former`] made.
    pub fn open_former(&self, sealed: &[u8]) -> Result<Self, OpenError> {
        let bytes = self.open(FORMER_CONTEXT, sealed)?;
        bytes.as_slice().try_into().map(Self::from_bytes).map_err(|_| OpenError)
    }

    fn from_bytes(bytes: &[u8; KEY_BYTES]) -> Self {
        let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, bytes), b"coffer root key id");
        let id = tag.as_ref().iter().take(8).map(|byte| format!("{byte:02x}")).collect();
        Self { material: Material::new(*bytes), id }
    }
}

impl RootKeys {
    /// Holds the key in force and the one before it, if anything may still be sealed under that.
    pub fn new(current: impl Into<Arc<RootKey>>, former: Option<Arc<RootKey>>) -> Self {
        Self { current: current.into(), former }
    }

    /// The key in force.
    pub fn current(&self) -> &Arc<RootKey> {
        &self.current
    }

    /// The key before it.
    pub fn former(&self) -> Option<&Arc<RootKey>> {
        self.former.as_ref()
    }

    /// The public name of the key in force, which seals.
    pub fn id(&self) -> &str {
        self.current.id()
    }

    /// Seals under the key in force.
    pub fn seal(&self, entropy: &dyn Entropy, context: &[u8], plain: &[u8]) -> Vec<u8> {
        self.current.seal(entropy, context, plain)
    }

    /// Opens what either key has sealed under the same context.
    pub fn open(&self, context: &[u8], sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, OpenError> {
        self.current.open(context, sealed).or_else(|error| match &self.former {
            Some(former) => former.open(context, sealed),
            None => Err(error),
        })
    }
}

impl From<RootKey> for RootKeys {
    fn from(current: RootKey) -> Self {
        Self::new(current, None)
    }
}

impl fmt::Debug for RootKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "RootKey({})", self.id)
    }
}

impl fmt::Display for InvalidRootKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a root key is 32 bytes in base64")
    }
}

impl std::error::Error for InvalidRootKey {}

const FORMER_CONTEXT: &[u8] = b"coffer former root key";

#[cfg(test)]
mod tests {
    use super::{RootKey, RootKeys};
    use crate::SystemEntropy;

    #[test]
    fn two_root_keys_open_what_either_sealed_and_seal_under_the_newer() {
        let entropy = SystemEntropy::new();
        let (old, new) = (RootKey::generate(&entropy), RootKey::generate(&entropy));
        let sealed = old.seal(&entropy, b"context", b"plain");
        let inner = new.seal_former(&entropy, &old);
        let both = RootKeys::new(new, Some(old.into()));
        assert_eq!(both.open(b"context", &sealed).unwrap().as_slice(), b"plain");
        let anew = both.seal(&entropy, b"context", b"plain");
        let alone = RootKeys::new(both.current().clone(), None);
        assert!(alone.open(b"context", &anew).is_ok() && alone.open(b"context", &sealed).is_err());
        let former = alone.current().open_former(&inner).unwrap();
        assert_eq!(former.id(), both.former().unwrap().id());
        assert!(former.open(b"context", &anew).is_err() && former.open_former(&inner).is_err());
    }

    #[test]
    fn a_root_key_opens_only_what_it_sealed_and_only_in_its_context() {
        let entropy = SystemEntropy::new();
        let key = RootKey::generate(&entropy);
        let sealed = key.seal(&entropy, b"context", b"plain");
        assert_eq!(key.open(b"context", &sealed).unwrap().as_slice(), b"plain");
        assert!(key.open(b"other", &sealed).is_err());
        assert!(RootKey::generate(&entropy).open(b"context", &sealed).is_err());
        assert_eq!(RootKey::parse(&key.to_text()).unwrap().id(), key.id());
        assert!(RootKey::parse("c2hvcnQ=").is_err());
    }
}

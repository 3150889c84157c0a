//! ML-KEM: a secret is encapsulated for the owner of a key pair.
//!
//! The library reads and writes these keys as raw bytes only, so their DER is written here:
//! PKCS#8 with the expanded private key, as RFC 9935 has it.

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::kem::{
    Algorithm, Ciphertext, DecapsulationKey, EncapsulationKey, ML_KEM_512, ML_KEM_768, ML_KEM_1024,
};
use zeroize::Zeroizing;

use super::{Inner, InvalidPrivateKey, KeyPair, MlKemSet, UnfitKeyPair};
use crate::OpenError;
use crate::der::{self, BIT_STRING, INTEGER, OBJECT_ID, OCTET_STRING, SEQUENCE};

/// Both keys of ML-KEM.
pub(super) struct EncapsulationPair {
    set: MlKemSet,
    private: DecapsulationKey,
    public: EncapsulationKey,
    public_bytes: Vec<u8>,
}

/// Makes a private key in PKCS#8.
pub(super) fn generate(set: MlKemSet) -> Result<Zeroizing<Vec<u8>>, InvalidPrivateKey> {
    let made = DecapsulationKey::generate(set.algorithm())?;
    let expanded = Zeroizing::new(made.key_bytes()?.as_ref().to_vec());
    let inner = Zeroizing::new(der::write(OCTET_STRING, &[&expanded]));
    let outer = Zeroizing::new(der::write(OCTET_STRING, &[&inner]));
    let version = der::write(INTEGER, &[&[0]]);
    Ok(Zeroizing::new(der::write(SEQUENCE, &[&version, &set.identifier(), &outer])))
}

impl EncapsulationPair {
    /// Reads a private key in PKCS#8 that has the expanded key in it.
    pub(super) fn read(set: MlKemSet, pkcs8: &[u8]) -> Result<Self, InvalidPrivateKey> {
        let expanded = expanded_of(set, pkcs8).ok_or(InvalidPrivateKey)?;
        // FIPS 203, algorithm 16: the private key holds the public one.
        let place = set.public_bytes() - PUBLIC_SEED_BYTES;
        let public_bytes = expanded.get(place..place + set.public_bytes());
        let public_bytes = public_bytes.ok_or(InvalidPrivateKey)?.to_vec();
        let private = DecapsulationKey::new(set.algorithm(), expanded);
        let private = private.map_err(|_| InvalidPrivateKey)?;
        let public = EncapsulationKey::new(set.algorithm(), &public_bytes);
        let public = public.map_err(|_| InvalidPrivateKey)?;
        let pair = Self { set, private, public, public_bytes };
        pair.must_be_one()?;
        Ok(pair)
    }

    pub(super) fn public_der(&self) -> Vec<u8> {
        let bits = der::write(BIT_STRING, &[&[0], &self.public_bytes]);
        der::write(SEQUENCE, &[&self.set.identifier(), &bits])
    }

    /// Refuses two keys that do not belong together.
    fn must_be_one(&self) -> Result<(), InvalidPrivateKey> {
        let (sealed, secret) = self.public.encapsulate()?;
        let opened = self.private.decapsulate(sealed)?;
        verify_slices_are_equal(opened.as_ref(), secret.as_ref()).map_err(|_| InvalidPrivateKey)
    }
}

impl KeyPair {
    /// Draws a secret and encapsulates it with the public key: the ciphertext, then the secret.
    ///
    /// # Errors
    /// A pair that is not for this.
    pub fn encapsulate(&self) -> Result<(Vec<u8>, Zeroizing<Vec<u8>>), UnfitKeyPair> {
        let Inner::MlKem(pair) = &self.inner else { return Err(UnfitKeyPair) };
        let (sealed, secret) = pair.public.encapsulate()?;
        Ok((sealed.as_ref().to_vec(), Zeroizing::new(secret.as_ref().to_vec())))
    }

    /// The secret of a ciphertext. One that was made for another key has a secret too, which
    /// nobody else knows.
    ///
    /// # Errors
    /// A ciphertext of another length, and a pair that is not for this.
    pub fn decapsulate(&self, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, OpenError> {
        let Inner::MlKem(pair) = &self.inner else { return Err(OpenError) };
        if sealed.len() != pair.set.ciphertext_bytes() {
            return Err(OpenError);
        }
        let secret = pair.private.decapsulate(Ciphertext::from(sealed)).map_err(|_| OpenError)?;
        Ok(Zeroizing::new(secret.as_ref().to_vec()))
    }
}

impl MlKemSet {
    fn algorithm(self) -> &'static Algorithm {
        match self {
            Self::MlKem512 => &ML_KEM_512,
            Self::MlKem768 => &ML_KEM_768,
            Self::MlKem1024 => &ML_KEM_1024,
        }
    }

    fn public_bytes(self) -> usize {
        match self {
            Self::MlKem512 => 800,
            Self::MlKem768 => 1184,
            Self::MlKem1024 => 1568,
        }
    }

    fn ciphertext_bytes(self) -> usize {
        match self {
            Self::MlKem512 => 768,
            Self::MlKem768 => 1088,
            Self::MlKem1024 => 1568,
        }
    }

    /// The `AlgorithmIdentifier`: 2.16.840.1.101.3.4.4.N without parameters.
    fn identifier(self) -> Vec<u8> {
        let last = match self {
            Self::MlKem512 => 1,
            Self::MlKem768 => 2,
            Self::MlKem1024 => 3,
        };
        let id = [0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x04, last];
        der::write(SEQUENCE, &[&der::write(OBJECT_ID, &[&id])])
    }
}

/// The expanded key in a PKCS#8 document, alone or beside its seed.
fn expanded_of(set: MlKemSet, pkcs8: &[u8]) -> Option<&[u8]> {
    let (body, rest) = der::read(SEQUENCE, pkcs8)?;
    let (_version, body) = der::read(INTEGER, body)?;
    let body = body.strip_prefix(set.identifier().as_slice())?;
    let (key, _attributes) = der::read(OCTET_STRING, body)?;
    let both = der::read(SEQUENCE, key).and_then(|(both, _)| {
        let (_seed, both) = der::read(OCTET_STRING, both)?;
        der::read(OCTET_STRING, both)
    });
    let (expanded, _) = both.or_else(|| der::read(OCTET_STRING, key))?;
    rest.is_empty().then_some(expanded)
}

const PUBLIC_SEED_BYTES: usize = 32;

//! Key pairs for callers, as GenerateDataKeyPair makes them.

use coffer_pipeline::Call;
use coffer_protocol::Fault;
use coffer_seal::{KeyPair, KeyPairSpec};
use zeroize::Zeroizing;

use super::envelope::{self, EncryptionContext};
use super::errors::KmsError;
use super::key::KeyRecord;
use super::spec::MaterialKind;
use super::wire::{DataKeyPairSpec, KeySpec};

/// A key pair for a caller, its private key also sealed.
pub(super) struct DataKeyPair {
    pub(super) private: Zeroizing<Vec<u8>>,
    pub(super) sealed: Vec<u8>,
    pub(super) public: Vec<u8>,
}

impl DataKeyPair {
    /// The pair that a caller means.
    ///
    /// # Errors
    /// `UnsupportedOperationException` for what the library does not have.
    pub(super) fn spec_of(spec: DataKeyPairSpec) -> Result<KeyPairSpec, Fault> {
        match spec.as_str().parse::<KeySpec>().ok().and_then(KeySpec::material) {
            Some(MaterialKind::Pair(pair)) => Ok(pair),
            _ => Err(KmsError::UnsupportedOperationException
                .with(format!("KeyPairSpec {spec} is not supported"))),
        }
    }

    /// Makes a pair and seals its private key under a KMS key.
    ///
    /// # Errors
    /// See [`envelope::encrypt`].
    pub(super) async fn make(
        call: &Call<'_>,
        key: &KeyRecord,
        context: &EncryptionContext,
        spec: KeyPairSpec,
    ) -> Result<Self, Fault> {
        let pair = call.aside(move || KeyPair::generate(spec)).await?;
        let pair = pair.map_err(Fault::internal)?;
        let sealed = envelope::encrypt(call, key, context, pair.private_der())?;
        Ok(Self {
            private: Zeroizing::new(pair.private_der().to_vec()),
            sealed,
            public: pair.public_der().to_vec(),
        })
    }
}

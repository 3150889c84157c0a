//! Encryption with whichever algorithm a key has.

use coffer_pipeline::Call;
use coffer_protocol::Fault;
use coffer_seal::KeyPairSpec;

use super::envelope::{self, EncryptionContext};
use super::key::KeyRecord;
use super::spec::MaterialKind;
use super::usage;
use super::wire::{EncryptionAlgorithmSpec, KeyUsageType};

/// A key and the algorithm that it is to encrypt with.
pub(super) struct Target<'a> {
    key: &'a KeyRecord,
    /// How it encrypts.
    pub(super) algorithm: EncryptionAlgorithmSpec,
}

impl<'a> Target<'a> {
    /// Checks that a key can be used so now.
    ///
    /// # Errors
    /// A key that is not usable, not for encryption, or has another algorithm; a context where the
    /// algorithm takes none.
    pub(super) fn of(
        key: &'a KeyRecord,
        algorithm: Option<EncryptionAlgorithmSpec>,
        context: &EncryptionContext,
        operation: &str,
    ) -> Result<Self, Fault> {
        let algorithm = algorithm.unwrap_or(EncryptionAlgorithmSpec::SymmetricDefault);
        key.must_be_usable()?;
        usage::must_be_for(key, KeyUsageType::EncryptDecrypt, operation)?;
        usage::must_have(key, key.kind.encryption_algorithms(), &algorithm)?;
        if algorithm.oaep().is_some() {
            must_have_no_context(context)?;
        }
        Ok(Self { key, algorithm })
    }

    /// Refuses a message that is too long.
    ///
    /// # Errors
    /// `ValidationException` in AWS's sentence.
    pub(super) fn must_take(&self, plain_bytes: usize) -> Result<(), Fault> {
        let (Some(hash), Some(MaterialKind::Pair(KeyPairSpec::Rsa(bits)))) =
            (self.algorithm.oaep(), self.key.kind.spec.material())
        else {
            return Ok(());
        };
        let bytes_max = hash.plain_bytes_max(bits);
        if plain_bytes <= bytes_max {
            return Ok(());
        }
        // AWS: recorded (LocalStack's snapshots, 2023-04).
        Err(Fault::validation(format!(
            "Algorithm {} and key spec {} cannot encrypt data larger than {bytes_max} bytes.",
            self.algorithm, self.key.kind.spec
        )))
    }

    /// Encrypts a message.
    ///
    /// # Errors
    /// See [`Target::must_take`].
    pub(super) fn encrypt(
        &self,
        call: &Call<'_>,
        context: &EncryptionContext,
        plain: &[u8],
    ) -> Result<Vec<u8>, Fault> {
        self.must_take(plain.len())?;
        match self.algorithm.oaep() {
            Some(hash) => {
                let pair = self.key.pair(call.root_key())?;
                pair.encrypt(hash, plain).map_err(Fault::internal)
            }
            None => envelope::encrypt(call, self.key, context, plain),
        }
    }
}

/// Refuses a context where the algorithm binds nothing to a message.
pub(super) fn must_have_no_context(context: &EncryptionContext) -> Result<(), Fault> {
    if context.is_empty() {
        return Ok(());
    }
    Err(Fault::validation(
        "EncryptionContext is not supported when encrypting/decrypting with asymmetric CMKs.",
    ))
}

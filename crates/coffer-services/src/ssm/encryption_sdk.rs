//! The envelope of advanced SecureStrings: a fresh data key for each value, and a message of the
//! AWS Encryption SDK as the ciphertext, which callers may open with AWS's own libraries.

use std::sync::Arc;

use coffer_model::Sensitive;
use coffer_pipeline::Call;
use coffer_protocol::Fault;
use coffer_seal::{SdkMessage, WrappedKey, seal_message};

use super::value::AS_CALLER;
use crate::kms::envelope::{self, EncryptionContext};
use crate::kms::key::KeyRecord;

/// Seals a value under a data key of its own, which the KMS key wraps.
///
/// # Errors
/// KMS's faults for a key that cannot be used now.
pub async fn seal(
    call: &mut Call<'_>,
    key: &Arc<KeyRecord>,
    context: &EncryptionContext,
    plain: &[u8],
) -> Result<Vec<u8>, Fault> {
    let data_key = AS_CALLER.generate_data_key(call, key, context, DATA_KEY_BYTES).await?;
    let key_arn = key.arn();
    let wrapped = WrappedKey { key_arn: &key_arn, ciphertext: &data_key.ciphertext };
    let exposed = data_key.plaintext.expose();
    seal_message(call.entropy(), exposed, wrapped, context, plain).map_err(Fault::internal)
}

/// Opens what [`seal`] made for the same context.
///
/// # Errors
/// KMS's faults: `InvalidCiphertextException` for anything that does not open, whatever the
/// reason; those for a key that cannot be used now.
pub async fn open(
    call: &mut Call<'_>,
    context: &EncryptionContext,
    bytes: &[u8],
) -> Result<Sensitive<Vec<u8>>, Fault> {
    let message = SdkMessage::read(bytes).map_err(|_| envelope::invalid_ciphertext())?;
    if message.context() != context {
        return Err(envelope::invalid_ciphertext());
    }
    let data_key =
        AS_CALLER.decrypt(call, call.region(), context, message.wrapped().ciphertext).await?;
    let opened = message.open(data_key.expose());
    let mut plain = opened.map_err(|_| envelope::invalid_ciphertext())?;
    Ok(Sensitive::new(std::mem::take(&mut *plain)))
}

/// The data key of a message, as the KMS key wraps it.
///
/// # Errors
/// What is no message.
pub(super) fn wrapped_key(bytes: &[u8]) -> Result<Vec<u8>, Fault> {
    let message = SdkMessage::read(bytes).map_err(|_| envelope::invalid_ciphertext())?;
    Ok(message.wrapped().ciphertext.to_vec())
}

const DATA_KEY_BYTES: usize = 32;

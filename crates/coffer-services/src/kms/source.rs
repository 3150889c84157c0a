//! What Decrypt and ReEncrypt open: a ciphertext, and perhaps the key it is said to be of.

use coffer_model::Sensitive;
use coffer_pipeline::{Call, Demand, RequestContext};
use coffer_protocol::Fault;

use super::envelope::{self, EncryptionContext, Origin};
use super::errors::KmsError;
use super::find::demand_on;
use super::key::find_key;
use super::request::missing;

/// A ciphertext to be opened.
pub(super) struct Source<'a> {
    /// The key that the caller says.
    pub(super) key_id: Option<&'a str>,
    /// The ciphertext.
    pub(super) blob: Option<&'a [u8]>,
    /// Whether this is a dry run that looks at no ciphertext.
    pub(super) ignores_blob: bool,
}

impl Source<'_> {
    /// Opens it; gives nothing only where no ciphertext is to be looked at.
    ///
    /// # Errors
    /// `IncorrectKeyException` for a ciphertext of another key than the one that is said; see
    /// [`envelope::decrypt`] for the others.
    pub(super) async fn open(
        &self,
        call: &mut Call<'_>,
        context: &EncryptionContext,
        key_member: &str,
    ) -> Result<Option<(Sensitive<Vec<u8>>, Origin)>, Fault> {
        let said = match self.key_id {
            Some(key_id) => Some(find_key(call, key_id).await?),
            None if self.ignores_blob => return Err(missing(key_member)),
            None => None,
        };
        if let Some(key) = &said {
            key.must_be_usable()?;
        }
        if self.ignores_blob {
            return Ok(None);
        }
        let blob = self.blob.ok_or_else(|| missing("ciphertextBlob"))?;
        let origin = envelope::origin_of(blob).ok_or_else(envelope::invalid_ciphertext)?;
        if said.is_some_and(|key| key.arn() != origin.arn) {
            // AWS: recorded from Decrypt (LocalStack's snapshots, 2023-04).
            return Err(KmsError::IncorrectKeyException.with(
                "The key ID in the request does not identify a CMK that can perform this \
                 operation.",
            ));
        }
        let (plaintext, _) = envelope::decrypt(call, context, blob).await?;
        Ok(Some((plaintext, origin)))
    }
}

/// The permission on the key that is said, or else on the one that the ciphertext names. Bytes
/// that are no ciphertext need none, and are refused when the operation runs.
pub(super) fn source_demand(
    action: &'static str,
    key_id: Option<&str>,
    blob: Option<&[u8]>,
    context: &RequestContext,
) -> Vec<Demand> {
    match (key_id, blob.and_then(envelope::origin_of)) {
        (Some(key_id), _) => vec![demand_on(action, key_id, context)],
        (None, Some(origin)) => vec![Demand::of(action, origin.arn)],
        (None, None) => Demand::any(action),
    }
}

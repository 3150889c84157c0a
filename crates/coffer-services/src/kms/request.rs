//! What the cryptographic operations ask of their input in common.

use std::collections::BTreeMap;

use coffer_protocol::Fault;

use super::envelope::EncryptionContext;
use super::errors::KmsError;
use super::wire::{DataKeySpec, EncryptionAlgorithmSpec, RecipientInfo};

/// The encryption context of a request: none is an empty one.
///
/// # Errors
/// One that is too large.
pub(super) fn context_of(
    given: Option<&BTreeMap<String, String>>,
) -> Result<EncryptionContext, Fault> {
    let context = given.cloned().unwrap_or_default();
    let bytes: usize = context.iter().map(|(name, value)| name.len() + value.len()).sum();
    if bytes > CONTEXT_BYTES_MAX {
        return Err(Fault::validation(format!(
            "The encryption context is {bytes} bytes long and must not exceed {CONTEXT_BYTES_MAX}"
        )));
    }
    Ok(context)
}

/// The algorithm of a request: the symmetric one where it says nothing.
pub(super) fn algorithm_of(given: Option<EncryptionAlgorithmSpec>) -> EncryptionAlgorithmSpec {
    given.unwrap_or(EncryptionAlgorithmSpec::SymmetricDefault)
}

/// Refuses to answer to an enclave alone: coffer cannot check what an enclave attests.
pub(super) fn must_have_no_recipient(recipient: Option<&RecipientInfo>) -> Result<(), Fault> {
    match recipient {
        None => Ok(()),
        Some(_) => Err(KmsError::UnsupportedOperationException
            .with("The Recipient parameter is not supported.")),
    }
}

/// Ends a dry run, once all else is known to be well.
pub(super) fn must_be_meant(dry_run: Option<bool>) -> Result<(), Fault> {
    match dry_run {
        Some(true) => Err(KmsError::DryRunOperationException
            .with("The request would have succeeded, but the DryRun option is set.")),
        _ => Ok(()),
    }
}

/// How long a data key is to be.
///
/// # Errors
/// A request that says it twice, or not at all.
pub(super) fn data_key_bytes(
    spec: Option<DataKeySpec>,
    number_of_bytes: Option<i32>,
) -> Result<usize, Fault> {
    match (spec, number_of_bytes) {
        (Some(DataKeySpec::Aes256), None) => Ok(32),
        (Some(DataKeySpec::Aes128), None) => Ok(16),
        (None, Some(bytes)) => Ok(usize::try_from(bytes).unwrap_or_default()),
        _ => Err(Fault::validation("Please specify either number of bytes or key spec.")),
    }
}

/// The fault of a member that is required here, though not by the model.
pub(super) fn missing(member: &str) -> Fault {
    Fault::validation(format!(
        "1 validation error detected: Value null at '{member}' failed to satisfy constraint: \
         Member must not be null"
    ))
}

const CONTEXT_BYTES_MAX: usize = 8192;

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::context_of;

    #[test]
    fn a_context_is_bounded_by_all_of_its_bytes() {
        let of = |bytes: usize| BTreeMap::from([("k".to_owned(), "v".repeat(bytes - 1))]);
        assert!(context_of(None).unwrap().is_empty());
        assert_eq!(context_of(Some(&of(8192))).unwrap(), of(8192));
        assert_eq!(context_of(Some(&of(8193))).unwrap_err().code, "ValidationException");
    }
}

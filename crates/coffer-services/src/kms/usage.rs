//! What a key must be for, and which algorithm it must have, in AWS's sentences.

use coffer_protocol::Fault;

use super::errors::KmsError;
use super::key::KeyRecord;
use super::wire::KeyUsageType;

/// Refuses a key that is not for this operation.
pub(super) fn must_be_for(
    key: &KeyRecord,
    usage: KeyUsageType,
    operation: &str,
) -> Result<(), Fault> {
    if key.kind.usage == usage {
        return Ok(());
    }
    // AWS: recorded (LocalStack's snapshots, 2023-04).
    Err(invalid(format!(
        "{} key usage is {} which is not valid for {operation}.",
        key.arn(),
        key.kind.usage
    )))
}

/// Refuses an algorithm that a key does not have.
pub(super) fn must_have<A: PartialEq + std::fmt::Display>(
    key: &KeyRecord,
    has: &[A],
    algorithm: &A,
) -> Result<(), Fault> {
    if has.contains(algorithm) {
        return Ok(());
    }
    // AWS: recorded (LocalStack's snapshots, 2023-04).
    Err(invalid(format!("Algorithm {algorithm} is incompatible with key spec {}.", key.kind.spec)))
}

/// Refuses a key that messages are not sealed under as under AWS's symmetric keys.
pub(super) fn must_be_symmetric(key: &KeyRecord, operation: &str) -> Result<(), Fault> {
    must_be_for(key, KeyUsageType::EncryptDecrypt, operation)?;
    if key.kind.is_symmetric() { Ok(()) } else { Err(not_symmetric(key)) }
}

/// The fault of a key that nothing can be sealed under as under AWS's symmetric keys.
pub(super) fn not_symmetric(key: &KeyRecord) -> Fault {
    if let Err(fault) = must_be_for(key, KeyUsageType::EncryptDecrypt, "Encrypt") {
        return fault;
    }
    invalid(format!("Algorithm SYMMETRIC_DEFAULT is incompatible with key spec {}.", key.kind.spec))
}

/// Refuses a key of another spec for an operation on symmetric keys.
pub(super) fn must_rotate(key: &KeyRecord) -> Result<(), Fault> {
    if key.kind.is_symmetric() {
        return Ok(());
    }
    let message = format!(
        "{} key spec is {} which is not valid for this operation.",
        key.arn(),
        key.kind.spec
    );
    Err(KmsError::UnsupportedOperationException.with(message))
}

/// The fault of an operation that keys of this origin do not have.
pub(super) fn invalid_origin(key: &KeyRecord) -> Fault {
    // AWS: recorded from GetParametersForImport (LocalStack's snapshots, 2023-10).
    KmsError::UnsupportedOperationException.with(format!(
        "{} origin is {} which is not valid for this operation.",
        key.arn(),
        key.kind.origin
    ))
}

fn invalid(message: String) -> Fault {
    KmsError::InvalidKeyUsageException.with(message)
}

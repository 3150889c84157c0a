//! What Sign and Verify have in common: which message, signed how.

use coffer_pipeline::ContextValues;
use coffer_protocol::Fault;
use coffer_seal::{Message, SigningScheme};

use super::key::KeyRecord;
use super::usage;
use super::wire::{KeySpec, KeyUsageType, MessageType, SigningAlgorithmSpec};

/// The condition keys of a request for a signature or its check.
pub(super) fn condition<'i>(
    algorithm: SigningAlgorithmSpec,
    message_type: Option<MessageType>,
    key: &str,
) -> Option<ContextValues<'i>> {
    match key {
        "kms:signingalgorithm" => Some(algorithm.as_str().into()),
        "kms:messagetype" => Some(message_type.unwrap_or(MessageType::Raw).to_string().into()),
        _ => None,
    }
}

/// How a key is to sign a message, checked.
///
/// # Errors
/// A key that is not for signing or has another algorithm; a message that does not come as the
/// algorithm takes it.
pub(super) fn read<'a>(
    key: &KeyRecord,
    algorithm: SigningAlgorithmSpec,
    message_type: Option<MessageType>,
    message: &'a [u8],
    operation: &str,
) -> Result<(SigningScheme, Message<'a>), Fault> {
    usage::must_be_for(key, KeyUsageType::SignVerify, operation)?;
    usage::must_have(key, key.kind.signing_algorithms(), &algorithm)?;
    let (scheme, digest_bytes) =
        algorithm.scheme().ok_or_else(|| Fault::internal("a key has an unknown algorithm"))?;
    let message_type = message_type.unwrap_or(MessageType::Raw);
    let message = match (message_type, digest_bytes) {
        (MessageType::Raw, _) => Message::Whole(message),
        (MessageType::Digest, Some(bytes)) if bytes == message.len() => Message::Hashed(message),
        // AWS: recorded (LocalStack's snapshots, 2023-04).
        (MessageType::Digest, Some(_)) => {
            return Err(Fault::validation(format!(
                "Digest is invalid length for algorithm {algorithm}."
            )));
        }
        (MessageType::ExternalMu, None) if scheme == SigningScheme::MlDsa => {
            return Err(Fault::validation("Message type EXTERNAL_MU is not supported."));
        }
        (_, _) => {
            return Err(Fault::validation(match key.kind.spec {
                KeySpec::EccNistEdwards25519 => format!(
                    "Message type {message_type} is incompatible with algorithm {algorithm}."
                ),
                spec => {
                    format!("Message type {message_type} is incompatible with key spec {spec}.")
                }
            }));
        }
    };
    Ok((scheme, message))
}

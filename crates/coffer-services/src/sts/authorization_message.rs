//! The message in a denial that its receiver cannot read: who was denied what, and why.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use coffer_model::AccountId;
use coffer_pipeline::Call;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What is sealed: the account whose callers may decode the message, and the message.
#[derive(Serialize, Deserialize)]
struct Sealed {
    account: AccountId,
    message: Value,
}

/// Encodes a message of AWS's shape (`allowed`, `explicitDeny`, `matchedStatements`, `failures`,
/// `context`) for a refusal of the caller's; `DecodeAuthorizationMessage` opens it in the same
/// account. A message that is too long goes without its statements and conditions.
pub fn encode_authorization_message(call: &Call<'_>, message: Value) -> String {
    let encoded = sealed(call, &message);
    if encoded.len() <= CHARACTERS_MAX {
        return encoded;
    }
    let mut message = message;
    if let Some(members) = message.as_object_mut() {
        members.remove("matchedStatements");
        members.remove("failures");
        if let Some(context) = members.get_mut("context").and_then(Value::as_object_mut) {
            context.remove("conditions");
        }
    }
    sealed(call, &message)
}

/// Opens a message that a caller of this account was given.
pub(super) fn decode_authorization_message(call: &Call<'_>, encoded: &str) -> Option<String> {
    let bytes = URL_SAFE_NO_PAD.decode(encoded).ok()?;
    let plain = call.sessions().open_message(&bytes).ok()?;
    let sealed: Sealed = serde_json::from_slice(&plain).ok()?;
    (sealed.account == call.account()).then(|| sealed.message.to_string())
}

fn sealed(call: &Call<'_>, message: &Value) -> String {
    let sealed = Sealed { account: call.account(), message: message.clone() };
    // Values of JSON are always written.
    let plain = serde_json::to_vec(&sealed).unwrap_or_default();
    URL_SAFE_NO_PAD.encode(call.sessions().seal_message(call.entropy(), &plain))
}

/// The longest message that DecodeAuthorizationMessage takes.
const CHARACTERS_MAX: usize = 10_240;

//! The keys that aliases are given to.

use std::sync::Arc;

use coffer_pipeline::{Call, Demand};
use coffer_protocol::Fault;

use super::alias::{ALIASES_OF_KEY_MAX, PREFIX};
use super::errors::KmsError;
use super::find::find_to_change;
use super::key::KeyRecord;
use super::permission::demand_on;

/// The permission to let an alias stand for a key.
///
/// # Errors
/// See [`must_be_key`]; words that name no key.
pub(super) async fn demand_on_target(
    call: &mut Call<'_>,
    action: &'static str,
    key_id: &str,
) -> Result<Demand, Fault> {
    must_be_key(key_id)?;
    demand_on(call, action, key_id).await
}

/// Finds the key that an alias is to stand for.
///
/// # Errors
/// See [`must_be_key`]; a key that is not there, is AWS's, or waits to be deleted.
pub(super) async fn target_of(
    call: &mut Call<'_>,
    key_id: &str,
    action: &str,
) -> Result<Arc<KeyRecord>, Fault> {
    must_be_key(key_id)?;
    let key = find_to_change(call, key_id, action).await?;
    key.must_stay()?;
    Ok(key)
}

/// Refuses an alias for an alias.
///
/// # Errors
/// `ValidationException`.
fn must_be_key(key_id: &str) -> Result<(), Fault> {
    if key_id.starts_with(PREFIX) || key_id.contains(":alias/") {
        return Err(Fault::validation("Aliases must refer to keys. Not aliases"));
    }
    Ok(())
}

/// The key with one more alias.
///
/// # Errors
/// `LimitExceededException` where it has as many as it may.
pub(super) fn with_alias(key: &KeyRecord, name: &str) -> Result<KeyRecord, Fault> {
    let mut key = key.copy();
    key.aliases.insert(name.to_owned());
    if key.aliases.len() > ALIASES_OF_KEY_MAX {
        let message = format!("{} has {ALIASES_OF_KEY_MAX} aliases already", key.arn());
        return Err(KmsError::LimitExceededException.with(message));
    }
    Ok(key)
}

/// The key with one alias less.
pub(super) fn without_alias(key: &KeyRecord, name: &str) -> KeyRecord {
    let mut key = key.copy();
    key.aliases.remove(name);
    key
}

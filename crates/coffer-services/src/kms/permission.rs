//! Who may use a key: its policy, the caller's own policies, and grants.

use std::sync::Arc;

use coffer_pipeline::audit::KeyUse;
use coffer_pipeline::demand::{RESOURCE_TAG, tag_of};
use coffer_pipeline::{Call, ContextValues, Demand, Facts, Guard, Scope};
use coffer_protocol::Fault;

use super::alias::AliasRecord;
use super::envelope::{self, Bound};
use super::find::{Named, find_key, find_key_in, must_be_no_alias, named};
use super::grant::{GrantOperation, is_granted};
use super::key::{KeyRecord, key_arn};

/// The permission to do something with the key of an id or a key ARN.
///
/// # Errors
/// Words that name no key, and aliases: they are refused before they are followed, so that a
/// refusal tells nobody which key they stand for.
pub(super) async fn demand_on(
    call: &mut Call<'_>,
    action: &'static str,
    key_id: &str,
) -> Result<Demand, Fault> {
    must_be_no_alias(call.scope(), key_id)?;
    demand_by_any_name(call, action, key_id).await
}

/// The permission to do something with the key, or the alias, that a caller's words mean.
async fn demand_by_any_name(
    call: &mut Call<'_>,
    action: &'static str,
    key_id: &str,
) -> Result<Demand, Fault> {
    let home = call.scope();
    Ok(match named(call, home, key_id).await? {
        Named::Key { key, alias } => of_key(call, &key, action).with_some(REQUEST_ALIAS, alias),
        Named::Missing(scope, id) => of_missing(call, action, key_arn(&scope, &id)),
        Named::MissingAlias(scope, name) => {
            of_missing(call, action, scope.arn_text("kms", &[&name]))
        }
    })
}

/// The permission to do something with the key that a caller's words mean, an alias among them,
/// which a grant may give, too.
///
/// # Errors
/// Words that name no key.
pub(super) async fn demand_or_grant(
    call: &mut Call<'_>,
    operation: GrantOperation,
    key_id: &str,
    context: Option<&envelope::EncryptionContext>,
) -> Result<Demand, Fault> {
    let demand = demand_by_any_name(call, operation.action(), key_id).await?;
    if !matches!(demand.guard, Guard::Key { .. }) {
        return Ok(demand);
    }
    let key = find_key(call, key_id).await?;
    let by_grant = is_granted(call, &key, operation, context).await?;
    Ok(granted(demand, by_grant))
}

/// The same permission, where it is known whether a grant gives it.
pub(super) fn granted(mut demand: Demand, by_grant: bool) -> Demand {
    if let Guard::Key { is_granted, .. } = &mut demand.guard {
        *is_granted = by_grant;
    }
    demand
}

/// The permission to do something with an alias itself, which has no policy of its own.
pub(super) fn demand_on_alias(call: &Call<'_>, action: &'static str, name: &str) -> Demand {
    Demand::of(action, call.scope().arn_text("kms", &[name]))
}

/// The permissions to change what an alias stands for: on the alias, and on the key that it stands
/// for now. AWS: in an IAM policy for the first, and in the key policy for the second.
pub(super) async fn demands_on_alias(
    call: &mut Call<'_>,
    action: &'static str,
    name: &str,
) -> Result<Vec<Demand>, Fault> {
    let mut demands = vec![demand_on_alias(call, action, name)];
    let row = AliasRecord::key_of(call.scope(), name);
    if let Some(alias) = call.get::<AliasRecord>(&row).await? {
        let key = key_arn(call.scope(), &alias.key_id);
        demands.push(demand_on(call, action, &key).await?);
    }
    Ok(demands)
}

/// The permission to do something with a ciphertext: on the key that is said, or else on the one
/// that it names. Bytes that are no ciphertext need none, and are refused when the operation runs.
pub(super) async fn demand_on_source(
    call: &mut Call<'_>,
    operation: GrantOperation,
    key_id: Option<&str>,
    blob: Option<&[u8]>,
    context: Option<&envelope::EncryptionContext>,
) -> Result<Demand, Fault> {
    let action = operation.action();
    match (key_id, blob.and_then(|blob| envelope::origin_of(blob, call.region()))) {
        (Some(key_id), _) => demand_or_grant(call, operation, key_id, context).await,
        // AWS: of a ciphertext nobody learns from a refusal where its key is.
        (None, Some(origin)) => {
            match demand_or_grant(call, operation, &origin.arn, context).await {
                Err(fault) if fault.is_server_fault() => Err(fault),
                Err(_) => Ok(Demand::of(action, origin.arn)),
                demand => demand,
            }
        }
        (None, None) => Ok(Demand::of(action, "*")),
    }
}

/// The permission to do something with a key.
pub(super) fn of_key(call: &Call<'_>, key: &Arc<KeyRecord>, action: &'static str) -> Demand {
    let demand = Demand::of(action, key.arn())
        .owned_by(key.account)
        .known_by(Arc::clone(key) as Arc<dyn Facts>);
    if key.account != call.account() && !FROM_OTHER_ACCOUNTS.contains(&action) {
        // AWS: whatever its policy says, only the key's own account may do this.
        return veiled(call, demand);
    }
    let policy = key.policy.clone();
    veiled(call, demand.guarded_by(Guard::Key { policy, is_granted: false }))
}

fn of_missing(call: &Call<'_>, action: &'static str, arn: String) -> Demand {
    veiled(call, Demand::of(action, arn))
}

/// Of the keys of other accounts nobody learns more than that they may not be used.
fn veiled(call: &Call<'_>, demand: Demand) -> Demand {
    if demand.owner().is_none_or(|owner| owner == call.account()) {
        return demand;
    }
    // AWS: the sentence for keys of other accounts, which tells nobody whether they are there.
    demand.refused_because(
        "because the resource does not exist in this Region, no resource-based policies allow \
         access, or a resource-based policy explicitly denies access",
    )
}

/// Finds a key for what a service is to do with it for whoever calls. Who may not do that learns of
/// a key that is not there as much as of one that is.
///
/// # Errors
/// `NotFoundException`, or `AccessDeniedException` before it.
pub(super) async fn find_through(
    call: &mut Call<'_>,
    home: &Scope,
    key_id: &str,
    action: &'static str,
    service: &'static str,
) -> Result<Arc<KeyRecord>, Fault> {
    let missing = match named(call, home, key_id).await? {
        Named::Key { key, .. } => return Ok(key),
        Named::Missing(scope, id) => key_arn(&scope, &id),
        Named::MissingAlias(scope, name) => scope.arn_text("kms", &[&name]),
    };
    let demand = of_missing(call, action, missing).through(service);
    call.must_be_allowed(&demand).await?;
    find_key_in(call, home, key_id).await
}

/// Refuses a caller who may not use a key through a service in this way.
///
/// # Errors
/// `AccessDeniedException`.
pub(super) async fn must_be_permitted(
    call: &mut Call<'_>,
    key: &Arc<KeyRecord>,
    action: &'static str,
    service: &'static str,
    context: &impl Bound,
) -> Result<(), Fault> {
    let demand = of_key(call, key, action).through(service);
    call.must_be_allowed_by(&demand, &OfContext(context)).await?;
    note(call, action, service, demand, context);
    Ok(())
}

/// Notes the use of a key for the audit record that it has of its own.
fn note(
    call: &mut Call<'_>,
    action: &'static str,
    service: &'static str,
    demand: Demand,
    context: &impl Bound,
) {
    let event_name = action.strip_prefix("kms:").unwrap_or(action);
    let context = context.bound().into_owned();
    call.used_key(KeyUse { event_name, service, key_arn: demand.resource, context });
}

/// Refuses a caller who may not use a key through a service in this way although a grant gives it:
/// whom a policy denies it.
///
/// # Errors
/// `AccessDeniedException`.
pub(super) async fn must_be_permitted_or_granted(
    call: &mut Call<'_>,
    key: &Arc<KeyRecord>,
    action: &'static str,
    service: &'static str,
    context: &impl Bound,
) -> Result<(), Fault> {
    let demand = granted(of_key(call, key, action).through(service), true);
    call.must_be_allowed_by(&demand, &OfContext(context)).await?;
    note(call, action, service, demand, context);
    Ok(())
}

/// What an encryption context says of condition keys.
pub(super) struct OfContext<'a, B>(pub(super) &'a B);

impl<B: Bound> Facts for OfContext<'_, B> {
    fn fact(&self, key: &str) -> Option<ContextValues<'_>> {
        if key == CONTEXT_KEYS {
            let names: Vec<&str> = self.0.pairs().into_iter().map(|(name, _)| name).collect();
            return (!names.is_empty()).then(|| names.into_iter().collect());
        }
        let wanted = key.strip_prefix(CONTEXT)?;
        let pairs = self.0.pairs();
        let found = pairs.into_iter().find(|(name, _)| name.eq_ignore_ascii_case(wanted));
        found.map(|(_, value)| value.into())
    }
}

/// The same permission, where each side of a request has a context of its own.
pub(super) fn with_context(
    demand: Demand,
    context: Option<&envelope::EncryptionContext>,
) -> Demand {
    let Some(context) = context.filter(|context| !context.is_empty()) else { return demand };
    let demand = demand.with_many(CONTEXT_KEYS, context.keys().cloned().collect());
    context.iter().fold(demand, |demand, (name, value)| {
        demand.with(format!("{CONTEXT}{}", name.to_ascii_lowercase()), value.as_str())
    })
}

/// What a request's encryption context says of a condition key.
pub(super) fn of_context<'i>(
    context: Option<&'i envelope::EncryptionContext>,
    key: &str,
) -> Option<ContextValues<'i>> {
    let context = context?;
    if key == CONTEXT_KEYS {
        return (!context.is_empty()).then(|| context.keys().map(String::as_str).collect());
    }
    tag_of(context, key.strip_prefix(CONTEXT)?).map(ContextValues::from)
}

/// AWS: the condition keys of a key (KMS developer guide, "Condition keys for AWS KMS").
impl Facts for KeyRecord {
    fn fact(&self, key: &str) -> Option<ContextValues<'_>> {
        if let Some(name) = key.strip_prefix(RESOURCE_TAG) {
            return tag_of(&self.tags, name).map(ContextValues::from);
        }
        let metadata = || self.metadata();
        match key {
            "kms:resourcealiases" => (!self.aliases.is_empty())
                .then(|| self.aliases.iter().map(String::as_str).collect()),
            "kms:keyspec" | "kms:customermasterkeyspec" => {
                Some(metadata().key_spec?.to_string().into())
            }
            "kms:keyusage" | "kms:customermasterkeyusage" => {
                Some(metadata().key_usage?.to_string().into())
            }
            "kms:keyorigin" => Some(metadata().origin?.to_string().into()),
            "kms:multiregion" => Some(metadata().multi_region?.into()),
            "kms:multiregionkeytype" => {
                let related = metadata().multi_region_configuration?;
                Some(related.multi_region_key_type?.to_string().into())
            }
            _ => None,
        }
    }
}

const REQUEST_ALIAS: &str = "kms:requestalias";
const CONTEXT_KEYS: &str = "kms:encryptioncontextkeys";
const CONTEXT: &str = "kms:encryptioncontext:";
/// AWS: what a key policy can allow to other accounts (the API reference's "Cross-account use" of
/// each operation).
const FROM_OTHER_ACCOUNTS: [&str; 22] = [
    "kms:CreateGrant",
    "kms:Decapsulate",
    "kms:Decrypt",
    "kms:DeriveSharedSecret",
    "kms:DescribeKey",
    "kms:Encapsulate",
    "kms:Encrypt",
    "kms:GenerateDataKey",
    "kms:GenerateDataKeyPair",
    "kms:GenerateDataKeyPairWithoutPlaintext",
    "kms:GenerateDataKeyWithoutPlaintext",
    "kms:GenerateMac",
    "kms:GetKeyRotationStatus",
    "kms:GetPublicKey",
    "kms:ListGrants",
    "kms:ReEncryptFrom",
    "kms:ReEncryptTo",
    "kms:RetireGrant",
    "kms:RevokeGrant",
    "kms:Sign",
    "kms:Verify",
    "kms:VerifyMac",
];

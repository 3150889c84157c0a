//! How a caller's words for a key find one, and the keys that AWS manages.

use std::sync::Arc;

use coffer_model::Arn;
use coffer_pipeline::{Call, Scope};
use coffer_protocol::Fault;

use super::alias::{self, AliasRecord};
use super::errors::KmsError;
use super::key::{KeyManager, KeyRecord, key_arn};
use super::key_policy;
use super::rotate_due_key::begin_rotation;

/// Finds a key by id, key ARN, alias name or alias ARN.
///
/// # Errors
/// `NotFoundException`, in AWS's words for the form that was given.
pub async fn find_key(call: &mut Call<'_>, key_id: &str) -> Result<Arc<KeyRecord>, Fault> {
    let home = call.scope();
    find_key_in(call, home, key_id).await
}

/// Finds a key as [`find_key`] does for a call of this account and region: for what a service
/// does there on behalf of a call from elsewhere.
///
/// # Errors
/// See [`find_key`].
pub async fn find_key_in(
    call: &mut Call<'_>,
    home: &Scope,
    key_id: &str,
) -> Result<Arc<KeyRecord>, Fault> {
    match named(call, home, key_id).await? {
        Named::Key { key, .. } => Ok(key),
        Named::MissingAlias(scope, name) => Err(alias::not_found(&scope, &name)),
        Named::Missing(scope, id) => {
            let arn = key_arn(&scope, &id);
            Err(KmsError::NotFoundException.with(format!("Key '{arn}' does not exist")))
        }
    }
}

/// What a caller's words for a key lead to.
pub(super) enum Named {
    /// A key, and the alias that led to it.
    Key { key: Arc<KeyRecord>, alias: Option<String> },
    /// No key of this id.
    Missing(Scope, String),
    /// No alias of this name.
    MissingAlias(Scope, String),
}

/// Follows a caller's words for a key.
///
/// # Errors
/// `NotFoundException` for words that name no key.
pub(super) async fn named(call: &mut Call<'_>, home: &Scope, key_id: &str) -> Result<Named, Fault> {
    let (scope, id, alias) = match Name::parse(home, key_id)? {
        Name::Key(scope, id) => (scope, id, None),
        Name::Alias(scope, name) => {
            match call.get::<AliasRecord>(&AliasRecord::key_of(&scope, &name)).await? {
                Some(alias) => (scope, alias.key_id.clone(), Some(name)),
                None => return Ok(Named::MissingAlias(scope, name)),
            }
        }
    };
    Ok(match call.get::<KeyRecord>(&KeyRecord::key_of(&scope, &id)).await? {
        Some(key) => Named::Key { key, alias },
        None => Named::Missing(scope, id),
    })
}

/// Finds a key for an operation that takes ids and key ARNs, but no aliases.
///
/// # Errors
/// See [`find_key`] and [`must_be_no_alias`].
pub(super) async fn find_without_alias(
    call: &mut Call<'_>,
    key_id: &str,
) -> Result<Arc<KeyRecord>, Fault> {
    must_be_no_alias(call.scope(), key_id)?;
    find_key(call, key_id).await
}

/// Refuses an alias where an operation takes none, whether there is one of this name or not.
///
/// # Errors
/// `NotFoundException`; `InvalidArnException` for an alias's ARN.
pub(super) fn must_be_no_alias(home: &Scope, key_id: &str) -> Result<(), Fault> {
    match Name::parse(home, key_id)? {
        Name::Key(..) => Ok(()),
        Name::Alias(..) if key_id.starts_with(alias::PREFIX) => Err(invalid_key_id(key_id)),
        Name::Alias(..) => {
            // AWS: seen through Lambda's KMS call (hashicorp/terraform#20813).
            let message = "Key Aliases are not supported for this operation.";
            Err(KmsError::InvalidArnException.with(message))
        }
    }
}

/// Finds a key for an operation that nobody has on the keys of other accounts, whatever policies
/// say (developer guide, "Allowing users in other accounts to use a KMS key").
///
/// # Errors
/// See [`find_without_alias`]; `AccessDeniedException` for a key of another account.
pub(super) async fn find_own(
    call: &mut Call<'_>,
    key_id: &str,
    action: &str,
) -> Result<Arc<KeyRecord>, Fault> {
    let key = find_without_alias(call, key_id).await?;
    if key.account == call.account() {
        return Ok(key);
    }
    Err(Fault::access_denied(format!(
        "User: {} is not authorized to perform: {action} on resource: {} because the resource \
         does not exist in this Region, no resource-based policies allow access, or a \
         resource-based policy explicitly denies access",
        call.context().caller.arn,
        key.arn()
    )))
}

/// Finds a key for an operation that changes it, which only the customer's own keys allow.
///
/// # Errors
/// See [`find_own`]; `AccessDeniedException` for a key that AWS manages, too.
pub(super) async fn find_to_change(
    call: &mut Call<'_>,
    key_id: &str,
    action: &str,
) -> Result<Arc<KeyRecord>, Fault> {
    let key = find_own(call, key_id, action).await?;
    match key.manager {
        KeyManager::Customer => Ok(key),
        // AWS: the policies of its own keys do not allow it, to anyone
        // (aws-ia/terraform-aws-eks-blueprints#485).
        KeyManager::Aws => Err(Fault::access_denied(format!(
            "User: {} is not authorized to perform: {action} on resource: {} because no \
             resource-based policy allows the {action} action",
            call.context().caller.arn,
            key.arn()
        ))),
    }
}

/// The AWS managed key of a service, such as `alias/aws/ssm`; made on first use, in the same
/// commit. A reading call never makes one.
///
/// # Errors
/// `NotFoundException` in a reading call where there is none yet.
pub async fn managed_key(call: &mut Call<'_>, service: &str) -> Result<Arc<KeyRecord>, Fault> {
    let name = managed_alias(service);
    let alias = call.get::<AliasRecord>(&AliasRecord::key_of(call.scope(), &name)).await?;
    if alias.is_some() || !call.may_write() {
        return find_key(call, &name).await;
    }
    let description = format!(
        "Default key that protects my {} when no other key is defined",
        if service == "ssm" { "SSM parameters" } else { "Secrets Manager data" }
    );
    let policy = key_policy::of_managed(call.scope(), service);
    let mut key = KeyRecord::generate(call, KeyManager::Aws, &description, policy);
    key.aliases.insert(name.clone());
    begin_rotation(call, &mut key, MANAGED_ROTATION_DAYS).await?;
    let alias = AliasRecord::new(call, &name, &key.key_id);
    let row = KeyRecord::key_of(call.scope(), &key.key_id);
    call.put(key).await?;
    call.put(alias).await?;
    let staged = call.get::<KeyRecord>(&row).await?;
    staged.ok_or_else(|| Fault::internal("a staged key is not there"))
}

/// The alias of a service's managed key.
pub fn managed_alias(service: &str) -> String {
    format!("alias/aws/{service}")
}

/// The service whose managed key an alias stands for, where coffer has that service.
pub(super) fn service_of_managed_alias(alias: &str) -> Option<&'static str> {
    let service = alias.strip_prefix("alias/aws/")?;
    SERVICES_WITH_KEY.into_iter().find(|known| *known == service)
}

/// What a caller's words for a key mean.
#[derive(Debug, PartialEq, Eq)]
enum Name {
    Key(Scope, String),
    Alias(Scope, String),
}

impl Name {
    fn parse(scope: &Scope, text: &str) -> Result<Self, Fault> {
        if text.starts_with("arn:") {
            return Self::parse_arn(scope, text);
        }
        if text.starts_with(alias::PREFIX) {
            return Ok(Self::Alias(scope.clone(), text.to_owned()));
        }
        if is_key_id(text) {
            return Ok(Self::Key(scope.clone(), text.to_owned()));
        }
        Err(invalid_key_id(text))
    }

    fn parse_arn(scope: &Scope, text: &str) -> Result<Self, Fault> {
        let invalid = || KmsError::NotFoundException.with(format!("Invalid arn {text}"));
        let arn: Arn = text.parse().map_err(|_| invalid())?;
        let (Some(account), Some(region)) = (arn.account, arn.region) else {
            return Err(invalid());
        };
        if arn.service != "kms" || arn.partition != "aws" {
            return Err(invalid());
        }
        if region != scope.region {
            // AWS: recorded from DescribeKey (LocalStack's snapshots, 2023-07).
            return Err(KmsError::NotFoundException.with(format!("Invalid arn {region}")));
        }
        let scope = Scope { account, region };
        match arn.resource.split_once('/') {
            Some(("key", id)) if is_key_id(id) => Ok(Self::Key(scope, id.to_owned())),
            Some(("key", id)) => Err(invalid_key_id(id)),
            Some(("alias", _)) => Ok(Self::Alias(scope, arn.resource)),
            _ => Err(invalid()),
        }
    }
}

/// A UUID, or the id of a key for several regions, which are 32 digits after `mrk-`.
fn is_key_id(text: &str) -> bool {
    let are_digits = |part: &str, length| {
        part.len() == length && part.bytes().all(|byte| byte.is_ascii_hexdigit())
    };
    if let Some(digits) = text.strip_prefix("mrk-") {
        return are_digits(digits, 32);
    }
    let mut parts = text.split('-');
    [8, 4, 4, 4, 12]
        .into_iter()
        .all(|length| parts.next().is_some_and(|part| are_digits(part, length)))
        && parts.next().is_none()
}

fn invalid_key_id(text: &str) -> Fault {
    KmsError::NotFoundException.with(format!("Invalid keyId '{text}'"))
}

/// The services that have a managed key, in the order of their aliases.
pub(super) const SERVICES_WITH_KEY: [&str; 2] = ["secretsmanager", "ssm"];

/// AWS: its own keys are rotated about every year.
const MANAGED_ROTATION_DAYS: i32 = 365;

#[cfg(test)]
mod tests {
    use coffer_model::AccountId;
    use coffer_pipeline::Scope;
    use proptest::prelude::*;

    use super::{Name, is_key_id};

    const ID: &str = "1234abcd-12ab-34cd-56ef-1234567890ab";

    fn here() -> Scope {
        Scope { account: AccountId::dev(), region: "eu-west-1".parse().unwrap() }
    }

    fn refused(text: &str) -> String {
        Name::parse(&here(), text).unwrap_err().message
    }

    #[test]
    fn keys_are_named_in_four_ways() {
        let key = || Name::Key(here(), ID.to_owned());
        let alias = || Name::Alias(here(), "alias/a/b".to_owned());
        let arn = |resource: &str| format!("arn:aws:kms:eu-west-1:000000000000:{resource}");
        assert_eq!(Name::parse(&here(), ID).unwrap(), key());
        assert_eq!(Name::parse(&here(), &arn(&format!("key/{ID}"))).unwrap(), key());
        assert_eq!(Name::parse(&here(), "alias/a/b").unwrap(), alias());
        assert_eq!(Name::parse(&here(), &arn("alias/a/b")).unwrap(), alias());
    }

    #[test]
    fn what_names_no_key_is_not_found_in_awss_words() {
        assert_eq!(refused("fake-key-id"), "Invalid keyId 'fake-key-id'");
        assert_eq!(refused("mrk-fake-key-id"), "Invalid keyId 'mrk-fake-key-id'");
        assert_eq!(
            refused("134f2428cec14b25a1ae9048164dba47"),
            "Invalid keyId '134f2428cec14b25a1ae9048164dba47'"
        );
        let elsewhere = format!("arn:aws:kms:ap-southeast-1:000000000000:key/{ID}");
        assert_eq!(refused(&elsewhere), "Invalid arn ap-southeast-1");
        for text in ["arn:", "arn:aws:s3:::b", "arn:aws:kms:eu-west-1:000000000000:grant/x"] {
            assert_eq!(refused(text), format!("Invalid arn {text}"));
        }
    }

    #[test]
    fn an_id_is_a_uuid_or_one_for_several_regions() {
        assert!(is_key_id(ID));
        assert!(is_key_id("mrk-d3b95762d3b95762d3b95762d3b95762"));
        for text in ["", "mrk-", "1234abcd-12ab-34cd-56ef", &format!("{ID}-"), &format!("{ID}0")] {
            assert!(!is_key_id(text), "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read(text in "(arn:)?(aws:kms:eu-west-1:)?.{0,60}") {
            if let Ok(Name::Key(_, id)) = Name::parse(&here(), &text) {
                prop_assert!(is_key_id(&id));
            }
        }
    }
}

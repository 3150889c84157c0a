//! Managed policies: found by their ARNs, those of the account and those of AWS.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use coffer_pipeline::identity::{
    AwsManagedPolicy, EntityPermissions, GroupRecord, ManagedPolicyRecord, PolicyDocument,
    RoleRecord, UserRecord, aws_managed,
};
use coffer_pipeline::{Call, Demand};
use coffer_protocol::Fault;

use super::errors::IamError;
use super::policy_text::{self, PolicyKind};
use super::wire::Tag;
use super::{find, pages, permissions};

/// A managed policy.
pub(super) enum Managed {
    /// One of AWS.
    Aws(&'static AwsManagedPolicy),
    /// One of the account.
    Own(Arc<ManagedPolicyRecord>),
}

/// How often a policy is used.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Uses {
    /// By how many it is attached.
    pub(super) attached: u32,
    /// How many it bounds.
    pub(super) bounding: u32,
}

/// How often the policies of AWS are used in an account.
#[derive(Debug, Default)]
pub(super) struct UsesByArn(BTreeMap<String, Uses>);

impl UsesByArn {
    /// The uses of a policy.
    pub(super) fn of(&self, policy_arn: &str) -> Uses {
        self.0.get(policy_arn).copied().unwrap_or_default()
    }

    fn add(&mut self, permissions: &EntityPermissions) {
        for arn in permissions.attached.iter().filter(|arn| is_of_aws(arn)) {
            let uses = self.0.entry(arn.clone()).or_default();
            uses.attached = uses.attached.saturating_add(1);
        }
        if let Some(arn) = permissions.boundary.as_ref().filter(|arn| is_of_aws(arn)) {
            let uses = self.0.entry(arn.clone()).or_default();
            uses.bounding = uses.bounding.saturating_add(1);
        }
    }
}

/// Counts the uses of AWS's policies in the account. They have no rows, and so no counters.
///
/// # Errors
/// A store that cannot be read.
pub(super) async fn uses_of_aws(call: &Call<'_>) -> Result<UsesByArn, Fault> {
    let account = call.account();
    let mut uses = UsesByArn::default();
    for user in pages::all::<UserRecord>(call, &UserRecord::all_of(account)).await? {
        uses.add(&user.permissions);
    }
    for group in pages::all::<GroupRecord>(call, &GroupRecord::all_of(account)).await? {
        uses.add(&group.permissions);
    }
    for role in pages::all::<RoleRecord>(call, &RoleRecord::all_of(account)).await? {
        uses.add(&role.permissions);
    }
    Ok(uses)
}

/// What is demanded for an action on a managed policy.
///
/// # Errors
/// `ValidationError` for what is not the ARN of a managed policy.
pub(super) async fn demand_on(
    call: &mut Call<'_>,
    action: &'static str,
    policy_arn: &str,
) -> Result<Demand, Fault> {
    must_be_arn(policy_arn)?;
    if is_of_aws(policy_arn) {
        // AWS: these belong to AWS, and whoever is allowed in an account may see them.
        return Ok(Demand::of(action, policy_arn).owned_by(call.account()));
    }
    let demand = Demand::of(action, policy_arn);
    Ok(match of_account(call, policy_arn).await? {
        Some(policy) => find::with_tags(demand, &policy.tags),
        None => demand,
    })
}

/// Finds a managed policy.
///
/// # Errors
/// `NoSuchEntity` where there is none.
pub(super) async fn find(call: &mut Call<'_>, policy_arn: &str) -> Result<Managed, Fault> {
    must_be_arn(policy_arn)?;
    if let Some(policy) = aws_managed(policy_arn) {
        return Ok(Managed::Aws(policy));
    }
    let found = of_account(call, policy_arn).await?;
    found.map(Managed::Own).ok_or_else(|| not_found(policy_arn))
}

/// A managed policy of the account, to be changed.
///
/// # Errors
/// `NoSuchEntity` where there is none; `InvalidInput` for one of AWS.
pub(super) async fn own(
    call: &mut Call<'_>,
    policy_arn: &str,
) -> Result<ManagedPolicyRecord, Fault> {
    match find(call, policy_arn).await? {
        Managed::Own(policy) => Ok(policy.as_ref().clone()),
        // AWS: a policy of AWS cannot be changed by its users; the sentence is coffer's.
        Managed::Aws(_) => Err(IamError::InvalidInputException
            .with(format!("Policy {policy_arn} is managed by AWS and cannot be changed."))),
    }
}

/// A document that a managed policy may have.
///
/// # Errors
/// `MalformedPolicyDocument` for what is no policy, `LimitExceeded` for a longer one.
pub(super) fn checked(text: &str) -> Result<PolicyDocument, Fault> {
    let document = policy_text::must_be_valid(text, PolicyKind::Identity)?;
    if policy_text::characters(text) > CHARACTERS_MAX {
        return Err(permissions::exceeds("PolicySize", CHARACTERS_MAX));
    }
    Ok(document)
}

/// The tags that a request gives a policy, joined to those it has. AWS: observed, their names
/// differ by case, which those of users and roles do not.
///
/// # Errors
/// A name given twice or reserved by AWS, and too many of them.
pub(super) fn joined<'t>(
    has: &BTreeMap<String, String>,
    given: impl IntoIterator<Item = &'t Tag>,
) -> Result<BTreeMap<String, String>, Fault> {
    let mut tags = has.clone();
    let mut names = BTreeSet::new();
    for tag in given {
        super::tags::must_be_free(&tag.key)?;
        if !names.insert(&tag.key) {
            return Err(IamError::InvalidInputException.with("Duplicate tag keys found."));
        }
        tags.insert(tag.key.clone(), tag.value.clone());
    }
    super::tags::must_be_few(&tags)?;
    Ok(tags)
}

/// The number in a version's id.
pub(super) fn number_of(version_id: &str) -> Option<u32> {
    version_id.strip_prefix('v')?.parse().ok()
}

/// The number of a version that a policy has.
///
/// # Errors
/// `NoSuchEntity` for one that it does not have.
pub(super) fn must_have_version(
    policy: &ManagedPolicyRecord,
    version_id: &str,
) -> Result<u32, Fault> {
    let number = number_of(version_id);
    let found = policy.versions.iter().find(|version| Some(version.number) == number);
    found.map(|version| version.number).ok_or_else(|| no_such_version(&policy.arn(), version_id))
}

/// The fault of a version that is not there.
pub(super) fn no_such_version(policy_arn: &str, version_id: &str) -> Fault {
    IamError::NoSuchEntityException.with(format!(
        "Policy {policy_arn} version {version_id} does not exist or is not attachable."
    ))
}

/// Whether an ARN is that of a policy of AWS.
pub(super) fn is_of_aws(policy_arn: &str) -> bool {
    policy_arn.starts_with("arn:aws:iam::aws:policy/")
}

async fn of_account(
    call: &mut Call<'_>,
    policy_arn: &str,
) -> Result<Option<Arc<ManagedPolicyRecord>>, Fault> {
    let Some(key) = ManagedPolicyRecord::key_of_arn(policy_arn) else { return Ok(None) };
    let found = call.get::<ManagedPolicyRecord>(&key).await?;
    let account = call.account();
    Ok(found.filter(|policy| policy.account == account && policy.arn() == policy_arn))
}

fn must_be_arn(policy_arn: &str) -> Result<(), Fault> {
    if is_of_aws(policy_arn) || ManagedPolicyRecord::key_of_arn(policy_arn).is_some() {
        return Ok(());
    }
    // AWS: observed, with a name in place of an ARN.
    Err(Fault::validation(format!("ARN {policy_arn} is not valid.")))
}

fn not_found(policy_arn: &str) -> Fault {
    IamError::NoSuchEntityException.with(format!("Policy {policy_arn} was not found."))
}

/// AWS: without white space (IAM user guide, quotas).
const CHARACTERS_MAX: usize = 6144;

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use coffer_pipeline::identity::EntityPermissions;

    use super::{Uses, UsesByArn, checked, joined, number_of};
    use crate::iam::wire::Tag;

    #[test]
    fn uses_of_the_policies_of_aws_are_counted() {
        let arn = "arn:aws:iam::aws:policy/ReadOnlyAccess";
        let mut uses = UsesByArn::default();
        let attached =
            [arn.to_owned(), "arn:aws:iam::111122223333:policy/a".to_owned()].into_iter().collect();
        let permissions =
            EntityPermissions { attached, boundary: Some(arn.to_owned()), ..Default::default() };
        uses.add(&permissions);
        uses.add(&EntityPermissions { boundary: None, ..permissions });
        assert_eq!(uses.of(arn), Uses { attached: 2, bounding: 1 });
        assert_eq!(uses.of("arn:aws:iam::111122223333:policy/a"), Uses::default());
    }

    #[test]
    fn names_of_tags_differ_by_case() {
        let tag = |key: &str| Tag { key: key.to_owned(), value: "v".to_owned() };
        let tags = joined(&BTreeMap::new(), &[tag("a"), tag("A")]).unwrap();
        assert_eq!(tags.len(), 2);
        let fault = joined(&tags, &[tag("a"), tag("a")]).unwrap_err();
        assert_eq!(fault.message, "Duplicate tag keys found.");
        assert_eq!(joined(&tags, &[tag("aws:a")]).unwrap_err().code, "InvalidInput");
    }

    #[test]
    fn a_document_is_bounded_without_its_white_space() {
        let document = |characters: usize| {
            let bare = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"a:b","Resource":"arn:aws:s3:::"}]}"#;
            let padding = "r".repeat(characters - bare.len());
            format!("  {}\n", bare.replace(":::", &format!(":::{padding}")))
        };
        assert!(checked(&document(6144)).is_ok());
        let fault = checked(&document(6145)).unwrap_err();
        assert_eq!(fault.message, "Cannot exceed quota for PolicySize: 6144");
    }

    #[test]
    fn a_versions_id_is_its_number() {
        assert_eq!((number_of("v12"), number_of("v"), number_of("12")), (Some(12), None, None));
    }
}

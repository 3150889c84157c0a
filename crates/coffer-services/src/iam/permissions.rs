//! Inline policies, attached policies and boundaries, alike for users, groups and roles.
//!
//! All of it works on [`EntityPermissions`]; who has them stages them afterwards.

use std::sync::Arc;

use coffer_pipeline::Call;
use coffer_pipeline::identity::{
    EntityPermissions, ManagedPolicyRecord, PolicyDocument, aws_managed,
};
use coffer_protocol::Fault;

use super::errors::IamError;
use super::find::no_such;
use super::pages::Page;
use super::path::{is_under, name_of_arn, path_of_arn};
use super::policy_text::{PolicyKind, must_be_valid};
use super::wire::AttachedPolicy;

/// Who has the policies.
#[derive(Debug, Clone, Copy)]
pub(super) struct Holder<'a> {
    kind: HolderKind,
    name: &'a str,
}

/// The kinds of identities that have policies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum HolderKind {
    User,
    Group,
    Role,
}

impl<'a> Holder<'a> {
    /// A user.
    pub(super) fn user(name: &'a str) -> Self {
        Self { kind: HolderKind::User, name }
    }

    /// A group.
    pub(super) fn group(name: &'a str) -> Self {
        Self { kind: HolderKind::Group, name }
    }

    /// A role.
    pub(super) fn role(name: &'a str) -> Self {
        Self { kind: HolderKind::Role, name }
    }

    fn word(self) -> &'static str {
        match self.kind {
            HolderKind::User => "user",
            HolderKind::Group => "group",
            HolderKind::Role => "role",
        }
    }

    /// AWS: all inline policies together have at most so many characters (IAM user guide, quotas).
    fn inline_characters_max(self) -> usize {
        match self.kind {
            HolderKind::User => 2048,
            HolderKind::Group => 5120,
            HolderKind::Role => 10_240,
        }
    }

    fn attached_quota(self) -> &'static str {
        match self.kind {
            HolderKind::User => "PoliciesPerUser",
            HolderKind::Group => "PoliciesPerGroup",
            HolderKind::Role => "PoliciesPerRole",
        }
    }
}

/// Puts an inline policy, in place of the one of this name.
///
/// # Errors
/// A document that is no policy, and more of them than the holder may have.
pub(super) fn put_inline(
    permissions: &mut EntityPermissions,
    holder: Holder<'_>,
    policy_name: &str,
    text: &str,
) -> Result<(), Fault> {
    let document = must_be_valid(text, PolicyKind::Identity)?;
    permissions.inline.insert(policy_name.to_owned(), document);
    let characters_max = holder.inline_characters_max();
    if permissions.inline_characters() > characters_max {
        return Err(IamError::LimitExceededException.with(format!(
            "Maximum policy size of {characters_max} bytes exceeded for {} {}",
            holder.word(),
            holder.name
        )));
    }
    Ok(())
}

/// Finds an inline policy.
///
/// # Errors
/// `NoSuchEntity` where there is none of this name.
pub(super) fn inline<'p>(
    permissions: &'p EntityPermissions,
    holder: Holder<'_>,
    policy_name: &str,
) -> Result<&'p PolicyDocument, Fault> {
    let found = permissions.inline.get(policy_name);
    found.ok_or_else(|| no_such(&format!("{} policy", holder.word()), policy_name))
}

/// Takes an inline policy away.
///
/// # Errors
/// `NoSuchEntity` where there is none of this name.
pub(super) fn delete_inline(
    permissions: &mut EntityPermissions,
    holder: Holder<'_>,
    policy_name: &str,
) -> Result<(), Fault> {
    inline(permissions, holder, policy_name)?;
    permissions.inline.remove(policy_name);
    Ok(())
}

/// A page of the names of inline policies.
///
/// # Errors
/// A marker that no listing gave.
pub(super) fn inline_page(
    permissions: &EntityPermissions,
    marker: Option<&String>,
    items_max: Option<i32>,
) -> Result<Page<String>, Fault> {
    let names = permissions.inline.keys();
    Page::of(names.map(|name| (name.clone(), name.clone())).collect(), marker, items_max)
}

/// Attaches a managed policy; one that is attached already stays so.
///
/// # Errors
/// A policy that is not there, and more of them than the holder may have.
pub(super) async fn attach(
    call: &mut Call<'_>,
    permissions: &mut EntityPermissions,
    holder: Holder<'_>,
    policy_arn: &str,
) -> Result<(), Fault> {
    let policy = attachable(call, policy_arn).await?;
    if permissions.attached.contains(policy_arn) {
        return Ok(());
    }
    if permissions.attached.len() >= ATTACHED_MAX {
        return Err(exceeds(holder.attached_quota(), ATTACHED_MAX));
    }
    permissions.attached.insert(policy_arn.to_owned());
    count(call, policy, |policy| {
        policy.attachment_count = policy.attachment_count.saturating_add(1);
    })
    .await
}

/// Detaches a managed policy.
///
/// # Errors
/// `NoSuchEntity` for one that is not attached.
pub(super) async fn detach(
    call: &mut Call<'_>,
    permissions: &mut EntityPermissions,
    policy_arn: &str,
) -> Result<(), Fault> {
    if !permissions.attached.remove(policy_arn) {
        return Err(not_found(policy_arn));
    }
    let policy = customers(call, policy_arn).await?;
    count(call, policy, |policy| {
        policy.attachment_count = policy.attachment_count.saturating_sub(1);
    })
    .await
}

/// A page of attached policies whose paths begin like this, in the order of their names.
///
/// # Errors
/// A marker that no listing gave.
pub(super) fn attached_page(
    permissions: &EntityPermissions,
    path_prefix: Option<&String>,
    marker: Option<&String>,
    items_max: Option<i32>,
) -> Result<Page<AttachedPolicy>, Fault> {
    let mut entries: Vec<_> = permissions
        .attached
        .iter()
        .filter(|arn| is_under(path_of_arn(arn), path_prefix))
        .map(|arn| (place_of(arn), AttachedPolicy::of(arn)))
        .collect();
    entries.sort_by(|(left, _), (right, _)| left.cmp(right));
    Page::of(entries, marker, items_max)
}

/// All attached policies, in the order of their names.
pub(super) fn attached(permissions: &EntityPermissions) -> Vec<AttachedPolicy> {
    let mut arns: Vec<_> = permissions.attached.iter().collect();
    arns.sort_by_cached_key(|arn| place_of(arn));
    arns.into_iter().map(|arn| AttachedPolicy::of(arn)).collect()
}

/// Puts a boundary, in place of the one there is.
///
/// # Errors
/// A policy that is not there.
pub(super) async fn put_boundary(
    call: &mut Call<'_>,
    permissions: &mut EntityPermissions,
    policy_arn: &str,
) -> Result<(), Fault> {
    let policy = attachable(call, policy_arn).await?;
    if permissions.boundary.as_deref() == Some(policy_arn) {
        return Ok(());
    }
    release_boundary(call, permissions).await?;
    permissions.boundary = Some(policy_arn.to_owned());
    count(call, policy, |policy| {
        policy.boundary_count = policy.boundary_count.saturating_add(1);
    })
    .await
}

/// Takes the boundary away.
///
/// # Errors
/// `NoSuchEntity` where there is none.
pub(super) async fn delete_boundary(
    call: &mut Call<'_>,
    permissions: &mut EntityPermissions,
    holder: Holder<'_>,
) -> Result<(), Fault> {
    if permissions.boundary.is_none() {
        let kind = holder.word();
        return Err(IamError::NoSuchEntityException
            .with(format!("The {kind} {} does not have a permissions boundary.", holder.name)));
    }
    release_boundary(call, permissions).await
}

/// Takes away the boundary where there is one: also of a user or role that goes.
///
/// # Errors
/// A store that cannot be read.
pub(super) async fn release_boundary(
    call: &mut Call<'_>,
    permissions: &mut EntityPermissions,
) -> Result<(), Fault> {
    let Some(policy_arn) = permissions.boundary.take() else { return Ok(()) };
    let policy = customers(call, &policy_arn).await?;
    count(call, policy, |policy| {
        policy.boundary_count = policy.boundary_count.saturating_sub(1);
    })
    .await
}

/// The fault of a quota that is reached.
pub(super) fn exceeds(quota: &str, max: usize) -> Fault {
    IamError::LimitExceededException.with(format!("Cannot exceed quota for {quota}: {max}"))
}

/// The policy that an ARN names: the customer's record, or nothing for one of AWS's own.
async fn attachable(
    call: &mut Call<'_>,
    policy_arn: &str,
) -> Result<Option<Arc<ManagedPolicyRecord>>, Fault> {
    if aws_managed(policy_arn).is_some() {
        return Ok(None);
    }
    match customers(call, policy_arn).await? {
        Some(policy) => Ok(Some(policy)),
        None if !policy_arn.starts_with("arn:") => {
            // AWS: observed from AttachRolePolicy with a name in place of an ARN.
            Err(Fault::validation(format!("ARN {policy_arn} is not valid.")))
        }
        None => Err(IamError::NoSuchEntityException
            .with(format!("Policy {policy_arn} does not exist or is not attachable."))),
    }
}

/// The customer's own policy of this very ARN.
async fn customers(
    call: &mut Call<'_>,
    policy_arn: &str,
) -> Result<Option<Arc<ManagedPolicyRecord>>, Fault> {
    let Some(key) = ManagedPolicyRecord::key_of_arn(policy_arn) else { return Ok(None) };
    let found = call.get::<ManagedPolicyRecord>(&key).await?;
    let account = call.account();
    Ok(found.filter(|policy| policy.account == account && policy.arn() == policy_arn))
}

async fn count(
    call: &mut Call<'_>,
    policy: Option<Arc<ManagedPolicyRecord>>,
    change: impl FnOnce(&mut ManagedPolicyRecord),
) -> Result<(), Fault> {
    let Some(policy) = policy else { return Ok(()) };
    let mut policy = policy.as_ref().clone();
    change(&mut policy);
    call.put(policy).await
}

fn not_found(policy_arn: &str) -> Fault {
    IamError::NoSuchEntityException.with(format!("Policy {policy_arn} was not found."))
}

/// The place of a policy in a list: an account's own policies have names of their own, and one of
/// AWS's may share one.
fn place_of(policy_arn: &str) -> String {
    let owner = if policy_arn.starts_with("arn:aws:iam::aws:") { "aws" } else { "own" };
    format!("{}/{owner}", name_of_arn(policy_arn))
}

/// AWS: the quota of an account that has not asked for more (IAM user guide, quotas).
const ATTACHED_MAX: usize = 10;

#[cfg(test)]
mod tests {
    use coffer_pipeline::identity::EntityPermissions;

    use super::{Holder, attached_page, delete_inline, inline_page, put_inline};

    fn document(characters: usize) -> String {
        let bare = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"a:b","Resource":"arn:aws:s3:::"}]}"#;
        bare.replace(":::", &format!(":::{}", "r".repeat(characters - bare.len())))
    }

    #[test]
    fn inline_policies_are_bounded_together_and_without_white_space() {
        let mut permissions = EntityPermissions::default();
        let holder = Holder::user("ann");
        let spaced = format!("{}   \n", document(2000));
        put_inline(&mut permissions, holder, "first", &spaced).unwrap();
        let mut more = permissions.clone();
        let fault = put_inline(&mut more, holder, "second", &document(100)).unwrap_err();
        assert_eq!(fault.message, "Maximum policy size of 2048 bytes exceeded for user ann");
        put_inline(&mut permissions, holder, "first", &document(2048)).unwrap();
        let group = Holder::group("staff");
        put_inline(&mut permissions, group, "second", &document(3000)).unwrap();
        let page = inline_page(&permissions, None, None).unwrap();
        assert_eq!(page.items, ["first", "second"]);
    }

    #[test]
    fn an_inline_policy_that_is_not_there_is_told_by_its_holders_kind() {
        let fault =
            delete_inline(&mut EntityPermissions::default(), Holder::role("r"), "x").unwrap_err();
        assert_eq!(fault.message, "The role policy with name x cannot be found.");
    }

    #[test]
    fn attached_policies_are_listed_by_name_under_a_path() {
        let mut permissions = EntityPermissions::default();
        for arn in ["arn:aws:iam::111122223333:policy/team/b", "arn:aws:iam::aws:policy/a"] {
            permissions.attached.insert(arn.to_owned());
        }
        let count = |prefix: Option<&str>| {
            let prefix = prefix.map(str::to_owned);
            attached_page(&permissions, prefix.as_ref(), None, None).unwrap().items.len()
        };
        assert_eq!((count(None), count(Some("/")), count(Some("/team/"))), (2, 2, 1));
    }
}

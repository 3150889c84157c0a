//! Finds users, groups and roles by name, and says what is demanded of their callers.

use std::collections::BTreeMap;
use std::sync::Arc;

use coffer_pipeline::identity::{GroupRecord, RoleRecord, UserRecord, identity_arn};
use coffer_pipeline::{Call, CallerKind, Demand};
use coffer_protocol::Fault;

use super::errors::IamError;
use super::path::{ROOT_PATH, name_of_arn};

/// Finds a user.
///
/// # Errors
/// `NoSuchEntity` where there is none.
pub(super) async fn user(call: &mut Call<'_>, name: &str) -> Result<Arc<UserRecord>, Fault> {
    let found = call.get::<UserRecord>(&UserRecord::key_of(call.account(), name)).await?;
    found.ok_or_else(|| no_such("user", name))
}

/// Finds a group.
///
/// # Errors
/// `NoSuchEntity` where there is none.
pub(super) async fn group(call: &mut Call<'_>, name: &str) -> Result<Arc<GroupRecord>, Fault> {
    let found = call.get::<GroupRecord>(&GroupRecord::key_of(call.account(), name)).await?;
    found.ok_or_else(|| no_such("group", name))
}

/// Finds a role.
///
/// # Errors
/// `NoSuchEntity` where there is none.
pub(super) async fn role(call: &mut Call<'_>, name: &str) -> Result<Arc<RoleRecord>, Fault> {
    let found = call.get::<RoleRecord>(&RoleRecord::key_of(call.account(), name)).await?;
    found.ok_or_else(|| no_such("role", name))
}

/// What is demanded for an action on a user; one that is not there is demanded at the root path.
///
/// # Errors
/// A store that cannot be read.
pub(super) async fn demand_on_user(
    call: &mut Call<'_>,
    action: &'static str,
    name: &str,
) -> Result<Demand, Fault> {
    let account = call.account();
    let found = call.get::<UserRecord>(&UserRecord::key_of(account, name)).await?;
    Ok(match found {
        Some(user) => with_tags(Demand::of(action, user.arn()), &user.tags),
        None => Demand::of(action, identity_arn(account, "user", ROOT_PATH, name)),
    })
}

/// What is demanded for an action on a group; one that is not there is demanded at the root path.
///
/// # Errors
/// A store that cannot be read.
pub(super) async fn demand_on_group(
    call: &mut Call<'_>,
    action: &'static str,
    name: &str,
) -> Result<Demand, Fault> {
    let account = call.account();
    let found = call.get::<GroupRecord>(&GroupRecord::key_of(account, name)).await?;
    Ok(match found {
        Some(group) => Demand::of(action, group.arn()),
        None => Demand::of(action, identity_arn(account, "group", ROOT_PATH, name)),
    })
}

/// What is demanded for an action on a role; one that is not there is demanded at the root path.
///
/// # Errors
/// A store that cannot be read.
pub(super) async fn demand_on_role(
    call: &mut Call<'_>,
    action: &'static str,
    name: &str,
) -> Result<Demand, Fault> {
    let account = call.account();
    let found = call.get::<RoleRecord>(&RoleRecord::key_of(account, name)).await?;
    Ok(match found {
        Some(role) => with_tags(Demand::of(action, role.arn()), &role.tags),
        None => Demand::of(action, identity_arn(account, "role", ROOT_PATH, name)),
    })
}

/// What is demanded for an action on the user, group or role of an ARN.
///
/// # Errors
/// A store that cannot be read.
pub(super) async fn demand_on_arn(
    call: &mut Call<'_>,
    action: &'static str,
    arn: &str,
) -> Result<Demand, Fault> {
    let own = format!("arn:aws:iam::{}:", call.account());
    let kind = arn.strip_prefix(&own).and_then(|resource| resource.split('/').next());
    let name = name_of_arn(arn);
    let demand = match kind {
        Some("user") => demand_on_user(call, action, name).await?,
        Some("group") => demand_on_group(call, action, name).await?,
        Some("role") => demand_on_role(call, action, name).await?,
        _ => return Ok(Demand::of(action, arn)),
    };
    // Under another path it is somebody else, who is not there.
    Ok(if demand.resource == arn { demand } else { Demand::of(action, arn) })
}

/// What is demanded for an action that has no resource. AWS: IAM's refusals name it as `*`
/// (observed with ListAccountAliases), which those of other services do not.
pub(super) fn demand_on_all(action: &'static str) -> Vec<Demand> {
    vec![Demand::of(action, "*").shown_as("*")]
}

/// A demand with the boundary that the user has, for `iam:PermissionsBoundary`.
///
/// # Errors
/// A store that cannot be read.
pub(super) async fn demand_within_user_boundary(
    call: &mut Call<'_>,
    action: &'static str,
    name: &str,
) -> Result<Demand, Fault> {
    let demand = demand_on_user(call, action, name).await?;
    let found = call.get::<UserRecord>(&UserRecord::key_of(call.account(), name)).await?;
    let boundary = found.and_then(|user| user.permissions.boundary.clone());
    Ok(demand.with_some(BOUNDARY_KEY, boundary))
}

/// A demand with the boundary that the role has, for `iam:PermissionsBoundary`.
///
/// # Errors
/// A store that cannot be read.
pub(super) async fn demand_within_role_boundary(
    call: &mut Call<'_>,
    action: &'static str,
    name: &str,
) -> Result<Demand, Fault> {
    let demand = demand_on_role(call, action, name).await?;
    let found = call.get::<RoleRecord>(&RoleRecord::key_of(call.account(), name)).await?;
    let boundary = found.and_then(|role| role.permissions.boundary.clone());
    Ok(demand.with_some(BOUNDARY_KEY, boundary))
}

/// A demand with the tags that the resource has: `aws:ResourceTag/KEY` and `iam:ResourceTag/KEY`.
pub(super) fn with_tags(demand: Demand, tags: &BTreeMap<String, String>) -> Demand {
    let tagged = demand.known_by(Arc::new(tags.clone()));
    tags.iter().fold(tagged, |demand, (name, value)| {
        demand.with(format!("iam:resourcetag/{}", name.to_ascii_lowercase()), value)
    })
}

/// Who is meant by a request that may leave out the user's name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Meant {
    /// The user of this name.
    User(String),
    /// The account's root, which called and named nobody.
    Root,
}

/// Whom a request means: the user it names, or else whoever called.
///
/// # Errors
/// `ValidationError` for a session of a role that names nobody.
pub(super) fn meant(call: &Call<'_>, user_name: Option<&String>) -> Result<Meant, Fault> {
    if let Some(name) = user_name {
        return Ok(Meant::User(name.clone()));
    }
    match &call.context().caller.kind {
        CallerKind::User { user_name } => Ok(Meant::User(user_name.clone())),
        CallerKind::Root => Ok(Meant::Root),
        // AWS: the sentence of GetUser by a role's session.
        _ => Err(Fault::validation("Must specify userName when calling with non-User credentials")),
    }
}

/// What is demanded for an action on whoever is meant.
///
/// # Errors
/// As [`meant`]; a store that cannot be read.
pub(super) async fn demand_on_meant(
    call: &mut Call<'_>,
    action: &'static str,
    user_name: Option<&String>,
) -> Result<Demand, Fault> {
    match meant(call, user_name)? {
        Meant::User(name) => demand_on_user(call, action, &name).await,
        Meant::Root => Ok(Demand::of(action, call.context().caller.arn.clone())),
    }
}

/// The fault of a user, group, role or policy that is not there.
pub(super) fn no_such(kind: &str, name: &str) -> Fault {
    IamError::NoSuchEntityException.with(format!("The {kind} with name {name} cannot be found."))
}

/// The fault of a user, group or role that is there already; `kind` begins with a capital.
pub(super) fn exists(kind: &str, name: &str) -> Fault {
    IamError::EntityAlreadyExistsException.with(format!("{kind} with name {name} already exists."))
}

/// The fault of what cannot go before something else does.
pub(super) fn must_first(what: &str) -> Fault {
    IamError::DeleteConflictException.with(format!("Cannot delete entity, must {what} first."))
}

/// The condition key of a boundary that is put, or that there is.
pub(super) const BOUNDARY_KEY: &str = "iam:permissionsboundary";
/// The condition key of a managed policy that is attached or detached.
pub(super) const POLICY_KEY: &str = "iam:policyarn";

//! Instance profiles: found by name, with their roles.

use std::sync::Arc;

use coffer_pipeline::identity::{InstanceProfileRecord, RoleRecord, identity_arn};
use coffer_pipeline::{Call, Demand};
use coffer_protocol::Fault;

use super::errors::IamError;
use super::path::ROOT_PATH;
use super::wire_profile::InstanceProfile;
use super::wire_role::Role;
use super::{find, trust};

/// Finds an instance profile.
///
/// # Errors
/// `NoSuchEntity` where there is none.
pub(super) async fn find(
    call: &mut Call<'_>,
    name: &str,
) -> Result<Arc<InstanceProfileRecord>, Fault> {
    let key = InstanceProfileRecord::key_of(call.account(), name);
    call.get::<InstanceProfileRecord>(&key).await?.ok_or_else(|| {
        IamError::NoSuchEntityException.with(format!("Instance Profile {name} cannot be found."))
    })
}

/// What is demanded for an action on an instance profile.
///
/// # Errors
/// A store that cannot be read.
pub(super) async fn demand_on(
    call: &mut Call<'_>,
    action: &'static str,
    name: &str,
) -> Result<Demand, Fault> {
    let account = call.account();
    let key = InstanceProfileRecord::key_of(account, name);
    Ok(match call.get::<InstanceProfileRecord>(&key).await? {
        Some(profile) => find::with_tags(Demand::of(action, profile.arn()), &profile.tags),
        None => Demand::of(action, identity_arn(account, "instance-profile", ROOT_PATH, name)),
    })
}

/// The role of an instance profile, as answers have it.
///
/// # Errors
/// A store that cannot be read.
pub(super) async fn role_of(
    call: &mut Call<'_>,
    profile: &InstanceProfileRecord,
) -> Result<Option<Role>, Fault> {
    let Some(name) = &profile.role else { return Ok(None) };
    let key = RoleRecord::key_of(profile.account, name);
    let Some(role) = call.get::<RoleRecord>(&key).await? else { return Ok(None) };
    let document = trust::shown(call, &role).await?;
    Ok(Some(Role::plain(&role, &document)))
}

/// The instance profiles that a role is in, in the order of their names.
///
/// # Errors
/// A store that cannot be read.
pub(super) async fn all_of_role(
    call: &mut Call<'_>,
    role: &RoleRecord,
) -> Result<Vec<Arc<InstanceProfileRecord>>, Fault> {
    let key_of = |name: &String| InstanceProfileRecord::key_of(role.account, name);
    let keys: Vec<_> = role.instance_profiles.iter().map(key_of).collect();
    let found = call.get_many::<InstanceProfileRecord>(&keys).await?;
    Ok(found.into_iter().flatten().collect())
}

/// Instance profiles as lists have them.
///
/// # Errors
/// A store that cannot be read.
pub(super) async fn listed(
    call: &mut Call<'_>,
    profiles: &[Arc<InstanceProfileRecord>],
) -> Result<Vec<InstanceProfile>, Fault> {
    let mut listed = Vec::with_capacity(profiles.len());
    for profile in profiles {
        let role = role_of(call, profile).await?;
        listed.push(InstanceProfile::of(profile, role));
    }
    Ok(listed)
}

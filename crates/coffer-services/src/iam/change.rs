//! What follows a user or group that gets another name: rows are kept by names.

use coffer_pipeline::Call;
use coffer_pipeline::identity::{AccessKeyRecord, GroupRecord, MfaDeviceRecord, UserRecord};
use coffer_protocol::Fault;

/// Stages a user in place of what it was. Its groups, access keys and devices learn its name.
///
/// # Errors
/// A store that cannot be read.
pub(super) async fn rename_user(
    call: &mut Call<'_>,
    old: &UserRecord,
    user: UserRecord,
) -> Result<(), Fault> {
    let (was, is) = (old.user_name.to_ascii_lowercase(), user.user_name.to_ascii_lowercase());
    if was == is {
        return call.put(user).await;
    }
    for group in &user.groups {
        let key = GroupRecord::key_of(user.account, group);
        if let Some(group) = call.get::<GroupRecord>(&key).await? {
            let mut group = group.as_ref().clone();
            group.users.remove(&was);
            group.users.insert(is.clone());
            call.put(group).await?;
        }
    }
    for id in &user.access_keys {
        if let Some(key) = call.get::<AccessKeyRecord>(&AccessKeyRecord::key_of(id)).await? {
            call.put(key.with_owner(&user)).await?;
        }
    }
    for arn in &user.mfa_devices {
        let key = MfaDeviceRecord::key_of(user.account, arn);
        if let Some(device) = call.get::<MfaDeviceRecord>(&key).await? {
            let device = device.as_ref().clone();
            call.put(MfaDeviceRecord { user: Some(is.clone()), ..device }).await?;
        }
    }
    call.delete::<UserRecord>(&UserRecord::key_of(old.account, &old.user_name)).await?;
    call.put(user).await
}

/// Stages a group in place of what it was. Its users learn its name.
///
/// # Errors
/// A store that cannot be read.
pub(super) async fn rename_group(
    call: &mut Call<'_>,
    old: &GroupRecord,
    group: GroupRecord,
) -> Result<(), Fault> {
    let (was, is) = (old.group_name.to_ascii_lowercase(), group.group_name.to_ascii_lowercase());
    if was == is {
        return call.put(group).await;
    }
    for name in &group.users {
        let key = UserRecord::key_of(group.account, name);
        if let Some(user) = call.get::<UserRecord>(&key).await? {
            let mut user = user.as_ref().clone();
            user.groups.remove(&was);
            user.groups.insert(is.clone());
            call.put(user).await?;
        }
    }
    call.delete::<GroupRecord>(&GroupRecord::key_of(old.account, &old.group_name)).await?;
    call.put(group).await
}

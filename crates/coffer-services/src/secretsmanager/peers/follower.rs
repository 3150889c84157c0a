//! What becomes of a replica by what a peer tells.

use std::collections::BTreeMap;

use coffer_pipeline::Call;
use coffer_pipeline::audit::ServiceEvent;
use coffer_pipeline::identity::{PolicyDocument, ids_of};
use coffer_protocol::Fault;
use serde_json::json;

use super::super::policy::Policy;
use super::super::replication::{self, Link, LinkKind, SUCCEEDED, set_status};
use super::super::seal::{self, Plain, SealingKey};
use super::super::secret::{
    Followed, ReplicaStatus, SecretAccessRecord, SecretPolicyRecord, SecretRecord,
    SecretValueRecord,
};
use super::super::write;
use super::arriving::ArrivingRecord;
use super::message::{Notice, Reply, State};
use crate::kms::envelope;
use crate::kms::through::Through;

/// A message with its values, and who sent it.
pub(super) struct Told<'a> {
    pub(super) notice: &'a Notice,
    pub(super) values: &'a BTreeMap<String, Plain>,
    pub(super) peer: &'a str,
}

/// What is to be staged of values.
struct Copies {
    rows: Vec<SecretValueRecord>,
    ids: Vec<String>,
    /// Those that have not come yet.
    wanted: Vec<String>,
}

/// Makes a replica equal to its primary, or keeps what has come of it so far.
///
/// # Errors
/// The server's own faults; whatever else stands in the way is the answer.
pub(super) async fn apply(
    call: &mut Call<'_>,
    primary: &SecretRecord,
    link: &Link,
    found: Option<&SecretRecord>,
    state: &State,
    told: &Told<'_>,
) -> Result<Reply, Fault> {
    let begun = found
        .cloned()
        .unwrap_or_else(|| SecretRecord { created: call.now(), ..link.shadow(primary) });
    let policy = match policy(call, link, state).await {
        Ok(policy) => policy,
        Err(fault) => return failed(call, told, fault).await,
    };
    let is_begun_anew =
        begun.followed.as_ref().map(|it| &it.replication) != Some(&told.notice.replication);
    let mut follower = link.mirror(primary, &begun);
    if link.kind() == LinkKind::Region && is_begun_anew {
        let named = state.kms_key_id.as_deref().and_then(seal::named_key);
        follower.kms_key_id = named.map(str::to_owned);
    }
    let (key, copies) = match seal_values(call, &follower, is_begun_anew, told).await {
        Ok(sealed) => sealed,
        Err(fault) => return failed(call, told, fault).await,
    };
    // INVARIANT: nothing is staged before all that can fail has been done.
    for row in copies.rows {
        call.put(row).await?;
    }
    if !copies.wanted.is_empty() {
        ArrivingRecord::keep(call, &follower, &copies.ids).await?;
        return Ok(Reply::Wants(copies.wanted));
    }
    let has = |id: &str| follower.versions.get(id).is_some_and(|version| version.has_value);
    ArrivingRecord::settle(call, &follower, has).await?;
    for version_id in begun.versions.keys().filter(|id| !follower.versions.contains_key(*id)) {
        replication::drop_value(call, &follower, version_id).await?;
    }
    let sealed_now = |id: &String| is_begun_anew || copies.ids.contains(id);
    for (_, version) in follower.versions.iter_mut().filter(|(id, _)| sealed_now(id)) {
        version.kms_key_arn = key.customer_arn();
    }
    follower.followed = Some(Followed {
        replication: told.notice.replication.clone(),
        sequence: told.notice.sequence,
    });
    set_status(&mut follower, ReplicaStatus::InSync, Some(SUCCEEDED.to_owned()));
    keep_policy(call, link, &follower, policy).await?;
    if found.is_none() {
        call.put(SecretAccessRecord::of(&follower, None)).await?;
    }
    tell(call, told, "ReplicationSucceeded", None).await?;
    call.acted_on(&follower.arn());
    call.put(follower).await?;
    Ok(Reply::Applied)
}

/// Makes a replica in the place of another secret of its name.
///
/// # Errors
/// See [`apply`].
pub(super) async fn take_over(
    call: &mut Call<'_>,
    primary: &SecretRecord,
    link: &Link,
    taken: &SecretRecord,
    state: &State,
    told: &Told<'_>,
) -> Result<Reply, Fault> {
    // Whether it can be made at all shows before the other one goes.
    let named = state.kms_key_id.as_deref().and_then(seal::named_key);
    let key = seal::sealing_key(call, &link.scope().clone(), named).await;
    if let Err(fault) = key.and_then(|key| key.must_be_usable()) {
        return failed(call, told, fault).await;
    }
    if let Err(fault) = policy(call, link, state).await {
        return failed(call, told, fault).await;
    }
    write::erase(call, taken).await?;
    apply(call, primary, link, None, state, told).await
}

/// Ends a replica: one of a region is removed, one of another account is let go.
///
/// # Errors
/// The server's own faults.
pub(super) async fn end(
    call: &mut Call<'_>,
    link: &Link,
    found: &SecretRecord,
    told: &Told<'_>,
) -> Result<Reply, Fault> {
    if link.kind() == LinkKind::Region {
        ArrivingRecord::end(call, found, told.notice.sequence, |_| false).await?;
        write::erase(call, found).await?;
        return Ok(Reply::Applied);
    }
    let mut let_go = found.clone();
    set_status(&mut let_go, ReplicaStatus::Detached, None);
    let_go.followed = Some(Followed {
        replication: told.notice.replication.clone(),
        sequence: told.notice.sequence,
    });
    let has = |id: &str| let_go.versions.get(id).is_some_and(|version| version.has_value);
    ArrivingRecord::settle(call, &let_go, has).await?;
    call.acted_on(&let_go.arn());
    call.put(let_go).await?;
    Ok(Reply::Applied)
}

/// Drops what has come for a replica that never was whole. Whatever else has its name stays.
///
/// # Errors
/// The server's own faults.
pub(super) async fn forget(
    call: &mut Call<'_>,
    shadow: &SecretRecord,
    told: &Told<'_>,
) -> Result<Reply, Fault> {
    let row = SecretRecord::key_of(&shadow.scope(), &shadow.name);
    let there = call.get::<SecretRecord>(&row).await?;
    let there = there.filter(|there| there.suffix == shadow.suffix);
    let has = |id: &str| {
        there.as_ref().and_then(|there| there.versions.get(id)).is_some_and(|it| it.has_value)
    };
    // What it ends may still be on its way.
    ArrivingRecord::end(call, shadow, told.notice.sequence, has).await?;
    tracing::debug!(peer = told.peer, replica = told.notice.replica, "there is no such replica");
    Ok(Reply::Applied)
}

/// Answers that there can be no replica until somebody asks anew, and records it.
///
/// # Errors
/// The server's own faults.
pub(super) async fn refuse(
    call: &mut Call<'_>,
    told: &Told<'_>,
    why: &str,
) -> Result<Reply, Fault> {
    tell(call, told, "ReplicationFailed", Some(why.to_owned())).await?;
    Ok(Reply::Refused(why.to_owned()))
}

async fn failed(call: &mut Call<'_>, told: &Told<'_>, fault: Fault) -> Result<Reply, Fault> {
    if fault.is_server_fault() {
        return Err(fault);
    }
    refuse(call, told, &format!("Replication failed: {}", fault.message)).await
}

/// Finds the key, and seals the values that have come and are not there yet. Where the replication is
/// begun anew they have to be there under this key.
async fn seal_values(
    call: &mut Call<'_>,
    follower: &SecretRecord,
    is_begun_anew: bool,
    told: &Told<'_>,
) -> Result<(SealingKey, Copies), Fault> {
    let key = seal::sealing_key(call, &follower.scope(), follower.kms_key_id.as_deref()).await?;
    key.must_be_usable()?;
    let with_value = follower.versions.iter().filter(|(_, version)| version.has_value);
    let ids: Vec<&String> = with_value.map(|(id, _)| id).collect();
    let rows: Vec<_> = ids.iter().map(|id| SecretValueRecord::key_of(follower, id)).collect();
    let there = call.get_many::<SecretValueRecord>(&rows).await?;
    let mut copies = Copies { rows: Vec::new(), ids: Vec::new(), wanted: Vec::new() };
    for (id, row) in ids.into_iter().zip(there) {
        let is_good =
            row.is_some_and(|row| !is_begun_anew || envelope::is_under(&row.data_key, &key.record));
        match told.values.get(id) {
            _ if is_good => {}
            None => copies.wanted.push(id.clone()),
            Some(plain) => {
                let (through, record) = (Through::Itself, &key.record);
                copies.rows.push(seal::seal(call, through, follower, id, record, plain).await?);
                copies.ids.push(id.clone());
            }
        }
    }
    Ok((key, copies))
}

/// The resource policy of a replica in another region; one of another account has its owner's.
///
/// Whom it names are users and roles of this deployment. Those that are not here are known by their
/// ARNs alone.
async fn policy(
    call: &mut Call<'_>,
    link: &Link,
    state: &State,
) -> Result<Option<PolicyDocument>, Fault> {
    let text = state.policy.as_deref().filter(|_| link.kind() == LinkKind::Region);
    let Some(text) = text else { return Ok(None) };
    Policy::read(text)?;
    Ok(Some(match ids_of(call, text).await? {
        Ok(ids) => PolicyDocument::naming(text, ids),
        Err(_) => PolicyDocument::new(text),
    }))
}

async fn keep_policy(
    call: &mut Call<'_>,
    link: &Link,
    follower: &SecretRecord,
    policy: Option<PolicyDocument>,
) -> Result<(), Fault> {
    match (link.kind(), policy) {
        (LinkKind::Account, _) => Ok(()),
        (LinkKind::Region, Some(policy)) => {
            call.put(SecretPolicyRecord::of(follower, &policy)).await
        }
        (LinkKind::Region, None) => {
            let row = SecretPolicyRecord::key_of(follower);
            call.delete::<SecretPolicyRecord>(&row).await
        }
    }
}

/// AWS: the service events of a replication (user guide, "Log entries for replication").
async fn tell(
    call: &mut Call<'_>,
    told: &Told<'_>,
    name: &'static str,
    error_message: Option<String>,
) -> Result<(), Fault> {
    let Notice { primary, replica, sequence, .. } = told.notice;
    let event = ServiceEvent {
        scope: call.scope().clone(),
        service: "secretsmanager",
        name,
        request_id: format!("Replication-{replica}-{}", call.uuid()),
        error_message,
        resource: replica.clone(),
        // AWS has no such members beside the first.
        additional: json!({
            "SecretId": replica,
            "PrimarySecretId": primary,
            "Peer": told.peer,
            "Sequence": sequence,
        }),
    };
    call.tell(event).await
}

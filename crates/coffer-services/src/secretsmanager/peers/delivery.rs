//! What there is to deliver to a replica at a peer, in a row of its own beside the primary: the row
//! outlives the primary where a replica is still to be removed.

use coffer_model::{AccountId, Region, Timestamp};
use coffer_pipeline::{Call, Scope};
use coffer_protocol::Fault;
use coffer_store::{Key, Record};
use serde::{Deserialize, Serialize};

use super::super::replication::Link;
use super::super::secret::SecretRecord;
use super::deliver_replica::DeliverReplica;

/// How far a replica at a peer is behind its primary.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct DeliveryRecord {
    /// The primary's account.
    pub(crate) account: AccountId,
    /// Its region.
    pub(crate) region: Region,
    /// Its name.
    pub(crate) name: String,
    /// The end of its ARN.
    pub(crate) suffix: String,
    /// The replica's ARN.
    pub(crate) replica_arn: String,
    /// Tells this replication from those that were begun before.
    pub(crate) replication: String,
    /// Whether another secret of the replica's name gives way when it is made.
    pub(crate) overwrite: bool,
    /// The number of the primary's state; each change has a greater one.
    pub(crate) sequence: u64,
    /// What the peer is known to have.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) delivered: Option<Delivered>,
    /// The versions whose values the peer has asked for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) wanted: Vec<String>,
    /// The errand that delivers it; nothing where nothing is to be delivered, or nothing can be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) errand: Option<Waiting>,
    /// How many attempts in a row have failed.
    #[serde(default)]
    pub(crate) attempts: u32,
    /// Whether the replica is to follow no more.
    #[serde(default)]
    pub(crate) is_ended: bool,
}

/// A state that a peer has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Delivered {
    /// Its number.
    pub(crate) sequence: u64,
    /// When the primary had been changed last: later versions are new to the peer.
    pub(crate) changed: Timestamp,
}

/// An errand as it was asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Waiting {
    /// Its id.
    pub(crate) id: String,
    /// When it is due.
    pub(crate) due: Timestamp,
}

impl DeliveryRecord {
    /// The row of what is to be delivered from a secret to a replica.
    pub(crate) fn key_of(scope: &Scope, name: &str, suffix: &str, replica_arn: &str) -> Key {
        scope.key(Self::TABLE, &[name, suffix, replica_arn])
    }

    /// The scope of the primary.
    pub(crate) fn scope(&self) -> Scope {
        Scope { account: self.account, region: self.region.clone() }
    }

    /// Goes on to the number of a next state. It is a time as long as the clock goes forward, so that
    /// also the states of a replication that is begun anew are later than those of the one before.
    pub(super) fn count(&mut self, now: Timestamp) {
        let now = u64::try_from(now.as_millis()).unwrap_or_default();
        self.sequence = self.sequence.saturating_add(1).max(now);
    }

    /// Asks for the errand at once, in place of one that waits. One that is at work finds out that it
    /// is another one's turn.
    async fn hurry(&mut self, call: &mut Call<'_>) -> Result<(), Fault> {
        if let Some(Waiting { id, due }) = self.errand.take() {
            call.unschedule(&id, due).await?;
        }
        let (id, due) = (call.uuid(), call.now());
        self.errand = Some(Waiting { id: id.clone(), due });
        call.schedule_errand(&id, self.scope(), due, &DeliverReplica::of(self, &id)).await
    }
}

impl Record for DeliveryRecord {
    const TABLE: &'static str = "secretsmanager.delivery";

    fn key(&self) -> Key {
        Self::key_of(&self.scope(), &self.name, &self.suffix, &self.replica_arn)
    }
}

/// Begins a replication, or begins it anew.
///
/// # Errors
/// A store that cannot be read.
pub(in super::super) async fn begin(
    call: &mut Call<'_>,
    primary: &SecretRecord,
    link: &Link,
    overwrite: bool,
) -> Result<(), Fault> {
    let known = find(call, primary, link).await?;
    let mut delivery = DeliveryRecord {
        account: primary.account,
        region: primary.region.clone(),
        name: primary.name.clone(),
        suffix: primary.suffix.clone(),
        replica_arn: link.arn(),
        replication: call.uuid(),
        overwrite,
        sequence: known.as_ref().map_or(0, |known| known.sequence),
        delivered: None,
        wanted: Vec::new(),
        errand: known.and_then(|known| known.errand),
        attempts: 0,
        is_ended: false,
    };
    delivery.count(call.now());
    delivery.hurry(call).await?;
    call.put(delivery).await
}

/// Notes that the primary has changed. An errand that waits or is at work delivers this, too.
///
/// # Errors
/// A store that cannot be read.
pub(in super::super) async fn queue(
    call: &mut Call<'_>,
    primary: &SecretRecord,
    link: &Link,
) -> Result<(), Fault> {
    let Some(mut delivery) = find(call, primary, link).await? else {
        return begin(call, primary, link, false).await;
    };
    delivery.count(call.now());
    if delivery.errand.is_none() {
        delivery.hurry(call).await?;
    }
    call.put(delivery).await
}

/// Has the replica follow no more: one in another region is removed, one of another account let go.
///
/// # Errors
/// A store that cannot be read.
pub(in super::super) async fn end(
    call: &mut Call<'_>,
    primary: &SecretRecord,
    link: &Link,
) -> Result<(), Fault> {
    let Some(mut delivery) = find(call, primary, link).await? else { return Ok(()) };
    delivery.is_ended = true;
    delivery.attempts = 0;
    delivery.count(call.now());
    delivery.hurry(call).await?;
    call.put(delivery).await
}

async fn find(
    call: &mut Call<'_>,
    primary: &SecretRecord,
    link: &Link,
) -> Result<Option<DeliveryRecord>, Fault> {
    let (scope, arn) = (primary.scope(), link.arn());
    let row = DeliveryRecord::key_of(&scope, &primary.name, &primary.suffix, &arn);
    let known = call.get::<DeliveryRecord>(&row).await?;
    Ok(known.map(|known| DeliveryRecord::clone(&known)))
}

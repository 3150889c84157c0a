//! The errand that tells a peer what a replica is to be, until the peer has it.

use std::sync::Arc;
use std::time::Duration;

use coffer_model::{Sensitive, Timestamp};
use coffer_pipeline::{Call, Errand, NotTold, Prepared, Verdict, World};
use coffer_protocol::Fault;
use coffer_store::Record;
use serde::{Deserialize, Serialize};

use super::super::replication::{self, Link, LinkKind};
use super::super::seal::Plain;
use super::super::secret::{ReplicaStatus, SecretPolicyRecord, SecretRecord};
use super::delivery::{Delivered, DeliveryRecord};
use super::message::{FORMAT, Matter, Notice, Reply, State, VALUES_MAX, ValueHead, VersionState};

/// Delivers to one replica at a peer, from one secret.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct DeliverReplica {
    name: String,
    suffix: String,
    replica_arn: String,
    id: String,
}

/// A message to be sent.
pub(crate) struct Order {
    peer: String,
    message: Sensitive<Vec<u8>>,
    sent: Sent,
}

/// What of the primary is in a message.
#[derive(Debug, Clone)]
struct Sent {
    replication: String,
    sequence: u64,
    /// When the primary was changed last; nothing where the message ends the replication.
    changed: Option<Timestamp>,
    wanted: Vec<String>,
}

/// What the peer answered.
pub(crate) struct Report {
    peer: String,
    sent: Sent,
    reply: Result<Reply, NotTold>,
}

/// A primary that says of the replica of a delivery that it is its own.
struct Source {
    primary: Arc<SecretRecord>,
    link: Link,
}

impl DeliverReplica {
    /// The errand of this id.
    pub(super) fn of(delivery: &DeliveryRecord, id: &str) -> Self {
        Self {
            name: delivery.name.clone(),
            suffix: delivery.suffix.clone(),
            replica_arn: delivery.replica_arn.clone(),
            id: id.to_owned(),
        }
    }

    /// What is to be delivered, as long as this is the errand that does it.
    async fn found(&self, call: &mut Call<'_>) -> Result<Option<DeliveryRecord>, Fault> {
        let (scope, arn) = (call.scope(), &self.replica_arn);
        let row = DeliveryRecord::key_of(scope, &self.name, &self.suffix, arn);
        let found = call.get::<DeliveryRecord>(&row).await?;
        let is_ours = |it: &&Arc<DeliveryRecord>| {
            it.errand.as_ref().is_some_and(|errand| errand.id == self.id)
        };
        Ok(found.as_ref().filter(is_ours).map(|it| DeliveryRecord::clone(it)))
    }

    async fn source(&self, call: &mut Call<'_>) -> Result<Option<Source>, Fault> {
        let row = SecretRecord::key_of(call.scope(), &self.name);
        let found = call.get::<SecretRecord>(&row).await?;
        let Some(primary) = found.filter(|it| it.suffix == self.suffix) else { return Ok(None) };
        let link = Link::to_either(&primary, &self.replica_arn);
        let link = link.filter(|link| link.is_at_peer(&primary));
        Ok(link.map(|link| Source { primary, link }))
    }

    /// Says at the primary how its replica stands, where that is something new.
    async fn note(
        &self,
        call: &mut Call<'_>,
        status: ReplicaStatus,
        message: &str,
    ) -> Result<(), Fault> {
        let Some(Source { primary, link }) = self.source(call).await? else { return Ok(()) };
        let mut noted = SecretRecord::clone(&primary);
        link.note(&mut noted, status, Some(message.to_owned()));
        if noted.replicas != primary.replicas
            || noted.cross_account_replicas != primary.cross_account_replicas
        {
            call.acted_on(&noted.arn());
            call.put(noted).await?;
        }
        Ok(())
    }

    /// It cannot be delivered now: it is tried again after a while, however long that goes on.
    async fn put_off(
        &self,
        call: &mut Call<'_>,
        mut delivery: DeliveryRecord,
        shown: &str,
        why: &str,
    ) -> Result<Verdict, Fault> {
        delivery.attempts = delivery.attempts.saturating_add(1);
        let (replica, attempts) = (&delivery.replica_arn, delivery.attempts);
        tracing::warn!(replica, attempts, "a replica at a peer is behind: {why}");
        let due = call.now().plus(pause_after(attempts));
        if let Some(errand) = &mut delivery.errand {
            errand.due = due;
        }
        call.put(delivery).await?;
        self.note(call, ReplicaStatus::InProgress, shown).await?;
        Ok(Verdict::Again(due))
    }

    /// It cannot be delivered before somebody asks for it anew.
    async fn fail(
        &self,
        call: &mut Call<'_>,
        mut delivery: DeliveryRecord,
        shown: &str,
    ) -> Result<Verdict, Fault> {
        tracing::error!(replica = delivery.replica_arn, "a replica at a peer has failed: {shown}");
        if delivery.is_ended {
            // Nobody could ask anew.
            call.delete::<DeliveryRecord>(&delivery.key()).await?;
            return Ok(Verdict::Done);
        }
        delivery.errand = None;
        call.put(delivery).await?;
        self.note(call, ReplicaStatus::Failed, shown).await?;
        Ok(Verdict::Done)
    }

    /// The peer has the state that was sent, which may not be the last one any more.
    async fn delivered(
        &self,
        call: &mut Call<'_>,
        mut delivery: DeliveryRecord,
        sent: &Sent,
    ) -> Result<Verdict, Fault> {
        let is_last = sent.sequence == delivery.sequence;
        let Some(changed) = sent.changed else {
            if is_last && delivery.is_ended {
                call.delete::<DeliveryRecord>(&delivery.key()).await?;
                return Ok(Verdict::Done);
            }
            // It is wanted again.
            delivery.delivered = None;
            call.put(delivery).await?;
            return Ok(Verdict::Again(call.now()));
        };
        delivery.delivered = Some(Delivered { sequence: sent.sequence, changed });
        delivery.attempts = 0;
        delivery.wanted.clear();
        if !is_last {
            call.put(delivery).await?;
            return Ok(Verdict::Again(call.now()));
        }
        delivery.errand = None;
        call.put(delivery).await?;
        self.note(call, ReplicaStatus::InSync, replication::SUCCEEDED).await?;
        Ok(Verdict::Done)
    }

    /// The replica is a secret of its own by now: the primary forgets it.
    async fn forget(
        &self,
        call: &mut Call<'_>,
        delivery: &DeliveryRecord,
    ) -> Result<Verdict, Fault> {
        tracing::info!(replica = delivery.replica_arn, "a replica at a peer was promoted");
        if let Some(Source { primary, link }) = self.source(call).await? {
            let mut primary = SecretRecord::clone(&primary);
            replication::let_go(&mut primary, &link);
            call.acted_on(&primary.arn());
            call.put(primary).await?;
        }
        call.delete::<DeliveryRecord>(&delivery.key()).await?;
        Ok(Verdict::Done)
    }
}

impl Errand for DeliverReplica {
    const KIND: &'static str = "secretsmanager.deliver-replica";
    type Order = Order;
    type Report = Report;

    async fn prepare(&self, call: &mut Call<'_>) -> Result<Prepared<Order>, Fault> {
        let Some(mut delivery) = self.found(call).await? else {
            return Ok(Prepared::Over(Verdict::Done));
        };
        let due = delivery.errand.as_ref().map(|errand| errand.due);
        if let Some(due) = due.filter(|due| *due > call.now()) {
            return Ok(Prepared::Over(Verdict::Again(due)));
        }
        let Some(place) = Link::place_of(call.scope(), &self.replica_arn) else {
            return Err(Fault::internal("a delivery leads nowhere"));
        };
        let Some(peer) = call.peer_of(&place) else {
            let verdict = self.put_off(call, delivery, NO_PEER, "no peer is set for it").await?;
            return Ok(Prepared::Over(verdict));
        };
        let source = self.source(call).await?.filter(|_| !delivery.is_ended);
        if source.is_none() && !delivery.is_ended {
            // Nobody names the replica any more.
            delivery.is_ended = true;
            call.put(delivery.clone()).await?;
        }
        let (matter, values) = match &source {
            None => (Matter::End, Vec::new()),
            Some(source) => match state(call, source, &delivery).await {
                Ok((state, values)) => (Matter::Follow(Box::new(state)), values),
                Err(fault) if fault.is_server_fault() => return Err(fault),
                Err(fault) => {
                    let shown = format!("Replication failed: {}", fault.message);
                    return Ok(Prepared::Over(self.fail(call, delivery, &shown).await?));
                }
            },
        };
        let primary =
            call.scope().arn_text("secretsmanager", &["secret:", &self.name, "-", &self.suffix]);
        let sent = Sent {
            replication: delivery.replication.clone(),
            sequence: delivery.sequence,
            changed: source.map(|source| source.primary.changed),
            wanted: delivery.wanted.clone(),
        };
        let notice = Notice {
            format: FORMAT,
            primary,
            replica: self.replica_arn.clone(),
            replication: delivery.replication.clone(),
            sequence: delivery.sequence,
            matter,
        };
        let message = notice.to_bytes(&values).map_err(Fault::internal)?;
        if !call.is_alone() {
            // What is read of other nodes' writes may be a little old, and only a commit finds out: an
            // old state must not go by a new number.
            call.put(delivery).await?;
        }
        Ok(Prepared::Order(Order { peer, message, sent }))
    }

    async fn perform(world: &World, order: Order) -> Report {
        let Order { peer, message, sent } = order;
        let answer = world.outside.tell_peer(&peer, message).await;
        let reply = answer
            .and_then(|answer| Reply::read(&answer).map_err(|why| NotTold { why, is_busy: false }));
        Report { peer, sent, reply }
    }

    async fn conclude(&self, call: &mut Call<'_>, report: &Report) -> Result<Verdict, Fault> {
        let found = self.found(call).await?;
        // One that was begun anew meanwhile has an errand of its own.
        let Some(mut delivery) = found.filter(|it| it.replication == report.sent.replication)
        else {
            return Ok(Verdict::Done);
        };
        match &report.reply {
            Ok(Reply::Applied) => self.delivered(call, delivery, &report.sent).await,
            Ok(Reply::Wants(ids)) if ids.is_empty() || *ids == report.sent.wanted => {
                let why = format!("peer `{}` asks again for what it was sent", report.peer);
                self.put_off(call, delivery, UNREADY, &why).await
            }
            Ok(Reply::Wants(ids)) => {
                delivery.wanted = ids.iter().take(WANTED_MAX).cloned().collect();
                call.put(delivery).await?;
                Ok(Verdict::Again(call.now()))
            }
            Ok(Reply::Newer(sequence)) => {
                let why = format!("peer `{}` has a later state, {sequence}", report.peer);
                if *sequence >= delivery.sequence {
                    // This store was set back, or a clock was: whoever has the primary decides.
                    delivery.sequence = sequence.saturating_add(1);
                }
                self.put_off(call, delivery, UNREADY, &why).await
            }
            Ok(Reply::Promoted) => self.forget(call, &delivery).await,
            Ok(Reply::Gone) => {
                tracing::warn!(replica = delivery.replica_arn, "a replica at a peer is made anew");
                delivery.delivered = None;
                delivery.overwrite = false;
                delivery.wanted.clear();
                delivery.count(call.now());
                call.put(delivery).await?;
                Ok(Verdict::Again(call.now()))
            }
            Ok(Reply::Refused(shown)) => self.fail(call, delivery, shown).await,
            Ok(Reply::Later(shown)) => {
                let why = format!("peer `{}`: {shown}", report.peer);
                let shown = format!("Replication is tried again: {shown}");
                self.put_off(call, delivery, &shown, &why).await
            }
            Err(NotTold { is_busy: true, .. }) => Ok(Verdict::Again(call.now().plus(BUSY_PAUSE))),
            Err(NotTold { why, .. }) => {
                let why = format!("peer `{}`: {why}", report.peer);
                self.put_off(call, delivery, UNREACHABLE, &why).await
            }
        }
    }

    async fn give_up(&self, call: &mut Call<'_>) -> Result<(), Fault> {
        let Some(delivery) = self.found(call).await? else { return Ok(()) };
        self.fail(call, delivery, GIVEN_UP).await.map(drop)
    }
}

/// The primary as its replica is to be, and those values that the peer has asked for or is thought not
/// to have, as many as one message holds.
async fn state(
    call: &mut Call<'_>,
    source: &Source,
    delivery: &DeliveryRecord,
) -> Result<(State, Vec<Plain>), Fault> {
    let Source { primary, link } = source;
    let is_new = |created: Timestamp| delivery.delivered.is_none_or(|it| created > it.changed);
    let with_value = primary.versions.iter().filter(|(_, version)| version.has_value);
    let chosen = with_value.filter(|(id, version)| match delivery.wanted.is_empty() {
        true => is_new(version.created),
        false => delivery.wanted.contains(id),
    });
    let (mut heads, mut values) = (Vec::new(), Vec::new());
    for (id, _) in chosen.take(VALUES_MAX) {
        let plain = replication::open(call, primary, id).await?;
        let (kind, bytes) = (plain.kind(), plain.bytes().len());
        heads.push(ValueHead { version_id: id.clone(), kind, bytes });
        values.push(plain);
    }
    let policy = match link.kind() {
        LinkKind::Region if primary.has_policy => {
            let row = SecretPolicyRecord::key_of(primary);
            let policy = call.get::<SecretPolicyRecord>(&row).await?;
            policy.map(|policy| policy.text.text().to_owned())
        }
        _ => None,
    };
    let version = |(id, version): (&String, &super::super::secret::Version)| {
        let state = VersionState {
            created: version.created,
            stages: version.stages.clone(),
            has_value: version.has_value,
            rotated_by: version.rotated_by.clone(),
        };
        (id.clone(), state)
    };
    let state = State {
        is_first: delivery.delivered.is_none(),
        overwrite: delivery.overwrite,
        kms_key_id: link.kms_key_id(primary),
        description: primary.description.clone(),
        kind: primary.kind.clone(),
        changed: primary.changed,
        tags: primary.tags.clone(),
        versions: primary.versions.iter().map(version).collect(),
        policy,
        values: heads,
    };
    Ok((state, values))
}

/// Doubled with each attempt, up to a bound: a peer that is back is not left alone for long.
fn pause_after(attempts: u32) -> Duration {
    let doublings = attempts.saturating_sub(1).min(DOUBLINGS_MAX);
    FIRST_PAUSE.saturating_mul(1 << doublings).min(PAUSE_MAX)
}

const FIRST_PAUSE: Duration = Duration::from_secs(1);
const PAUSE_MAX: Duration = Duration::from_secs(120);
const DOUBLINGS_MAX: u32 = 10;
const BUSY_PAUSE: Duration = Duration::from_secs(1);
/// As many as a secret has versions.
const WANTED_MAX: usize = 100;
const UNREACHABLE: &str =
    "The deployment that holds this replica can't be reached. Replication is tried again.";
const UNREADY: &str = "Replication is tried again.";
const NO_PEER: &str =
    "No deployment is configured that holds this replica. Replication is tried again.";
const GIVEN_UP: &str =
    "Replication failed: an internal error occurred. Replicate the secret again.";

#[cfg(test)]
mod tests {
    use super::pause_after;

    #[test]
    fn pauses_are_doubled_up_to_two_minutes() {
        let seconds = |attempts| pause_after(attempts).as_secs();
        assert_eq!([1, 2, 3, 7, 8, 9, u32::MAX].map(seconds), [1, 2, 4, 64, 120, 120, 120]);
    }
}

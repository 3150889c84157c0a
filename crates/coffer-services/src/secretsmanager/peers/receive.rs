//! The replica's end: what a peer tells of a primary is taken, as far as the peer may speak for it.

use std::collections::BTreeMap;
use std::sync::Arc;

use coffer_model::{AccountId, Region};
use coffer_pipeline::identity::organization::{AccountRecord, AccountStatus, FirstAccountRecord};
use coffer_pipeline::road::{Decision, decide};
use coffer_pipeline::{
    Access, Call, Caller, PeerRights, Permissions, RequestContext, Scope, World,
};
use coffer_protocol::Fault;

use super::super::id::SecretName;
use super::super::replication::{Link, LinkKind, NAME_IS_TAKEN};
use super::super::seal::Plain;
use super::super::secret::{Origin, SecretRecord, Version};
use super::arriving::ArrivingRecord;
use super::follower::{self, Told};
use super::message::{Matter, Notice, Reply, State};

pub use super::message::MESSAGE_BYTES_MAX;

/// What was made of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Received {
    /// The answer for the peer.
    pub reply: Vec<u8>,
    /// What it comes to.
    pub outcome: Outcome,
}

/// What a message comes to, for the operator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It was taken, or had been before.
    Taken,
    /// It cannot be taken, and the peer is told why.
    Refused(String),
    /// The peer does not speak for this primary, or not for this replica.
    Forbidden(String),
}

/// A message was not decided on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotReceived {
    /// It is no message that could be understood.
    Malformed(String),
    /// It could not be decided on now.
    Unavailable(String),
}

/// Takes a message of a peer that has proved who it is.
///
/// # Errors
/// Why nothing was decided.
pub async fn receive(
    world: &World,
    rights: &PeerRights,
    message: &[u8],
) -> Result<Received, NotReceived> {
    let (notice, values) = Notice::read(message).map_err(NotReceived::Malformed)?;
    let written = |reply: &Reply| reply.to_bytes().map_err(NotReceived::Unavailable);
    let ends = match Ends::of(&notice, rights) {
        Ok(ends) => ends,
        Err(why) => {
            let reply = written(&Reply::Later(why.to_owned()))?;
            let outcome = Outcome::Forbidden(format!("{why} ({})", notice.replica));
            return Ok(Received { reply, outcome });
        }
    };
    let receiving = Receiving {
        context: context(world, &ends.replica.scope),
        notice: &notice,
        values: &values,
        ends,
        peer: &rights.name,
    };
    let reply = decide(world, &receiving).await;
    let reply = reply.map_err(|fault| NotReceived::Unavailable(fault.for_log()))?;
    let outcome = match &reply {
        Reply::Refused(why) | Reply::Later(why) => {
            Outcome::Refused(format!("{why} ({})", notice.replica))
        }
        _ => Outcome::Taken,
    };
    Ok(Received { reply: written(&reply)?, outcome })
}

/// Both secrets by their names.
struct Ends {
    primary: SecretName,
    replica: SecretName,
}

impl Ends {
    /// Reads them, and makes sure that the peer may speak for both.
    fn of(notice: &Notice, rights: &PeerRights) -> Result<Self, &'static str> {
        let named = |arn: &str| {
            let scope = Scope { account: AccountId::dev(), region: Region::global() };
            let name = SecretName::parse(&scope, arn).ok()?;
            let ending = ["secret:", &name.name, "-", name.suffix.as_deref()?];
            // Written as it is written here, so that it can stand in records.
            (name.scope.arn_text(SERVICE, &ending) == arn).then_some(name)
        };
        let (Some(primary), Some(replica)) = (named(&notice.primary), named(&notice.replica))
        else {
            return Err("The deployment of the replica knows no such secrets.");
        };
        let is_allowed = match primary.scope.account == replica.scope.account {
            true => {
                primary.scope.region != replica.scope.region
                    && (&primary.name, &primary.suffix) == (&replica.name, &replica.suffix)
                    && rights.regions.contains(&replica.scope.region)
                    && rights.primary_regions.contains(&primary.scope.region)
            }
            false => {
                primary.scope.region == replica.scope.region
                    && rights.primary_accounts.contains(&primary.scope.account)
            }
        };
        match is_allowed {
            true => Ok(Self { primary, replica }),
            false => Err("The deployment of the replica doesn't take it from here."),
        }
    }
}

/// A message, as something to be decided: in the replica's scope, by the service itself.
struct Receiving<'a> {
    context: RequestContext,
    notice: &'a Notice,
    values: &'a BTreeMap<String, Plain>,
    ends: Ends,
    peer: &'a str,
}

fn context(world: &World, scope: &Scope) -> RequestContext {
    RequestContext {
        request_id: coffer_seal::random_uuid(world.entropy.as_ref()),
        caller: Arc::new(Caller::service(scope.account, SERVICE)),
        identity: None,
        permissions: Arc::new(Permissions::unbounded()),
        scope: scope.clone(),
        now: world.clock.now(),
        source_ip: format!("{SERVICE}.amazonaws.com").into(),
        user_agent: format!("{SERVICE}.amazonaws.com"),
        is_secure: true,
        tls: None,
    }
}

impl Decision for Receiving<'_> {
    type Outcome = Reply;

    fn access(&self) -> Access {
        Access::Write
    }

    fn context(&self) -> &RequestContext {
        &self.context
    }

    fn names(&self) -> (&'static str, &str) {
        (SERVICE, NAME)
    }

    async fn run(&self, call: &mut Call<'_>) -> Result<Reply, Fault> {
        if !has_account(call, call.account()).await? {
            return Ok(Reply::Later("The deployment of the replica has no such account.".into()));
        }
        let row = SecretRecord::key_of(call.scope(), &self.ends.replica.name);
        let found = call.get::<SecretRecord>(&row).await?;
        let told = Told { notice: self.notice, values: self.values, peer: self.peer };
        match &self.notice.matter {
            Matter::End => self.end(call, found, &told).await,
            Matter::Follow(state) => self.follow(call, found, state, &told).await,
        }
    }
}

impl Receiving<'_> {
    async fn follow(
        &self,
        call: &mut Call<'_>,
        found: Option<Arc<SecretRecord>>,
        state: &State,
        told: &Told<'_>,
    ) -> Result<Reply, Fault> {
        let Some((primary, link)) = self.primary(Some(state)) else { return Ok(Reply::Gone) };
        let ended = ArrivingRecord::ended(call, &link.shadow(&primary)).await?;
        if let Some(ended) = ended.filter(|ended| *ended >= self.notice.sequence) {
            return Ok(Reply::Newer(ended));
        }
        let Some(found) = found else {
            return match (link.kind(), state.is_first) {
                (LinkKind::Account, _) => follower::refuse(call, told, NO_REPLICA).await,
                (LinkKind::Region, true) => {
                    follower::apply(call, &primary, &link, None, state, told).await
                }
                (LinkKind::Region, false) => Ok(Reply::Gone),
            };
        };
        if is_follower(&link, &primary, &found) {
            return match known_reply(&found, self.notice) {
                Some(reply) => Ok(reply),
                None => follower::apply(call, &primary, &link, Some(&found), state, told).await,
            };
        }
        if was_promoted(&found, self.notice) {
            return Ok(Reply::Promoted);
        }
        if link.kind() == LinkKind::Account {
            return follower::refuse(call, told, NO_REPLICA).await;
        }
        let gives_way = state.overwrite && state.is_first;
        if is_of_earlier_primary(&found, &primary) {
            if !gives_way {
                return Ok(Reply::Later(EARLIER_REPLICA.into()));
            }
        } else if !gives_way || found.has_ties() {
            return follower::refuse(call, told, NAME_IS_TAKEN).await;
        }
        follower::take_over(call, &primary, &link, &found, state, told).await
    }

    async fn end(
        &self,
        call: &mut Call<'_>,
        found: Option<Arc<SecretRecord>>,
        told: &Told<'_>,
    ) -> Result<Reply, Fault> {
        let Some((primary, link)) = self.primary(None) else { return Ok(Reply::Gone) };
        match found {
            Some(found) if is_follower(&link, &primary, &found) => {
                if let Some(Reply::Newer(sequence)) = known_reply(&found, self.notice) {
                    return Ok(Reply::Newer(sequence));
                }
                follower::end(call, &link, &found, told).await
            }
            _ => follower::forget(call, &link.shadow(&primary), told).await,
        }
    }

    /// The primary as it was told, and its link to the replica.
    fn primary(&self, state: Option<&State>) -> Option<(SecretRecord, Link)> {
        let Ends { primary, replica } = &self.ends;
        let versions = state.map(|state| state.versions.iter()).into_iter().flatten();
        let version = |told: &super::message::VersionState| Version {
            created: told.created,
            stages: told.stages.clone(),
            kms_key_arn: None,
            has_value: told.has_value,
            rotated_by: told.rotated_by.clone(),
        };
        let changed = state.map_or(self.context.now, |state| state.changed);
        let secret = SecretRecord {
            account: primary.scope.account,
            region: primary.scope.region.clone(),
            name: primary.name.clone(),
            suffix: primary.suffix.clone()?,
            description: state.and_then(|state| state.description.clone()),
            kms_key_id: None,
            kind: state.and_then(|state| state.kind.clone()),
            created: changed,
            changed,
            creation_token: self.notice.replication.clone(),
            deletion: None,
            versions: versions.map(|(id, told)| (id.clone(), version(told))).collect(),
            tags: state.map(|state| state.tags.clone()).unwrap_or_default(),
            rotation: None,
            has_policy: state.is_some_and(|state| state.policy.is_some()),
            origin: Origin::Own,
            followed: None,
            replicas: Vec::new(),
            cross_account_replicas: Vec::new(),
        };
        let arn = replica
            .scope
            .arn_text(SERVICE, &["secret:", &replica.name, "-", replica.suffix.as_deref()?]);
        let link = Link::to_either(&secret, &arn)?;
        Some((secret, link))
    }
}

/// Whether a secret is this replica of this primary, fed by a peer. One of another account is made by
/// its owner before a peer feeds it.
fn is_follower(link: &Link, primary: &SecretRecord, found: &SecretRecord) -> bool {
    let is_fed = found.followed.is_some() || link.kind() == LinkKind::Account;
    is_fed && link.is_tied(primary, found)
}

/// The answer where a replica has this very state, or a later one.
fn known_reply(found: &SecretRecord, notice: &Notice) -> Option<Reply> {
    let followed = found.followed.as_ref()?;
    let is_same = followed.replication == notice.replication;
    match followed.sequence.cmp(&notice.sequence) {
        std::cmp::Ordering::Less => None,
        std::cmp::Ordering::Equal if is_same => Some(Reply::Applied),
        _ => Some(Reply::Newer(followed.sequence)),
    }
}

/// Whether a secret was this very replication's replica before it was promoted.
fn was_promoted(found: &SecretRecord, notice: &Notice) -> bool {
    let is_its = found.followed.as_ref().is_some_and(|it| it.replication == notice.replication);
    !found.is_replica() && is_its
}

/// Whether a secret is a replica of another primary of the same name, which must be gone by now: a
/// region has one secret of a name.
fn is_of_earlier_primary(found: &SecretRecord, primary: &SecretRecord) -> bool {
    let is_of_region = matches!(&found.origin, Origin::Replica(it) if *it == primary.region);
    is_of_region && found.followed.is_some() && found.suffix != primary.suffix
}

/// Whether this deployment has an account: the first one, or one that was made in its organization.
async fn has_account(call: &mut Call<'_>, account: AccountId) -> Result<bool, Fault> {
    let first = call.get::<FirstAccountRecord>(&FirstAccountRecord::row()).await?;
    if first.is_some_and(|first| first.account == account) {
        return Ok(true);
    }
    let known = call.get::<AccountRecord>(&AccountRecord::key_of(account)).await?;
    Ok(known.is_some_and(|known| known.status == AccountStatus::Active))
}

const SERVICE: &str = "secretsmanager";
const NAME: &str = "secretsmanager.receive-replica";
const EARLIER_REPLICA: &str =
    "The replica of an earlier secret of this name is still to be removed.";
const NO_REPLICA: &str = "Replication failed: The replica secret no longer exists.";

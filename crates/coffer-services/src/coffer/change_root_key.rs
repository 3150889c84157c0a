//! The job that changes the root key while the server serves.
//!
//! The store opens with the old key until the commit that ends [`ChangeState::Obtaining`], and with
//! the new key from then on; the process may end at any moment. What is sealed under the old key
//! meanwhile is opened with it, as the store holds it sealed under the new one until the last piece
//! of key material is sealed anew.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use coffer_pipeline::{Call, Job, NextRootKey, Verdict};
use coffer_protocol::Fault;
use coffer_seal::{RootKey, RootKeys};
use coffer_store::Key;
use serde::{Deserialize, Serialize};

use super::root_key_change::{ChangeState, RootKeyChangeRecord};
use crate::kms::reseal::{Resealed, reseal_keys};

/// Brings the change of the root key that was asked for to its end, a step at a time.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct ChangeRootKey {
    /// The id of the change.
    pub(super) change: String,
}

impl Job for ChangeRootKey {
    const KIND: &'static str = "coffer.change-root-key";

    async fn run(&self, call: &mut Call<'_>) -> Result<Verdict, Fault> {
        let change = call.get::<RootKeyChangeRecord>(&RootKeyChangeRecord::row()).await?;
        let Some(change) = change.filter(|change| change.id == self.change) else {
            return Ok(Verdict::Done);
        };
        if change.has_ended() {
            return Ok(Verdict::Done);
        }
        let mut change = RootKeyChangeRecord::clone(&change);
        let before = change.state;
        match before {
            ChangeState::Obtaining => obtain(call, &mut change).await?,
            ChangeState::Switching => switch(call, &mut change).await?,
            ChangeState::Resealing => reseal(call, &mut change).await?,
            ChangeState::Settling => settle(call, &mut change).await?,
            ChangeState::Done | ChangeState::Failed => {}
        }
        let (state, has_ended) = (change.state, change.has_ended());
        call.put(change).await?;
        if has_ended {
            return Ok(Verdict::Done);
        }
        let is_waiting = before == ChangeState::Switching && state == before;
        let pause = match before {
            _ if is_waiting => WAIT_PAUSE,
            // Other servers of the store have to have heard of the new key before it is used.
            ChangeState::Obtaining if !call.is_alone() => OTHERS_FOLLOW,
            _ => Duration::ZERO,
        };
        Ok(Verdict::Again(call.now().plus(pause)))
    }
}

/// Obtains the new key and makes it the one that opens the store.
async fn obtain(call: &mut Call<'_>, change: &mut RootKeyChangeRecord) -> Result<(), Fault> {
    let next = match next_key(call, change).await {
        Ok(next) => next,
        Err(failure) => {
            tracing::error!(failure, "the root key was not changed: {failure}");
            change.state = ChangeState::Failed;
            change.failure = Some(failure);
            change.ended = Some(call.now());
            return Ok(());
        }
    };
    let keys = call.root_key_ring().keys();
    let row = call.store_key().await?;
    // INVARIANT: a change begins only when the one before it has ended.
    if row.is_changing() || row.root_key_id != keys.id() {
        return Err(Fault::internal("another change of the root key is not done"));
    }
    let is_drawn = change.source == NextRootKey::Drawn;
    let row = row.changed(call.entropy(), keys.current(), &next, is_drawn);
    let row = row.map_err(|_| Fault::internal("the store's key does not open"))?;
    call.put_store_key(&row)?;
    change.from = Some(keys.id().to_owned());
    change.to = Some(next.id().to_owned());
    change.state = ChangeState::Switching;
    Ok(())
}

/// The new key. It is obtained once for as long as the process runs: a run of this step whose commit
/// is of unknown outcome must not be followed by one with another key.
async fn next_key(call: &Call<'_>, change: &RootKeyChangeRecord) -> Result<Arc<RootKey>, String> {
    let ring = call.root_key_ring();
    if let Some(next) = ring.next_of(&change.id) {
        return Ok(next);
    }
    let next = Arc::new(ring.source().next(&change.source).await?);
    if next.id() == ring.keys().id() {
        return Err(format!("root key {} is in force already", next.id()));
    }
    ring.remember_next(&change.id, next.clone());
    Ok(next)
}

/// Has everybody seal under the new key, and waits for those who are still at something that they
/// have sealed under the old one.
async fn switch(call: &mut Call<'_>, change: &mut RootKeyChangeRecord) -> Result<(), Fault> {
    let ring = call.root_key_ring();
    let row = call.store_key().await?;
    let keys = ring.keys();
    if keys.id() != row.root_key_id {
        let next = row.followed_by(&keys).map_err(Fault::internal)?;
        ring.install(next.ok_or_else(|| Fault::internal("the new root key is not known"))?);
        tracing::info!(
            root_key.id = row.root_key_id,
            "root key {} is in force; what is sealed under the one before is sealed anew",
            row.root_key_id
        );
    }
    drop(keys);
    // This step's own commit comes after those that they have sent on their way, so the next step
    // sees all that was sealed under the old key.
    if ring.is_settled() {
        call.put_store_key(&row.switched())?;
        change.state = ChangeState::Resealing;
    }
    Ok(())
}

/// Seals some more of the key material under the new key; when there is no more, takes the old key
/// out of the store.
async fn reseal(call: &mut Call<'_>, change: &mut RootKeyChangeRecord) -> Result<(), Fault> {
    let after = change.after.as_ref().and_then(|text| STANDARD.decode(text).ok());
    let after = after.map(|bytes| Key::from_bytes(&bytes));
    let Resealed { keys, last } = reseal_keys(call, after.as_ref()).await?;
    change.keys_resealed = change.keys_resealed.saturating_add(keys);
    if let Some(last) = last {
        change.after = Some(STANDARD.encode(last.as_bytes()));
        return Ok(());
    }
    let row = call.store_key().await?.settled();
    call.put_store_key(&row)?;
    change.after = None;
    change.state = ChangeState::Settling;
    Ok(())
}

/// Forgets the old key, and puts the new one where the next start looks for it.
async fn settle(call: &mut Call<'_>, change: &mut RootKeyChangeRecord) -> Result<(), Fault> {
    let ring = call.root_key_ring();
    let keys = ring.keys();
    ring.source().settle(keys.id()).await.map_err(Fault::internal)?;
    if keys.former().is_some() {
        ring.install(RootKeys::new(keys.current().clone(), None));
    }
    change.state = ChangeState::Done;
    change.ended = Some(call.now());
    tracing::info!(
        root_key.id = keys.id(),
        "the root key has been changed; the one before {} opens nothing any more",
        keys.id()
    );
    Ok(())
}

/// How long other servers of the store have to take up a new root key: several times as long as they
/// let pass between two looks. One that takes longer is refused what it seals.
const OTHERS_FOLLOW: Duration = Duration::from_secs(10);
/// How long those who are still at something are given before they are looked for again.
const WAIT_PAUSE: Duration = Duration::from_millis(100);

//! Opens the node's audit journal, and ships it to the store.

use std::path::Path;
use std::time::Duration;

use coffer_model::Timestamp;
use coffer_pipeline::World;
use coffer_pipeline::audit::trail::{AuditPlace, JOURNAL_PURPOSE, Trail, TrailOptions};
use coffer_pipeline::audit::{catch_up, ship};
use coffer_pipeline::retention;
use coffer_seal::{Entropy, RowSealer, random_uuid};

use crate::config::AuditSettings;
use crate::runtime;

/// Opens the journal in the data directory, chained with a key that goes with the store.
///
/// # Errors
/// A sentence for the operator.
pub(crate) fn open(
    data: &Path,
    sealer: &RowSealer,
    entropy: &dyn Entropy,
    settings: &AuditSettings,
) -> Result<AuditPlace, String> {
    let folder = data.join(FOLDER);
    let options = TrailOptions {
        folder: &folder,
        key: &sealer.key_for(JOURNAL_PURPOSE),
        fresh_node: &random_uuid(entropy),
        sync: settings.sync,
        on_failure: settings.on_failure,
        now: runtime::real_now(),
    };
    let (trail, found) =
        Trail::open(&options).map_err(|error| format!("cannot open the audit journal: {error}"))?;
    for amiss in found {
        tracing::warn!("the audit journal: {amiss}");
    }
    let exports = Some(settings.exports.clone().unwrap_or_else(|| data.join(EXPORTS_FOLDER)));
    Ok(AuditPlace { trail: Some(trail), exports })
}

/// Ships what the journal has to the store, as far as it goes at once.
pub(crate) async fn ship(world: &World) {
    let Some(trail) = &world.audit.trail else { return };
    for _ in 0..ROUNDS_MAX {
        match ship::ship(world, trail).await {
            Ok(shipped) if shipped.has_more => {}
            Ok(_) => return,
            Err(fault) => {
                tracing::error!(cause = fault.for_log(), "the audit journal was not shipped");
                return;
            }
        }
    }
}

/// Ships what a crash has left unshipped, and tells the journal of the changes that it left untold.
pub(crate) async fn catch_up(world: &World) {
    let Some(trail) = &world.audit.trail else { return };
    ship(world).await;
    if trail.shipped_through().is_none() {
        return;
    }
    match catch_up::catch_up(world, trail).await {
        Ok(0) => {}
        Ok(records) => {
            tracing::info!(records, "the audit journal was told what a crash had left untold");
        }
        Err(fault) => {
            tracing::error!(
                cause = fault.for_log(),
                "the audit journal was not brought up to date"
            );
        }
    }
}

/// Lets go of the journal's segments that are older than what is kept, as far as the store has them.
pub(crate) fn drop_old(world: &World, now: Timestamp) {
    let Some(trail) = &world.audit.trail else { return };
    let oldest = retention::oldest_kept(now);
    // A journal that could not be shipped is kept until it can be.
    if trail.shipped_through().is_none_or(|through| through < oldest) {
        return;
    }
    match trail.journal().retain_since(oldest) {
        Ok(0) => {}
        Ok(dropped) => tracing::info!(dropped, "segments older than 90 days were dropped"),
        Err(error) => tracing::warn!(%error, "old segments were not dropped: {error}"),
    }
}

/// How often the journal is shipped.
pub(crate) const SHIP_EVERY: Duration = Duration::from_secs(1);
/// More than a server answers in that time.
const ROUNDS_MAX: usize = 256;
pub(crate) const FOLDER: &str = "audit";
pub(crate) const EXPORTS_FOLDER: &str = "exports";

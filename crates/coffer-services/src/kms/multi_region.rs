//! Keys that are related across regions: one primary and its replicas, which share id and material.
//!
//! Each of them holds what all have in common; what changes it writes all of them in one commit.

use std::collections::BTreeSet;
use std::sync::Arc;

use coffer_model::Region;
use coffer_pipeline::{Call, Scope};
use coffer_protocol::Fault;
use serde::{Deserialize, Serialize};

use super::errors::KmsError;
use super::key::{KeyRecord, KeyState, MULTI_REGION_PREFIX, key_arn};
use super::material::SealedMaterial;
use super::wire::{MultiRegionConfiguration, MultiRegionKey, MultiRegionKeyType};

/// The regions of related keys.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct MultiRegion {
    pub(super) primary: Region,
    pub(super) replicas: BTreeSet<Region>,
}

impl MultiRegion {
    /// A primary without replicas.
    pub(super) fn new(primary: Region) -> Self {
        Self { primary, replicas: BTreeSet::new() }
    }

    /// What DescribeKey tells of it.
    pub(super) fn configuration(&self, key: &KeyRecord) -> MultiRegionConfiguration {
        let related = |region: &Region| {
            let scope = key.scope().in_region(region.clone());
            let arn = key_arn(&scope, &key.key_id);
            MultiRegionKey { arn: Some(arn), region: Some(region.to_string()) }
        };
        MultiRegionConfiguration {
            multi_region_key_type: Some(match self.primary == key.region {
                true => MultiRegionKeyType::Primary,
                false => MultiRegionKeyType::Replica,
            }),
            primary_key: Some(related(&self.primary)),
            replica_keys: Some(self.replicas.iter().map(related).collect()),
        }
    }
}

impl KeyRecord {
    /// Whether it takes its material and its rotation from a key in another region.
    pub(super) fn is_replica(&self) -> bool {
        self.multi_region.as_ref().is_some_and(|related| related.primary != self.region)
    }

    /// The regions of its replicas, where it is a primary.
    pub(super) fn replica_regions(&self) -> Vec<Region> {
        match &self.multi_region {
            Some(related) if related.primary == self.region => {
                related.replicas.iter().cloned().collect()
            }
            _ => Vec::new(),
        }
    }

    /// The related primary that it is.
    ///
    /// # Errors
    /// `UnsupportedOperationException` for any other key.
    pub(super) fn must_be_primary(&self) -> Result<&MultiRegion, Fault> {
        let related = self.multi_region.as_ref().filter(|related| related.primary == self.region);
        related.ok_or_else(|| {
            let message = format!("{} is not a multi-region primary key.", self.arn());
            KmsError::UnsupportedOperationException.with(message)
        })
    }

    /// Refuses a replica, for what only a primary decides.
    pub(super) fn must_decide(&self) -> Result<(), Fault> {
        if !self.is_replica() {
            return Ok(());
        }
        let message = format!("{} is a multi-region replica key.", self.arn());
        Err(KmsError::UnsupportedOperationException.with(message))
    }
}

impl KeyRecord {
    /// A replica of this key for a region, without what it takes from its primary when that is put.
    pub(super) fn replica_of(
        primary: &Self,
        call: &Call<'_>,
        region: Region,
        description: &str,
    ) -> Self {
        let mut replica = primary.copy();
        replica.region = region;
        replica.state = match replica.kind.is_external() {
            true => KeyState::PendingImport,
            false => KeyState::Enabled,
        };
        description.clone_into(&mut replica.description);
        replica.created = call.now();
        replica.aliases.clear();
        replica.materials.clear();
        replica.pending = None;
        replica
    }
}

/// Stages a key that has changed, and what its replicas take from it.
pub(super) async fn put_with_replicas(call: &mut Call<'_>, key: KeyRecord) -> Result<(), Fault> {
    for region in key.replica_regions() {
        let Some(found) = related(call, &key, &region).await? else { continue };
        let mut replica = found.copy();
        let (from, to) = (key.arn(), replica.arn());
        let own = std::mem::take(&mut replica.materials);
        for material in &key.materials {
            let known = own.iter().chain(&replica.pending).find(|own| own.id == material.id);
            replica.materials.push(match known {
                Some(known) => SealedMaterial {
                    created: material.created,
                    made_by: material.made_by,
                    ..known.clone()
                },
                None => material.for_replica(call, &from, &to)?,
            });
        }
        replica.pending = match (&key.pending, replica.pending.take()) {
            (Some(pending), Some(known)) if known.id == pending.id => Some(known),
            (Some(pending), _) => Some(pending.for_replica(call, &from, &to)?),
            (None, _) => None,
        };
        replica.rotation = key.rotation;
        replica.multi_region.clone_from(&key.multi_region);
        if matches!(replica.state, KeyState::Enabled | KeyState::PendingImport) {
            replica.state = replica.state_by_material(KeyState::Enabled);
        }
        call.put(replica).await?;
    }
    call.put(key).await
}

/// The related key in a region.
pub(super) async fn related(
    call: &mut Call<'_>,
    key: &KeyRecord,
    region: &Region,
) -> Result<Option<Arc<KeyRecord>>, Fault> {
    let scope = key.scope().in_region(region.clone());
    call.get::<KeyRecord>(&KeyRecord::key_of(&scope, &key.key_id)).await
}

/// Where the key of a ciphertext is: one that has related keys is meant to be the one in the region
/// at hand.
pub(super) fn place_of(named: &Scope, key_id: &str, region: &Region) -> Scope {
    let is_related = key_id.starts_with(MULTI_REGION_PREFIX);
    if is_related { named.in_region(region.clone()) } else { named.clone() }
}

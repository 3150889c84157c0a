//! ListKeyRotations: lists the rotations of a key that are done.

use std::cmp::Ordering;

use coffer_model::Timestamp;
use coffer_pipeline::{Access, Call, Demand, Operation};
use coffer_protocol::{AwsEnum, ErrorRow, Fault, Input, Output};

use super::errors::KmsError;
use super::find::find_own;
use super::key::KeyRecord;
use super::material::{MadeBy, SealedMaterial};
use super::metadata::expiration_model;
use super::multi_region::related;
use super::pages::{Page, limit_of};
use super::permission::demand_on;
use super::usage;
use super::wire::ExpirationModelType;

/// Lists the rotations of a key that are done, oldest first.
pub(super) struct ListKeyRotations;

/// Which key, which material, and which page.
#[derive(Input, Debug)]
#[shape(name = "ListKeyRotationsRequest")]
pub(super) struct ListKeyRotationsInput {
    #[shape(required, min = 1, max = 2048)]
    key_id: String,
    include_key_material: Option<IncludeKeyMaterial>,
    #[shape(min = 1, max = 1000)]
    limit: Option<i32>,
    #[shape(min = 1, max = 1024, pattern = r"[\u0020-\u00FF]*")]
    marker: Option<String>,
}

/// A page of rotations.
#[derive(Output, Debug)]
#[shape(name = "ListKeyRotationsResponse")]
pub(super) struct ListKeyRotationsOutput {
    rotations: Option<Vec<RotationsListEntry>>,
    next_marker: Option<String>,
    truncated: Option<bool>,
}

impl Operation for ListKeyRotations {
    const NAME: &'static str = "ListKeyRotations";
    const ACCESS: Access = Access::Read;
    const ERRORS: &'static [ErrorRow] = &[
        KmsError::NotFoundException.row(),
        KmsError::InvalidArnException.row(),
        KmsError::InvalidMarkerException.row(),
        KmsError::KMSInternalException.row(),
        KmsError::KMSInvalidStateException.row(),
        KmsError::UnsupportedOperationException.row(),
    ];
    type Input = ListKeyRotationsInput;
    type Output = ListKeyRotationsOutput;

    async fn demands(call: &mut Call<'_>, input: &Self::Input) -> Result<Vec<Demand>, Fault> {
        Ok(vec![demand_on(call, "kms:ListKeyRotations", &input.key_id).await?])
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        let key = find_own(call, &input.key_id, "kms:ListKeyRotations").await?;
        usage::must_rotate(&key)?;
        let wants_all = input.include_key_material == Some(IncludeKeyMaterial::AllKeyMaterial);
        let pending_state = match &key.pending {
            Some(_) => pending_state(call, &key).await?,
            None => KeyMaterialState::PendingRotation,
        };
        let state_at = |place: usize| match (place + 1).cmp(&key.materials.len()) {
            Ordering::Less => KeyMaterialState::NonCurrent,
            Ordering::Equal => KeyMaterialState::Current,
            Ordering::Greater => pending_state,
        };
        let entries = key
            .materials
            .iter()
            .chain(&key.pending)
            .enumerate()
            .filter(|(_, material)| wants_all || material.made_by != MadeBy::Creation)
            .map(|(place, material)| {
                (format!("{place:08}"), entry_of(&key, material, state_at(place)))
            })
            .collect();
        let listing = call.scope().key("kms.rotations-of-key", &[&key.key_id]);
        let limit = limit_of(input.limit, PAGE_USUAL, PAGE_MAX);
        let page = Page::of(&listing, entries, limit, input.marker.as_deref())?;
        Ok(ListKeyRotationsOutput {
            rotations: Some(page.items),
            truncated: Some(page.next_marker.is_some()),
            next_marker: page.next_marker,
        })
    }
}

/// A rotation, by the material that it brought.
#[derive(Output, Debug)]
pub(super) struct RotationsListEntry {
    key_id: Option<String>,
    key_material_id: Option<String>,
    key_material_description: Option<String>,
    import_state: Option<ImportState>,
    key_material_state: Option<KeyMaterialState>,
    expiration_model: Option<ExpirationModelType>,
    valid_to: Option<Timestamp>,
    rotation_date: Option<Timestamp>,
    rotation_type: Option<RotationType>,
}

/// Which key material is listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, AwsEnum)]
pub(super) enum IncludeKeyMaterial {
    #[shape(wire = "ALL_KEY_MATERIAL")]
    AllKeyMaterial,
    #[shape(wire = "ROTATIONS_ONLY")]
    RotationsOnly,
}

/// Whether material was imported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, AwsEnum)]
pub(super) enum ImportState {
    #[shape(wire = "IMPORTED")]
    Imported,
    #[shape(wire = "PENDING_IMPORT")]
    PendingImport,
}

/// What a piece of material is to its key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, AwsEnum)]
pub(super) enum KeyMaterialState {
    #[shape(wire = "NON_CURRENT")]
    NonCurrent,
    #[shape(wire = "CURRENT")]
    Current,
    #[shape(wire = "PENDING_ROTATION")]
    PendingRotation,
    #[shape(wire = "PENDING_MULTI_REGION_IMPORT_AND_ROTATION")]
    PendingMultiRegionImportAndRotation,
}

/// What started a rotation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, AwsEnum)]
pub(super) enum RotationType {
    #[shape(wire = "AUTOMATIC")]
    Automatic,
    #[shape(wire = "ON_DEMAND")]
    OnDemand,
}

/// Whether material that waits for its rotation waits for replicas, too.
async fn pending_state(call: &mut Call<'_>, key: &KeyRecord) -> Result<KeyMaterialState, Fault> {
    for region in key.replica_regions() {
        let Some(replica) = related(call, key, &region).await? else { continue };
        if !replica.pending.as_ref().is_some_and(SealedMaterial::is_here) {
            return Ok(KeyMaterialState::PendingMultiRegionImportAndRotation);
        }
    }
    Ok(KeyMaterialState::PendingRotation)
}

fn entry_of(
    key: &KeyRecord,
    material: &SealedMaterial,
    state: KeyMaterialState,
) -> RotationsListEntry {
    let imported = material.imported.as_ref();
    let expires = imported.and_then(|imported| imported.expires);
    let rotation_type = match material.made_by {
        MadeBy::Creation => None,
        MadeBy::AutomaticRotation => Some(RotationType::Automatic),
        MadeBy::OnDemandRotation => Some(RotationType::OnDemand),
    };
    RotationsListEntry {
        key_id: Some(key.key_id.clone()),
        key_material_id: Some(material.id.clone()),
        key_material_description: imported.and_then(|imported| imported.description.clone()),
        import_state: imported.map(|_| match material.is_here() {
            true => ImportState::Imported,
            false => ImportState::PendingImport,
        }),
        key_material_state: Some(state),
        expiration_model: imported
            .filter(|_| material.is_here())
            .map(|_| expiration_model(expires.is_some())),
        valid_to: expires,
        // AWS: the material that a key begins with has neither.
        rotation_date: rotation_type.map(|_| material.created),
        rotation_type,
    }
}

const PAGE_USUAL: usize = 100;
const PAGE_MAX: usize = 1000;

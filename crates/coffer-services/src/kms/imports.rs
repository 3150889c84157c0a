//! Imported material: where it goes in a key, and what is left when it goes.

use coffer_pipeline::Call;
use coffer_protocol::Fault;

use super::errors::KmsError;
use super::key::{KeyRecord, KeyState};
use super::material::{Imported, SealedMaterial};
use super::wire::ImportType;

/// Material on its way into a key.
pub(super) struct Incoming<'a> {
    pub(super) id: &'a str,
    pub(super) bytes: &'a [u8],
    pub(super) imported: Imported,
    /// What its importer takes it for.
    pub(super) said_type: Option<ImportType>,
    /// Which material its importer takes it for.
    pub(super) said_id: Option<&'a str>,
}

/// The key with material that came in.
///
/// # Errors
/// `IncorrectKeyMaterialException` for material that is not what its importer takes it for;
/// `UnsupportedOperationException` for new material of a replica, which takes it from its primary.
pub(super) fn with(
    call: &Call<'_>,
    key: &KeyRecord,
    incoming: Incoming<'_>,
) -> Result<KeyRecord, Fault> {
    let is_known = key.materials.iter().chain(&key.pending).any(|known| known.id == incoming.id);
    let is_new = must_be_as_said(key, &incoming, is_known)?;
    let sealed = SealedMaterial::import(
        call,
        &key.arn(),
        incoming.id.to_owned(),
        incoming.bytes,
        incoming.imported,
    );
    let mut key = key.copy();
    if !is_new {
        for known in key.materials.iter_mut().chain(&mut key.pending) {
            if known.id == sealed.id {
                take_in(known, &sealed);
            }
        }
    } else if key.materials.is_empty() {
        key.materials.push(sealed);
    } else {
        key.pending = Some(sealed);
    }
    if key.state == KeyState::PendingImport {
        key.state = key.state_by_material(KeyState::Enabled);
    }
    Ok(key)
}

/// Whether material is new to its key; refuses what is not as its importer says.
fn must_be_as_said(
    key: &KeyRecord,
    incoming: &Incoming<'_>,
    is_known: bool,
) -> Result<bool, Fault> {
    let has_none = key.materials.is_empty();
    let usual = match has_none {
        true => ImportType::NewKeyMaterial,
        false => ImportType::ExistingKeyMaterial,
    };
    let is_new = incoming.said_type.unwrap_or(usual) == ImportType::NewKeyMaterial;
    if is_new && incoming.said_id.is_some() {
        return Err(Fault::validation(
            "KeyMaterialId cannot be specified when ImportType is NEW_KEY_MATERIAL",
        ));
    }
    if is_new {
        key.must_decide()?;
    }
    let is_other = incoming.said_id.is_some_and(|said| said != incoming.id);
    if is_new == is_known || is_other {
        return Err(KmsError::IncorrectKeyMaterialException.bare());
    }
    if is_new && key.pending.is_some() {
        return Err(key.invalid_state("has key material that is pending rotation."));
    }
    Ok(is_new)
}

/// Puts the bytes of material that came again where they were, for as long as is now said.
fn take_in(known: &mut SealedMaterial, sealed: &SealedMaterial) {
    known.sealed.clone_from(&sealed.sealed);
    let said = sealed.imported.clone().unwrap_or_default();
    let before = known.imported.take().unwrap_or_default();
    known.imported = Some(Imported {
        expires: said.expires,
        // AWS: what was said of it last time counts where nothing is said (API reference).
        description: said.description.or(before.description),
    });
}

/// The key without the bytes of one of its materials.
pub(super) fn without(key: &KeyRecord, material_id: &str) -> KeyRecord {
    let mut key = key.copy();
    for material in &mut key.materials {
        if material.id == material_id {
            *material = material.emptied();
        }
    }
    let is_pending = key.pending.as_ref().is_some_and(|pending| pending.id == material_id);
    if is_pending {
        // AWS: it is not bound to the key before the rotation (API reference, ListKeyRotations).
        key.pending = match key.is_replica() {
            true => key.pending.map(|pending| pending.emptied()),
            false => None,
        };
    }
    if matches!(key.state, KeyState::Enabled | KeyState::Disabled) {
        key.state = key.state_by_material(key.state);
    }
    key
}

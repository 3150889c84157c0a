//! What is told of a key.

use super::key::{KeyManager, KeyRecord, KeyState};
use super::wire::{ExpirationModelType, KeyManagerType, KeyMetadata, WireKeyState};

impl KeyRecord {
    /// What DescribeKey tells of it.
    pub(super) fn metadata(&self) -> KeyMetadata {
        let kind = &self.kind;
        // What imported material is there, and for how long.
        let imported = self
            .materials
            .last()
            .filter(|material| material.is_here())
            .and_then(|material| material.imported.as_ref());
        let expires = imported.and_then(|imported| imported.expires);
        KeyMetadata {
            aws_account_id: Some(self.account.to_string()),
            key_id: self.key_id.clone(),
            arn: Some(self.arn()),
            creation_date: Some(self.created),
            enabled: Some(self.state == KeyState::Enabled),
            description: Some(self.description.clone()),
            key_usage: Some(kind.usage),
            key_state: Some(self.wire_state()),
            deletion_date: match self.state {
                KeyState::PendingDeletion(at) => Some(at),
                _ => None,
            },
            valid_to: expires,
            origin: Some(kind.origin),
            expiration_model: imported.map(|_| expiration_model(expires.is_some())),
            key_manager: Some(match self.manager {
                KeyManager::Aws => KeyManagerType::Aws,
                KeyManager::Customer => KeyManagerType::Customer,
            }),
            // Its former name has fewer values.
            customer_master_key_spec: kind.spec.as_str().parse().ok(),
            key_spec: Some(kind.spec),
            encryption_algorithms: listed(kind.encryption_algorithms()),
            signing_algorithms: listed(kind.signing_algorithms()),
            key_agreement_algorithms: listed(kind.key_agreement_algorithms()),
            encapsulation_algorithms: listed(kind.encapsulation_algorithms()),
            mac_algorithms: listed(kind.mac_algorithms()),
            multi_region: Some(self.multi_region.is_some()),
            multi_region_configuration: self
                .multi_region
                .as_ref()
                .map(|related| related.configuration(self)),
            pending_deletion_window_in_days: match self.state {
                KeyState::PendingReplicaDeletion(days) => Some(days),
                _ => None,
            },
            current_key_material_id: self.current_material_id(),
            ..KeyMetadata::default()
        }
    }

    /// Its state, in AWS's words.
    pub(super) fn wire_state(&self) -> WireKeyState {
        match self.state {
            KeyState::Enabled => WireKeyState::Enabled,
            KeyState::Disabled => WireKeyState::Disabled,
            KeyState::PendingDeletion(_) => WireKeyState::PendingDeletion,
            KeyState::PendingImport => WireKeyState::PendingImport,
            KeyState::PendingReplicaDeletion(_) => WireKeyState::PendingReplicaDeletion,
        }
    }
}

/// Whether imported material expires, in AWS's words.
pub(super) fn expiration_model(expires: bool) -> ExpirationModelType {
    match expires {
        true => ExpirationModelType::KeyMaterialExpires,
        false => ExpirationModelType::KeyMaterialDoesNotExpire,
    }
}

/// A list, which is left out where it would be empty.
pub(super) fn listed<T: Copy>(algorithms: &[T]) -> Option<Vec<T>> {
    (!algorithms.is_empty()).then(|| algorithms.to_vec())
}

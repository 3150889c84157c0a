//! KMS keys as records: their states, who manages them, and which material seals.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

use coffer_model::{AccountId, Region, Timestamp};
use coffer_pipeline::{Call, Scope};
use coffer_protocol::Fault;
use coffer_seal::{Material, RootKeys};
use coffer_store::{Key, Record};
use serde::{Deserialize, Serialize};

use super::errors::KmsError;
use super::material::{MadeBy, SealedMaterial};
use super::wire::{
    CustomerMasterKeySpec, EncryptionAlgorithmSpec, KeyManagerType, KeyMetadata, KeySpec,
    KeyUsageType, OriginType, WireKeyState,
};

pub use super::find::{find_key, find_key_in, managed_alias, managed_key};

/// A KMS key.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct KeyRecord {
    /// The key's id: a UUID.
    pub key_id: String,
    /// The owning account.
    pub account: AccountId,
    /// Its region.
    pub region: Region,
    /// `Enabled`, `Disabled`, or waiting to be deleted.
    pub state: KeyState,
    /// Whether AWS (that is, coffer) or the customer manages it.
    pub manager: KeyManager,
    /// What the customer says of it.
    pub description: String,
    /// When it was made.
    pub created: Timestamp,
    /// The key policy's text.
    pub policy: String,
    /// Its tags.
    pub tags: BTreeMap<String, String>,
    /// The names of its aliases: their count is bounded, and they go when it goes.
    pub aliases: BTreeSet<String>,
    /// When its material is to be replaced, where that happens by itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rotation: Option<Rotation>,
    /// The key material, oldest first; the last one seals, all of them open.
    pub materials: Vec<SealedMaterial>,
    #[serde(skip)]
    opened: Opened,
}

/// The states of a key that coffer knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum KeyState {
    /// Ready for use.
    Enabled,
    /// Not to be used until it is enabled again.
    Disabled,
    /// To be deleted at this time unless that is cancelled.
    PendingDeletion(Timestamp),
}

/// Who manages a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum KeyManager {
    /// A service's own key, made on first use, such as `alias/aws/ssm`.
    Aws,
    /// A key made by CreateKey.
    Customer,
}

/// Automatic rotation of a key's material.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rotation {
    /// The days between two rotations.
    pub period_days: i32,
    /// When the next one is due.
    pub next: Timestamp,
}

/// Opened material, kept as long as the record stays in the cache and zeroised with it. A copy
/// begins without any.
#[derive(Debug, Default)]
struct Opened(OnceLock<Vec<Material>>);

impl Clone for Opened {
    fn clone(&self) -> Self {
        Self::default()
    }
}

impl KeyRecord {
    /// Makes a key of the call's scope with fresh material. It is not staged yet.
    pub fn generate(
        call: &Call<'_>,
        manager: KeyManager,
        description: &str,
        policy: String,
    ) -> Self {
        let key_id = call.uuid();
        let scope = call.scope();
        let material = SealedMaterial::generate(call, &key_arn(scope, &key_id), MadeBy::Creation);
        Self {
            key_id,
            account: scope.account,
            region: scope.region.clone(),
            state: KeyState::Enabled,
            manager,
            description: description.to_owned(),
            created: call.now(),
            policy,
            tags: BTreeMap::new(),
            aliases: BTreeSet::new(),
            rotation: None,
            materials: vec![material],
            opened: Opened::default(),
        }
    }

    /// The row of a key.
    pub fn key_of(scope: &Scope, key_id: &str) -> Key {
        scope.key(Self::TABLE, &[key_id])
    }

    /// The prefix of all keys of a scope, in the order of their ids.
    pub(super) fn all_of(scope: &Scope) -> Vec<u8> {
        scope.key(Self::TABLE, &[]).prefix()
    }

    /// The scope the key belongs to.
    pub fn scope(&self) -> Scope {
        Scope { account: self.account, region: self.region.clone() }
    }

    /// The key's ARN.
    pub fn arn(&self) -> String {
        key_arn(&self.scope(), &self.key_id)
    }

    /// A copy to be changed and put.
    pub fn copy(&self) -> Self {
        self.clone()
    }

    /// Refuses a key that may not be used for cryptography now.
    pub fn must_be_usable(&self) -> Result<(), Fault> {
        match self.state {
            KeyState::Enabled => Ok(()),
            KeyState::Disabled => {
                Err(KmsError::DisabledException.with(format!("{} is disabled.", self.arn())))
            }
            KeyState::PendingDeletion(_) => Err(self.pending_deletion()),
        }
    }

    /// Refuses a key that waits to be deleted.
    pub fn must_stay(&self) -> Result<(), Fault> {
        match self.state {
            KeyState::Enabled | KeyState::Disabled => Ok(()),
            KeyState::PendingDeletion(_) => Err(self.pending_deletion()),
        }
    }

    /// The fault of a key that waits to be deleted.
    pub fn pending_deletion(&self) -> Fault {
        KmsError::KMSInvalidStateException.with(format!("{} is pending deletion.", self.arn()))
    }

    /// Puts fresh material in front of what the key has, which goes on opening.
    ///
    /// # Errors
    /// A key that has been rotated [`MATERIALS_MAX`] times.
    pub(super) fn rotate(&mut self, call: &Call<'_>, made_by: MadeBy) -> Result<(), Fault> {
        if self.materials.len() >= MATERIALS_MAX {
            let cause = format!("key {} has {MATERIALS_MAX} materials already", self.key_id);
            return Err(Fault::internal(cause));
        }
        self.materials.push(SealedMaterial::generate(call, &self.arn(), made_by));
        self.opened = Opened::default();
        Ok(())
    }

    /// Seals all of its material under the root key in force; tells how many pieces were not.
    pub(super) fn reseal(&mut self, call: &Call<'_>) -> Result<usize, Fault> {
        let arn = self.arn();
        let mut resealed = 0;
        for material in &mut self.materials {
            resealed += usize::from(material.reseal(call, &arn)?);
        }
        Ok(resealed)
    }

    /// What DescribeKey tells of it.
    pub(super) fn metadata(&self) -> KeyMetadata {
        let (state, deletion_date) = match self.state {
            KeyState::Enabled => (WireKeyState::Enabled, None),
            KeyState::Disabled => (WireKeyState::Disabled, None),
            KeyState::PendingDeletion(at) => (WireKeyState::PendingDeletion, Some(at)),
        };
        KeyMetadata {
            aws_account_id: Some(self.account.to_string()),
            key_id: self.key_id.clone(),
            arn: Some(self.arn()),
            creation_date: Some(self.created),
            enabled: Some(self.state == KeyState::Enabled),
            description: Some(self.description.clone()),
            key_usage: Some(KeyUsageType::EncryptDecrypt),
            key_state: Some(state),
            deletion_date,
            origin: Some(OriginType::AwsKms),
            key_manager: Some(match self.manager {
                KeyManager::Aws => KeyManagerType::Aws,
                KeyManager::Customer => KeyManagerType::Customer,
            }),
            customer_master_key_spec: Some(CustomerMasterKeySpec::SymmetricDefault),
            key_spec: Some(KeySpec::SymmetricDefault),
            encryption_algorithms: Some(vec![EncryptionAlgorithmSpec::SymmetricDefault]),
            multi_region: Some(false),
            current_key_material_id: self.materials.last().map(|material| material.id.clone()),
            ..KeyMetadata::default()
        }
    }

    /// The id of the material that seals.
    pub(super) fn current_material_id(&self) -> Option<String> {
        self.materials.last().map(|material| material.id.clone())
    }

    /// The material that seals, with its id.
    pub(super) fn current(&self, root: &RootKeys) -> Result<(&str, &Material), Fault> {
        let opened = self.opened(root)?;
        match (self.materials.last(), opened.last()) {
            (Some(sealed), Some(material)) => Ok((&sealed.id, material)),
            _ => Err(Fault::internal(format!("key {} has no material", self.key_id))),
        }
    }

    /// The material of an id, if the key has it.
    pub(super) fn material(&self, root: &RootKeys, id: &str) -> Result<Option<&Material>, Fault> {
        let opened = self.opened(root)?;
        let place = self.materials.iter().position(|sealed| sealed.id == id);
        Ok(place.and_then(|place| opened.get(place)))
    }

    fn opened(&self, root: &RootKeys) -> Result<&[Material], Fault> {
        if let Some(opened) = self.opened.0.get() {
            return Ok(opened);
        }
        let arn = self.arn();
        let mut opened = Vec::with_capacity(self.materials.len());
        for sealed in &self.materials {
            opened.push(sealed.open(root, &arn)?);
        }
        Ok(self.opened.0.get_or_init(|| opened))
    }
}

impl Record for KeyRecord {
    const TABLE: &'static str = "kms.key";

    fn key(&self) -> Key {
        Self::key_of(&self.scope(), &self.key_id)
    }
}

/// The ARN of a key.
pub(super) fn key_arn(scope: &Scope, key_id: &str) -> String {
    scope.arn_text("kms", &["key/", key_id])
}

/// On-demand rotations are bounded by AWS, and automatic ones by the shortest period: this is
/// more than a century of them.
const MATERIALS_MAX: usize = 500;

//! KMS keys as records: their states, who manages them, and which material seals.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

use coffer_model::{AccountId, Region, Timestamp};
use coffer_pipeline::identity::PolicyDocument;
use coffer_pipeline::{Call, Scope};
use coffer_protocol::Fault;
use coffer_seal::{KeyPair, MacKey, Material, RootKeys};
use coffer_store::{Key, Record};
use serde::{Deserialize, Serialize};

use super::errors::KmsError;
use super::material::{MadeBy, OpenMaterial, SealedMaterial};
use super::multi_region::MultiRegion;
use super::spec::{KeyKind, MaterialKind};
use super::usage;

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
    pub policy: PolicyDocument,
    /// Its tags.
    pub tags: BTreeMap<String, String>,
    /// The names of its aliases: their count is bounded, and they go when it goes.
    pub aliases: BTreeSet<String>,
    /// When its material is to be replaced, where that happens by itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rotation: Option<Rotation>,
    /// The key material, oldest first; the last one seals, all of them open.
    pub materials: Vec<SealedMaterial>,
    /// Imported material that waits for a rotation on demand.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) pending: Option<SealedMaterial>,
    /// What it is made of and for.
    #[serde(default, skip_serializing_if = "KeyKind::is_usual")]
    pub(super) kind: KeyKind,
    /// The related keys in other regions, where it is of a kind that has them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) multi_region: Option<MultiRegion>,
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
    /// Without the material that is to be imported.
    PendingImport,
    /// To be deleted so many days after its last replica is, unless that is cancelled.
    PendingReplicaDeletion(i32),
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
struct Opened(OnceLock<Vec<OpenMaterial>>);

impl Clone for Opened {
    fn clone(&self) -> Self {
        Self::default()
    }
}

/// What a new key is to be.
pub(super) struct NewKey<'a> {
    pub(super) manager: KeyManager,
    pub(super) kind: KeyKind,
    pub(super) is_multi_region: bool,
    pub(super) description: &'a str,
    pub(super) policy: PolicyDocument,
    pub(super) tags: BTreeMap<String, String>,
}

impl KeyRecord {
    /// Makes a symmetric key of the call's scope with fresh material. It is not staged yet.
    pub fn generate(
        call: &Call<'_>,
        manager: KeyManager,
        description: &str,
        policy: String,
    ) -> Self {
        let mut key = Self::without_material(
            call,
            NewKey {
                manager,
                kind: KeyKind::default(),
                is_multi_region: false,
                description,
                policy: PolicyDocument::new(policy),
                tags: BTreeMap::new(),
            },
        );
        key.materials.push(SealedMaterial::generate(call, &key.arn(), MadeBy::Creation));
        key
    }

    /// Makes a key of any kind, with fresh material unless that is to be imported. It is not
    /// staged yet.
    ///
    /// # Errors
    /// A kind that the library has no material of.
    pub(super) async fn make(call: &Call<'_>, new: NewKey<'_>) -> Result<Self, Fault> {
        let mut key = Self::without_material(call, new);
        if key.kind.is_external() {
            key.state = KeyState::PendingImport;
        } else {
            let kind = key.material_kind()?;
            key.materials.push(SealedMaterial::make(call, &key.arn(), kind).await?);
        }
        Ok(key)
    }

    fn without_material(call: &Call<'_>, new: NewKey<'_>) -> Self {
        let (scope, id) = (call.scope(), call.uuid());
        let key_id = match new.is_multi_region {
            true => format!("{MULTI_REGION_PREFIX}{}", id.replace('-', "")),
            false => id,
        };
        Self {
            key_id,
            account: scope.account,
            region: scope.region.clone(),
            state: KeyState::Enabled,
            manager: new.manager,
            description: new.description.to_owned(),
            created: call.now(),
            policy: new.policy,
            tags: new.tags,
            aliases: BTreeSet::new(),
            rotation: None,
            materials: Vec::new(),
            pending: None,
            kind: new.kind,
            multi_region: new.is_multi_region.then(|| MultiRegion::new(scope.region.clone())),
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
            KeyState::PendingImport => Err(self.invalid_state("is pending import.")),
            KeyState::PendingDeletion(_) | KeyState::PendingReplicaDeletion(_) => {
                Err(self.pending_deletion())
            }
        }
    }

    /// Refuses a key that waits to be deleted.
    pub fn must_stay(&self) -> Result<(), Fault> {
        match self.state {
            KeyState::Enabled | KeyState::Disabled | KeyState::PendingImport => Ok(()),
            KeyState::PendingDeletion(_) | KeyState::PendingReplicaDeletion(_) => {
                Err(self.pending_deletion())
            }
        }
    }

    /// Refuses a key that waits to be deleted, or for its material.
    pub(super) fn must_be_whole(&self) -> Result<(), Fault> {
        match self.state {
            KeyState::PendingImport => Err(self.invalid_state("is pending import.")),
            _ => self.must_stay(),
        }
    }

    /// The fault of a key that waits to be deleted.
    pub fn pending_deletion(&self) -> Fault {
        self.invalid_state(match self.state {
            KeyState::PendingReplicaDeletion(_) => "is pending replica deletion.",
            _ => "is pending deletion.",
        })
    }

    pub(super) fn invalid_state(&self, what: &str) -> Fault {
        KmsError::KMSInvalidStateException.with(format!("{} {what}", self.arn()))
    }

    /// The state of a key that is no longer disabled, nor to be deleted.
    pub(super) fn state_by_material(&self, with_all: KeyState) -> KeyState {
        let lacks_some = self.materials.iter().any(|material| !material.is_here());
        let lacks = self.kind.is_external() && (self.materials.is_empty() || lacks_some);
        if lacks { KeyState::PendingImport } else { with_all }
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

    /// Goes on with the imported material that waits for it.
    ///
    /// # Errors
    /// `KMSInvalidStateException` where there is none.
    pub(super) fn rotate_to_pending(&mut self, call: &Call<'_>) -> Result<(), Fault> {
        let Some(pending) = self.pending.take() else {
            let message =
                format!("No available key material pending rotation for the key: {}.", self.arn());
            return Err(KmsError::KMSInvalidStateException.with(message));
        };
        let (created, made_by) = (call.now(), MadeBy::OnDemandRotation);
        self.materials.push(SealedMaterial { created, made_by, ..pending });
        self.opened = Opened::default();
        Ok(())
    }

    /// Seals all of its material under the root key in force; tells how many pieces were not.
    pub(super) fn reseal(&mut self, call: &Call<'_>) -> Result<usize, Fault> {
        let arn = self.arn();
        let mut resealed = 0;
        for material in self.materials.iter_mut().chain(&mut self.pending) {
            resealed += usize::from(material.reseal(call, &arn)?);
        }
        Ok(resealed)
    }

    /// The kind of its material.
    pub(super) fn material_kind(&self) -> Result<MaterialKind, Fault> {
        let spec = self.kind.spec;
        spec.material().ok_or_else(|| Fault::internal(format!("there is no material for {spec}")))
    }

    /// The id of the material that seals; only symmetric keys tell it.
    pub(super) fn current_material_id(&self) -> Option<String> {
        let current = self.materials.last().filter(|_| self.kind.is_symmetric());
        current.map(|material| material.id.clone())
    }

    /// The symmetric material that seals, with its id.
    pub(super) fn current(&self, root: &RootKeys) -> Result<(&str, &Material), Fault> {
        match (self.materials.last(), self.opened(root)?.last()) {
            (Some(sealed), Some(OpenMaterial::Symmetric(material))) => Ok((&sealed.id, material)),
            _ => Err(usage::not_symmetric(self)),
        }
    }

    /// The symmetric material of an id, if the key has it.
    pub(super) fn material(&self, root: &RootKeys, id: &str) -> Result<Option<&Material>, Fault> {
        let opened = self.opened(root)?;
        let place = self.materials.iter().position(|sealed| sealed.id == id);
        Ok(match place.and_then(|place| opened.get(place)) {
            Some(OpenMaterial::Symmetric(material)) => Some(material),
            _ => None,
        })
    }

    /// The key pair that it is.
    pub(super) fn pair(&self, root: &RootKeys) -> Result<&KeyPair, Fault> {
        match self.opened(root)?.last() {
            Some(OpenMaterial::Pair(pair)) => Ok(pair),
            _ => Err(Fault::internal(format!("key {} is no key pair", self.key_id))),
        }
    }

    /// The key for codes that it is.
    pub(super) fn mac(&self, root: &RootKeys) -> Result<&MacKey, Fault> {
        match self.opened(root)?.last() {
            Some(OpenMaterial::Mac(key)) => Ok(key),
            _ => Err(Fault::internal(format!("key {} makes no codes", self.key_id))),
        }
    }

    fn opened(&self, root: &RootKeys) -> Result<&[OpenMaterial], Fault> {
        if let Some(opened) = self.opened.0.get() {
            return Ok(opened);
        }
        let (arn, kind) = (self.arn(), self.material_kind()?);
        let mut opened = Vec::with_capacity(self.materials.len());
        for sealed in &self.materials {
            opened.push(sealed.open(root, &arn, kind)?);
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

/// What the ids of keys begin with that have related keys in other regions.
pub(super) const MULTI_REGION_PREFIX: &str = "mrk-";

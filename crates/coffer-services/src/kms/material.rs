//! Key material as it is stored, sealed under the root key and bound to its key, and as it is used.

use coffer_model::Timestamp;
use coffer_pipeline::Call;
use coffer_protocol::Fault;
use coffer_seal::{KeyPair, MacKey, Material, RootKeys, fingerprint, hex};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::spec::MaterialKind;

/// Key material, sealed under the root key and bound to its key.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SealedMaterial {
    /// The material's id: 64 hexadecimal digits, as KMS's `KeyMaterialId`.
    pub id: String,
    /// When it was made.
    pub created: Timestamp,
    /// What it was made by.
    pub made_by: MadeBy,
    /// The id of the root key that it is sealed under; earlier releases did not note it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub root_key_id: Option<String>,
    /// The sealed bytes, in base64; none while imported material is not there.
    #[serde(with = "crate::base64_text")]
    pub sealed: Vec<u8>,
    /// What its importer said of it; nothing for material that KMS made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) imported: Option<Imported>,
}

/// What the importer of material said of it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Imported {
    /// When it is to be deleted, where it is there and is to be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) expires: Option<Timestamp>,
    /// A description.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) description: Option<String>,
}

/// What made a piece of key material.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum MadeBy {
    /// The key's creation, or the first import.
    Creation,
    /// A rotation whose time had come.
    AutomaticRotation,
    /// RotateKeyOnDemand.
    OnDemandRotation,
}

/// Material ready for use.
#[derive(Debug)]
pub(super) enum OpenMaterial {
    /// Seals messages.
    Symmetric(Material),
    /// Makes codes.
    Mac(MacKey),
    /// Signs, opens, agrees.
    Pair(Box<KeyPair>),
    /// Is to be imported.
    Missing,
}

impl SealedMaterial {
    /// Draws symmetric material for the key of an ARN.
    pub(super) fn generate(call: &Call<'_>, arn: &str, made_by: MadeBy) -> Self {
        let material = Material::generate(call.entropy());
        Self::seal(call, arn, drawn_id(call), made_by, material.bytes())
    }

    /// Makes material of any kind for the key of an ARN.
    pub(super) async fn make(
        call: &Call<'_>,
        arn: &str,
        kind: MaterialKind,
    ) -> Result<Self, Fault> {
        let made_by = MadeBy::Creation;
        Ok(match kind {
            MaterialKind::Symmetric => Self::generate(call, arn, made_by),
            MaterialKind::Mac(hash) => {
                let key = MacKey::generate(hash, call.entropy());
                Self::seal(call, arn, drawn_id(call), made_by, key.bytes())
            }
            MaterialKind::Pair(spec) => {
                let pair = call.aside(move || KeyPair::generate(spec)).await?;
                let pair = pair.map_err(Fault::internal)?;
                Self::seal(call, arn, drawn_id(call), made_by, pair.private_der())
            }
        })
    }

    /// Takes bytes as imported material.
    pub(super) fn import(
        call: &Call<'_>,
        arn: &str,
        id: String,
        bytes: &[u8],
        imported: Imported,
    ) -> Self {
        let sealed = Self::seal(call, arn, id, MadeBy::Creation, bytes);
        Self { imported: Some(imported), ..sealed }
    }

    fn seal(call: &Call<'_>, arn: &str, id: String, made_by: MadeBy, bytes: &[u8]) -> Self {
        let keys = call.root_key_to_keep();
        let sealed = keys.seal(call.entropy(), &bound_to(arn, &id), bytes);
        let root_key_id = Some(keys.id().to_owned());
        Self { id, created: call.now(), made_by, root_key_id, sealed, imported: None }
    }

    /// The same material for a related key in another region. What was imported has to be imported
    /// there, too.
    pub(super) fn for_replica(
        &self,
        call: &Call<'_>,
        from_arn: &str,
        to_arn: &str,
    ) -> Result<Self, Fault> {
        if self.imported.is_some() {
            return Ok(self.emptied());
        }
        let keys = call.root_key_to_keep();
        let bytes = self.bytes(keys, from_arn)?;
        let sealed = keys.seal(call.entropy(), &bound_to(to_arn, &self.id), &bytes);
        let root_key_id = Some(keys.id().to_owned());
        Ok(Self { root_key_id, sealed, ..self.clone() })
    }

    /// Seals it under the root key in force, if it is sealed under another; tells whether it was.
    pub(super) fn reseal(&mut self, call: &Call<'_>, arn: &str) -> Result<bool, Fault> {
        let keys = call.root_key_to_keep();
        if !self.is_here() || self.root_key_id.as_deref() == Some(keys.id()) {
            return Ok(false);
        }
        let bytes = self.bytes(keys, arn)?;
        self.sealed = keys.seal(call.entropy(), &bound_to(arn, &self.id), &bytes);
        self.root_key_id = Some(keys.id().to_owned());
        Ok(true)
    }

    /// What is left of imported material that is deleted: its name, by which it may come back.
    pub(super) fn emptied(&self) -> Self {
        let imported = self.imported.clone().map(|said| Imported { expires: None, ..said });
        Self { sealed: Vec::new(), imported, ..self.clone() }
    }

    /// Whether it is there.
    pub(super) fn is_here(&self) -> bool {
        !self.sealed.is_empty()
    }

    /// Opens it, given the ARN and the kind of the key that it belongs to.
    pub(super) fn open(
        &self,
        root: &RootKeys,
        arn: &str,
        kind: MaterialKind,
    ) -> Result<OpenMaterial, Fault> {
        if !self.is_here() {
            return Ok(OpenMaterial::Missing);
        }
        let bytes = self.bytes(root, arn)?;
        OpenMaterial::read(kind, &bytes).ok_or_else(|| unreadable(arn))
    }

    fn bytes(&self, root: &RootKeys, arn: &str) -> Result<Zeroizing<Vec<u8>>, Fault> {
        root.open(&bound_to(arn, &self.id), &self.sealed).map_err(|_| unreadable(arn))
    }
}

impl OpenMaterial {
    /// Takes bytes as material of a kind, where they can be that.
    pub(super) fn read(kind: MaterialKind, bytes: &[u8]) -> Option<Self> {
        match kind {
            MaterialKind::Symmetric => Material::from_slice(bytes).ok().map(Self::Symmetric),
            // AWS: imported ones may be longer than the hash, up to its block (developer guide,
            // "Requirements for imported key material").
            MaterialKind::Mac(hash) => {
                let block_bytes = if hash.bytes() > 32 { 128 } else { 64 };
                (hash.bytes()..=block_bytes)
                    .contains(&bytes.len())
                    .then(|| Self::Mac(MacKey::new(hash, bytes)))
            }
            MaterialKind::Pair(spec) => {
                let pair = KeyPair::from_private_der(spec, bytes).ok()?;
                Some(Self::Pair(Box::new(pair)))
            }
        }
    }
}

/// The id of imported material: the same whenever it is imported into a key, and into those that
/// are related to it.
pub(super) fn imported_id(key_id: &str, bytes: &[u8]) -> String {
    fingerprint("coffer.kms-imported-material.v1", bytes, key_id.as_bytes())
}

fn drawn_id(call: &Call<'_>) -> String {
    let mut random = [0; 32];
    call.entropy().fill(&mut random);
    hex(&random)
}

fn unreadable(arn: &str) -> Fault {
    Fault::internal(format!("material of key {arn} does not open"))
}

fn bound_to(arn: &str, id: &str) -> Vec<u8> {
    format!("kms key material\0{arn}\0{id}").into_bytes()
}

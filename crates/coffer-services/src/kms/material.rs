//! Key material as it is stored: sealed under the root key and bound to its key.

use coffer_model::Timestamp;
use coffer_pipeline::Call;
use coffer_protocol::Fault;
use coffer_seal::{Material, RootKeys};
use serde::{Deserialize, Serialize};

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
    /// The sealed bytes, in base64.
    #[serde(with = "crate::base64_text")]
    pub sealed: Vec<u8>,
}

/// What made a piece of key material.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum MadeBy {
    /// The key's creation.
    Creation,
    /// A rotation whose time had come.
    AutomaticRotation,
    /// RotateKeyOnDemand.
    OnDemandRotation,
}

impl SealedMaterial {
    /// Draws material for the key of an ARN.
    pub(super) fn generate(call: &Call<'_>, arn: &str, made_by: MadeBy) -> Self {
        let mut random = [0; 32];
        call.entropy().fill(&mut random);
        let id: String = random.iter().map(|byte| format!("{byte:02x}")).collect();
        let material = Material::generate(call.entropy());
        let sealed = call.root_key().seal(call.entropy(), &bound_to(arn, &id), material.bytes());
        let root_key_id = Some(call.root_key().id().to_owned());
        Self { id, created: call.now(), made_by, root_key_id, sealed }
    }

    /// Seals it under the root key in force, if it is sealed under another; tells whether it was.
    pub(super) fn reseal(&mut self, call: &Call<'_>, arn: &str) -> Result<bool, Fault> {
        let keys = call.root_key();
        if self.root_key_id.as_deref() == Some(keys.id()) {
            return Ok(false);
        }
        let bound = bound_to(arn, &self.id);
        let plain = keys.open(&bound, &self.sealed).map_err(|_| does_not_open(arn))?;
        self.sealed = keys.seal(call.entropy(), &bound, &plain);
        self.root_key_id = Some(keys.id().to_owned());
        Ok(true)
    }

    /// Opens it, given the ARN of the key that it belongs to.
    pub(super) fn open(&self, root: &RootKeys, arn: &str) -> Result<Material, Fault> {
        root.open(&bound_to(arn, &self.id), &self.sealed)
            .and_then(|bytes| Material::from_slice(&bytes))
            .map_err(|_| does_not_open(arn))
    }
}

fn does_not_open(arn: &str) -> Fault {
    Fault::internal(format!("material of key {arn} does not open"))
}

fn bound_to(arn: &str, id: &str) -> Vec<u8> {
    format!("kms key material\0{arn}\0{id}").into_bytes()
}

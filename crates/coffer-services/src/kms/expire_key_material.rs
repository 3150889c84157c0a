//! The job that deletes imported material whose time is over.

use coffer_model::Timestamp;
use coffer_pipeline::{Call, Job, Verdict};
use coffer_protocol::Fault;
use serde::{Deserialize, Serialize};

use super::imports;
use super::key::KeyRecord;
use super::multi_region::put_with_replicas;

/// Deletes imported material, if it is still there and was not given another time.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct ExpireKeyMaterial {
    pub(super) key_id: String,
    pub(super) material_id: String,
    pub(super) due: Timestamp,
}

impl Job for ExpireKeyMaterial {
    const KIND: &'static str = "kms.expire-key-material";

    async fn run(&self, call: &mut Call<'_>) -> Result<Verdict, Fault> {
        let row = KeyRecord::key_of(call.scope(), &self.key_id);
        let Some(key) = call.get::<KeyRecord>(&row).await? else { return Ok(Verdict::Done) };
        let mut all = key.materials.iter().chain(&key.pending);
        let expires = all
            .find(|material| material.id == self.material_id && material.is_here())
            .and_then(|material| material.imported.as_ref()?.expires);
        if expires != Some(self.due) {
            return Ok(Verdict::Done);
        }
        if self.due > call.now() {
            return Ok(Verdict::Again(self.due));
        }
        let arn = key.arn();
        call.acted_on(&arn);
        put_with_replicas(call, imports::without(&key, &self.material_id)).await?;
        let detail = serde_json::json!({ "key-id": self.key_id });
        call.emit("aws.kms", "KMS Imported Key Material Expiration", vec![arn], detail).await?;
        Ok(Verdict::Done)
    }
}

//! What policies may ask of a secret.

use coffer_pipeline::demand::{RESOURCE_TAG, tag_of};
use coffer_pipeline::{ContextValues, Facts};

use super::SecretRecord;

/// AWS: the condition keys of a secret (service authorization reference, Secrets Manager).
impl Facts for SecretRecord {
    fn fact(&self, key: &str) -> Option<ContextValues<'_>> {
        if let Some(name) = key.strip_prefix(RESOURCE_TAG).or_else(|| key.strip_prefix(OWN_TAG)) {
            return tag_of(&self.tags, name).map(ContextValues::from);
        }
        match key {
            "secretsmanager:secretid" => Some(self.arn().into()),
            "secretsmanager:secretprimaryregion" => {
                Some(self.primary_region().unwrap_or(&self.region).as_str().into())
            }
            "secretsmanager:resource/allowrotationlambdaarn" => {
                self.rotation.as_ref()?.lambda_arn.as_deref().map(ContextValues::from)
            }
            _ => None,
        }
    }
}

const OWN_TAG: &str = "secretsmanager:resourcetag/";

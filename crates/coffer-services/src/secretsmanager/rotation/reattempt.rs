//! The job that has an unfinished rotation attempted anew.

use coffer_pipeline::{Call, Job, Verdict};
use coffer_protocol::Fault;
use serde::{Deserialize, Serialize};

use super::super::secret::SecretRecord;
use super::turn;

/// Has the rotation that a secret's version AWSPENDING is left of go on at once: what AWS promises
/// to whoever asks for another one.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct ReattemptRotation {
    name: String,
    suffix: String,
}

impl ReattemptRotation {
    /// Asks for the job, also where the call is refused.
    pub(in super::super) async fn ask(
        call: &mut Call<'_>,
        secret: &SecretRecord,
    ) -> Result<(), Fault> {
        let job = Self { name: secret.name.clone(), suffix: secret.suffix.clone() };
        call.touch_and_schedule(secret.clone(), secret.scope(), call.now(), &job).await
    }
}

impl Job for ReattemptRotation {
    const KIND: &'static str = "secretsmanager.reattempt-rotation";

    async fn run(&self, call: &mut Call<'_>) -> Result<Verdict, Fault> {
        let row = SecretRecord::key_of(call.scope(), &self.name);
        let secret = call.get::<SecretRecord>(&row).await?;
        let secret = secret.filter(|secret| {
            let is_enabled = secret.rotation.as_ref().is_some_and(|rotation| rotation.enabled);
            secret.suffix == self.suffix && secret.deletion.is_none() && is_enabled
        });
        if let Some(secret) = secret {
            turn::retry(call, &secret).await?;
        }
        Ok(Verdict::Done)
    }
}

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
    /// Whether rotation was off when it was asked for, as after CancelRotateSecret: then it goes on
    /// although it is off, and otherwise not where it was turned off since.
    #[serde(default)]
    was_off: bool,
}

impl ReattemptRotation {
    /// Asks for the job, also where the call is refused.
    pub(in super::super) async fn ask(
        call: &mut Call<'_>,
        secret: &SecretRecord,
    ) -> Result<(), Fault> {
        let job = Self {
            name: secret.name.clone(),
            suffix: secret.suffix.clone(),
            was_off: !is_on(secret),
        };
        call.touch_and_schedule(secret.clone(), secret.scope(), call.now(), &job).await
    }
}

impl Job for ReattemptRotation {
    const KIND: &'static str = "secretsmanager.reattempt-rotation";

    async fn run(&self, call: &mut Call<'_>) -> Result<Verdict, Fault> {
        let row = SecretRecord::key_of(call.scope(), &self.name);
        let secret = call.get::<SecretRecord>(&row).await?;
        let secret = secret.filter(|secret| {
            let is_wanted = self.was_off || is_on(secret);
            secret.suffix == self.suffix && secret.deletion.is_none() && is_wanted
        });
        if let Some(secret) = secret {
            turn::retry(call, &secret).await?;
        }
        Ok(Verdict::Done)
    }
}

fn is_on(secret: &SecretRecord) -> bool {
    secret.rotation.as_ref().is_some_and(|rotation| rotation.enabled)
}

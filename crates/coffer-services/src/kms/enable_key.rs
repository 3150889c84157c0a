//! EnableKey: makes a disabled key usable again.

use coffer_pipeline::{Access, Call, Demand, Operation};
use coffer_protocol::{ErrorRow, Fault, Input};

use super::errors::KmsError;
use super::find::find_to_change;
use super::key::KeyState;
use super::permission::demand_on;
use super::rotate_due_key::resume_rotation;

/// Makes a disabled key usable again, and makes up for a rotation that it missed.
pub(super) struct EnableKey;

/// Which key.
#[derive(Input, Debug)]
#[shape(name = "EnableKeyRequest")]
pub(super) struct EnableKeyInput {
    #[shape(required, min = 1, max = 2048)]
    key_id: String,
}

impl Operation for EnableKey {
    const NAME: &'static str = "EnableKey";
    const ACCESS: Access = Access::Write;
    const ERRORS: &'static [ErrorRow] = &[
        KmsError::NotFoundException.row(),
        KmsError::InvalidArnException.row(),
        KmsError::DependencyTimeoutException.row(),
        KmsError::KMSInternalException.row(),
        KmsError::LimitExceededException.row(),
        KmsError::KMSInvalidStateException.row(),
    ];
    type Input = EnableKeyInput;
    type Output = ();

    async fn demands(call: &mut Call<'_>, input: &Self::Input) -> Result<Vec<Demand>, Fault> {
        Ok(vec![demand_on(call, "kms:EnableKey", &input.key_id).await?])
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        let key = find_to_change(call, &input.key_id, "kms:EnableKey").await?;
        key.must_be_whole()?;
        call.acted_on(&key.arn());
        if key.state == KeyState::Enabled {
            return Ok(());
        }
        let mut key = key.copy();
        key.state = key.state_by_material(KeyState::Enabled);
        resume_rotation(call, &key).await?;
        call.put(key).await
    }
}

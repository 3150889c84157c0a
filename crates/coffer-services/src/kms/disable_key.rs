//! DisableKey: keeps a key from being used.

use coffer_pipeline::{Access, Call, Demand, Operation};
use coffer_protocol::{ErrorRow, Fault, Input};

use super::errors::KmsError;
use super::find::find_to_change;
use super::key::KeyState;
use super::permission::demand_on;

/// Keeps a key from being used until it is enabled again.
pub(super) struct DisableKey;

/// Which key.
#[derive(Input, Debug)]
#[shape(name = "DisableKeyRequest")]
pub(super) struct DisableKeyInput {
    #[shape(required, min = 1, max = 2048)]
    key_id: String,
}

impl Operation for DisableKey {
    const NAME: &'static str = "DisableKey";
    const ACCESS: Access = Access::Write;
    const ERRORS: &'static [ErrorRow] = &[
        KmsError::NotFoundException.row(),
        KmsError::InvalidArnException.row(),
        KmsError::DependencyTimeoutException.row(),
        KmsError::KMSInternalException.row(),
        KmsError::KMSInvalidStateException.row(),
    ];
    type Input = DisableKeyInput;
    type Output = ();

    async fn demands(call: &mut Call<'_>, input: &Self::Input) -> Result<Vec<Demand>, Fault> {
        Ok(vec![demand_on(call, "kms:DisableKey", &input.key_id).await?])
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        let key = find_to_change(call, &input.key_id, "kms:DisableKey").await?;
        key.must_be_whole()?;
        call.acted_on(&key.arn());
        let mut key = key.copy();
        key.state = KeyState::Disabled;
        call.put(key).await
    }
}

//! DisableKeyRotation: has a key keep its material.

use coffer_pipeline::{Access, Call, Demand, Operation};
use coffer_protocol::{ErrorRow, Fault, Input};

use super::errors::KmsError;
use super::find::find_to_change;
use super::multi_region::put_with_replicas;
use super::permission::demand_on;
use super::usage;

/// Has a key keep its material until rotation is asked for again.
pub(super) struct DisableKeyRotation;

/// Which key.
#[derive(Input, Debug)]
#[shape(name = "DisableKeyRotationRequest")]
pub(super) struct DisableKeyRotationInput {
    #[shape(required, min = 1, max = 2048)]
    key_id: String,
}

impl Operation for DisableKeyRotation {
    const NAME: &'static str = "DisableKeyRotation";
    const ACCESS: Access = Access::Write;
    const ERRORS: &'static [ErrorRow] = &[
        KmsError::NotFoundException.row(),
        KmsError::DisabledException.row(),
        KmsError::InvalidArnException.row(),
        KmsError::DependencyTimeoutException.row(),
        KmsError::KMSInternalException.row(),
        KmsError::KMSInvalidStateException.row(),
        KmsError::UnsupportedOperationException.row(),
    ];
    type Input = DisableKeyRotationInput;
    type Output = ();

    async fn demands(call: &mut Call<'_>, input: &Self::Input) -> Result<Vec<Demand>, Fault> {
        Ok(vec![demand_on(call, "kms:DisableKeyRotation", &input.key_id).await?])
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        let key = find_to_change(call, &input.key_id, "kms:DisableKeyRotation").await?;
        usage::must_rotate(&key)?;
        key.must_decide()?;
        key.must_be_usable()?;
        call.acted_on(&key.arn());
        let mut key = key.copy();
        key.rotation = None;
        put_with_replicas(call, key).await
    }
}

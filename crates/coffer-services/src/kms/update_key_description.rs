//! UpdateKeyDescription: says something else of a key.

use coffer_pipeline::{Access, Call, Demand, Operation};
use coffer_protocol::{ErrorRow, Fault, Input};

use super::errors::KmsError;
use super::find::find_to_change;
use super::permission::demand_on;

/// Replaces what a key's owner says of it.
pub(super) struct UpdateKeyDescription;

/// Which key, and what to say of it.
#[derive(Input, Debug)]
#[shape(name = "UpdateKeyDescriptionRequest")]
pub(super) struct UpdateKeyDescriptionInput {
    #[shape(required, min = 1, max = 2048)]
    key_id: String,
    #[shape(required, min = 0, max = 8192)]
    description: String,
}

impl Operation for UpdateKeyDescription {
    const NAME: &'static str = "UpdateKeyDescription";
    const ACCESS: Access = Access::Write;
    const ERRORS: &'static [ErrorRow] = &[
        KmsError::NotFoundException.row(),
        KmsError::InvalidArnException.row(),
        KmsError::DependencyTimeoutException.row(),
        KmsError::KMSInternalException.row(),
        KmsError::KMSInvalidStateException.row(),
    ];
    type Input = UpdateKeyDescriptionInput;
    type Output = ();

    async fn demands(call: &mut Call<'_>, input: &Self::Input) -> Result<Vec<Demand>, Fault> {
        Ok(vec![demand_on(call, "kms:UpdateKeyDescription", &input.key_id).await?])
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        let key = find_to_change(call, &input.key_id, "kms:UpdateKeyDescription").await?;
        key.must_stay()?;
        call.acted_on(&key.arn());
        let mut key = key.copy();
        key.description.clone_from(&input.description);
        call.put(key).await
    }
}

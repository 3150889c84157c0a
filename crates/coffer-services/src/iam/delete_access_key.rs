//! DeleteAccessKey: ends an access key.

use coffer_pipeline::identity::{AccessKeyLastUsedRecord, AccessKeyRecord};
use coffer_pipeline::{Access, Call, Demand, Operation};
use coffer_protocol::{ErrorRow, Fault, Input};

use super::access_keys::Owner;
use super::errors::IamError;
use super::find::demand_on_meant;

/// Ends an access key, and forgets when it was last used.
pub(super) struct DeleteAccessKey;

/// Which key.
#[derive(Input, Debug)]
#[shape(name = "DeleteAccessKeyRequest")]
pub(super) struct DeleteAccessKeyInput {
    #[shape(min = 1, max = 128, pattern = r"[\w+=,.@-]+")]
    user_name: Option<String>,
    #[shape(required, min = 16, max = 128, pattern = r"[\w]+")]
    access_key_id: String,
}

impl Operation for DeleteAccessKey {
    const NAME: &'static str = "DeleteAccessKey";
    const ACCESS: Access = Access::Write;
    const ERRORS: &'static [ErrorRow] = &[
        IamError::NoSuchEntityException.row(),
        IamError::LimitExceededException.row(),
        IamError::ServiceFailureException.row(),
    ];
    type Input = DeleteAccessKeyInput;
    type Output = ();

    async fn demands(call: &mut Call<'_>, input: &Self::Input) -> Result<Vec<Demand>, Fault> {
        Ok(vec![demand_on_meant(call, "iam:DeleteAccessKey", input.user_name.as_ref()).await?])
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        let mut owner = Owner::of(call, input.user_name.as_ref()).await?;
        call.acted_on(&owner.arn());
        let id = &owner.key(call, &input.access_key_id).await?.access_key_id;
        if owner.ids().remove(id) {
            owner.stage(call).await?;
        }
        call.delete::<AccessKeyLastUsedRecord>(&AccessKeyLastUsedRecord::key_of(id)).await?;
        call.delete::<AccessKeyRecord>(&AccessKeyRecord::key_of(id)).await
    }
}

//! UpdateAccessKey: switches an access key on or off.

use coffer_pipeline::identity::AccessKeyStatus;
use coffer_pipeline::{Access, Call, Demand, Operation};
use coffer_protocol::{ErrorRow, Fault, Input};

use super::access_keys::{Owner, StatusType};
use super::errors::IamError;
use super::find::demand_on_meant;

/// Switches an access key on or off: from then on its signatures are refused, or taken again.
pub(super) struct UpdateAccessKey;

/// Which key, and what it is to be.
#[derive(Input, Debug)]
#[shape(name = "UpdateAccessKeyRequest")]
pub(super) struct UpdateAccessKeyInput {
    #[shape(min = 1, max = 128, pattern = r"[\w+=,.@-]+")]
    user_name: Option<String>,
    #[shape(required, min = 16, max = 128, pattern = r"[\w]+")]
    access_key_id: String,
    #[shape(required)]
    status: StatusType,
}

impl Operation for UpdateAccessKey {
    const NAME: &'static str = "UpdateAccessKey";
    const ACCESS: Access = Access::Write;
    const ERRORS: &'static [ErrorRow] = &[
        IamError::NoSuchEntityException.row(),
        IamError::LimitExceededException.row(),
        IamError::ServiceFailureException.row(),
        IamError::InvalidInputException.row(),
    ];
    type Input = UpdateAccessKeyInput;
    type Output = ();

    async fn demands(call: &mut Call<'_>, input: &Self::Input) -> Result<Vec<Demand>, Fault> {
        Ok(vec![demand_on_meant(call, "iam:UpdateAccessKey", input.user_name.as_ref()).await?])
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        let owner = Owner::of(call, input.user_name.as_ref()).await?;
        call.acted_on(&owner.arn());
        let key = owner.key(call, &input.access_key_id).await?;
        let status = match input.status {
            StatusType::Active => AccessKeyStatus::Active,
            StatusType::Inactive => AccessKeyStatus::Inactive,
            StatusType::Expired => {
                return Err(IamError::InvalidInputException
                    .with("An access key can be made Active or Inactive only."));
            }
        };
        call.put(key.with_status(status)).await
    }
}

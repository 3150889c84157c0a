//! DeleteInstanceProfile: deletes an instance profile.

use coffer_pipeline::identity::InstanceProfileRecord;
use coffer_pipeline::{Access, Call, Demand, Operation};
use coffer_protocol::{ErrorRow, Fault, Input};
use coffer_store::Record;

use super::errors::IamError;
use super::{find, instance_profile};

/// Deletes an instance profile that has no role any more.
pub(super) struct DeleteInstanceProfile;

/// Which instance profile.
#[derive(Input, Debug)]
#[shape(name = "DeleteInstanceProfileRequest")]
pub(super) struct DeleteInstanceProfileInput {
    #[shape(required, min = 1, max = 128, pattern = r"[\w+=,.@-]+")]
    instance_profile_name: String,
}

impl Operation for DeleteInstanceProfile {
    const NAME: &'static str = "DeleteInstanceProfile";
    const ACCESS: Access = Access::Write;
    const ERRORS: &'static [ErrorRow] = &[
        IamError::NoSuchEntityException.row(),
        IamError::DeleteConflictException.row(),
        IamError::LimitExceededException.row(),
        IamError::ServiceFailureException.row(),
    ];
    type Input = DeleteInstanceProfileInput;
    type Output = ();

    async fn demands(call: &mut Call<'_>, input: &Self::Input) -> Result<Vec<Demand>, Fault> {
        Ok(vec![
            instance_profile::demand_on(
                call,
                "iam:DeleteInstanceProfile",
                &input.instance_profile_name,
            )
            .await?,
        ])
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        let profile = instance_profile::find(call, &input.instance_profile_name).await?;
        call.acted_on(&profile.arn());
        if profile.role.is_some() {
            return Err(find::must_first("remove roles from instance profile"));
        }
        call.delete::<InstanceProfileRecord>(&profile.key()).await
    }
}

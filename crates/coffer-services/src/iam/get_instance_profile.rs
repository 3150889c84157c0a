//! GetInstanceProfile: tells what an instance profile is.

use coffer_pipeline::{Access, Call, Demand, Operation};
use coffer_protocol::{ErrorRow, Fault, Input, Output};

use super::errors::IamError;
use super::wire_profile::InstanceProfile;
use super::{instance_profile, tags};

/// Tells what an instance profile is, and which role it has.
pub(super) struct GetInstanceProfile;

/// Which instance profile.
#[derive(Input, Debug)]
#[shape(name = "GetInstanceProfileRequest")]
pub(super) struct GetInstanceProfileInput {
    #[shape(required, min = 1, max = 128, pattern = r"[\w+=,.@-]+")]
    instance_profile_name: String,
}

/// The instance profile.
#[derive(Output, Debug)]
#[shape(name = "GetInstanceProfileResponse")]
pub(super) struct GetInstanceProfileOutput {
    #[shape(required)]
    instance_profile: InstanceProfile,
}

impl Operation for GetInstanceProfile {
    const NAME: &'static str = "GetInstanceProfile";
    const ACCESS: Access = Access::Read;
    const ERRORS: &'static [ErrorRow] =
        &[IamError::NoSuchEntityException.row(), IamError::ServiceFailureException.row()];
    type Input = GetInstanceProfileInput;
    type Output = GetInstanceProfileOutput;

    async fn demands(call: &mut Call<'_>, input: &Self::Input) -> Result<Vec<Demand>, Fault> {
        Ok(vec![
            instance_profile::demand_on(
                call,
                "iam:GetInstanceProfile",
                &input.instance_profile_name,
            )
            .await?,
        ])
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        let profile = instance_profile::find(call, &input.instance_profile_name).await?;
        let role = instance_profile::role_of(call, &profile).await?;
        let tags = Some(tags::to_wire(&profile.tags).unwrap_or_default());
        let answer = InstanceProfile::of(&profile, role).with(tags);
        Ok(GetInstanceProfileOutput { instance_profile: answer })
    }
}

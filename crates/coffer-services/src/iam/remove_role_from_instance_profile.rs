//! RemoveRoleFromInstanceProfile: takes the role out of an instance profile.

use coffer_pipeline::{Access, Call, Demand, Operation};
use coffer_protocol::{ErrorRow, Fault, Input};

use super::errors::IamError;
use super::{find, instance_profile};

/// Takes the role out of an instance profile.
pub(super) struct RemoveRoleFromInstanceProfile;

/// Which instance profile, and which role.
#[derive(Input, Debug)]
#[shape(name = "RemoveRoleFromInstanceProfileRequest")]
pub(super) struct RemoveRoleFromInstanceProfileInput {
    #[shape(required, min = 1, max = 128, pattern = r"[\w+=,.@-]+")]
    instance_profile_name: String,
    #[shape(required, min = 1, max = 64, pattern = r"[\w+=,.@-]+")]
    role_name: String,
}

impl Operation for RemoveRoleFromInstanceProfile {
    const NAME: &'static str = "RemoveRoleFromInstanceProfile";
    const ACCESS: Access = Access::Write;
    const ERRORS: &'static [ErrorRow] = &[
        IamError::NoSuchEntityException.row(),
        IamError::LimitExceededException.row(),
        IamError::UnmodifiableEntityException.row(),
        IamError::ServiceFailureException.row(),
    ];
    type Input = RemoveRoleFromInstanceProfileInput;
    type Output = ();

    async fn demands(call: &mut Call<'_>, input: &Self::Input) -> Result<Vec<Demand>, Fault> {
        Ok(vec![
            instance_profile::demand_on(
                call,
                "iam:RemoveRoleFromInstanceProfile",
                &input.instance_profile_name,
            )
            .await?,
        ])
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        let profile = instance_profile::find(call, &input.instance_profile_name).await?;
        call.acted_on(&profile.arn());
        let mut profile = profile.as_ref().clone();
        let role = find::role(call, &input.role_name).await?;
        if profile.role.as_ref() != Some(&role.role_name.to_ascii_lowercase()) {
            return Err(IamError::NoSuchEntityException.with(format!(
                "Role {} in Instance Profile {} cannot be found.",
                input.role_name, input.instance_profile_name
            )));
        }
        let mut role = role.as_ref().clone();
        role.instance_profiles.remove(&profile.profile_name.to_ascii_lowercase());
        profile.role = None;
        call.put(role).await?;
        call.put(profile).await
    }
}

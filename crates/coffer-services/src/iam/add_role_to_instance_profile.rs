//! AddRoleToInstanceProfile: puts a role in an instance profile.

use coffer_pipeline::{Access, Call, Demand, Operation};
use coffer_protocol::{ErrorRow, Fault, Input};

use super::errors::IamError;
use super::{find, instance_profile, permissions};

/// Puts a role in an instance profile that has none.
pub(super) struct AddRoleToInstanceProfile;

/// Which instance profile, and which role.
#[derive(Input, Debug)]
#[shape(name = "AddRoleToInstanceProfileRequest")]
pub(super) struct AddRoleToInstanceProfileInput {
    #[shape(required, min = 1, max = 128, pattern = r"[\w+=,.@-]+")]
    instance_profile_name: String,
    #[shape(required, min = 1, max = 64, pattern = r"[\w+=,.@-]+")]
    role_name: String,
}

impl Operation for AddRoleToInstanceProfile {
    const NAME: &'static str = "AddRoleToInstanceProfile";
    const ACCESS: Access = Access::Write;
    const ERRORS: &'static [ErrorRow] = &[
        IamError::NoSuchEntityException.row(),
        IamError::EntityAlreadyExistsException.row(),
        IamError::LimitExceededException.row(),
        IamError::UnmodifiableEntityException.row(),
        IamError::ServiceFailureException.row(),
    ];
    type Input = AddRoleToInstanceProfileInput;
    type Output = ();

    async fn demands(call: &mut Call<'_>, input: &Self::Input) -> Result<Vec<Demand>, Fault> {
        let profile = instance_profile::demand_on(
            call,
            "iam:AddRoleToInstanceProfile",
            &input.instance_profile_name,
        )
        .await?;
        // AWS: whoever gives a role to EC2 needs to be allowed to pass it.
        let pass = find::demand_on_role(call, "iam:PassRole", &input.role_name).await?;
        Ok(vec![profile, pass.with("iam:passedtoservice", "ec2.amazonaws.com")])
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        let profile = instance_profile::find(call, &input.instance_profile_name).await?;
        call.acted_on(&profile.arn());
        let mut profile = profile.as_ref().clone();
        let role = find::role(call, &input.role_name).await?;
        if profile.role.is_some() {
            return Err(permissions::exceeds("InstanceSessionsPerInstanceProfile", 1));
        }
        let mut role = role.as_ref().clone();
        role.instance_profiles.insert(profile.profile_name.to_ascii_lowercase());
        profile.role = Some(role.role_name.to_ascii_lowercase());
        call.put(role).await?;
        call.put(profile).await
    }
}

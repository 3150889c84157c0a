//! UpdateRole: changes the description of a role, or how long its sessions may last.

use coffer_pipeline::{Access, Call, Demand, Operation};
use coffer_protocol::{ErrorRow, Fault, Input, Output};

use super::errors::IamError;
use super::find;

/// Changes the description of a role, or how long its sessions may last; what is not said stays.
pub(super) struct UpdateRole;

/// Which role, and what changes.
#[derive(Input, Debug)]
#[shape(name = "UpdateRoleRequest")]
pub(super) struct UpdateRoleInput {
    #[shape(required, min = 1, max = 64, pattern = r"[\w+=,.@-]+")]
    role_name: String,
    #[shape(max = 1000, pattern = r"[\u0009\u000A\u000D\u0020-\u007E\u00A1-\u00FF]*")]
    description: Option<String>,
    #[shape(min = 3600, max = 43200)]
    max_session_duration: Option<i32>,
}

/// Nothing is told.
#[derive(Output, Debug)]
#[shape(name = "UpdateRoleResponse")]
pub(super) struct UpdateRoleOutput {}

impl Operation for UpdateRole {
    const NAME: &'static str = "UpdateRole";
    const ACCESS: Access = Access::Write;
    const ERRORS: &'static [ErrorRow] = &[
        IamError::UnmodifiableEntityException.row(),
        IamError::NoSuchEntityException.row(),
        IamError::ServiceFailureException.row(),
    ];
    type Input = UpdateRoleInput;
    type Output = UpdateRoleOutput;

    async fn demands(call: &mut Call<'_>, input: &Self::Input) -> Result<Vec<Demand>, Fault> {
        Ok(vec![find::demand_on_role(call, "iam:UpdateRole", &input.role_name).await?])
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        let role = find::role(call, &input.role_name).await?;
        call.acted_on(&role.arn());
        let mut role = role.as_ref().clone();

        if let Some(description) = &input.description {
            role.description = Some(description.clone()).filter(|text| !text.is_empty());
        }
        if let Some(seconds) = input.max_session_duration {
            role.session_seconds_max = seconds;
        }
        call.put(role).await?;
        Ok(UpdateRoleOutput {})
    }
}

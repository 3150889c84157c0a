//! UpdateRoleDescription: changes the description of a role.

use coffer_pipeline::{Access, Call, Demand, Operation};
use coffer_protocol::{ErrorRow, Fault, Input, Output};

use super::errors::IamError;
use super::wire_role::Role;
use super::{find, trust};

/// Changes the description of a role, as UpdateRole does.
pub(super) struct UpdateRoleDescription;

/// Which role, and the description.
#[derive(Input, Debug)]
#[shape(name = "UpdateRoleDescriptionRequest")]
pub(super) struct UpdateRoleDescriptionInput {
    #[shape(required, min = 1, max = 64, pattern = r"[\w+=,.@-]+")]
    role_name: String,
    #[shape(required, max = 1000, pattern = r"[\u0009\u000A\u000D\u0020-\u007E\u00A1-\u00FF]*")]
    description: String,
}

/// The role.
#[derive(Output, Debug)]
#[shape(name = "UpdateRoleDescriptionResponse")]
pub(super) struct UpdateRoleDescriptionOutput {
    role: Option<Role>,
}

impl Operation for UpdateRoleDescription {
    const NAME: &'static str = "UpdateRoleDescription";
    const ACCESS: Access = Access::Write;
    const ERRORS: &'static [ErrorRow] = &[
        IamError::NoSuchEntityException.row(),
        IamError::UnmodifiableEntityException.row(),
        IamError::ServiceFailureException.row(),
    ];
    type Input = UpdateRoleDescriptionInput;
    type Output = UpdateRoleDescriptionOutput;

    async fn demands(call: &mut Call<'_>, input: &Self::Input) -> Result<Vec<Demand>, Fault> {
        Ok(vec![find::demand_on_role(call, "iam:UpdateRoleDescription", &input.role_name).await?])
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        let role = find::role(call, &input.role_name).await?;
        call.acted_on(&role.arn());
        let mut role = role.as_ref().clone();

        role.description = Some(input.description.clone()).filter(|text| !text.is_empty());
        let document = trust::shown(call, &role).await?;
        let answer = Role::new(&role, &document);
        call.put(role).await?;
        Ok(UpdateRoleDescriptionOutput { role: Some(answer) })
    }
}

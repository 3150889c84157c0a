//! GetRole: tells what a role is.

use coffer_pipeline::identity::RoleLastUsedRecord;
use coffer_pipeline::{Access, Call, Demand, Operation};
use coffer_protocol::{ErrorRow, Fault, Input, Output};

use super::errors::IamError;
use super::wire_role::Role;
use super::{find, trust};

/// Tells what a role is, and when a session of it was last used.
pub(super) struct GetRole;

/// Which role.
#[derive(Input, Debug)]
#[shape(name = "GetRoleRequest")]
pub(super) struct GetRoleInput {
    #[shape(required, min = 1, max = 64, pattern = r"[\w+=,.@-]+")]
    role_name: String,
}

/// The role.
#[derive(Output, Debug)]
#[shape(name = "GetRoleResponse")]
pub(super) struct GetRoleOutput {
    #[shape(required)]
    role: Role,
}

impl Operation for GetRole {
    const NAME: &'static str = "GetRole";
    const ACCESS: Access = Access::Read;
    const ERRORS: &'static [ErrorRow] =
        &[IamError::NoSuchEntityException.row(), IamError::ServiceFailureException.row()];
    type Input = GetRoleInput;
    type Output = GetRoleOutput;

    async fn demands(call: &mut Call<'_>, input: &Self::Input) -> Result<Vec<Demand>, Fault> {
        Ok(vec![find::demand_on_role(call, "iam:GetRole", &input.role_name).await?])
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        let role = find::role(call, &input.role_name).await?;
        let key = RoleLastUsedRecord::key_of(role.account, &role.role_id);
        let used = call.get::<RoleLastUsedRecord>(&key).await?;
        let document = trust::shown(call, &role).await?;
        Ok(GetRoleOutput { role: Role::whole(&role, &document, used.as_deref()) })
    }
}

//! DeleteRole: deletes a role.

use coffer_pipeline::identity::{RoleLastUsedRecord, RoleRecord};
use coffer_pipeline::{Access, Call, Demand, Operation};
use coffer_protocol::{ErrorRow, Fault, Input};
use coffer_store::Record;

use super::errors::IamError;
use super::find;
use super::permissions::release_boundary;

/// Deletes a role that has neither policies nor instance profiles any more.
pub(super) struct DeleteRole;

/// Which role.
#[derive(Input, Debug)]
#[shape(name = "DeleteRoleRequest")]
pub(super) struct DeleteRoleInput {
    #[shape(required, min = 1, max = 64, pattern = r"[\w+=,.@-]+")]
    role_name: String,
}

impl Operation for DeleteRole {
    const NAME: &'static str = "DeleteRole";
    const ACCESS: Access = Access::Write;
    const ERRORS: &'static [ErrorRow] = &[
        IamError::NoSuchEntityException.row(),
        IamError::DeleteConflictException.row(),
        IamError::LimitExceededException.row(),
        IamError::UnmodifiableEntityException.row(),
        IamError::ConcurrentModificationException.row(),
        IamError::ServiceFailureException.row(),
    ];
    type Input = DeleteRoleInput;
    type Output = ();

    async fn demands(call: &mut Call<'_>, input: &Self::Input) -> Result<Vec<Demand>, Fault> {
        Ok(vec![find::demand_on_role(call, "iam:DeleteRole", &input.role_name).await?])
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        let role = find::role(call, &input.role_name).await?;
        call.acted_on(&role.arn());
        let mut role = role.as_ref().clone();

        if !role.instance_profiles.is_empty() {
            return Err(find::must_first("remove roles from instance profile"));
        }
        if !role.permissions.attached.is_empty() {
            return Err(find::must_first("detach all policies"));
        }
        if !role.permissions.inline.is_empty() {
            return Err(find::must_first("delete policies"));
        }
        release_boundary(call, &mut role.permissions).await?;
        call.delete::<RoleLastUsedRecord>(&RoleLastUsedRecord::key_of(role.account, &role.role_id))
            .await?;
        call.delete::<RoleRecord>(&role.key()).await
    }
}

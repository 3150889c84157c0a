//! TagRole: gives a role tags.

use coffer_pipeline::{Access, Call, Demand, Operation};
use coffer_protocol::{ErrorRow, Fault, Input};

use super::errors::IamError;
use super::wire::Tag;
use super::{find, tags};

/// Gives a role tags, in place of those of the same names.
pub(super) struct TagRole;

/// Which role, and which tags.
#[derive(Input, Debug)]
#[shape(name = "TagRoleRequest")]
pub(super) struct TagRoleInput {
    #[shape(required, min = 1, max = 64, pattern = r"[\w+=,.@-]+")]
    role_name: String,
    #[shape(required, max = 50)]
    tags: Vec<Tag>,
}

impl Operation for TagRole {
    const NAME: &'static str = "TagRole";
    const ACCESS: Access = Access::Write;
    const ERRORS: &'static [ErrorRow] = &[
        IamError::NoSuchEntityException.row(),
        IamError::LimitExceededException.row(),
        IamError::InvalidInputException.row(),
        IamError::ConcurrentModificationException.row(),
        IamError::ServiceFailureException.row(),
    ];
    type Input = TagRoleInput;
    type Output = ();

    async fn demands(call: &mut Call<'_>, input: &Self::Input) -> Result<Vec<Demand>, Fault> {
        let demand = find::demand_on_role(call, "iam:TagRole", &input.role_name).await?;
        Ok(vec![tags::requested(demand, Some(&input.tags))])
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        let role = find::role(call, &input.role_name).await?;
        call.acted_on(&role.arn());
        let mut role = role.as_ref().clone();
        tags::must_be_given(&input.tags)?;
        role.tags = tags::joined(&role.tags, &input.tags)?;
        call.put(role).await
    }
}

//! UpdateGroup: gives a group another name or path.

use coffer_pipeline::identity::{GroupRecord, identity_arn};
use coffer_pipeline::{Access, Call, Demand, Operation};
use coffer_protocol::{ErrorRow, Fault, Input};

use super::change::rename_group;
use super::errors::IamError;
use super::find::{self, demand_on_group, exists};
use super::path::path_of;

/// Renames or moves a group; its policies and users stay its own.
pub(super) struct UpdateGroup;

/// Which group, and what it is to be.
#[derive(Input, Debug)]
#[shape(name = "UpdateGroupRequest")]
pub(super) struct UpdateGroupInput {
    #[shape(required, min = 1, max = 128, pattern = r"[\w+=,.@-]+")]
    group_name: String,
    #[shape(min = 1, max = 512, pattern = r"(\u002F)|(\u002F[\u0021-\u007E]+\u002F)")]
    new_path: Option<String>,
    #[shape(min = 1, max = 128, pattern = r"[\w+=,.@-]+")]
    new_group_name: Option<String>,
}

impl Operation for UpdateGroup {
    const NAME: &'static str = "UpdateGroup";
    const ACCESS: Access = Access::Write;
    const ERRORS: &'static [ErrorRow] = &[
        IamError::NoSuchEntityException.row(),
        IamError::EntityAlreadyExistsException.row(),
        IamError::LimitExceededException.row(),
        IamError::ServiceFailureException.row(),
    ];
    type Input = UpdateGroupInput;
    type Output = ();

    async fn demands(call: &mut Call<'_>, input: &Self::Input) -> Result<Vec<Demand>, Fault> {
        let mut demands = vec![demand_on_group(call, "iam:UpdateGroup", &input.group_name).await?];
        // AWS: who renames or moves needs the permission on what will be, too.
        if input.new_group_name.is_some() || input.new_path.is_some() {
            let key = GroupRecord::key_of(call.account(), &input.group_name);
            let found = call.get::<GroupRecord>(&key).await?;
            let path = input.new_path.as_ref().or(found.as_ref().map(|group| &group.path));
            let name = input.new_group_name.as_ref().unwrap_or(&input.group_name);
            let arn = identity_arn(call.account(), "group", &path_of(path), name);
            demands.push(Demand::of("iam:UpdateGroup", arn));
        }
        Ok(demands)
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        let old = find::group(call, &input.group_name).await?;
        call.acted_on(&old.arn());
        let mut group = old.as_ref().clone();
        if let Some(path) = &input.new_path {
            group.path.clone_from(path);
        }
        if let Some(name) = &input.new_group_name {
            let key = GroupRecord::key_of(group.account, name);
            let is_another = !name.eq_ignore_ascii_case(&old.group_name);
            if is_another && call.get::<GroupRecord>(&key).await?.is_some() {
                return Err(exists("Group", name));
            }
            group.group_name.clone_from(name);
        }
        rename_group(call, &old, group).await
    }
}

//! CreateGroup: makes a group.

use std::collections::BTreeSet;

use coffer_pipeline::identity::{EntityPermissions, GroupRecord, identity_arn};
use coffer_pipeline::{Access, Call, Demand, Operation};
use coffer_protocol::{ErrorRow, Fault, Input, Output};

use super::errors::IamError;
use super::find::exists;
use super::id::{self, IdKind};
use super::path::path_of;
use super::wire::Group;

/// Makes a group, which has nobody in it yet.
pub(super) struct CreateGroup;

/// What it is to be.
#[derive(Input, Debug)]
#[shape(name = "CreateGroupRequest")]
pub(super) struct CreateGroupInput {
    #[shape(min = 1, max = 512, pattern = r"(\u002F)|(\u002F[\u0021-\u007E]+\u002F)")]
    path: Option<String>,
    #[shape(required, min = 1, max = 128, pattern = r"[\w+=,.@-]+")]
    group_name: String,
}

/// The group.
#[derive(Output, Debug)]
#[shape(name = "CreateGroupResponse")]
pub(super) struct CreateGroupOutput {
    #[shape(required)]
    group: Group,
}

impl Operation for CreateGroup {
    const NAME: &'static str = "CreateGroup";
    const ACCESS: Access = Access::Write;
    const ERRORS: &'static [ErrorRow] = &[
        IamError::LimitExceededException.row(),
        IamError::EntityAlreadyExistsException.row(),
        IamError::NoSuchEntityException.row(),
        IamError::ServiceFailureException.row(),
    ];
    type Input = CreateGroupInput;
    type Output = CreateGroupOutput;

    async fn demands(call: &mut Call<'_>, input: &Self::Input) -> Result<Vec<Demand>, Fault> {
        let path = path_of(input.path.as_ref());
        let arn = identity_arn(call.account(), "group", &path, &input.group_name);
        Ok(vec![Demand::of("iam:CreateGroup", arn)])
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        let key = GroupRecord::key_of(call.account(), &input.group_name);
        if call.get::<GroupRecord>(&key).await?.is_some() {
            return Err(exists("Group", &input.group_name));
        }
        let group = GroupRecord {
            account: call.account(),
            group_name: input.group_name.clone(),
            group_id: id::draw(call.entropy(), IdKind::Group),
            path: path_of(input.path.as_ref()),
            created: call.now(),
            permissions: EntityPermissions::default(),
            users: BTreeSet::new(),
        };
        call.acted_on(&group.arn());
        let answer = Group::of(&group);
        call.put(group).await?;
        Ok(CreateGroupOutput { group: answer })
    }
}

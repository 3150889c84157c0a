//! CreateUser: makes a user, which may do nothing yet.

use std::collections::BTreeSet;

use coffer_pipeline::identity::{EntityPermissions, UserRecord, identity_arn};
use coffer_pipeline::{Access, Call, Demand, Operation};
use coffer_protocol::{ErrorRow, Fault, Input, Output};

use super::errors::IamError;
use super::find::{BOUNDARY_KEY, exists};
use super::id::{self, IdKind};
use super::path::path_of;
use super::wire::{Tag, User};
use super::{permissions, tags};

/// Makes a user.
pub(super) struct CreateUser;

/// What it is to be.
#[derive(Input, Debug)]
#[shape(name = "CreateUserRequest")]
pub(super) struct CreateUserInput {
    #[shape(min = 1, max = 512, pattern = r"(\u002F)|(\u002F[\u0021-\u007E]+\u002F)")]
    path: Option<String>,
    #[shape(required, min = 1, max = 64, pattern = r"[\w+=,.@-]+")]
    user_name: String,
    #[shape(min = 20, max = 2048)]
    permissions_boundary: Option<String>,
    #[shape(max = 50)]
    tags: Option<Vec<Tag>>,
}

/// The user.
#[derive(Output, Debug)]
#[shape(name = "CreateUserResponse")]
pub(super) struct CreateUserOutput {
    user: Option<User>,
}

impl Operation for CreateUser {
    const NAME: &'static str = "CreateUser";
    const ACCESS: Access = Access::Write;
    const ERRORS: &'static [ErrorRow] = &[
        IamError::LimitExceededException.row(),
        IamError::EntityAlreadyExistsException.row(),
        IamError::NoSuchEntityException.row(),
        IamError::InvalidInputException.row(),
        IamError::ConcurrentModificationException.row(),
        IamError::ServiceFailureException.row(),
    ];
    type Input = CreateUserInput;
    type Output = CreateUserOutput;

    async fn demands(call: &mut Call<'_>, input: &Self::Input) -> Result<Vec<Demand>, Fault> {
        let path = path_of(input.path.as_ref());
        let arn = identity_arn(call.account(), "user", &path, &input.user_name);
        let boundary = input.permissions_boundary.as_ref();
        let of = |action| {
            let demand = Demand::of(action, arn.clone()).with_some(BOUNDARY_KEY, boundary);
            tags::requested(demand, input.tags.as_ref())
        };
        // AWS: who gives tags on creation needs the permission to tag as well.
        let tagging = input.tags.as_ref().filter(|tags| !tags.is_empty());
        Ok([Some("iam:CreateUser"), tagging.map(|_| "iam:TagUser")]
            .into_iter()
            .flatten()
            .map(of)
            .collect())
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        let key = UserRecord::key_of(call.account(), &input.user_name);
        if call.get::<UserRecord>(&key).await?.is_some() {
            return Err(exists("User", &input.user_name));
        }
        let mut held = EntityPermissions::default();
        if let Some(boundary) = &input.permissions_boundary {
            permissions::put_boundary(call, &mut held, boundary).await?;
        }
        let user = UserRecord {
            account: call.account(),
            user_name: input.user_name.clone(),
            user_id: id::draw(call.entropy(), IdKind::User),
            path: path_of(input.path.as_ref()),
            created: call.now(),
            tags: tags::of_new(input.tags.as_ref())?,
            permissions: held,
            groups: BTreeSet::new(),
            access_keys: BTreeSet::new(),
            mfa_devices: BTreeSet::new(),
        };
        call.acted_on(&user.arn());
        let answer = User::whole(&user);
        call.put(user).await?;
        Ok(CreateUserOutput { user: Some(answer) })
    }
}

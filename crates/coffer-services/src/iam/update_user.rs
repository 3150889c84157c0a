//! UpdateUser: gives a user another name or path.

use coffer_pipeline::identity::{UserRecord, identity_arn};
use coffer_pipeline::{Access, Call, Demand, Operation};
use coffer_protocol::{ErrorRow, Fault, Input};

use super::change::rename_user;
use super::errors::IamError;
use super::find::{self, demand_on_user, exists};
use super::path::path_of;

/// Renames or moves a user; its policies, groups, keys and devices stay its own.
pub(super) struct UpdateUser;

/// Which user, and what it is to be.
#[derive(Input, Debug)]
#[shape(name = "UpdateUserRequest")]
pub(super) struct UpdateUserInput {
    #[shape(required, min = 1, max = 128, pattern = r"[\w+=,.@-]+")]
    user_name: String,
    #[shape(min = 1, max = 512, pattern = r"(\u002F)|(\u002F[\u0021-\u007E]+\u002F)")]
    new_path: Option<String>,
    #[shape(min = 1, max = 64, pattern = r"[\w+=,.@-]+")]
    new_user_name: Option<String>,
}

impl Operation for UpdateUser {
    const NAME: &'static str = "UpdateUser";
    const ACCESS: Access = Access::Write;
    const ERRORS: &'static [ErrorRow] = &[
        IamError::NoSuchEntityException.row(),
        IamError::LimitExceededException.row(),
        IamError::EntityAlreadyExistsException.row(),
        IamError::EntityTemporarilyUnmodifiableException.row(),
        IamError::ConcurrentModificationException.row(),
        IamError::ServiceFailureException.row(),
    ];
    type Input = UpdateUserInput;
    type Output = ();

    async fn demands(call: &mut Call<'_>, input: &Self::Input) -> Result<Vec<Demand>, Fault> {
        let mut demands = vec![demand_on_user(call, "iam:UpdateUser", &input.user_name).await?];
        // AWS: who renames or moves needs the permission on what will be, too.
        if input.new_user_name.is_some() || input.new_path.is_some() {
            let key = UserRecord::key_of(call.account(), &input.user_name);
            let found = call.get::<UserRecord>(&key).await?;
            let path = input.new_path.as_ref().or(found.as_ref().map(|user| &user.path));
            let name = input.new_user_name.as_ref().unwrap_or(&input.user_name);
            let arn = identity_arn(call.account(), "user", &path_of(path), name);
            demands.push(Demand::of("iam:UpdateUser", arn));
        }
        Ok(demands)
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        let old = find::user(call, &input.user_name).await?;
        call.acted_on(&old.arn());
        let mut user = old.as_ref().clone();
        if let Some(path) = &input.new_path {
            user.path.clone_from(path);
        }
        if let Some(name) = &input.new_user_name {
            let key = UserRecord::key_of(user.account, name);
            let is_another = !name.eq_ignore_ascii_case(&old.user_name);
            if is_another && call.get::<UserRecord>(&key).await?.is_some() {
                return Err(exists("User", name));
            }
            user.user_name.clone_from(name);
        }
        rename_user(call, &old, user).await
    }
}

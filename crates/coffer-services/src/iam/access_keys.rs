//! Access keys of users, and of the account's root where a request names nobody.

use std::collections::BTreeSet;
use std::sync::Arc;

use coffer_model::{Sensitive, Timestamp};
use coffer_pipeline::Call;
use coffer_pipeline::identity::{AccessKeyOwner, AccessKeyRecord, AccessKeyStatus, UserRecord};
use coffer_protocol::{AwsEnum, Fault, Output};

use super::account::{self, AccountRecord};
use super::errors::IamError;
use super::find::{self, Meant, meant};

/// Whose keys a request is about.
pub(super) enum Owner {
    /// A user's.
    User(UserRecord),
    /// The root's.
    Root(AccountRecord),
}

/// Whether a key may be used, as the wire says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, AwsEnum)]
pub(super) enum StatusType {
    Active,
    Inactive,
    Expired,
}

/// An access key with its secret, which is shown once.
#[derive(Output, Debug)]
pub(super) struct AccessKey {
    #[shape(required)]
    user_name: Option<String>,
    #[shape(required)]
    access_key_id: String,
    #[shape(required)]
    status: StatusType,
    #[shape(required)]
    secret_access_key: Sensitive<String>,
    create_date: Option<Timestamp>,
}

/// An access key without its secret.
#[derive(Output, Debug)]
pub(super) struct AccessKeyMetadata {
    user_name: Option<String>,
    access_key_id: Option<String>,
    status: Option<StatusType>,
    create_date: Option<Timestamp>,
}

impl Owner {
    /// Whom a request means: the user it names, or else whoever called.
    ///
    /// # Errors
    /// A user that is not there; a session of a role that names nobody.
    pub(super) async fn of(call: &mut Call<'_>, user_name: Option<&String>) -> Result<Self, Fault> {
        match meant(call, user_name)? {
            Meant::User(name) => Ok(Self::User(find::user(call, &name).await?.as_ref().clone())),
            Meant::Root => Ok(Self::Root(account::of_caller(call).await?)),
        }
    }

    /// The owner's ARN, for the audit record.
    pub(super) fn arn(&self) -> String {
        match self {
            Self::User(user) => user.arn(),
            Self::Root(account) => coffer_model::Arn::root(account.account).to_string(),
        }
    }

    /// The ids of all of the owner's keys, to be changed and then staged with [`Owner::stage`].
    pub(super) fn ids(&mut self) -> &mut BTreeSet<String> {
        match self {
            Self::User(user) => &mut user.access_keys,
            Self::Root(account) => &mut account.root_access_keys,
        }
    }

    /// Stages the owner as it is now.
    ///
    /// # Errors
    /// A store that cannot be read.
    pub(super) async fn stage(self, call: &mut Call<'_>) -> Result<(), Fault> {
        match self {
            Self::User(user) => call.put(user).await,
            Self::Root(account) => call.put(account).await,
        }
    }

    /// Finds one of the owner's keys: of the root also one that came with the account.
    ///
    /// # Errors
    /// `NoSuchEntity` where it has none of this id.
    pub(super) async fn key(
        &self,
        call: &mut Call<'_>,
        id: &str,
    ) -> Result<Arc<AccessKeyRecord>, Fault> {
        let found = call.get::<AccessKeyRecord>(&AccessKeyRecord::key_of(id)).await?;
        found.filter(|key| self.has(key)).ok_or_else(|| {
            IamError::NoSuchEntityException
                .with(format!("The Access Key with id {id} cannot be found."))
        })
    }

    /// Makes a key of the owner's; it is not staged yet.
    pub(super) fn new_key(
        &self,
        id: &str,
        secret: Sensitive<String>,
        now: Timestamp,
    ) -> AccessKeyRecord {
        match self {
            Self::User(user) => AccessKeyRecord::of_user(id, user, secret, now),
            Self::Root(account) => {
                let mut key = AccessKeyRecord::new(id, account.account, secret);
                key.created = Some(now);
                key
            }
        }
    }

    /// What is told of a key, with its secret.
    pub(super) fn shown(&self, key: &AccessKeyRecord) -> AccessKey {
        AccessKey {
            user_name: self.user_name(),
            access_key_id: key.access_key_id.clone(),
            status: status_of(key),
            secret_access_key: key.secret().clone(),
            create_date: key.created,
        }
    }

    /// What is told of a key, without its secret.
    pub(super) fn listed(&self, key: &AccessKeyRecord) -> AccessKeyMetadata {
        AccessKeyMetadata {
            user_name: self.user_name(),
            access_key_id: Some(key.access_key_id.clone()),
            status: Some(status_of(key)),
            create_date: key.created,
        }
    }

    /// Whether the key is the owner's.
    pub(super) fn has(&self, key: &AccessKeyRecord) -> bool {
        match (self, &key.owner) {
            (Self::User(user), AccessKeyOwner::User { user_id, .. }) => user.user_id == *user_id,
            (Self::Root(account), AccessKeyOwner::Root) => account.account == key.account,
            _ => false,
        }
    }

    /// The root has no name.
    fn user_name(&self) -> Option<String> {
        match self {
            Self::User(user) => Some(user.user_name.clone()),
            Self::Root(_) => None,
        }
    }
}

fn status_of(key: &AccessKeyRecord) -> StatusType {
    match key.status {
        AccessKeyStatus::Active => StatusType::Active,
        AccessKeyStatus::Inactive => StatusType::Inactive,
    }
}

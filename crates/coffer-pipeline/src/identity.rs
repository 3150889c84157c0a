//! Identities as records: accounts' access keys, users, groups, roles, and the policies they have.
//!
//! The road reads them on every request, so they live here; the IAM service writes them. IAM is
//! one for all regions of an account, so rows are kept by account alone. Names are unique without
//! regard to case, so rows are kept by the lower-case name.

mod access_key;
mod aws_managed;
pub(crate) mod directory;
mod document;
mod group;
mod instance_profile;
mod managed_policy;
mod mfa_device;
mod oidc_provider;
pub mod organization;
mod permissions;
mod principals;
mod role;
mod session;
mod user;

pub use access_key::{
    AccessKeyLastUsedRecord, AccessKeyOwner, AccessKeyRecord, AccessKeyStatus, DEV_ACCESS_KEY_ID,
    DEV_SECRET, dev_access_key,
};
pub use aws_managed::{AwsManagedPolicy, aws_managed, aws_managed_policies};
pub use document::PolicyDocument;
pub use group::GroupRecord;
pub use instance_profile::InstanceProfileRecord;
pub use managed_policy::{ManagedPolicyRecord, PolicyVersion};
pub use mfa_device::MfaDeviceRecord;
pub use oidc_provider::OidcProviderRecord;
pub use permissions::EntityPermissions;
pub use principals::{Missing, ids_of, shown_text, unique_id};
pub use role::{RoleLastUsedRecord, RoleRecord};
pub use session::{SessionClaims, SessionKind};
pub use user::UserRecord;

use coffer_model::AccountId;
use coffer_store::Key;

/// The key of an identity's row: table, account, the name in lower case.
pub(crate) fn row_of(table: &'static str, account: AccountId, name: &str) -> Key {
    Key::of(table, &[account.as_str(), &name.to_ascii_lowercase()])
}

/// The prefix of an account's rows in a table of identities, in the order of lower-case names.
pub(crate) fn rows_of(table: &'static str, account: AccountId) -> Vec<u8> {
    Key::of(table, &[account.as_str()]).prefix()
}

/// The ARN of an identity: `arn:aws:iam::ACCOUNT:KIND/PATH/NAME`. A path begins and ends with `/`.
pub fn identity_arn(account: AccountId, kind: &str, path: &str, name: &str) -> String {
    format!("arn:aws:iam::{account}:{kind}{path}{name}")
}

/// The written form of a secret inside a sealed row, the only place it is written to.
pub(crate) mod secret_text {
    use coffer_model::Sensitive;
    use serde::{Deserialize, Deserializer, Serializer};

    pub(crate) fn serialize<S: Serializer>(
        secret: &Sensitive<String>,
        out: S,
    ) -> Result<S::Ok, S::Error> {
        out.serialize_str(secret.expose())
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        input: D,
    ) -> Result<Sensitive<String>, D::Error> {
        String::deserialize(input).map(Sensitive::new)
    }
}

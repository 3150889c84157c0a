//! The structures that several operations take or give, as AWS's model has them.

use coffer_model::{Sensitive, Timestamp};
use coffer_protocol::{Input, Output};

/// Temporary credentials. The token is kept out of records and logs as the secret is.
#[derive(Output, Debug)]
pub(super) struct Credentials {
    #[shape(required)]
    pub(super) access_key_id: String,
    #[shape(required)]
    pub(super) secret_access_key: Sensitive<String>,
    #[shape(required)]
    pub(super) session_token: Sensitive<String>,
    #[shape(required)]
    pub(super) expiration: Timestamp,
}

/// A session of a role.
#[derive(Output, Debug)]
pub(super) struct AssumedRoleUser {
    #[shape(required)]
    pub(super) assumed_role_id: String,
    #[shape(required)]
    pub(super) arn: String,
}

/// A federated user.
#[derive(Output, Debug)]
pub(super) struct FederatedUser {
    #[shape(required)]
    pub(super) federated_user_id: String,
    #[shape(required)]
    pub(super) arn: String,
}

/// A managed policy that bounds a session.
#[derive(Input, Debug)]
pub(super) struct PolicyDescriptorType {
    #[shape(
        wire = "arn",
        min = 20,
        max = 2048,
        pattern = r"[\u0009\u000A\u000D\u0020-\u007E\u0085\u00A0-\uD7FF\uE000-\uFFFD\u10000-\u10FFFF]+",
        check = super::role::is_arn_text
    )]
    pub(super) arn: Option<String>,
}

/// A session tag.
#[derive(Input, Debug)]
pub(super) struct Tag {
    #[shape(required, min = 1, max = 128, pattern = r"[\p{L}\p{Z}\p{N}_.:/=+\-@]+")]
    pub(super) key: String,
    #[shape(required, min = 0, max = 256, pattern = r"[\p{L}\p{Z}\p{N}_.:/=+\-@]*")]
    pub(super) value: String,
}

/// A context that another service vouches for.
#[derive(Input, Debug)]
pub(super) struct ProvidedContext {
    #[shape(
        min = 20,
        max = 2048,
        pattern = r"[\u0009\u000A\u000D\u0020-\u007E\u0085\u00A0-\uD7FF\uE000-\uFFFD\u10000-\u10FFFF]+",
        check = super::role::is_arn_text
    )]
    pub(super) provider_arn: Option<String>,
    #[shape(min = 4, max = 2048)]
    pub(super) context_assertion: Option<String>,
}

//! Security Token Service: who am I, and whose session may I have?

mod access_key_id;
mod assume_role;
mod assume_role_with_web_identity;
mod authorization_message;
mod credentials;
mod decode_authorization_message;
mod errors;
#[cfg(feature = "fuzzed")]
pub mod fuzzed;
mod get_access_key_info;
mod get_caller_identity;
mod get_federation_token;
mod get_session_token;
#[cfg(test)]
mod golden;
mod mfa;
mod role;
mod service_session;
mod session_policy;
mod session_tags;
pub mod web_identity;
mod wire;

use coffer_pipeline::{Entry, Protocol, Service};

use crate::quotas;

pub use authorization_message::encode_authorization_message;
pub(crate) use service_session::service_session;

/// STS on the port.
pub const SERVICE: Service = Service {
    name: "sts",
    protocol: Protocol::Query {
        version: "2011-06-15",
        namespace: "https://sts.amazonaws.com/doc/2011-06-15/",
    },
    throttled: quotas::rate_exceeded,
    operations: &[
        Entry::of::<assume_role::AssumeRole>(),
        Entry::of::<assume_role_with_web_identity::AssumeRoleWithWebIdentity>(),
        Entry::of::<decode_authorization_message::DecodeAuthorizationMessage>(),
        Entry::of::<get_access_key_info::GetAccessKeyInfo>(),
        Entry::of::<get_caller_identity::GetCallerIdentity>(),
        Entry::of::<get_federation_token::GetFederationToken>(),
        Entry::of::<get_session_token::GetSessionToken>(),
    ],
};

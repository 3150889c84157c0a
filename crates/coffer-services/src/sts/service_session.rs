//! Sessions of roles that a service takes on for what it runs: of a function's execution role.

use std::time::Duration;

use coffer_pipeline::identity::RoleRecord;
use coffer_pipeline::{Call, FunctionCredentials};
use coffer_protocol::Fault;

use super::{credentials, role};

/// Credentials of a role's session. That the role trusts the service is for the caller to see to.
///
/// # Errors
/// Claims that cannot be written.
pub(crate) fn service_session(
    call: &Call<'_>,
    role: &RoleRecord,
    session_name: &str,
    lasts: Duration,
) -> Result<FunctionCredentials, Fault> {
    let kind = role::session_of(role, session_name);
    let claims = credentials::claims(call, role.account, kind, lasts);
    let issued = credentials::issue(call, &claims, None)?.credentials;
    Ok(FunctionCredentials {
        access_key_id: issued.access_key_id,
        secret_access_key: issued.secret_access_key,
        session_token: issued.session_token,
        expires: issued.expiration,
    })
}

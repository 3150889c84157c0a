//! GetSessionToken: a session of the caller's own.

use coffer_pipeline::identity::{SessionClaims, SessionKind};
use coffer_pipeline::{Access, Call, CallerKind, Demand, Operation};
use coffer_protocol::{ErrorRow, Fault, Input, Output};

use super::errors::StsError;
use super::wire::Credentials;
use super::{credentials, mfa, role};

/// Gives a user, or an account's root, temporary credentials of its own. It needs no permission: it
/// is how callers prove to have their MFA device.
pub(super) struct GetSessionToken;

/// How long, and the proof of a device.
#[derive(Input, Debug)]
#[shape(name = "GetSessionTokenRequest")]
pub(super) struct GetSessionTokenInput {
    #[shape(min = 900, max = 129600)]
    duration_seconds: Option<i32>,
    #[shape(min = 9, max = 256, pattern = r"[\w+=/:,.@-]*")]
    serial_number: Option<String>,
    #[shape(min = 6, max = 6, pattern = r"[\d]*")]
    token_code: Option<String>,
    #[shape(min = 0, max = 4096)]
    minimum_session_token_size: Option<i32>,
}

/// The credentials.
#[derive(Output, Debug)]
#[shape(name = "GetSessionTokenResponse")]
pub(super) struct GetSessionTokenOutput {
    credentials: Option<Credentials>,
    session_token_utilization: Option<i32>,
    session_token_size: Option<i32>,
}

impl Operation for GetSessionToken {
    const NAME: &'static str = "GetSessionToken";
    // A code of an MFA device is used up.
    const ACCESS: Access = Access::Write;
    const ERRORS: &'static [ErrorRow] = &[StsError::RegionDisabledException.row()];
    type Input = GetSessionTokenInput;
    type Output = GetSessionTokenOutput;

    async fn demands(_: &mut Call<'_>, _: &Self::Input) -> Result<Vec<Demand>, Fault> {
        // AWS: "No permissions are required for users to perform this operation."
        Ok(Vec::new())
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        let caller = call.context().caller.clone();
        if caller.is_session() {
            return Err(Fault::access_denied(
                "Cannot call GetSessionToken with session credentials",
            ));
        }
        let kind = match &caller.kind {
            CallerKind::User { user_name } => SessionKind::User {
                user: user_name.to_ascii_lowercase(),
                user_id: caller.user_id.clone(),
            },
            _ => SessionKind::Root,
        };
        let (serial, code) = (input.serial_number.as_deref(), input.token_code.as_deref());
        let mfa_authenticated = mfa::verified(call, serial, code).await?;
        let lasts = role::lasting(seconds(&caller.kind, input.duration_seconds));
        let claims = SessionClaims {
            mfa_authenticated,
            ..credentials::claims(call, caller.account, kind, lasts)
        };
        let issued = credentials::issue(call, &claims, input.minimum_session_token_size)?;
        call.acted_on(&caller.arn);
        Ok(GetSessionTokenOutput {
            credentials: Some(issued.credentials),
            session_token_utilization: Some(issued.token_utilization),
            session_token_size: Some(issued.token_size),
        })
    }
}

/// How long the session of a user, or of a root, lasts.
pub(super) fn seconds(caller: &CallerKind, asked: Option<i32>) -> i32 {
    let seconds = asked.unwrap_or(SECONDS_USUAL);
    match caller {
        // AWS: "If the duration is longer than one hour, the session for Amazon Web Services
        // account owners defaults to one hour."
        CallerKind::Root => seconds.min(ROOT_SECONDS_MAX),
        _ => seconds,
    }
}

const SECONDS_USUAL: i32 = 43_200;
const ROOT_SECONDS_MAX: i32 = 3600;

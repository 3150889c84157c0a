//! Proof of a user's MFA device: its serial number and the code that it shows.

mod failures;

use coffer_model::Timestamp;
use coffer_pipeline::identity::MfaDeviceRecord;
use coffer_pipeline::{Call, CallerKind};
use coffer_protocol::Fault;

#[cfg(any(test, feature = "fuzzed"))]
pub(super) use self::failures::MfaFailuresRecord;
use crate::iam::totp::verify_code;

/// Verifies the code that a caller gives, which is then used up; nothing where it gives none.
///
/// # Errors
/// `AccessDenied`, in AWS's sentences.
pub(super) async fn verified(
    call: &mut Call<'_>,
    serial_number: Option<&str>,
    code: Option<&str>,
) -> Result<Option<Timestamp>, Fault> {
    let (serial_number, code) = match (serial_number, code) {
        (None, None) => return Ok(None),
        (Some(serial_number), Some(code)) => (serial_number, code),
        _ => {
            return Err(failed(", must provide both MFA serial number and one time pass code."));
        }
    };
    let key = MfaDeviceRecord::key_of(call.account(), serial_number);
    let device = call.get::<MfaDeviceRecord>(&key).await?;
    let device = device.filter(|device| match &call.context().caller.kind {
        CallerKind::User { user_name } => {
            device.enabled.is_some()
                && device.user.as_deref().is_some_and(|user| user.eq_ignore_ascii_case(user_name))
        }
        _ => false,
    });
    if device.is_none() {
        return Err(failed(
            ", unable to validate MFA code.  Please verify your MFA serial number is valid and \
             associated with this user.",
        ));
    }
    let account = call.account();
    let may_try = failures::may_try(call, serial_number).await?;
    if !may_try || !verify_code(call, account, serial_number, code).await? {
        if may_try {
            failures::note(call, serial_number).await?;
        }
        return Err(failed(" with invalid MFA one time pass code. "));
    }
    Ok(Some(call.now()))
}

fn failed(how: &str) -> Fault {
    Fault::access_denied(format!("MultiFactorAuthentication failed{how}"))
}

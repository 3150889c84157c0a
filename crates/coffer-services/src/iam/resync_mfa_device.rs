//! ResyncMFADevice: sets the clock of a virtual MFA device.

use coffer_pipeline::{Access, Call, Demand, Operation};
use coffer_protocol::{AuditObject, ErrorRow, Fault, Input};

use super::errors::IamError;
use super::find::{self, demand_on_user};
use super::mfa;
use super::totp;

/// Sets the clock of a virtual MFA device by two codes in a row.
pub(super) struct ResyncMFADevice;

/// Which device, whose, and its codes.
#[derive(Input, Debug)]
#[shape(name = "ResyncMFADeviceRequest")]
pub(super) struct ResyncMFADeviceInput {
    #[shape(required, min = 1, max = 128, pattern = r"[\w+=,.@-]+")]
    user_name: String,
    #[shape(required, min = 9, max = 256, pattern = r"[\w+=/:,.@-]+")]
    serial_number: String,
    #[shape(required, min = 6, max = 6, pattern = r"[\d]+")]
    authentication_code1: String,
    #[shape(required, min = 6, max = 6, pattern = r"[\d]+")]
    authentication_code2: String,
}

impl Operation for ResyncMFADevice {
    const NAME: &'static str = "ResyncMFADevice";
    const ACCESS: Access = Access::Write;
    const ERRORS: &'static [ErrorRow] = &[
        IamError::InvalidAuthenticationCodeException.row(),
        IamError::NoSuchEntityException.row(),
        IamError::LimitExceededException.row(),
        IamError::ServiceFailureException.row(),
        IamError::ConcurrentModificationException.row(),
    ];
    type Input = ResyncMFADeviceInput;
    type Output = ();

    async fn demands(call: &mut Call<'_>, input: &Self::Input) -> Result<Vec<Demand>, Fault> {
        Ok(vec![demand_on_user(call, "iam:ResyncMFADevice", &input.user_name).await?])
    }

    /// No code is shown: one that was refused may still be good.
    fn audit_parameters(input: &Self::Input, object: &mut AuditObject<'_>) {
        object.member("userName", &input.user_name);
        object.member("serialNumber", &input.serial_number);
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        let user = find::user(call, &input.user_name).await?;
        let device = mfa::device_of(call, &user, &input.serial_number).await?;
        call.acted_on(&user.arn());
        call.acted_on(&device.arn());
        let codes = [input.authentication_code1.as_str(), input.authentication_code2.as_str()];
        let device = totp::synchronized(&device, codes, call.clock().real_now(), STEPS_MAX);
        call.put(device.ok_or_else(mfa::wrong_codes)?).await
    }
}

/// How many time steps the device may be apart: a day.
const STEPS_MAX: u64 = 2880;

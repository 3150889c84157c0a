//! EnableMFADevice: gives a virtual MFA device to a user.

use coffer_pipeline::identity::MfaDeviceRecord;
use coffer_pipeline::{Access, Call, Demand, Operation};
use coffer_protocol::{AuditObject, ErrorRow, Fault, Input};

use super::errors::IamError;
use super::find::{self, demand_on_user};
use super::mfa;
use super::permissions::exceeds;
use super::totp;

/// Gives a virtual MFA device to a user, who proves by two codes in a row to have it.
pub(super) struct EnableMFADevice;

/// Which device, whose, and its codes.
#[derive(Input, Debug)]
#[shape(name = "EnableMFADeviceRequest")]
pub(super) struct EnableMFADeviceInput {
    #[shape(required, min = 1, max = 128, pattern = r"[\w+=,.@-]+")]
    user_name: String,
    #[shape(required, min = 9, max = 256, pattern = r"[\w+=/:,.@-]+")]
    serial_number: String,
    #[shape(required, min = 6, max = 6, pattern = r"[\d]+")]
    authentication_code1: String,
    #[shape(required, min = 6, max = 6, pattern = r"[\d]+")]
    authentication_code2: String,
}

impl Operation for EnableMFADevice {
    const NAME: &'static str = "EnableMFADevice";
    const ACCESS: Access = Access::Write;
    const ERRORS: &'static [ErrorRow] = &[
        IamError::EntityAlreadyExistsException.row(),
        IamError::EntityTemporarilyUnmodifiableException.row(),
        IamError::InvalidAuthenticationCodeException.row(),
        IamError::LimitExceededException.row(),
        IamError::NoSuchEntityException.row(),
        IamError::ServiceFailureException.row(),
        IamError::ConcurrentModificationException.row(),
    ];
    type Input = EnableMFADeviceInput;
    type Output = ();

    async fn demands(call: &mut Call<'_>, input: &Self::Input) -> Result<Vec<Demand>, Fault> {
        Ok(vec![demand_on_user(call, "iam:EnableMFADevice", &input.user_name).await?])
    }

    /// No code is shown: one that was refused may still be good.
    fn audit_parameters(input: &Self::Input, object: &mut AuditObject<'_>) {
        object.member("userName", &input.user_name);
        object.member("serialNumber", &input.serial_number);
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        let mut user = find::user(call, &input.user_name).await?.as_ref().clone();
        let device = mfa::device(call, &input.serial_number).await?;
        call.acted_on(&user.arn());
        call.acted_on(&device.arn());
        if device.user.is_some() {
            return Err(IamError::EntityAlreadyExistsException.with("MFA Device already in use."));
        }
        if user.mfa_devices.len() >= DEVICES_MAX {
            return Err(exceeds("MFADevicesPerUser", DEVICES_MAX));
        }
        let codes = [input.authentication_code1.as_str(), input.authentication_code2.as_str()];
        let device = totp::synchronized(&device, codes, call.clock().real_now(), STEPS_MAX)
            .ok_or_else(mfa::wrong_codes)?;
        user.mfa_devices.insert(device.arn());
        call.put(MfaDeviceRecord {
            user: Some(user.user_name.to_ascii_lowercase()),
            enabled: Some(call.now()),
            ..device
        })
        .await?;
        call.put(user).await
    }
}

/// AWS: a user has at most so many devices (IAM user guide, quotas).
const DEVICES_MAX: usize = 8;
/// How many time steps the device may be apart: ten minutes.
const STEPS_MAX: u64 = 20;

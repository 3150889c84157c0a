//! Virtual MFA devices.

use std::sync::Arc;

use coffer_model::{Sensitive, Timestamp};
use coffer_pipeline::identity::{MfaDeviceRecord, UserRecord};
use coffer_pipeline::{Call, Demand};
use coffer_protocol::{AwsEnum, Fault, Output};

use super::errors::IamError;
use super::find::with_tags;
use super::tags;
use super::wire::{Tag, User};

/// A device of a user.
#[derive(Output, Debug)]
pub(super) struct MFADevice {
    #[shape(required)]
    user_name: String,
    #[shape(required)]
    serial_number: String,
    #[shape(required)]
    enable_date: Timestamp,
}

impl MFADevice {
    /// A user's device.
    pub(super) fn of(user: &UserRecord, device: &MfaDeviceRecord) -> Self {
        Self {
            user_name: user.user_name.clone(),
            serial_number: device.arn(),
            enable_date: device.enabled.unwrap_or(user.created),
        }
    }
}

/// A virtual device; its seed is shown once, when it is made.
#[derive(Output, Debug)]
pub(super) struct VirtualMFADevice {
    #[shape(required)]
    serial_number: String,
    base32_string_seed: Option<Sensitive<Vec<u8>>>,
    #[shape(wire = "QRCodePNG")]
    qr_code_png: Option<Sensitive<Vec<u8>>>,
    user: Option<User>,
    enable_date: Option<Timestamp>,
    tags: Option<Vec<Tag>>,
}

impl VirtualMFADevice {
    /// A device that was just made, with its seed and the picture of it.
    pub(super) fn new(device: &MfaDeviceRecord, png: Option<Sensitive<Vec<u8>>>) -> Self {
        Self {
            serial_number: device.arn(),
            base32_string_seed: Some(Sensitive::new(device.seed.expose().as_bytes().to_vec())),
            qr_code_png: png,
            user: None,
            enable_date: None,
            tags: tags::to_wire(&device.tags),
        }
    }

    /// A device as lists have it: AWS leaves out its tags (IAM API reference).
    pub(super) fn listed(device: &MfaDeviceRecord, user: Option<&UserRecord>) -> Self {
        Self {
            serial_number: device.arn(),
            base32_string_seed: None,
            qr_code_png: None,
            user: user.map(User::listed),
            enable_date: device.enabled,
            tags: None,
        }
    }
}

/// Which devices to list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, AwsEnum)]
pub(super) enum AssignmentStatusType {
    Assigned,
    Unassigned,
    Any,
}

/// Finds a device.
///
/// # Errors
/// `NoSuchEntity` where there is none.
pub(super) async fn device(
    call: &mut Call<'_>,
    serial: &str,
) -> Result<Arc<MfaDeviceRecord>, Fault> {
    let key = MfaDeviceRecord::key_of(call.account(), serial);
    call.get::<MfaDeviceRecord>(&key).await?.ok_or_else(|| no_such(serial))
}

/// Finds a device that is this user's.
///
/// # Errors
/// `NoSuchEntity` where there is none, or it is not the user's.
pub(super) async fn device_of(
    call: &mut Call<'_>,
    user: &UserRecord,
    serial: &str,
) -> Result<Arc<MfaDeviceRecord>, Fault> {
    let found = device(call, serial).await?;
    match user.mfa_devices.contains(serial) {
        true => Ok(found),
        false => Err(IamError::NoSuchEntityException.with("MFA Device invalid for user.")),
    }
}

/// What is demanded for an action on a device.
///
/// # Errors
/// A store that cannot be read.
pub(super) async fn demand_on_device(
    call: &mut Call<'_>,
    action: &'static str,
    serial: &str,
) -> Result<Demand, Fault> {
    let key = MfaDeviceRecord::key_of(call.account(), serial);
    let found = call.get::<MfaDeviceRecord>(&key).await?;
    // What is no ARN is no device of coffer's; it is demanded as one that is not there.
    let arn = match serial.starts_with("arn:") {
        true => serial.to_owned(),
        false => coffer_pipeline::identity::identity_arn(call.account(), "mfa", "/", serial),
    };
    let demand = Demand::of(action, arn);
    Ok(match found {
        Some(device) => with_tags(demand, &device.tags),
        None => demand,
    })
}

/// The fault of a device that is not there.
pub(super) fn no_such(serial: &str) -> Fault {
    IamError::NoSuchEntityException
        .with(format!("VirtualMFADevice with serial number {serial} doesn't exist."))
}

/// The fault of codes that the device has not shown, or that are used up.
pub(super) fn wrong_codes() -> Fault {
    IamError::InvalidAuthenticationCodeException
        .with("Authentication code for device is not valid.")
}

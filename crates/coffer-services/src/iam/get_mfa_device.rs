//! GetMFADevice: tells whose an MFA device is.

use std::collections::BTreeMap;

use coffer_model::Timestamp;
use coffer_pipeline::{Access, Call, Demand, Operation};
use coffer_protocol::{ErrorRow, Fault, Input, Output};

use super::errors::IamError;
use super::find::{self, Meant, demand_on_meant, meant};
use super::mfa;

/// Tells whose an MFA device is, and since when.
pub(super) struct GetMFADevice;

/// Which device.
#[derive(Input, Debug)]
#[shape(name = "GetMFADeviceRequest")]
pub(super) struct GetMFADeviceInput {
    #[shape(required, min = 9, max = 256, pattern = r"[\w+=/:,.@-]+")]
    serial_number: String,
    #[shape(min = 1, max = 64, pattern = r"[\w+=,.@-]+")]
    user_name: Option<String>,
}

/// The device.
#[derive(Output, Debug)]
#[shape(name = "GetMFADeviceResponse")]
pub(super) struct GetMFADeviceOutput {
    user_name: Option<String>,
    #[shape(required)]
    serial_number: String,
    enable_date: Option<Timestamp>,
    certifications: Option<BTreeMap<String, String>>,
}

impl Operation for GetMFADevice {
    const NAME: &'static str = "GetMFADevice";
    const ACCESS: Access = Access::Read;
    const ERRORS: &'static [ErrorRow] =
        &[IamError::NoSuchEntityException.row(), IamError::ServiceFailureException.row()];
    type Input = GetMFADeviceInput;
    type Output = GetMFADeviceOutput;

    async fn demands(call: &mut Call<'_>, input: &Self::Input) -> Result<Vec<Demand>, Fault> {
        Ok(vec![demand_on_meant(call, "iam:GetMFADevice", input.user_name.as_ref()).await?])
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        let Meant::User(name) = meant(call, input.user_name.as_ref())? else {
            return Err(mfa::no_such(&input.serial_number));
        };
        let user = find::user(call, &name).await?;
        let device = mfa::device_of(call, &user, &input.serial_number).await?;
        Ok(GetMFADeviceOutput {
            user_name: Some(user.user_name.clone()),
            serial_number: device.arn(),
            enable_date: device.enabled,
            // AWS: only keys of FIDO have any.
            certifications: None,
        })
    }
}

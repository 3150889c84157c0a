//! DeactivateMFADevice: takes a virtual MFA device from its user.

use coffer_pipeline::identity::MfaDeviceRecord;
use coffer_pipeline::{Access, Call, Demand, Operation};
use coffer_protocol::{ErrorRow, Fault, Input};

use super::errors::IamError;
use super::find::{self, Meant, demand_on_meant, meant};
use super::mfa;

/// Takes a virtual MFA device from its user; it may be given again.
pub(super) struct DeactivateMFADevice;

/// Which device, and whose.
#[derive(Input, Debug)]
#[shape(name = "DeactivateMFADeviceRequest")]
pub(super) struct DeactivateMFADeviceInput {
    #[shape(min = 1, max = 128, pattern = r"[\w+=,.@-]+")]
    user_name: Option<String>,
    #[shape(required, min = 9, max = 256, pattern = r"[\w+=/:,.@-]+")]
    serial_number: String,
}

impl Operation for DeactivateMFADevice {
    const NAME: &'static str = "DeactivateMFADevice";
    const ACCESS: Access = Access::Write;
    const ERRORS: &'static [ErrorRow] = &[
        IamError::EntityTemporarilyUnmodifiableException.row(),
        IamError::NoSuchEntityException.row(),
        IamError::LimitExceededException.row(),
        IamError::ServiceFailureException.row(),
        IamError::ConcurrentModificationException.row(),
    ];
    type Input = DeactivateMFADeviceInput;
    type Output = ();

    async fn demands(call: &mut Call<'_>, input: &Self::Input) -> Result<Vec<Demand>, Fault> {
        Ok(vec![demand_on_meant(call, "iam:DeactivateMFADevice", input.user_name.as_ref()).await?])
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        let Meant::User(name) = meant(call, input.user_name.as_ref())? else {
            return Err(mfa::no_such(&input.serial_number));
        };
        let mut user = find::user(call, &name).await?.as_ref().clone();
        let device = mfa::device_of(call, &user, &input.serial_number).await?.as_ref().clone();
        call.acted_on(&user.arn());
        call.acted_on(&device.arn());
        user.mfa_devices.remove(&device.arn());
        call.put(MfaDeviceRecord { user: None, enabled: None, ..device }).await?;
        call.put(user).await
    }
}

//! DeleteVirtualMFADevice: ends a virtual MFA device.

use coffer_pipeline::identity::MfaDeviceRecord;
use coffer_pipeline::{Access, Call, Demand, Operation};
use coffer_protocol::{ErrorRow, Fault, Input};

use super::errors::IamError;
use super::mfa::{self, demand_on_device};

/// Ends a virtual MFA device that is nobody's.
pub(super) struct DeleteVirtualMFADevice;

/// Which device.
#[derive(Input, Debug)]
#[shape(name = "DeleteVirtualMFADeviceRequest")]
pub(super) struct DeleteVirtualMFADeviceInput {
    #[shape(required, min = 9, max = 256, pattern = r"[\w+=/:,.@-]+")]
    serial_number: String,
}

impl Operation for DeleteVirtualMFADevice {
    const NAME: &'static str = "DeleteVirtualMFADevice";
    const ACCESS: Access = Access::Write;
    const ERRORS: &'static [ErrorRow] = &[
        IamError::NoSuchEntityException.row(),
        IamError::DeleteConflictException.row(),
        IamError::LimitExceededException.row(),
        IamError::ServiceFailureException.row(),
        IamError::ConcurrentModificationException.row(),
    ];
    type Input = DeleteVirtualMFADeviceInput;
    type Output = ();

    async fn demands(call: &mut Call<'_>, input: &Self::Input) -> Result<Vec<Demand>, Fault> {
        Ok(vec![demand_on_device(call, "iam:DeleteVirtualMFADevice", &input.serial_number).await?])
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        let device = mfa::device(call, &input.serial_number).await?;
        call.acted_on(&device.arn());
        if device.user.is_some() {
            return Err(IamError::DeleteConflictException
                .with("MFA VirtualDevice in use. Must deactivate first."));
        }
        let key = MfaDeviceRecord::key_of(device.account, &device.arn());
        call.delete::<MfaDeviceRecord>(&key).await
    }
}

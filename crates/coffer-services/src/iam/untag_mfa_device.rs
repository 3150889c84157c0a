//! UntagMFADevice: takes tags away from a virtual MFA device.

use coffer_pipeline::{Access, Call, Demand, Operation};
use coffer_protocol::{ErrorRow, Fault, Input};

use super::errors::IamError;
use super::mfa::{self, demand_on_device};
use super::tags;

/// Takes tags away from a virtual MFA device; those it does not have are no fault.
pub(super) struct UntagMFADevice;

/// Which device, and the names of the tags.
#[derive(Input, Debug)]
#[shape(name = "UntagMFADeviceRequest")]
pub(super) struct UntagMFADeviceInput {
    #[shape(required, min = 9, max = 256, pattern = r"[\w+=/:,.@-]+")]
    serial_number: String,
    #[shape(
        required,
        max = 50,
        member(min = 1, max = 128, pattern = r"[\p{L}\p{Z}\p{N}_.:/=+\-@]+")
    )]
    tag_keys: Vec<String>,
}

impl Operation for UntagMFADevice {
    const NAME: &'static str = "UntagMFADevice";
    const ACCESS: Access = Access::Write;
    const ERRORS: &'static [ErrorRow] = &[
        IamError::NoSuchEntityException.row(),
        IamError::InvalidInputException.row(),
        IamError::ConcurrentModificationException.row(),
        IamError::ServiceFailureException.row(),
    ];
    type Input = UntagMFADeviceInput;
    type Output = ();

    async fn demands(call: &mut Call<'_>, input: &Self::Input) -> Result<Vec<Demand>, Fault> {
        let demand = demand_on_device(call, "iam:UntagMFADevice", &input.serial_number).await?;
        Ok(vec![tags::untagged(demand, &input.tag_keys)])
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        let mut device = mfa::device(call, &input.serial_number).await?.as_ref().clone();
        call.acted_on(&device.arn());
        device.tags = tags::without(&device.tags, &input.tag_keys);
        call.put(device).await
    }
}

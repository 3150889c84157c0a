//! TagMFADevice: gives a virtual MFA device tags.

use coffer_pipeline::{Access, Call, Demand, Operation};
use coffer_protocol::{ErrorRow, Fault, Input};

use super::errors::IamError;
use super::mfa::{self, demand_on_device};
use super::tags;
use super::wire::Tag;

/// Gives a virtual MFA device tags, in place of those of the same names.
pub(super) struct TagMFADevice;

/// Which device, and which tags.
#[derive(Input, Debug)]
#[shape(name = "TagMFADeviceRequest")]
pub(super) struct TagMFADeviceInput {
    #[shape(required, min = 9, max = 256, pattern = r"[\w+=/:,.@-]+")]
    serial_number: String,
    #[shape(required, max = 50)]
    tags: Vec<Tag>,
}

impl Operation for TagMFADevice {
    const NAME: &'static str = "TagMFADevice";
    const ACCESS: Access = Access::Write;
    const ERRORS: &'static [ErrorRow] = &[
        IamError::InvalidInputException.row(),
        IamError::NoSuchEntityException.row(),
        IamError::LimitExceededException.row(),
        IamError::ConcurrentModificationException.row(),
        IamError::ServiceFailureException.row(),
    ];
    type Input = TagMFADeviceInput;
    type Output = ();

    async fn demands(call: &mut Call<'_>, input: &Self::Input) -> Result<Vec<Demand>, Fault> {
        let demand = demand_on_device(call, "iam:TagMFADevice", &input.serial_number).await?;
        Ok(vec![tags::requested(demand, Some(&input.tags))])
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        let mut device = mfa::device(call, &input.serial_number).await?.as_ref().clone();
        call.acted_on(&device.arn());
        tags::must_be_given(&input.tags)?;
        device.tags = tags::joined(&device.tags, &input.tags)?;
        call.put(device).await
    }
}

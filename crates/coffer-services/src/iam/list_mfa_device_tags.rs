//! ListMFADeviceTags: lists the tags of a virtual MFA device.

use coffer_pipeline::{Access, Call, Demand, Operation};
use coffer_protocol::{ErrorRow, Fault, Input, Output};

use super::errors::IamError;
use super::mfa::{self, demand_on_device};
use super::tags;
use super::wire::Tag;

/// Lists the tags of a virtual MFA device, in the order of their names.
pub(super) struct ListMFADeviceTags;

/// Which device, and which page.
#[derive(Input, Debug)]
#[shape(name = "ListMFADeviceTagsRequest")]
pub(super) struct ListMFADeviceTagsInput {
    #[shape(required, min = 9, max = 256, pattern = r"[\w+=/:,.@-]+")]
    serial_number: String,
    #[shape(min = 1, max = 320, pattern = r"[\u0020-\u00FF]+")]
    marker: Option<String>,
    #[shape(min = 1, max = 1000)]
    max_items: Option<i32>,
}

/// A page of tags.
#[derive(Output, Debug)]
#[shape(name = "ListMFADeviceTagsResponse")]
pub(super) struct ListMFADeviceTagsOutput {
    #[shape(required)]
    tags: Vec<Tag>,
    is_truncated: Option<bool>,
    marker: Option<String>,
}

impl Operation for ListMFADeviceTags {
    const NAME: &'static str = "ListMFADeviceTags";
    const ACCESS: Access = Access::Read;
    const ERRORS: &'static [ErrorRow] = &[
        IamError::NoSuchEntityException.row(),
        IamError::InvalidInputException.row(),
        IamError::ServiceFailureException.row(),
    ];
    type Input = ListMFADeviceTagsInput;
    type Output = ListMFADeviceTagsOutput;

    async fn demands(call: &mut Call<'_>, input: &Self::Input) -> Result<Vec<Demand>, Fault> {
        Ok(vec![demand_on_device(call, "iam:ListMFADeviceTags", &input.serial_number).await?])
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        let device = mfa::device(call, &input.serial_number).await?;
        let page = tags::page(&device.tags, input.marker.as_ref(), input.max_items)?;
        Ok(ListMFADeviceTagsOutput {
            is_truncated: Some(page.is_truncated()),
            tags: page.items,
            marker: page.marker,
        })
    }
}

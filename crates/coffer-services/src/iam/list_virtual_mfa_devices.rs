//! ListVirtualMFADevices: lists the virtual MFA devices of the account.

use coffer_pipeline::identity::{MfaDeviceRecord, UserRecord, identity_arn};
use coffer_pipeline::{Access, Call, Demand, Operation};
use coffer_protocol::{ErrorRow, Fault, Input, Output};

use super::mfa::{AssignmentStatusType, VirtualMFADevice};
use super::pages::{self, Page};
use super::path::resource_of_arn;

/// Lists the virtual MFA devices of the account, those of users, those of nobody, or all.
pub(super) struct ListVirtualMFADevices;

/// Which devices, and which page.
#[derive(Input, Debug)]
#[shape(name = "ListVirtualMFADevicesRequest")]
pub(super) struct ListVirtualMFADevicesInput {
    assignment_status: Option<AssignmentStatusType>,
    #[shape(min = 1, max = 320, pattern = r"[\u0020-\u00FF]+")]
    marker: Option<String>,
    #[shape(min = 1, max = 1000)]
    max_items: Option<i32>,
}

/// A page of devices.
#[derive(Output, Debug)]
#[shape(name = "ListVirtualMFADevicesResponse")]
pub(super) struct ListVirtualMFADevicesOutput {
    #[shape(wire = "VirtualMFADevices", required)]
    virtual_mfa_devices: Vec<VirtualMFADevice>,
    is_truncated: Option<bool>,
    marker: Option<String>,
}

impl Operation for ListVirtualMFADevices {
    const NAME: &'static str = "ListVirtualMFADevices";
    const ACCESS: Access = Access::Read;
    const ERRORS: &'static [ErrorRow] = &[];
    type Input = ListVirtualMFADevicesInput;
    type Output = ListVirtualMFADevicesOutput;

    async fn demands(call: &mut Call<'_>, _: &Self::Input) -> Result<Vec<Demand>, Fault> {
        let arn = identity_arn(call.account(), "mfa", "/", "");
        Ok(vec![Demand::of("iam:ListVirtualMFADevices", arn)])
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        let account = call.account();
        let devices =
            pages::all::<MfaDeviceRecord>(call, &MfaDeviceRecord::all_of(account)).await?;
        let is_asked_for = |device: &MfaDeviceRecord| match input.assignment_status {
            None | Some(AssignmentStatusType::Any) => true,
            Some(AssignmentStatusType::Assigned) => device.user.is_some(),
            Some(AssignmentStatusType::Unassigned) => device.user.is_none(),
        };
        let devices = devices.into_iter().filter(|device| is_asked_for(device));
        let entries =
            devices.map(|device| (resource_of_arn(&device.arn()).to_owned(), device)).collect();
        let page = Page::of(entries, input.marker.as_ref(), input.max_items)?;
        let mut listed = Vec::with_capacity(page.items.len());
        for device in &page.items {
            let user = match &device.user {
                Some(name) => call.get::<UserRecord>(&UserRecord::key_of(account, name)).await?,
                None => None,
            };
            listed.push(VirtualMFADevice::listed(device, user.as_deref()));
        }
        Ok(ListVirtualMFADevicesOutput {
            is_truncated: Some(page.is_truncated()),
            virtual_mfa_devices: listed,
            marker: page.marker,
        })
    }
}

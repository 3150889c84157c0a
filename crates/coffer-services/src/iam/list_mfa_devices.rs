//! ListMFADevices: lists the MFA devices of a user.

use coffer_pipeline::identity::MfaDeviceRecord;
use coffer_pipeline::{Access, Call, Demand, Operation};
use coffer_protocol::{ErrorRow, Fault, Input, Output};

use super::errors::IamError;
use super::find::{self, Meant, demand_on_meant, meant};
use super::mfa::MFADevice;
use super::pages::Page;
use super::path::resource_of_arn;

/// Lists the MFA devices of a user, or of whoever calls.
pub(super) struct ListMFADevices;

/// Whose devices, and which page.
#[derive(Input, Debug)]
#[shape(name = "ListMFADevicesRequest")]
pub(super) struct ListMFADevicesInput {
    #[shape(min = 1, max = 128, pattern = r"[\w+=,.@-]+")]
    user_name: Option<String>,
    #[shape(min = 1, max = 320, pattern = r"[\u0020-\u00FF]+")]
    marker: Option<String>,
    #[shape(min = 1, max = 1000)]
    max_items: Option<i32>,
}

/// A page of devices.
#[derive(Output, Debug)]
#[shape(name = "ListMFADevicesResponse")]
pub(super) struct ListMFADevicesOutput {
    #[shape(wire = "MFADevices", required)]
    mfa_devices: Vec<MFADevice>,
    is_truncated: Option<bool>,
    marker: Option<String>,
}

impl Operation for ListMFADevices {
    const NAME: &'static str = "ListMFADevices";
    const ACCESS: Access = Access::Read;
    const ERRORS: &'static [ErrorRow] =
        &[IamError::NoSuchEntityException.row(), IamError::ServiceFailureException.row()];
    type Input = ListMFADevicesInput;
    type Output = ListMFADevicesOutput;

    async fn demands(call: &mut Call<'_>, input: &Self::Input) -> Result<Vec<Demand>, Fault> {
        Ok(vec![demand_on_meant(call, "iam:ListMFADevices", input.user_name.as_ref()).await?])
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        let mut entries = Vec::new();
        if let Meant::User(name) = meant(call, input.user_name.as_ref())? {
            let user = find::user(call, &name).await?;
            let key = |arn: &String| MfaDeviceRecord::key_of(user.account, arn);
            let keys: Vec<_> = user.mfa_devices.iter().map(key).collect();
            for device in call.get_many::<MfaDeviceRecord>(&keys).await?.iter().flatten() {
                let place = resource_of_arn(&device.arn()).to_owned();
                entries.push((place, MFADevice::of(&user, device)));
            }
        }
        let page = Page::of(entries, input.marker.as_ref(), input.max_items)?;
        Ok(ListMFADevicesOutput {
            is_truncated: Some(page.is_truncated()),
            mfa_devices: page.items,
            marker: page.marker,
        })
    }
}

//! CreateVirtualMFADevice: makes a virtual MFA device.

use coffer_pipeline::identity::{MfaDeviceRecord, identity_arn};
use coffer_pipeline::{Access, Call, Demand, Operation};
use coffer_protocol::{ErrorRow, Fault, Input, Output};
use data_encoding::BASE32_NOPAD;
use zeroize::Zeroizing;

use super::errors::IamError;
use super::mfa::VirtualMFADevice;
use super::path::path_of;
use super::wire::Tag;
use super::{account, qr, tags};

/// Makes a virtual MFA device that is nobody's yet; its seed is shown this once.
pub(super) struct CreateVirtualMFADevice;

/// What it is to be.
#[derive(Input, Debug)]
#[shape(name = "CreateVirtualMFADeviceRequest")]
pub(super) struct CreateVirtualMFADeviceInput {
    #[shape(min = 1, max = 512, pattern = r"(\u002F)|(\u002F[\u0021-\u007E]+\u002F)")]
    path: Option<String>,
    #[shape(wire = "VirtualMFADeviceName", required, min = 1, pattern = r"[\w+=,.@-]+")]
    virtual_mfa_device_name: String,
    #[shape(max = 50)]
    tags: Option<Vec<Tag>>,
}

/// The device with its seed.
#[derive(Output, Debug)]
#[shape(name = "CreateVirtualMFADeviceResponse")]
pub(super) struct CreateVirtualMFADeviceOutput {
    #[shape(wire = "VirtualMFADevice", required)]
    virtual_mfa_device: VirtualMFADevice,
}

impl Operation for CreateVirtualMFADevice {
    const NAME: &'static str = "CreateVirtualMFADevice";
    const ACCESS: Access = Access::Write;
    const ERRORS: &'static [ErrorRow] = &[
        IamError::LimitExceededException.row(),
        IamError::InvalidInputException.row(),
        IamError::EntityAlreadyExistsException.row(),
        IamError::ConcurrentModificationException.row(),
        IamError::ServiceFailureException.row(),
    ];
    type Input = CreateVirtualMFADeviceInput;
    type Output = CreateVirtualMFADeviceOutput;

    async fn demands(call: &mut Call<'_>, input: &Self::Input) -> Result<Vec<Demand>, Fault> {
        let arn = arn_of(call, input);
        let of = |action| tags::requested(Demand::of(action, arn.clone()), input.tags.as_ref());
        // AWS: who gives tags on creation needs the permission to tag as well.
        let tagging = input.tags.as_ref().filter(|tags| !tags.is_empty());
        let actions = [Some("iam:CreateVirtualMFADevice"), tagging.map(|_| "iam:TagMFADevice")];
        Ok(actions.into_iter().flatten().map(of).collect())
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        let arn = arn_of(call, input);
        if arn.len() > SERIAL_CHARACTERS_MAX {
            return Err(IamError::InvalidInputException
                .with("The path and name of the MFA device are too long."));
        }
        let key = MfaDeviceRecord::key_of(call.account(), &arn);
        if call.get::<MfaDeviceRecord>(&key).await?.is_some() {
            return Err(IamError::EntityAlreadyExistsException
                .with("MFADevice entity at the same path and name already exists."));
        }
        let mut seed = Zeroizing::new([0_u8; SEED_BYTES]);
        call.entropy().fill(seed.as_mut_slice());
        let device = MfaDeviceRecord {
            account: call.account(),
            path: path_of(input.path.as_ref()),
            device_name: input.virtual_mfa_device_name.clone(),
            seed: BASE32_NOPAD.encode(seed.as_slice()).into(),
            user: None,
            enabled: None,
            last_step: 0,
            drift: 0,
            tags: tags::of_new(input.tags.as_ref())?,
        };
        call.acted_on(&arn);
        let account = account::of_caller(call).await?;
        let png = qr::png(Zeroizing::new(uri_of(&device, account.alias.as_deref())).as_str());
        let answer = VirtualMFADevice::new(&device, png);
        call.put(device).await?;
        Ok(CreateVirtualMFADeviceOutput { virtual_mfa_device: answer })
    }
}

fn arn_of(call: &Call<'_>, input: &CreateVirtualMFADeviceInput) -> String {
    let path = path_of(input.path.as_ref());
    identity_arn(call.account(), "mfa", &path, &input.virtual_mfa_device_name)
}

/// What the picture says (IAM API reference, `QRCodePNG`).
fn uri_of(device: &MfaDeviceRecord, alias: Option<&str>) -> String {
    let account = alias.unwrap_or(device.account.as_str());
    format!("otpauth://totp/{}@{account}?secret={}", device.device_name, device.seed.expose())
}

/// As many bytes as AWS's seeds have: 64 characters of base32.
const SEED_BYTES: usize = 40;
/// A serial number that callers may send.
const SERIAL_CHARACTERS_MAX: usize = 256;

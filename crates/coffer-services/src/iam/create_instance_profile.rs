//! CreateInstanceProfile: makes an instance profile.

use coffer_pipeline::identity::{InstanceProfileRecord, identity_arn};
use coffer_pipeline::{Access, Call, Demand, Operation};
use coffer_protocol::{ErrorRow, Fault, Input, Output};

use super::errors::IamError;
use super::id::IdKind;
use super::wire::Tag;
use super::wire_profile::InstanceProfile;
use super::{id, path, tags};

/// Makes an instance profile, which has no role yet.
pub(super) struct CreateInstanceProfile;

/// What the instance profile is.
#[derive(Input, Debug)]
#[shape(name = "CreateInstanceProfileRequest")]
pub(super) struct CreateInstanceProfileInput {
    #[shape(required, min = 1, max = 128, pattern = r"[\w+=,.@-]+")]
    instance_profile_name: String,
    #[shape(min = 1, max = 512, pattern = r"(\u002F)|(\u002F[\u0021-\u007E]+\u002F)")]
    path: Option<String>,
    #[shape(max = 50)]
    tags: Option<Vec<Tag>>,
}

/// The instance profile.
#[derive(Output, Debug)]
#[shape(name = "CreateInstanceProfileResponse")]
pub(super) struct CreateInstanceProfileOutput {
    #[shape(required)]
    instance_profile: InstanceProfile,
}

impl Operation for CreateInstanceProfile {
    const NAME: &'static str = "CreateInstanceProfile";
    const ACCESS: Access = Access::Write;
    const ERRORS: &'static [ErrorRow] = &[
        IamError::EntityAlreadyExistsException.row(),
        IamError::InvalidInputException.row(),
        IamError::LimitExceededException.row(),
        IamError::ConcurrentModificationException.row(),
        IamError::ServiceFailureException.row(),
    ];
    type Input = CreateInstanceProfileInput;
    type Output = CreateInstanceProfileOutput;

    async fn demands(call: &mut Call<'_>, input: &Self::Input) -> Result<Vec<Demand>, Fault> {
        let path = path::path_of(input.path.as_ref());
        let name = &input.instance_profile_name;
        let arn = identity_arn(call.account(), "instance-profile", &path, name);
        let demand = Demand::of("iam:CreateInstanceProfile", arn);
        Ok(tags::on_creation(demand, "iam:TagInstanceProfile", input.tags.as_ref()))
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        let tags = tags::of_new(input.tags.as_ref())?;
        let name = &input.instance_profile_name;
        let key = InstanceProfileRecord::key_of(call.account(), name);
        if call.get::<InstanceProfileRecord>(&key).await?.is_some() {
            let message = format!("Instance Profile {name} already exists.");
            return Err(IamError::EntityAlreadyExistsException.with(message));
        }
        let profile = InstanceProfileRecord {
            account: call.account(),
            profile_name: name.clone(),
            profile_id: id::draw(call.entropy(), IdKind::InstanceProfile),
            path: path::path_of(input.path.as_ref()),
            created: call.now(),
            role: None,
            tags,
        };
        call.acted_on(&profile.arn());
        let tags = tags::to_wire(&profile.tags);
        let answer = InstanceProfile::of(&profile, None).with(tags);
        call.put(profile).await?;
        Ok(CreateInstanceProfileOutput { instance_profile: answer })
    }
}

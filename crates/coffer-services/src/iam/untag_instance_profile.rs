//! UntagInstanceProfile: takes tags from an instance profile.

use coffer_pipeline::{Access, Call, Demand, Operation};
use coffer_protocol::{ErrorRow, Fault, Input};

use super::errors::IamError;
use super::{instance_profile, tags};

/// Takes tags from an instance profile; those it does not have do not matter.
pub(super) struct UntagInstanceProfile;

/// Which instance profile, and the names of tags.
#[derive(Input, Debug)]
#[shape(name = "UntagInstanceProfileRequest")]
pub(super) struct UntagInstanceProfileInput {
    #[shape(required, min = 1, max = 128, pattern = r"[\w+=,.@-]+")]
    instance_profile_name: String,
    #[shape(
        required,
        max = 50,
        member(min = 1, max = 128, pattern = r"[\p{L}\p{Z}\p{N}_.:/=+\-@]+")
    )]
    tag_keys: Vec<String>,
}

impl Operation for UntagInstanceProfile {
    const NAME: &'static str = "UntagInstanceProfile";
    const ACCESS: Access = Access::Write;
    const ERRORS: &'static [ErrorRow] = &[
        IamError::NoSuchEntityException.row(),
        IamError::InvalidInputException.row(),
        IamError::ConcurrentModificationException.row(),
        IamError::ServiceFailureException.row(),
    ];
    type Input = UntagInstanceProfileInput;
    type Output = ();

    async fn demands(call: &mut Call<'_>, input: &Self::Input) -> Result<Vec<Demand>, Fault> {
        let demand = instance_profile::demand_on(
            call,
            "iam:UntagInstanceProfile",
            &input.instance_profile_name,
        )
        .await?;
        Ok(vec![tags::untagged(demand, &input.tag_keys)])
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        let profile = instance_profile::find(call, &input.instance_profile_name).await?;
        call.acted_on(&profile.arn());
        let mut profile = profile.as_ref().clone();
        profile.tags = tags::without(&profile.tags, &input.tag_keys);
        call.put(profile).await
    }
}

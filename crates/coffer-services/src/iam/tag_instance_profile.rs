//! TagInstanceProfile: gives an instance profile tags.

use coffer_pipeline::{Access, Call, Demand, Operation};
use coffer_protocol::{ErrorRow, Fault, Input};

use super::errors::IamError;
use super::wire::Tag;
use super::{instance_profile, tags};

/// Gives an instance profile tags, in place of those of the same names.
pub(super) struct TagInstanceProfile;

/// Which instance profile, and which tags.
#[derive(Input, Debug)]
#[shape(name = "TagInstanceProfileRequest")]
pub(super) struct TagInstanceProfileInput {
    #[shape(required, min = 1, max = 128, pattern = r"[\w+=,.@-]+")]
    instance_profile_name: String,
    #[shape(required, max = 50)]
    tags: Vec<Tag>,
}

impl Operation for TagInstanceProfile {
    const NAME: &'static str = "TagInstanceProfile";
    const ACCESS: Access = Access::Write;
    const ERRORS: &'static [ErrorRow] = &[
        IamError::NoSuchEntityException.row(),
        IamError::InvalidInputException.row(),
        IamError::LimitExceededException.row(),
        IamError::ConcurrentModificationException.row(),
        IamError::ServiceFailureException.row(),
    ];
    type Input = TagInstanceProfileInput;
    type Output = ();

    async fn demands(call: &mut Call<'_>, input: &Self::Input) -> Result<Vec<Demand>, Fault> {
        let demand = instance_profile::demand_on(
            call,
            "iam:TagInstanceProfile",
            &input.instance_profile_name,
        )
        .await?;
        Ok(vec![tags::requested(demand, Some(&input.tags))])
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        let profile = instance_profile::find(call, &input.instance_profile_name).await?;
        call.acted_on(&profile.arn());
        let mut profile = profile.as_ref().clone();
        tags::must_be_given(&input.tags)?;
        profile.tags = tags::joined(&profile.tags, &input.tags)?;
        call.put(profile).await
    }
}

//! GetTrail: describes one trail.

use coffer_pipeline::{Access, Call, Demand, Operation};
use coffer_protocol::{ErrorRow, Fault, Input, Output};

use super::errors::CloudTrailError;
use super::trail::TrailName;
use super::wire::Trail;

/// Describes a trail.
pub(super) struct GetTrail;

/// Which trail.
#[derive(Input, Debug)]
#[shape(name = "GetTrailRequest")]
pub(super) struct GetTrailInput {
    #[shape(required)]
    name: String,
}

/// The trail.
#[derive(Output, Debug)]
#[shape(name = "GetTrailResponse")]
pub(super) struct GetTrailOutput {
    trail: Option<Trail>,
}

impl Operation for GetTrail {
    const NAME: &'static str = "GetTrail";
    const ACCESS: Access = Access::Read;
    const ERRORS: &'static [ErrorRow] = &[
        CloudTrailError::CloudTrailARNInvalidException.row(),
        CloudTrailError::TrailNotFoundException.row(),
        CloudTrailError::InvalidTrailNameException.row(),
        CloudTrailError::UnsupportedOperationException.row(),
        CloudTrailError::OperationNotPermittedException.row(),
    ];
    type Input = GetTrailInput;
    type Output = GetTrailOutput;

    async fn demands(call: &mut Call<'_>, input: &Self::Input) -> Result<Vec<Demand>, Fault> {
        let name = TrailName::read(&input.name, call.context())?;
        Ok(name.demand("cloudtrail:GetTrail"))
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        let name = TrailName::read(&input.name, call.context())?;
        let trail = name.find(call).await?;
        call.acted_on(&trail.arn());
        Ok(GetTrailOutput { trail: Some(Trail::of(&trail)) })
    }
}

//! GetEventSelectors: tells which events a trail exports.

use coffer_pipeline::{Access, Call, Demand, Operation};
use coffer_protocol::{ErrorRow, Fault, Input, Output};

use super::errors::CloudTrailError;
use super::selectors::{self, AdvancedEventSelector, EventSelector};
use super::trail::TrailName;

/// Tells a trail's event selectors.
pub(super) struct GetEventSelectors;

/// Which trail.
#[derive(Input, Debug)]
#[shape(name = "GetEventSelectorsRequest")]
pub(super) struct GetEventSelectorsInput {
    #[shape(required)]
    trail_name: String,
}

/// The selectors.
#[derive(Output, Debug)]
#[shape(name = "GetEventSelectorsResponse")]
pub(super) struct GetEventSelectorsOutput {
    #[shape(wire = "TrailARN")]
    trail_arn: Option<String>,
    event_selectors: Option<Vec<EventSelector>>,
    advanced_event_selectors: Option<Vec<AdvancedEventSelector>>,
}

impl Operation for GetEventSelectors {
    const NAME: &'static str = "GetEventSelectors";
    const ACCESS: Access = Access::Read;
    const ERRORS: &'static [ErrorRow] = &[
        CloudTrailError::TrailNotFoundException.row(),
        CloudTrailError::InvalidTrailNameException.row(),
        CloudTrailError::CloudTrailARNInvalidException.row(),
        CloudTrailError::UnsupportedOperationException.row(),
        CloudTrailError::OperationNotPermittedException.row(),
        CloudTrailError::NoManagementAccountSLRExistsException.row(),
    ];
    type Input = GetEventSelectorsInput;
    type Output = GetEventSelectorsOutput;

    async fn demands(call: &mut Call<'_>, input: &Self::Input) -> Result<Vec<Demand>, Fault> {
        let name = TrailName::read(&input.trail_name, call.context())?;
        Ok(name.demand("cloudtrail:GetEventSelectors"))
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        let name = TrailName::read(&input.trail_name, call.context())?;
        let trail = name.find(call).await?;
        let trail_arn = trail.arn();
        call.acted_on(&trail_arn);
        let (event_selectors, advanced_event_selectors) = selectors::told(trail.selectors.as_ref());
        Ok(GetEventSelectorsOutput {
            trail_arn: Some(trail_arn),
            event_selectors,
            advanced_event_selectors,
        })
    }
}

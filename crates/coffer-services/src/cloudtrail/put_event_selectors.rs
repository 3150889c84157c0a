//! PutEventSelectors: says which events a trail exports.

use coffer_pipeline::{Access, Call, Demand, Operation};
use coffer_protocol::{ErrorRow, Fault, Input, Output};

use super::errors::CloudTrailError;
use super::selectors::{self, AdvancedEventSelector, EventSelector};
use super::trail::TrailName;

/// Puts a trail's event selectors in the place of those it has.
pub(super) struct PutEventSelectors;

/// Which trail, and which events.
#[derive(Input, Debug)]
#[shape(name = "PutEventSelectorsRequest")]
pub(super) struct PutEventSelectorsInput {
    #[shape(required)]
    trail_name: String,
    event_selectors: Option<Vec<EventSelector>>,
    advanced_event_selectors: Option<Vec<AdvancedEventSelector>>,
}

/// The selectors.
#[derive(Output, Debug)]
#[shape(name = "PutEventSelectorsResponse")]
pub(super) struct PutEventSelectorsOutput {
    #[shape(wire = "TrailARN")]
    trail_arn: Option<String>,
    event_selectors: Option<Vec<EventSelector>>,
    advanced_event_selectors: Option<Vec<AdvancedEventSelector>>,
}

impl Operation for PutEventSelectors {
    const NAME: &'static str = "PutEventSelectors";
    const ACCESS: Access = Access::Write;
    const ERRORS: &'static [ErrorRow] = &[
        CloudTrailError::TrailNotFoundException.row(),
        CloudTrailError::InvalidTrailNameException.row(),
        CloudTrailError::CloudTrailARNInvalidException.row(),
        CloudTrailError::InvalidHomeRegionException.row(),
        CloudTrailError::InvalidEventSelectorsException.row(),
        CloudTrailError::ConflictException.row(),
        CloudTrailError::ThrottlingException.row(),
        CloudTrailError::UnsupportedOperationException.row(),
        CloudTrailError::OperationNotPermittedException.row(),
        CloudTrailError::NotOrganizationMasterAccountException.row(),
        CloudTrailError::NoManagementAccountSLRExistsException.row(),
        CloudTrailError::InsufficientDependencyServiceAccessPermissionException.row(),
    ];
    type Input = PutEventSelectorsInput;
    type Output = PutEventSelectorsOutput;

    async fn demands(call: &mut Call<'_>, input: &Self::Input) -> Result<Vec<Demand>, Fault> {
        let name = TrailName::read(&input.trail_name, call.context())?;
        Ok(name.demand("cloudtrail:PutEventSelectors"))
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        let name = TrailName::read(&input.trail_name, call.context())?;
        let mut trail = name.find_at_home(call).await?;
        let basic = input.event_selectors.as_deref();
        let read = selectors::read(basic, input.advanced_event_selectors.as_deref())?;
        trail.selectors = Some(read);
        let trail_arn = trail.arn();
        call.acted_on(&trail_arn);
        let (event_selectors, advanced_event_selectors) = selectors::told(trail.selectors.as_ref());
        call.put(trail).await?;
        Ok(PutEventSelectorsOutput {
            trail_arn: Some(trail_arn),
            event_selectors,
            advanced_event_selectors,
        })
    }
}

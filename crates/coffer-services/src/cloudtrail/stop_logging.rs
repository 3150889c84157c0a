//! StopLogging: turns a trail off.

use coffer_pipeline::{Access, Call, Demand, Operation};
use coffer_protocol::{ErrorRow, Fault, Input, Output};

use super::errors::CloudTrailError;
use super::trail::TrailName;

/// Turns a trail off; what happened before is still exported.
pub(super) struct StopLogging;

/// Which trail.
#[derive(Input, Debug)]
#[shape(name = "StopLoggingRequest")]
pub(super) struct StopLoggingInput {
    #[shape(required)]
    name: String,
}

/// Nothing.
#[derive(Output, Debug)]
#[shape(name = "StopLoggingResponse")]
pub(super) struct StopLoggingOutput {}

impl Operation for StopLogging {
    const NAME: &'static str = "StopLogging";
    const ACCESS: Access = Access::Write;
    const ERRORS: &'static [ErrorRow] = &[
        CloudTrailError::TrailNotFoundException.row(),
        CloudTrailError::InvalidTrailNameException.row(),
        CloudTrailError::CloudTrailARNInvalidException.row(),
        CloudTrailError::ConflictException.row(),
        CloudTrailError::ThrottlingException.row(),
        CloudTrailError::InvalidHomeRegionException.row(),
        CloudTrailError::UnsupportedOperationException.row(),
        CloudTrailError::OperationNotPermittedException.row(),
        CloudTrailError::NotOrganizationMasterAccountException.row(),
        CloudTrailError::NoManagementAccountSLRExistsException.row(),
        CloudTrailError::InsufficientDependencyServiceAccessPermissionException.row(),
    ];
    type Input = StopLoggingInput;
    type Output = StopLoggingOutput;

    async fn demands(call: &mut Call<'_>, input: &Self::Input) -> Result<Vec<Demand>, Fault> {
        let name = TrailName::read(&input.name, call.context())?;
        Ok(name.demand("cloudtrail:StopLogging"))
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        let name = TrailName::read(&input.name, call.context())?;
        let mut trail = name.find_at_home(call).await?;
        if trail.logging {
            trail.logging = false;
            trail.stopped = Some(call.now());
            call.acted_on(&trail.arn());
            call.put(trail).await?;
        }
        Ok(StopLoggingOutput {})
    }
}

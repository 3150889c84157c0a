//! StartLogging: turns a trail on.

use coffer_pipeline::{Access, Call, Demand, Operation};
use coffer_protocol::{ErrorRow, Fault, Input, Output};

use super::deliver;
use super::errors::CloudTrailError;
use super::trail::TrailName;

/// Turns a trail on: from now on its events are exported.
pub(super) struct StartLogging;

/// Which trail.
#[derive(Input, Debug)]
#[shape(name = "StartLoggingRequest")]
pub(super) struct StartLoggingInput {
    #[shape(required)]
    name: String,
}

/// Nothing.
#[derive(Output, Debug)]
#[shape(name = "StartLoggingResponse")]
pub(super) struct StartLoggingOutput {}

impl Operation for StartLogging {
    const NAME: &'static str = "StartLogging";
    const ACCESS: Access = Access::Write;
    const ERRORS: &'static [ErrorRow] = &[
        CloudTrailError::CloudTrailARNInvalidException.row(),
        CloudTrailError::ConflictException.row(),
        CloudTrailError::ThrottlingException.row(),
        CloudTrailError::TrailNotFoundException.row(),
        CloudTrailError::InvalidTrailNameException.row(),
        CloudTrailError::InvalidHomeRegionException.row(),
        CloudTrailError::UnsupportedOperationException.row(),
        CloudTrailError::OperationNotPermittedException.row(),
        CloudTrailError::NotOrganizationMasterAccountException.row(),
        CloudTrailError::NoManagementAccountSLRExistsException.row(),
        CloudTrailError::InsufficientDependencyServiceAccessPermissionException.row(),
    ];
    type Input = StartLoggingInput;
    type Output = StartLoggingOutput;

    async fn demands(call: &mut Call<'_>, input: &Self::Input) -> Result<Vec<Demand>, Fault> {
        let name = TrailName::read(&input.name, call.context())?;
        Ok(name.demand("cloudtrail:StartLogging"))
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        let name = TrailName::read(&input.name, call.context())?;
        let mut trail = name.find_at_home(call).await?;
        if !trail.logging {
            trail.logging = true;
            trail.generation += 1;
            trail.started = Some(call.now());
            call.acted_on(&trail.arn());
            deliver::begin(call, &trail).await?;
            call.put(trail).await?;
        }
        Ok(StartLoggingOutput {})
    }
}

//! DeleteTrail: ends a trail. What it has exported stays.

use coffer_pipeline::{Access, Call, Demand, Operation};
use coffer_protocol::{ErrorRow, Fault, Input, Output};

use super::deliver::DeliveryRecord;
use super::errors::CloudTrailError;
use super::trail::TrailName;

/// Deletes a trail; the files that it has written are the operator's.
pub(super) struct DeleteTrail;

/// Which trail.
#[derive(Input, Debug)]
#[shape(name = "DeleteTrailRequest")]
pub(super) struct DeleteTrailInput {
    #[shape(required)]
    name: String,
}

/// Nothing.
#[derive(Output, Debug)]
#[shape(name = "DeleteTrailResponse")]
pub(super) struct DeleteTrailOutput {}

impl Operation for DeleteTrail {
    const NAME: &'static str = "DeleteTrail";
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
    type Input = DeleteTrailInput;
    type Output = DeleteTrailOutput;

    async fn demands(call: &mut Call<'_>, input: &Self::Input) -> Result<Vec<Demand>, Fault> {
        let name = TrailName::read(&input.name, call.context())?;
        Ok(name.demand("cloudtrail:DeleteTrail"))
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        let name = TrailName::read(&input.name, call.context())?;
        let trail = name.find_at_home(call).await?;
        call.acted_on(&trail.arn());
        call.delete::<super::trail::TrailRecord>(&coffer_store::Record::key(&trail)).await?;
        call.delete::<DeliveryRecord>(&DeliveryRecord::key_of(&trail)).await?;
        Ok(DeleteTrailOutput {})
    }
}

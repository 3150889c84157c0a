//! UpdateTrail: changes where a trail's files go, and what is in them.

use coffer_pipeline::{Access, Call, Demand, Operation};
use coffer_protocol::{ErrorRow, Fault, Input};

use super::create_trail::Extras;
use super::errors::CloudTrailError;
use super::place::{must_be_bucket, must_be_prefix};
use super::trail::TrailName;
use super::wire::TrailAnswer;

/// Changes a trail; what is not given stays as it is.
pub(super) struct UpdateTrail;

/// Which trail, and what changes.
#[derive(Input, Debug)]
#[shape(name = "UpdateTrailRequest")]
pub(super) struct UpdateTrailInput {
    #[shape(required)]
    name: String,
    s3_bucket_name: Option<String>,
    s3_key_prefix: Option<String>,
    sns_topic_name: Option<String>,
    include_global_service_events: Option<bool>,
    is_multi_region_trail: Option<bool>,
    enable_log_file_validation: Option<bool>,
    cloud_watch_logs_log_group_arn: Option<String>,
    cloud_watch_logs_role_arn: Option<String>,
    kms_key_id: Option<String>,
    is_organization_trail: Option<bool>,
    recursive_logging: Option<bool>,
}

impl Operation for UpdateTrail {
    const NAME: &'static str = "UpdateTrail";
    const ACCESS: Access = Access::Write;
    const ERRORS: &'static [ErrorRow] = &[
        CloudTrailError::S3BucketDoesNotExistException.row(),
        CloudTrailError::InsufficientS3BucketPolicyException.row(),
        CloudTrailError::InsufficientSnsTopicPolicyException.row(),
        CloudTrailError::InsufficientEncryptionPolicyException.row(),
        CloudTrailError::TrailNotFoundException.row(),
        CloudTrailError::InvalidS3BucketNameException.row(),
        CloudTrailError::InvalidS3PrefixException.row(),
        CloudTrailError::InvalidSnsTopicNameException.row(),
        CloudTrailError::InvalidKmsKeyIdException.row(),
        CloudTrailError::InvalidTrailNameException.row(),
        CloudTrailError::TrailNotProvidedException.row(),
        CloudTrailError::InvalidEventSelectorsException.row(),
        CloudTrailError::CloudTrailARNInvalidException.row(),
        CloudTrailError::ConflictException.row(),
        CloudTrailError::ThrottlingException.row(),
        CloudTrailError::InvalidParameterCombinationException.row(),
        CloudTrailError::InvalidHomeRegionException.row(),
        CloudTrailError::KmsKeyNotFoundException.row(),
        CloudTrailError::KmsKeyDisabledException.row(),
        CloudTrailError::KmsException.row(),
        CloudTrailError::InvalidCloudWatchLogsLogGroupArnException.row(),
        CloudTrailError::InvalidCloudWatchLogsRoleArnException.row(),
        CloudTrailError::CloudWatchLogsDeliveryUnavailableException.row(),
        CloudTrailError::UnsupportedOperationException.row(),
        CloudTrailError::OperationNotPermittedException.row(),
        CloudTrailError::CloudTrailAccessNotEnabledException.row(),
        CloudTrailError::InsufficientDependencyServiceAccessPermissionException.row(),
        CloudTrailError::OrganizationsNotInUseException.row(),
        CloudTrailError::NotOrganizationMasterAccountException.row(),
        CloudTrailError::OrganizationNotInAllFeaturesModeException.row(),
        CloudTrailError::NoManagementAccountSLRExistsException.row(),
        CloudTrailError::CloudTrailInvalidClientTokenIdException.row(),
        CloudTrailError::InvalidParameterException.row(),
    ];
    type Input = UpdateTrailInput;
    type Output = TrailAnswer;

    async fn demands(call: &mut Call<'_>, input: &Self::Input) -> Result<Vec<Demand>, Fault> {
        let name = TrailName::read(&input.name, call.context())?;
        Ok(name.demand("cloudtrail:UpdateTrail"))
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<TrailAnswer, Fault> {
        let name = TrailName::read(&input.name, call.context())?;
        let mut trail = name.find_at_home(call).await?;
        Extras {
            sns: input.sns_topic_name.as_deref(),
            log_group: input.cloud_watch_logs_log_group_arn.as_deref(),
            log_role: input.cloud_watch_logs_role_arn.as_deref(),
            kms_key: input.kms_key_id.as_deref(),
            is_organization: input.is_organization_trail,
        }
        .must_be_absent()?;
        if let Some(bucket) = &input.s3_bucket_name {
            must_be_bucket(bucket, call.exports())?;
            trail.bucket = bucket.clone();
        }
        match input.s3_key_prefix.as_deref() {
            // AWS: an empty prefix takes the present one away.
            Some("") => trail.prefix = None,
            Some(prefix) => {
                must_be_prefix(prefix)?;
                trail.prefix = Some(prefix.to_owned());
            }
            None => {}
        }
        trail.global_events = input.include_global_service_events.unwrap_or(trail.global_events);
        trail.multi_region = input.is_multi_region_trail.unwrap_or(trail.multi_region);
        trail.validation = input.enable_log_file_validation.unwrap_or(trail.validation);
        let answer = TrailAnswer::of(&trail);
        call.acted_on(&trail.arn());
        call.put(trail).await?;
        Ok(answer)
    }
}

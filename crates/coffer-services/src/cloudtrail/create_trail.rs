//! CreateTrail: makes a trail, which exports nothing before StartLogging.

use coffer_pipeline::{Access, Call, Demand, Operation};
use coffer_protocol::{ErrorRow, Fault, Input};

use super::errors::CloudTrailError;
use super::place::{must_be_bucket, must_be_prefix};
use super::tags;
use super::trail::{self, TRAILS_MAX, TrailName, TrailRecord};
use super::wire::{Tag, TrailAnswer};

/// Makes a trail whose files go to a folder of the operator's exports, named as a bucket.
pub(super) struct CreateTrail;

/// What it exports, and where to.
#[derive(Input, Debug)]
#[shape(name = "CreateTrailRequest")]
pub(super) struct CreateTrailInput {
    #[shape(required)]
    name: String,
    #[shape(required)]
    s3_bucket_name: String,
    s3_key_prefix: Option<String>,
    sns_topic_name: Option<String>,
    include_global_service_events: Option<bool>,
    is_multi_region_trail: Option<bool>,
    enable_log_file_validation: Option<bool>,
    cloud_watch_logs_log_group_arn: Option<String>,
    cloud_watch_logs_role_arn: Option<String>,
    kms_key_id: Option<String>,
    is_organization_trail: Option<bool>,
    #[shape(max = 200)]
    tags_list: Option<Vec<Tag>>,
    recursive_logging: Option<bool>,
}

impl Operation for CreateTrail {
    const NAME: &'static str = "CreateTrail";
    const ACCESS: Access = Access::Write;
    const ERRORS: &'static [ErrorRow] = &[
        CloudTrailError::MaximumNumberOfTrailsExceededException.row(),
        CloudTrailError::TrailAlreadyExistsException.row(),
        CloudTrailError::S3BucketDoesNotExistException.row(),
        CloudTrailError::InsufficientS3BucketPolicyException.row(),
        CloudTrailError::InsufficientSnsTopicPolicyException.row(),
        CloudTrailError::InsufficientEncryptionPolicyException.row(),
        CloudTrailError::InvalidS3BucketNameException.row(),
        CloudTrailError::InvalidS3PrefixException.row(),
        CloudTrailError::InvalidSnsTopicNameException.row(),
        CloudTrailError::InvalidKmsKeyIdException.row(),
        CloudTrailError::InvalidTrailNameException.row(),
        CloudTrailError::TrailNotProvidedException.row(),
        CloudTrailError::TagsLimitExceededException.row(),
        CloudTrailError::InvalidParameterCombinationException.row(),
        CloudTrailError::InvalidParameterException.row(),
        CloudTrailError::KmsKeyNotFoundException.row(),
        CloudTrailError::KmsKeyDisabledException.row(),
        CloudTrailError::KmsException.row(),
        CloudTrailError::InvalidCloudWatchLogsLogGroupArnException.row(),
        CloudTrailError::InvalidCloudWatchLogsRoleArnException.row(),
        CloudTrailError::CloudWatchLogsDeliveryUnavailableException.row(),
        CloudTrailError::InvalidTagParameterException.row(),
        CloudTrailError::UnsupportedOperationException.row(),
        CloudTrailError::OperationNotPermittedException.row(),
        CloudTrailError::CloudTrailAccessNotEnabledException.row(),
        CloudTrailError::InsufficientDependencyServiceAccessPermissionException.row(),
        CloudTrailError::NotOrganizationMasterAccountException.row(),
        CloudTrailError::OrganizationsNotInUseException.row(),
        CloudTrailError::OrganizationNotInAllFeaturesModeException.row(),
        CloudTrailError::NoManagementAccountSLRExistsException.row(),
        CloudTrailError::CloudTrailInvalidClientTokenIdException.row(),
        CloudTrailError::ConflictException.row(),
        CloudTrailError::ThrottlingException.row(),
    ];
    type Input = CreateTrailInput;
    type Output = TrailAnswer;

    async fn demands(call: &mut Call<'_>, input: &Self::Input) -> Result<Vec<Demand>, Fault> {
        let name = TrailName::read(&input.name, call.context())?;
        let mut demands = name.demand("cloudtrail:CreateTrail");
        // AWS: who gives tags on creation needs the permission to tag as well.
        if input.tags_list.as_ref().is_some_and(|tags| !tags.is_empty()) {
            demands.extend(name.demand("cloudtrail:AddTags"));
        }
        Ok(demands)
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<TrailAnswer, Fault> {
        let name = TrailName::read(&input.name, call.context())?;
        if input.name.starts_with("arn:") {
            return Err(CloudTrailError::InvalidTrailNameException
                .with("A new trail is given a name, not an ARN."));
        }
        must_be_bucket(&input.s3_bucket_name, call.exports())?;
        input.s3_key_prefix.as_deref().map_or(Ok(()), must_be_prefix)?;
        Extras {
            sns: input.sns_topic_name.as_deref(),
            log_group: input.cloud_watch_logs_log_group_arn.as_deref(),
            log_role: input.cloud_watch_logs_role_arn.as_deref(),
            kms_key: input.kms_key_id.as_deref(),
            is_organization: input.is_organization_trail,
        }
        .must_be_absent()?;
        let key = TrailRecord::key_of(call.scope(), &name.name);
        if call.get::<TrailRecord>(&key).await?.is_some() {
            let (name, account) = (&name.name, call.account());
            return Err(CloudTrailError::TrailAlreadyExistsException
                .with(format!("Trail {name} already exists for customer: {account}")));
        }
        let others = trail::visible(call).await?;
        let (account, region) = (call.account(), call.region().clone());
        if others.iter().filter(|trail| trail.region == region).count() >= TRAILS_MAX {
            return Err(CloudTrailError::MaximumNumberOfTrailsExceededException
                .with(format!("User: {account} already has {TRAILS_MAX} trails in {region}.")));
        }
        let made = TrailRecord {
            name: name.name,
            account,
            region,
            bucket: input.s3_bucket_name.clone(),
            prefix: input.s3_key_prefix.clone(),
            global_events: input.include_global_service_events.unwrap_or(true),
            multi_region: input.is_multi_region_trail.unwrap_or(false),
            validation: input.enable_log_file_validation.unwrap_or(false),
            logging: false,
            generation: 0,
            started: None,
            stopped: None,
            selectors: None,
            tags: tags::read(input.tags_list.as_deref().unwrap_or_default())?,
        };
        let answer = TrailAnswer::of(&made);
        call.acted_on(&made.arn());
        call.put(made).await?;
        Ok(answer)
    }
}

/// What AWS delivers to besides a bucket, none of which coffer has.
pub(super) struct Extras<'a> {
    pub(super) sns: Option<&'a str>,
    pub(super) log_group: Option<&'a str>,
    pub(super) log_role: Option<&'a str>,
    pub(super) kms_key: Option<&'a str>,
    pub(super) is_organization: Option<bool>,
}

impl Extras<'_> {
    /// Refuses them: an export that is not what was asked for is worse than none.
    pub(super) fn must_be_absent(&self) -> Result<(), Fault> {
        let is_given = |text: Option<&str>| text.is_some_and(|text| !text.is_empty());
        if is_given(self.sns) {
            return Err(CloudTrailError::InsufficientSnsTopicPolicyException
                .with("SNS Topic does not exist or the topic policy is incorrect!"));
        }
        if is_given(self.log_group) {
            return Err(CloudTrailError::InvalidCloudWatchLogsLogGroupArnException
                .with("Access denied. Check the permissions for your role."));
        }
        if is_given(self.log_role) {
            return Err(CloudTrailError::InvalidCloudWatchLogsRoleArnException
                .with("Access denied. Check the trust relationships for your role."));
        }
        if is_given(self.kms_key) {
            return Err(CloudTrailError::UnsupportedOperationException
                .with("coffer does not encrypt log files; leave KmsKeyId out."));
        }
        if self.is_organization == Some(true) {
            return Err(CloudTrailError::OrganizationsNotInUseException
                .with("The account does not belong to an organization."));
        }
        Ok(())
    }
}

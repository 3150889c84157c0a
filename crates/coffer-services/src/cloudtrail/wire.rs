//! Shapes that several operations share.

use coffer_protocol::{Input, Output};

use super::trail::TrailRecord;

/// A trail, as it is described.
#[derive(Output, Debug)]
#[shape(name = "Trail")]
pub(super) struct Trail {
    name: Option<String>,
    s3_bucket_name: Option<String>,
    s3_key_prefix: Option<String>,
    sns_topic_name: Option<String>,
    #[shape(wire = "SnsTopicARN")]
    sns_topic_arn: Option<String>,
    include_global_service_events: Option<bool>,
    is_multi_region_trail: Option<bool>,
    home_region: Option<String>,
    #[shape(wire = "TrailARN")]
    trail_arn: Option<String>,
    log_file_validation_enabled: Option<bool>,
    cloud_watch_logs_log_group_arn: Option<String>,
    cloud_watch_logs_role_arn: Option<String>,
    kms_key_id: Option<String>,
    has_custom_event_selectors: Option<bool>,
    has_insight_selectors: Option<bool>,
    is_organization_trail: Option<bool>,
    recursive_logging: Option<bool>,
}

impl Trail {
    pub(super) fn of(trail: &TrailRecord) -> Self {
        Self {
            name: Some(trail.name.clone()),
            s3_bucket_name: Some(trail.bucket.clone()),
            s3_key_prefix: trail.prefix.clone(),
            sns_topic_name: None,
            sns_topic_arn: None,
            include_global_service_events: Some(trail.global_events),
            is_multi_region_trail: Some(trail.multi_region),
            home_region: Some(trail.region.to_string()),
            trail_arn: Some(trail.arn()),
            log_file_validation_enabled: Some(trail.validation),
            cloud_watch_logs_log_group_arn: None,
            cloud_watch_logs_role_arn: None,
            kms_key_id: None,
            has_custom_event_selectors: Some(trail.selectors.is_some()),
            has_insight_selectors: Some(false),
            is_organization_trail: Some(false),
            recursive_logging: None,
        }
    }
}

/// A trail, as those who make or change it are answered.
#[derive(Output, Debug)]
pub(super) struct TrailAnswer {
    name: Option<String>,
    s3_bucket_name: Option<String>,
    s3_key_prefix: Option<String>,
    sns_topic_name: Option<String>,
    #[shape(wire = "SnsTopicARN")]
    sns_topic_arn: Option<String>,
    include_global_service_events: Option<bool>,
    is_multi_region_trail: Option<bool>,
    #[shape(wire = "TrailARN")]
    trail_arn: Option<String>,
    log_file_validation_enabled: Option<bool>,
    cloud_watch_logs_log_group_arn: Option<String>,
    cloud_watch_logs_role_arn: Option<String>,
    kms_key_id: Option<String>,
    is_organization_trail: Option<bool>,
    recursive_logging: Option<bool>,
}

impl TrailAnswer {
    pub(super) fn of(trail: &TrailRecord) -> Self {
        Self {
            name: Some(trail.name.clone()),
            s3_bucket_name: Some(trail.bucket.clone()),
            s3_key_prefix: trail.prefix.clone(),
            sns_topic_name: None,
            sns_topic_arn: None,
            include_global_service_events: Some(trail.global_events),
            is_multi_region_trail: Some(trail.multi_region),
            trail_arn: Some(trail.arn()),
            log_file_validation_enabled: Some(trail.validation),
            cloud_watch_logs_log_group_arn: None,
            cloud_watch_logs_role_arn: None,
            kms_key_id: None,
            is_organization_trail: Some(false),
            recursive_logging: None,
        }
    }
}

/// A tag.
#[derive(Input, Output, Debug, Clone)]
pub(super) struct Tag {
    #[shape(required, min = 1, max = 128)]
    pub(super) key: String,
    #[shape(min = 1, max = 256)]
    pub(super) value: Option<String>,
}

//! GetTrailStatus: whether a trail is on, and how its deliveries went.

use coffer_model::Timestamp;
use coffer_pipeline::{Access, Call, Demand, Operation};
use coffer_protocol::{ErrorRow, Fault, Input, Output};

use super::deliver::DeliveryRecord;
use super::errors::CloudTrailError;
use super::trail::TrailName;

/// Tells how a trail is doing.
pub(super) struct GetTrailStatus;

/// Which trail.
#[derive(Input, Debug)]
#[shape(name = "GetTrailStatusRequest")]
pub(super) struct GetTrailStatusInput {
    #[shape(required)]
    name: String,
}

/// How it is doing.
#[derive(Output, Debug)]
#[shape(name = "GetTrailStatusResponse")]
pub(super) struct GetTrailStatusOutput {
    is_logging: Option<bool>,
    latest_delivery_error: Option<String>,
    latest_notification_error: Option<String>,
    latest_delivery_time: Option<Timestamp>,
    latest_notification_time: Option<Timestamp>,
    start_logging_time: Option<Timestamp>,
    stop_logging_time: Option<Timestamp>,
    latest_cloud_watch_logs_delivery_error: Option<String>,
    latest_cloud_watch_logs_delivery_time: Option<Timestamp>,
    latest_digest_delivery_time: Option<Timestamp>,
    latest_digest_delivery_error: Option<String>,
    latest_delivery_attempt_time: Option<String>,
    latest_notification_attempt_time: Option<String>,
    latest_notification_attempt_succeeded: Option<String>,
    latest_delivery_attempt_succeeded: Option<String>,
    time_logging_started: Option<String>,
    time_logging_stopped: Option<String>,
}

impl Operation for GetTrailStatus {
    const NAME: &'static str = "GetTrailStatus";
    const ACCESS: Access = Access::Read;
    const ERRORS: &'static [ErrorRow] = &[
        CloudTrailError::CloudTrailARNInvalidException.row(),
        CloudTrailError::TrailNotFoundException.row(),
        CloudTrailError::InvalidTrailNameException.row(),
        CloudTrailError::UnsupportedOperationException.row(),
        CloudTrailError::OperationNotPermittedException.row(),
    ];
    type Input = GetTrailStatusInput;
    type Output = GetTrailStatusOutput;

    async fn demands(call: &mut Call<'_>, input: &Self::Input) -> Result<Vec<Demand>, Fault> {
        let name = TrailName::read(&input.name, call.context())?;
        Ok(name.demand("cloudtrail:GetTrailStatus"))
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        let name = TrailName::read(&input.name, call.context())?;
        let trail = name.find(call).await?;
        call.acted_on(&trail.arn());
        let delivery = call.get::<DeliveryRecord>(&DeliveryRecord::key_of(&trail)).await?;
        let delivery = delivery.as_deref();
        let delivered = delivery.and_then(|delivery| delivery.last_file);
        let text = |time: Option<Timestamp>| {
            time.map(|time| time.to_jiff().strftime("%Y-%m-%dT%H:%M:%SZ").to_string())
        };
        Ok(GetTrailStatusOutput {
            is_logging: Some(trail.logging),
            latest_delivery_error: None,
            latest_notification_error: None,
            latest_delivery_time: delivered,
            latest_notification_time: None,
            start_logging_time: trail.started,
            stop_logging_time: trail.stopped,
            latest_cloud_watch_logs_delivery_error: None,
            latest_cloud_watch_logs_delivery_time: None,
            latest_digest_delivery_time: delivery.and_then(|delivery| delivery.last_digest),
            latest_digest_delivery_error: None,
            // AWS: empty texts where nothing has happened yet.
            latest_delivery_attempt_time: Some(text(delivered).unwrap_or_default()),
            latest_notification_attempt_time: Some(String::new()),
            latest_notification_attempt_succeeded: Some(String::new()),
            latest_delivery_attempt_succeeded: Some(text(delivered).unwrap_or_default()),
            time_logging_started: Some(text(trail.started).unwrap_or_default()),
            time_logging_stopped: Some(text(trail.stopped).unwrap_or_default()),
        })
    }
}

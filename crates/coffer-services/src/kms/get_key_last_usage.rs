//! GetKeyLastUsage: tells of a key's last use.

use coffer_model::Timestamp;
use coffer_pipeline::{Access, Call, Demand, Operation};
use coffer_protocol::{ErrorRow, Fault, Input, Output};

use super::errors::KmsError;
use super::find::find_own;
use super::last_use::{KeyLastUsageTrackingOperation, LastUseRecord};
use super::permission::demand_on;

/// Tells when and for what a key was last used.
pub(super) struct GetKeyLastUsage;

/// Which key.
#[derive(Input, Debug)]
#[shape(name = "GetKeyLastUsageRequest")]
pub(super) struct GetKeyLastUsageInput {
    #[shape(required, min = 1, max = 2048)]
    key_id: String,
}

/// The last use that was noted; an empty structure where there was none.
#[derive(Output, Debug)]
#[shape(name = "GetKeyLastUsageResponse")]
pub(super) struct GetKeyLastUsageOutput {
    key_id: Option<String>,
    key_last_usage: Option<KeyLastUsageData>,
    tracking_start_date: Option<Timestamp>,
    key_creation_date: Option<Timestamp>,
}

impl Operation for GetKeyLastUsage {
    const NAME: &'static str = "GetKeyLastUsage";
    const ACCESS: Access = Access::Read;
    const ERRORS: &'static [ErrorRow] = &[
        KmsError::NotFoundException.row(),
        KmsError::InvalidArnException.row(),
        KmsError::DependencyTimeoutException.row(),
        KmsError::KMSInternalException.row(),
    ];
    type Input = GetKeyLastUsageInput;
    type Output = GetKeyLastUsageOutput;

    async fn demands(call: &mut Call<'_>, input: &Self::Input) -> Result<Vec<Demand>, Fault> {
        Ok(vec![demand_on(call, "kms:GetKeyLastUsage", &input.key_id).await?])
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        let key = find_own(call, &input.key_id, "kms:GetKeyLastUsage").await?;
        let row = LastUseRecord::key_of(&key.scope(), &key.key_id);
        let last = call.get::<LastUseRecord>(&row).await?;
        let usage = last.map_or_else(KeyLastUsageData::default, |last| KeyLastUsageData {
            operation: Some(last.operation),
            timestamp: Some(last.at),
            cloud_trail_event_id: None,
            kms_request_id: Some(last.request_id.clone()),
        });
        Ok(GetKeyLastUsageOutput {
            key_id: Some(key.key_id.clone()),
            key_last_usage: Some(usage),
            tracking_start_date: Some(key.created),
            key_creation_date: Some(key.created),
        })
    }
}

/// A use of a key.
#[derive(Output, Debug, Default)]
pub(super) struct KeyLastUsageData {
    operation: Option<KeyLastUsageTrackingOperation>,
    timestamp: Option<Timestamp>,
    cloud_trail_event_id: Option<String>,
    kms_request_id: Option<String>,
}

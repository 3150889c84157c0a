//! The record that a mutation leaves in its own commit. It is also the receipt by which a commit
//! of unknown outcome is looked up.

use coffer_model::{AccountId, Region, Timestamp};
use coffer_store::{Key, Record};
use serde::{Deserialize, Serialize};

use crate::context::{CallerKind, RequestContext, sortable};

/// Who changed what, and when: CloudTrail's members, without any value.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AuditRecord {
    /// When the decision was made.
    pub event_time: Timestamp,
    /// The service's host name, such as `ssm.amazonaws.com`.
    pub event_source: String,
    /// The operation or job.
    pub event_name: String,
    /// `AwsApiCall`, or `AwsServiceEvent` for a job.
    pub event_type: String,
    /// The region of the call.
    pub aws_region: Region,
    /// The caller's account.
    pub account: AccountId,
    /// The caller's ARN.
    pub caller_arn: String,
    /// The access key that signed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub access_key_id: Option<String>,
    /// The caller's address.
    pub source_ip_address: String,
    /// The caller's user agent.
    pub user_agent: String,
    /// The request's id.
    pub request_id: String,
    /// The ARNs that were acted on.
    pub resources: Vec<String>,
}

impl AuditRecord {
    /// Makes the record of a decision about to be committed.
    pub fn new(
        context: &RequestContext,
        service: &str,
        event_name: &str,
        resources: Vec<String>,
    ) -> Self {
        let event_type = match context.caller.kind {
            CallerKind::Service => "AwsServiceEvent",
            _ => "AwsApiCall",
        };
        Self {
            event_time: context.now,
            event_source: format!("{service}.amazonaws.com"),
            event_name: event_name.to_owned(),
            event_type: event_type.to_owned(),
            aws_region: context.scope.region.clone(),
            account: context.caller.account,
            caller_arn: context.caller.arn.clone(),
            access_key_id: context.caller.access_key_id.clone(),
            source_ip_address: context.source_ip.clone(),
            user_agent: context.user_agent.clone(),
            request_id: context.request_id.clone(),
            resources,
        }
    }
}

impl Record for AuditRecord {
    const TABLE: &'static str = "audit";

    /// In the order of time over all accounts, so that old records can be dropped by one scan.
    fn key(&self) -> Key {
        Key::of(Self::TABLE, &[&sortable(self.event_time), &self.request_id])
    }
}

//! What a service does by itself, as CloudTrail records it: a rotation that begins or fails. Each has a
//! record of its own in the commit that it belongs to.

use serde_json::value::to_raw_value;

use super::{AuditRecord, EventType, UserIdentity};
use crate::context::{Caller, RequestContext, Scope};

/// Something that a service did or found out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceEvent {
    /// The account and region that it happened in.
    pub scope: Scope,
    /// The service, such as `secretsmanager`.
    pub service: &'static str,
    /// AWS's name of it, such as `RotationStarted`.
    pub name: &'static str,
    /// What stands in the place of a request's id: no two events have the same.
    pub request_id: String,
    /// What went wrong.
    pub error_message: Option<String>,
    /// The ARN of what it happened to.
    pub resource: String,
    /// What belongs to this kind of event.
    pub additional: serde_json::Value,
}

impl ServiceEvent {
    /// The record of it, in the commit of this decision.
    pub(crate) fn to_record(&self, context: &RequestContext) -> AuditRecord {
        let host = format!("{}.amazonaws.com", self.service);
        let caller = Caller::service(self.scope.account, self.service);
        let resources = vec![self.resource.clone()];
        AuditRecord {
            event_type: EventType::AwsServiceEvent.as_str().to_owned(),
            aws_region: self.scope.region.clone(),
            recipient_account_id: self.scope.account,
            user_identity: UserIdentity::of(&caller).into_owned(),
            source_ip_address: host.clone(),
            user_agent: host,
            request_id: self.request_id.clone(),
            error_message: self.error_message.clone(),
            additional_event_data: to_raw_value(&self.additional).ok(),
            tls_details: None,
            ..AuditRecord::new(context, self.service, self.name, resources)
        }
    }
}

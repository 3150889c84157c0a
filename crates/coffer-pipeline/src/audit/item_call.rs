//! The calls that an answer about several things stands for. CloudTrail has a record of its own for
//! each of them; here they are kept within that of the answer, and told apart when it is read.

use std::collections::BTreeMap;

use coffer_protocol::{Encode as _, Fault};
use serde::{Deserialize, Serialize};
use serde_json::value::to_raw_value;

use super::AuditRecord;
use super::draft::{message_of, record_code, text};

/// One of the calls that an answer stands for.
#[derive(Debug, Clone)]
pub struct ItemCall {
    /// The operation that it amounts to, such as `GetSecretValue`.
    pub event_name: &'static str,
    /// The parameter that names the thing, and what the caller named it.
    pub parameter: (&'static str, String),
    /// The ARN that was acted on, where it was found.
    pub resource: Option<String>,
    /// Why it was refused, where it was.
    pub fault: Option<Fault>,
}

/// The same, as it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct KeptItemCall {
    event_name: String,
    parameters: BTreeMap<String, String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    resource: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    error_code: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    error_message: Option<String>,
}

impl ItemCall {
    /// Appends what is kept of it.
    pub(super) fn write(&self, out: &mut Vec<u8>) {
        let (name, value) = &self.parameter;
        out.extend_from_slice(b"{\"eventName\":");
        self.event_name.encode_json(out);
        out.extend_from_slice(b",\"parameters\":{");
        name.encode_json(out);
        out.push(b':');
        value.encode_json(out);
        out.push(b'}');
        text(b",\"resource\":", self.resource.as_deref(), out);
        if let Some(fault) = &self.fault {
            text(b",\"errorCode\":", Some(record_code(fault)), out);
            text(b",\"errorMessage\":", message_of(fault), out);
        }
        out.push(b'}');
    }
}

impl AuditRecord {
    /// The record of one of the calls that this one's answer stands for.
    pub(super) fn of_item_call(&self, part: u16, call: KeptItemCall) -> Self {
        Self {
            event_name: call.event_name,
            part,
            error_code: call.error_code,
            error_message: call.error_message,
            request_parameters: to_raw_value(&call.parameters).ok(),
            response_elements: None,
            additional_event_data: None,
            resources: call.resource.into_iter().collect(),
            shared_event_id: None,
            key_uses: Vec::new(),
            item_calls: Vec::new(),
            ..self.clone()
        }
    }
}

/// Where the parts of these begin: behind those of key uses and of other accounts' records.
pub(super) const ITEM_PARTS: u16 = 1 << 12;

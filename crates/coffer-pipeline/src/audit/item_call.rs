//! The calls that an answer about several things stands for. CloudTrail has a record of its own for
//! each of them; here they are kept within that of the answer, and told apart when it is read.

use std::collections::BTreeMap;

use coffer_protocol::{Encode as _, Fault};
use serde::{Deserialize, Serialize};
use serde_json::value::to_raw_value;

use super::AuditRecord;
use super::draft::{cut, message_of, record_code, text};

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
    /// Appends what is kept of it: nothing that is long can push another one out of the record.
    pub(super) fn write(&self, out: &mut Vec<u8>) {
        let start = out.len();
        self.write_with(self.fault.as_ref().and_then(message_of), out);
        if out.len() - start > ITEM_BYTES_MAX {
            out.truncate(start);
            self.write_with(None, out);
        }
    }

    fn write_with(&self, message: Option<&str>, out: &mut Vec<u8>) {
        let (name, value) = &self.parameter;
        out.extend_from_slice(b"{\"eventName\":");
        self.event_name.encode_json(out);
        out.extend_from_slice(b",\"parameters\":{");
        name.encode_json(out);
        out.push(b':');
        let start = out.len();
        value.encode_json(out);
        if out.len() - start > VALUE_BYTES_MAX {
            // Longer than any name: it names nothing.
            out.truncate(start);
            cut(value, CUT_VALUE_BYTES).encode_json(out);
        }
        out.push(b'}');
        text(b",\"resource\":", self.resource.as_deref(), out);
        if let Some(fault) = &self.fault {
            text(b",\"errorCode\":", Some(record_code(fault)), out);
            text(b",\"errorMessage\":", message, out);
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
/// What is kept of one, at most: a name and an ARN of 512 characters each, and what is around them.
const ITEM_BYTES_MAX: usize = 1400;
/// A parameter as JSON, and what is left of a longer one: each of its bytes may take six.
const VALUE_BYTES_MAX: usize = 640;
const CUT_VALUE_BYTES: usize = 100;

#[cfg(test)]
mod tests {
    use coffer_protocol::Fault;

    use super::{ITEM_BYTES_MAX, ItemCall};

    #[test]
    fn what_is_kept_of_a_call_is_bounded_whatever_it_names() {
        let long = "x".repeat(500);
        let arn =
            format!("arn:aws:secretsmanager:ap-southeast-1:111122223333:secret:{long}-AbCdEf");
        for value in [long.clone(), arn.clone(), "\u{1}".repeat(2048), "ü".repeat(2048)] {
            for fault in [None, Some(Fault::access_denied("\"".repeat(5000)))] {
                let parameter = ("secretId", value.clone());
                let resource = Some(arn.clone()).filter(|_| fault.is_none());
                let call = ItemCall { event_name: "GetSecretValue", parameter, resource, fault };
                let mut out = Vec::new();
                call.write(&mut out);
                assert!(out.len() <= ITEM_BYTES_MAX, "{}", out.len());
                let kept: serde_json::Value = serde_json::from_slice(&out).unwrap();
                let kept = kept["parameters"]["secretId"].as_str().unwrap().to_owned();
                assert!(value.starts_with(&kept) && kept.len() >= 100);
                assert_eq!(kept == value, value == long || value == arn);
            }
        }
    }
}

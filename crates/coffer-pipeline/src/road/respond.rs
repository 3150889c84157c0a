//! Respond: an output or a fault becomes status, type and bytes.

use coffer_protocol::{Fault, Output, json, query, rest};

use super::Route;
use crate::operation::{Access, Protocol};

/// An answer ready to be sent. Its body may hold a value, so it has no `Debug`.
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The `Content-Type`.
    pub content_type: &'static str,
    /// Further headers.
    pub headers: Vec<(&'static str, String)>,
    /// The body.
    pub body: Vec<u8>,
    /// The id in `x-amzn-RequestId`.
    pub request_id: String,
    /// The route, where one was found.
    pub route: Option<Route>,
    /// The fault, where there was one: code and cause are for the log.
    pub fault: Option<Fault>,
    /// Whether a quota was used up.
    pub is_throttled: bool,
}

impl Answer {
    /// Whether a reading operation was asked for.
    pub fn is_read(&self) -> bool {
        self.route.is_some_and(|route| route.entry.access == Access::Read)
    }

    /// A request whose task ended badly: nothing more is known of it.
    pub fn lost(cause: &dyn std::fmt::Display) -> Self {
        Self::fault_in(Protocol::RestJson, String::new(), Fault::internal(cause))
    }

    pub(crate) fn output<T: Output>(route: Route, request_id: String, output: &T) -> Self {
        let mut answer = Self {
            status: 200,
            content_type: JSON,
            headers: Vec::new(),
            body: Vec::new(),
            request_id,
            route: Some(route),
            fault: None,
            is_throttled: false,
        };
        match (route.service.protocol, route.entry.http) {
            (Protocol::Query { namespace, .. }, _) => {
                let name = route.entry.name;
                answer.content_type = XML;
                answer.body = query::encode(name, namespace, output, &answer.request_id);
            }
            (Protocol::RestJson, Some(http)) => {
                let written = rest::encode(&http, output);
                answer.content_type = rest::CONTENT_TYPE;
                answer.status = written.status;
                answer.headers = written.headers;
                answer.body = written.body;
            }
            (Protocol::Json { .. } | Protocol::RestJson, _) => answer.body = json::encode(output),
        }
        answer
    }

    pub(crate) fn fault(route: Route, request_id: String, fault: Fault) -> Self {
        let is_of_model = route.entry.errors.iter().any(|row| row.code == fault.code);
        let answer = Self::fault_of(route.service.protocol, request_id, fault, is_of_model);
        Self { route: Some(route), ..answer }
    }

    /// A fault before a route was found, in the words of a protocol.
    pub(crate) fn fault_in(protocol: Protocol, request_id: String, fault: Fault) -> Self {
        Self::fault_of(protocol, request_id, fault, false)
    }

    fn fault_of(protocol: Protocol, request_id: String, fault: Fault, is_of_model: bool) -> Self {
        let mut headers = Vec::new();
        let (content_type, body, fault) = match protocol {
            Protocol::Query { namespace, .. } => {
                let fault = fault.in_query();
                (XML, fault.to_xml(namespace, &request_id), fault)
            }
            Protocol::Json { .. } => (JSON, fault.to_json(), fault),
            Protocol::RestJson => {
                let fault = fault.in_rest();
                headers.push((rest::ERROR_TYPE, fault.code.to_owned()));
                (rest::CONTENT_TYPE, fault.to_rest_json(is_of_model), fault)
            }
        };
        let status = fault.status;
        Self {
            status,
            content_type,
            headers,
            body,
            request_id,
            route: None,
            fault: Some(fault),
            is_throttled: false,
        }
    }
}

const JSON: &str = "application/x-amz-json-1.1";
const XML: &str = "text/xml";

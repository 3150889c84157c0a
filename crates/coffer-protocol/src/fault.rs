//! What a caller is told when a request fails.

use std::fmt;

use serde_json::Value;

use crate::Encode as _;

mod shared;
mod table;

pub use table::ErrorRow;

/// A failed request: what the caller is told, and what only the log is.
#[derive(Debug, Clone)]
pub struct Fault {
    /// AWS's code: `__type` in JSON, `Code` in XML.
    pub code: &'static str,
    /// The HTTP status.
    pub status: u16,
    /// What the caller is told.
    pub message: String,
    /// The JSON member that carries the message.
    pub member: MessageMember,
    /// Further members that this error has.
    pub extra: Vec<(&'static str, Value)>,
    /// For the log only; never sent.
    pub cause: Option<String>,
}

/// The JSON member that carries an error's message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MessageMember {
    /// `message`
    Lower,
    /// `Message`
    Upper,
    /// The error has no message.
    None,
}

impl MessageMember {
    /// The member's name.
    pub const fn name(self) -> Option<&'static str> {
        match self {
            Self::Lower => Some("message"),
            Self::Upper => Some("Message"),
            Self::None => None,
        }
    }
}

impl Fault {
    /// A fault by its parts; services use their `errors!` table instead.
    pub fn new(
        code: &'static str,
        status: u16,
        member: MessageMember,
        message: impl Into<String>,
    ) -> Self {
        Self { code, status, message: message.into(), member, extra: Vec::new(), cause: None }
    }

    /// The same fault with a further member, which only this error has.
    #[must_use]
    pub fn with_extra(mut self, name: &'static str, value: Value) -> Self {
        self.extra.push((name, value));
        self
    }

    /// The same fault with its cause, for the log.
    #[must_use]
    pub fn with_cause(mut self, cause: impl fmt::Display) -> Self {
        self.cause = Some(cause.to_string());
        self
    }

    /// Whether the server is at fault, not the sender.
    pub fn is_server_fault(&self) -> bool {
        self.status >= 500
    }

    /// Whether the server could not do it now, for reasons that have nothing to do with the request.
    pub fn is_unavailable(&self) -> bool {
        self.status == shared::UNAVAILABLE_STATUS
    }

    /// What the log is told: the cause where there is one, else code and message.
    pub fn for_log(&self) -> String {
        match &self.cause {
            Some(cause) => format!("{}: {cause}", self.code),
            None => format!("{}: {}", self.code, self.message),
        }
    }

    /// The body of the answer in awsJson: `{"__type":"Code","message":"…"}`.
    pub fn to_json(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.message.len() + 64);
        out.extend_from_slice(b"{\"__type\":");
        self.code.encode_json(&mut out);
        if let Some(name) = self.member.name().filter(|_| !self.message.is_empty()) {
            out.push(b',');
            name.encode_json(&mut out);
            out.push(b':');
            self.message.encode_json(&mut out);
        }
        for (name, value) in &self.extra {
            out.push(b',');
            name.encode_json(&mut out);
            out.push(b':');
            out.extend_from_slice(value.to_string().as_bytes());
        }
        out.push(b'}');
        out
    }

    /// The body of the answer in REST-JSON, whose code is in a header. AWS: Lambda's own errors say
    /// whose fault they are; those that every service has do not.
    pub fn to_rest_json(&self, is_of_model: bool) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.message.len() + 64);
        out.push(b'{');
        if is_of_model {
            let kind = if self.is_server_fault() { "Service" } else { "User" };
            out.extend_from_slice(b"\"Type\":");
            kind.encode_json(&mut out);
            out.push(b',');
        }
        if let Some(name) = self.member.name().filter(|_| !self.message.is_empty()) {
            name.encode_json(&mut out);
            out.push(b':');
            self.message.encode_json(&mut out);
            out.push(b',');
        }
        for (name, value) in &self.extra {
            name.encode_json(&mut out);
            out.push(b':');
            out.extend_from_slice(value.to_string().as_bytes());
            out.push(b',');
        }
        crate::encode::close(b'}', &mut out);
        out
    }

    /// The body of the answer in awsQuery.
    pub fn to_xml(&self, namespace: &str, request_id: &str) -> Vec<u8> {
        let kind = if self.is_server_fault() { "Receiver" } else { "Sender" };
        let mut out = Vec::with_capacity(self.message.len() + 256);
        out.extend_from_slice(b"<ErrorResponse xmlns=\"");
        namespace.encode_xml(&mut out);
        out.extend_from_slice(b"\"><Error><Type>");
        kind.encode_xml(&mut out);
        out.extend_from_slice(b"</Type><Code>");
        self.code.encode_xml(&mut out);
        out.extend_from_slice(b"</Code><Message>");
        self.message.encode_xml(&mut out);
        out.extend_from_slice(b"</Message></Error><RequestId>");
        request_id.encode_xml(&mut out);
        out.extend_from_slice(b"</RequestId></ErrorResponse>");
        out
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} ({}): {}", self.code, self.status, self.message)
    }
}

impl std::error::Error for Fault {}

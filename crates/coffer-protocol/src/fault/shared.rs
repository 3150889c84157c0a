//! Faults that every service has, beside those of its model.

use std::fmt;

use super::{Fault, MessageMember};

impl Fault {
    /// The request breaks the model's constraints, or a rule said the same way.
    pub fn validation(message: impl Into<String>) -> Self {
        Self::new("ValidationException", 400, MessageMember::Lower, message)
    }

    /// The request's body is not what the operation reads.
    pub fn serialization(message: impl Into<String>) -> Self {
        Self::new("SerializationException", 400, MessageMember::Upper, message)
    }

    /// There is no such operation.
    pub fn unknown_operation() -> Self {
        // AWS: awsJson 1.1 answers with the bare code and no message; the form with the namespace
        // `com.amazon.coral.service#` is that of 1.0 (observed for Kinesis and DynamoDB).
        Self::new("UnknownOperationException", 400, MessageMember::None, "")
    }

    /// The caller may not do this.
    pub fn access_denied(message: impl Into<String>) -> Self {
        Self::new("AccessDeniedException", 400, MessageMember::Upper, message)
    }

    /// The caller asks too often.
    pub fn throttling(message: impl Into<String>) -> Self {
        Self::new("ThrottlingException", 400, MessageMember::Lower, message)
    }

    /// The request is larger than the service reads.
    pub fn request_too_large() -> Self {
        Self::new(
            "RequestEntityTooLargeException",
            413,
            MessageMember::Lower,
            "Request is too large.",
        )
    }

    /// The server failed; the cause is for the log.
    pub fn internal(cause: impl fmt::Display) -> Self {
        let message = "The request processing has failed because of an unknown error, exception \
                       or failure.";
        Self::new("InternalFailure", 500, MessageMember::Lower, message).with_cause(cause)
    }

    /// The server cannot answer now; the cause is for the log.
    pub fn unavailable(cause: impl fmt::Display) -> Self {
        let message = "The request has failed due to a temporary failure of the server.";
        Self::new("ServiceUnavailable", UNAVAILABLE_STATUS, MessageMember::Lower, message)
            .with_cause(cause)
    }

    /// The access key is not known.
    pub fn unrecognized_client() -> Self {
        let message = "The security token included in the request is invalid.";
        Self::new("UnrecognizedClientException", 400, MessageMember::Lower, message)
    }

    /// The signature does not fit the request.
    pub fn invalid_signature(message: impl Into<String>) -> Self {
        Self::new("InvalidSignatureException", 400, MessageMember::Lower, message)
    }

    /// The signature lacks a part.
    pub fn incomplete_signature(message: impl Into<String>) -> Self {
        Self::new("IncompleteSignatureException", 400, MessageMember::Lower, message)
    }

    /// The request is not signed.
    pub fn missing_authentication_token() -> Self {
        let message = "Missing Authentication Token";
        Self::new("MissingAuthenticationTokenException", 400, MessageMember::Lower, message)
    }

    /// The request did not come in whole within its time.
    pub fn request_timeout() -> Self {
        let message = "The request was not received within the time allowed.";
        Self::new("RequestTimeoutException", 408, MessageMember::Lower, message)
    }

    /// The form names no operation of the service.
    pub fn invalid_action(action: &str, version: &str) -> Self {
        let action: String = action.chars().take(ECHOED_CHARACTERS_MAX).collect();
        let version: String = version.chars().take(ECHOED_CHARACTERS_MAX).collect();
        let message = format!("Could not find operation {action} for version {version}");
        Self::new("InvalidAction", 400, MessageMember::Lower, message)
    }

    /// The same fault with the status that the REST services give it.
    #[must_use]
    pub fn in_rest(mut self) -> Self {
        let known = REST_STATUSES.iter().find(|(code, _)| *code == self.code);
        if let Some((_, status)) = known {
            self.status = *status;
        }
        self
    }

    /// The same fault as the query services name it; what they name alike stays.
    #[must_use]
    pub fn in_query(mut self) -> Self {
        let known = QUERY_NAMES.iter().find(|(json, _, _)| *json == self.code);
        if let Some((_, code, status)) = known {
            self.code = code;
            self.status = *status;
        }
        self
    }
}

/// Codes of the JSON services, and their names and statuses in the query services (STS and IAM API
/// references, common errors).
const QUERY_NAMES: &[(&str, &str, u16)] = &[
    ("AccessDeniedException", "AccessDenied", 403),
    ("IncompleteSignatureException", "IncompleteSignature", 400),
    ("InvalidSignatureException", "SignatureDoesNotMatch", 403),
    ("MissingAuthenticationTokenException", "MissingAuthenticationToken", 403),
    ("SerializationException", "MalformedInput", 400),
    ("ThrottlingException", "Throttling", 400),
    ("UnknownOperationException", "InvalidAction", 400),
    ("UnrecognizedClientException", "InvalidClientTokenId", 403),
    ("ValidationException", "ValidationError", 400),
];

/// Codes that the REST services answer with a status of their own (Lambda API reference, common
/// errors; what is about signatures comes with its status already).
const REST_STATUSES: &[(&str, u16)] = &[
    ("AccessDeniedException", 403),
    ("ThrottlingException", 429),
    ("UnknownOperationException", 404),
];

/// The status of a server that cannot answer now.
pub(super) const UNAVAILABLE_STATUS: u16 = 503;
const ECHOED_CHARACTERS_MAX: usize = 128;

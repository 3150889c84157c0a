//! Why a request was not authenticated, in AWS's words.

use std::borrow::Cow;
use std::time::Duration;

use aws_lc_rs::digest;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use coffer_model::Timestamp;

use super::{ALGORITHM, SKEW_MINUTES_MAX};

/// A reason to refuse a request before anybody is known to have sent it.
///
/// No variant holds a whole `Authorization` header or credential: what a caller may have put
/// there by mistake is told back as a hash only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AuthFault {
    /// The request carries no signature of this version at all.
    Missing,
    /// The request carries a signature in its header and one in its query string.
    HeaderAndQuery,
    /// The `Authorization` header, or the date that belongs to it, lacks parts.
    HeaderIncomplete {
        /// The names of what lacks, in AWS's order.
        missing: Vec<&'static str>,
        /// The header, hashed.
        header_hash: String,
    },
    /// The `Authorization` header is not a list of `key=value` pairs.
    HeaderMalformed {
        /// The header, hashed.
        header_hash: String,
    },
    /// The query string says that it carries a signature, and lacks parts of it.
    QueryIncomplete {
        /// The names of what lacks, in AWS's order.
        missing: Vec<&'static str>,
    },
    /// A parameter of the signature stands in the query string twice, or cannot be read.
    QueryMalformed {
        /// The name of the parameter.
        name: &'static str,
    },
    /// The presigned request asks to be valid for more than a week.
    PresignedTooLong,
    /// A part of the signature is longer than any that AWS's clients send.
    TooLong {
        /// What is too long.
        what: &'static str,
        /// How much of it is taken.
        max: usize,
    },
    /// The date of the request is in no form that we know.
    Date {
        /// The beginning of what was sent.
        got: String,
    },
    /// The algorithm is not `AWS4-HMAC-SHA256`.
    Algorithm {
        /// The beginning of what was sent.
        got: String,
    },
    /// The credential is not `keyid/date/region/service/term`.
    Credential {
        /// The credential, hashed.
        hash: String,
    },
    /// The signature does not cover a header that it must cover.
    HeaderUnsigned {
        /// The header's name.
        name: String,
    },
    /// The credential is scoped to another region, service, date or terminator.
    Scope {
        /// What is wrong with it: a sentence for each.
        sentences: String,
    },
    /// The request was signed too long ago.
    Expired {
        /// When it was signed.
        signed: Timestamp,
        /// When it was received.
        now: Timestamp,
    },
    /// The request was signed in the future.
    NotYetCurrent {
        /// When it was signed.
        signed: Timestamp,
        /// When it was received.
        now: Timestamp,
    },
    /// Nobody has this access key, or it is inactive.
    UnknownKey,
    /// The signature is not the one that the secret key gives.
    Mismatch,
    /// The session token is not ours, or not this access key's.
    TokenInvalid,
    /// The session is over.
    TokenExpired,
}

/// The wire that a fault is answered on; codes and statuses differ between them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FaultStyle {
    /// awsJson services: SSM, Secrets Manager, KMS and the like.
    Json,
    /// REST services: Lambda.
    Rest,
    /// awsQuery services: STS and IAM.
    Query,
}

impl AuthFault {
    /// AWS's code for this fault.
    pub fn code(&self, style: FaultStyle) -> &'static str {
        let row = self.row();
        match style {
            FaultStyle::Json | FaultStyle::Rest => row.json_code,
            FaultStyle::Query => row.query_code,
        }
    }

    /// The HTTP status that AWS answers this fault with.
    pub fn status(&self, style: FaultStyle) -> u16 {
        match style {
            // AWS: the awsJson services answer all of these with 400, Lambda with 403.
            FaultStyle::Json => 400,
            FaultStyle::Rest => 403,
            FaultStyle::Query => self.row().query_status,
        }
    }

    /// The sentence for the caller.
    pub fn message(&self, style: FaultStyle) -> Cow<'static, str> {
        match self {
            Self::Missing if style == FaultStyle::Query => {
                "Request is missing Authentication Token".into()
            }
            Self::Missing => "Missing Authentication Token".into(),
            Self::HeaderAndQuery => HEADER_AND_QUERY.into(),
            Self::HeaderIncomplete { missing, header_hash } => {
                header_incomplete(missing, header_hash).into()
            }
            Self::HeaderMalformed { header_hash } => {
                format!("{NOT_PAIRS} {HASHED_INLINE}: '{header_hash}'.").into()
            }
            Self::QueryIncomplete { missing } => query_incomplete(missing).into(),
            Self::QueryMalformed { name } => format!(
                "AWS query-string parameters must include '{name}' exactly once. {RE_EXAMINE}"
            )
            .into(),
            Self::PresignedTooLong => PRESIGNED_TOO_LONG.into(),
            Self::TooLong { what, max } => {
                format!("{what} must have length less than or equal to {max}.").into()
            }
            Self::Date { got } => format!(
                "Date must be in ISO-8601 'basic format'. Got '{got}'. \
                 See http://en.wikipedia.org/wiki/ISO_8601"
            )
            .into(),
            // AWS: the blank at the end is theirs.
            Self::Algorithm { got } => {
                format!("Unsupported AWS 'algorithm': '{got}' (only {ALGORITHM} for now). ").into()
            }
            Self::Credential { hash } => {
                format!("{FIVE_ELEMENTS} {HASHED_INLINE}: '{hash}'").into()
            }
            Self::HeaderUnsigned { name } => header_unsigned(name).into(),
            Self::Scope { sentences } => sentences.clone().into(),
            Self::Expired { signed, now } => expired(*signed, *now).into(),
            Self::NotYetCurrent { signed, now } => not_yet_current(*signed, *now).into(),
            Self::UnknownKey => "The security token included in the request is invalid.".into(),
            Self::Mismatch => MISMATCH.into(),
            // AWS: without the full stop where it is the session token that is wrong.
            Self::TokenInvalid => "The security token included in the request is invalid".into(),
            Self::TokenExpired => "The security token included in the request is expired".into(),
        }
    }

    fn row(&self) -> &'static Row {
        match self {
            Self::Missing => &MISSING_TOKEN,
            Self::HeaderIncomplete { .. }
            | Self::HeaderMalformed { .. }
            | Self::QueryIncomplete { .. }
            | Self::QueryMalformed { .. }
            | Self::PresignedTooLong
            | Self::TooLong { .. }
            | Self::Date { .. }
            | Self::Algorithm { .. }
            | Self::Credential { .. } => &INCOMPLETE,
            Self::HeaderAndQuery
            | Self::HeaderUnsigned { .. }
            | Self::Scope { .. }
            | Self::Expired { .. }
            | Self::NotYetCurrent { .. }
            | Self::Mismatch => &INVALID_SIGNATURE,
            Self::UnknownKey | Self::TokenInvalid => &UNRECOGNIZED,
            Self::TokenExpired => &EXPIRED_TOKEN,
        }
    }
}

impl std::fmt::Display for AuthFault {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(&self.message(FaultStyle::Json))
    }
}

impl std::error::Error for AuthFault {}

/// Hashes what a caller sent, in the form in which AWS tells it back.
pub(super) fn hashed(text: &[u8]) -> String {
    STANDARD.encode(digest::digest(&digest::SHA256, text))
}

/// The beginning of what a caller sent, printable.
pub(super) fn echoed(text: &str) -> String {
    text.chars().filter(|letter| !letter.is_control()).take(ECHO_CHARS_MAX).collect()
}

fn header_incomplete(missing: &[&str], header_hash: &str) -> String {
    let mut out = String::new();
    for name in missing {
        out.push_str("Authorization header requires ");
        if *name == "Date" {
            out.push_str("existence of either a 'X-Amz-Date' or a 'Date' header. ");
        } else {
            out.push('\'');
            out.push_str(name);
            out.push_str("' parameter. ");
        }
    }
    out.push_str("(Hashed with SHA-256 and encoded with Base64) Authorization=");
    out.push_str(header_hash);
    out
}

fn query_incomplete(missing: &[&str]) -> String {
    let mut out = String::new();
    for name in missing {
        out.push_str("AWS query-string parameters must include '");
        out.push_str(name);
        out.push_str("'. ");
    }
    out.push_str(RE_EXAMINE);
    out
}

fn header_unsigned(name: &str) -> String {
    let name = if name == "host" { "'Host' or ':authority'" } else { &format!("'{name}'") };
    format!("{name} must be a 'SignedHeader' in the AWS Authorization.")
}

fn expired(signed: Timestamp, now: Timestamp) -> String {
    format!(
        "Signature expired: {} is now earlier than {} ({} - {SKEW_MINUTES_MAX} min.)",
        signed.to_basic(),
        now.minus(SKEW).to_basic(),
        now.to_basic()
    )
}

fn not_yet_current(signed: Timestamp, now: Timestamp) -> String {
    format!(
        "Signature not yet current: {} is still later than {} ({} + {SKEW_MINUTES_MAX} min.)",
        signed.to_basic(),
        now.plus(SKEW).to_basic(),
        now.to_basic()
    )
}

/// One row of the table of faults: the codes and statuses of the wires.
struct Row {
    json_code: &'static str,
    query_code: &'static str,
    query_status: u16,
}

const MISSING_TOKEN: Row = Row {
    json_code: "MissingAuthenticationTokenException",
    query_code: "MissingAuthenticationToken",
    query_status: 403,
};
const INCOMPLETE: Row = Row {
    json_code: "IncompleteSignatureException",
    query_code: "IncompleteSignature",
    query_status: 400,
};
const INVALID_SIGNATURE: Row = Row {
    json_code: "InvalidSignatureException",
    query_code: "SignatureDoesNotMatch",
    query_status: 403,
};
const UNRECOGNIZED: Row = Row {
    json_code: "UnrecognizedClientException",
    query_code: "InvalidClientTokenId",
    query_status: 403,
};
const EXPIRED_TOKEN: Row =
    Row { json_code: "ExpiredTokenException", query_code: "ExpiredToken", query_status: 403 };

const SKEW: Duration = Duration::from_secs(SKEW_MINUTES_MAX * 60);
const ECHO_CHARS_MAX: usize = 64;
const HEADER_AND_QUERY: &str =
    "Found both 'X-Amz-Algorithm' as a query-string param and 'Authorization' as HTTP header.";
const PRESIGNED_TOO_LONG: &str = "X-Amz-Expires must be less than a week (in seconds); that is, the given X-Amz-Expires must be \
     less than 604800 seconds";
const NOT_PAIRS: &str = "Invalid key=value pair (missing equal-sign) in Authorization header";
const HASHED_INLINE: &str = "(hashed with SHA-256 and encoded with Base64)";
const RE_EXAMINE: &str = "Re-examine the query-string parameters.";
const FIVE_ELEMENTS: &str = "Credential must have exactly 5 slash-delimited elements, e.g. \
     keyid/date/region/service/term, got";
const MISMATCH: &str = "The request signature we calculated does not match the signature you \
     provided. Check your AWS Secret Access Key and signing method. Consult the service \
     documentation for details.";

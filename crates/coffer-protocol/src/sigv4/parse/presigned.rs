//! The signature in a query string.

use std::borrow::Cow;

use super::{CredentialScope, Found, Unverified, signature_bytes};
use crate::sigv4::canonical::Form;
use crate::sigv4::fault::echoed;
use crate::sigv4::query::{self, ALGORITHM_NAME, SIGNATURE_NAME};
use crate::sigv4::stamp::Stamp;
use crate::sigv4::{ALGORITHM, AuthFault, PRESIGNED_SECONDS_MAX};

/// Reads the parameters of a signature.
pub(super) fn parse<'a>(found: &Found<'a>, query: &'a str) -> Result<Unverified<'a>, AuthFault> {
    let algorithm = parameter(query, ALGORITHM_NAME)?;
    let credential = parameter(query, CREDENTIAL)?;
    let signature = parameter(query, SIGNATURE_NAME)?;
    let signed_headers = parameter(query, SIGNED_HEADERS)?;
    let date = parameter(query, DATE)?;
    let present = [
        (ALGORITHM_NAME, algorithm.is_some()),
        (CREDENTIAL, credential.is_some()),
        (SIGNATURE_NAME, signature.is_some()),
        (SIGNED_HEADERS, signed_headers.is_some()),
        (DATE, date.is_some()),
    ];
    let (Some(algorithm), Some(credential), Some(signature), Some(signed_headers), Some(date)) =
        (algorithm, credential, signature, signed_headers, date)
    else {
        let missing = present.into_iter().filter(|(_, present)| !present).map(|(name, _)| name);
        return Err(AuthFault::QueryIncomplete { missing: missing.collect() });
    };
    let stamp = Stamp::from_basic(&date).ok_or_else(|| AuthFault::Date { got: echoed(&date) })?;
    if algorithm != ALGORITHM {
        return Err(AuthFault::Algorithm { got: echoed(&algorithm) });
    }
    let payload_hash = match found.content_sha256 {
        Some(hash) => Some(Cow::Borrowed(hash.as_bytes())),
        None => parameter(query, CONTENT_SHA256_PARAMETER)?.map(bytes),
    };
    must_be_within_a_week(query)?;
    Ok(Unverified {
        form: Form::Query,
        scope: CredentialScope::read(credential)?,
        is_canonical_list: false,
        signed_headers,
        session_token: parameter(query, SECURITY_TOKEN)?,
        signature: signature_bytes(&signature),
        stamp,
        payload_hash,
    })
}

/// The value of a parameter, which may stand there once only; an empty one counts as absent.
fn parameter<'a>(query: &'a str, name: &'static str) -> Result<Option<Cow<'a, str>>, AuthFault> {
    let mut found = query::pairs(query).filter(|(encoded, _)| query::is_named(encoded, name));
    let Some((_, value)) = found.next() else { return Ok(None) };
    if found.next().is_some() {
        return Err(AuthFault::QueryMalformed { name });
    }
    let value = query::decode(value).ok_or(AuthFault::QueryMalformed { name })?;
    Ok(Some(value).filter(|value| !value.is_empty()))
}

/// Refuses what is no time, or too much of it; what is said is not counted.
fn must_be_within_a_week(query: &str) -> Result<(), AuthFault> {
    let Some(text) = parameter(query, EXPIRES)? else { return Ok(()) };
    let malformed = AuthFault::QueryMalformed { name: EXPIRES };
    if !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(malformed);
    }
    let seconds: u64 = text.parse().map_err(|_| malformed)?;
    if seconds > PRESIGNED_SECONDS_MAX {
        return Err(AuthFault::PresignedTooLong);
    }
    Ok(())
}

fn bytes(text: Cow<'_, str>) -> Cow<'_, [u8]> {
    match text {
        Cow::Borrowed(text) => Cow::Borrowed(text.as_bytes()),
        Cow::Owned(text) => Cow::Owned(text.into_bytes()),
    }
}

const CREDENTIAL: &str = "X-Amz-Credential";
const SIGNED_HEADERS: &str = "X-Amz-SignedHeaders";
const DATE: &str = "X-Amz-Date";
const EXPIRES: &str = "X-Amz-Expires";
const SECURITY_TOKEN: &str = "X-Amz-Security-Token";
const CONTENT_SHA256_PARAMETER: &str = "X-Amz-Content-Sha256";

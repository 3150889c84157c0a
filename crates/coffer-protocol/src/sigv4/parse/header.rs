//! The signature in an `Authorization` header.

use std::borrow::Cow;

use http::HeaderValue;

use super::{CredentialScope, Found, Unverified, check_length, signature_bytes};
use crate::sigv4::canonical::Form;
use crate::sigv4::fault::{echoed, hashed};
use crate::sigv4::stamp::Stamp;
use crate::sigv4::{ALGORITHM, AUTHORIZATION_BYTES_MAX, AuthFault};

/// Reads the header and those that belong to it.
pub(super) fn parse<'a>(
    found: &Found<'a>,
    header: &'a HeaderValue,
) -> Result<Unverified<'a>, AuthFault> {
    check_length(header.len(), AUTHORIZATION_BYTES_MAX, "The Authorization header")?;
    // AWS: a header of another scheme counts as none.
    if !header.as_bytes().starts_with(b"AWS4-") {
        return Err(AuthFault::Missing);
    }
    let fields = Fields::read(header)?;
    let date = found.amz_date.or(found.date);
    let (Some(credential), Some(signature), Some(signed_headers), Some(date)) =
        (fields.credential, fields.signature, fields.signed_headers, date)
    else {
        return Err(incomplete(&fields, date.is_some(), header));
    };
    let stamp = date.to_str().ok().and_then(Stamp::from_date_header).ok_or_else(|| {
        AuthFault::Date { got: echoed(&String::from_utf8_lossy(date.as_bytes())) }
    })?;
    if fields.algorithm != ALGORITHM {
        return Err(AuthFault::Algorithm { got: echoed(fields.algorithm) });
    }
    Ok(Unverified {
        form: Form::Header,
        scope: CredentialScope::read(Cow::Borrowed(credential))?,
        is_canonical_list: false,
        signed_headers: Cow::Borrowed(signed_headers),
        session_token: found.security_token.map(session_token).transpose()?,
        signature: signature_bytes(signature),
        stamp,
        payload_hash: found.content_sha256.map(|hash| hash.as_bytes().into()),
    })
}

/// The pairs of an `Authorization` header.
struct Fields<'a> {
    algorithm: &'a str,
    credential: Option<&'a str>,
    signature: Option<&'a str>,
    signed_headers: Option<&'a str>,
}

impl<'a> Fields<'a> {
    fn read(header: &'a HeaderValue) -> Result<Self, AuthFault> {
        let malformed = || AuthFault::HeaderMalformed { header_hash: hashed(header.as_bytes()) };
        let text = std::str::from_utf8(header.as_bytes()).map_err(|_| malformed())?;
        let (algorithm, mut rest) = split_at_byte(text, |text| memchr::memchr(b' ', text));
        let mut fields =
            Self { algorithm, credential: None, signature: None, signed_headers: None };
        // Commas or blanks separate pairs; nearly always it is a comma and a blank. No header has
        // any other blanks than these two.
        while !rest.is_empty() {
            let pair;
            (pair, rest) = split_at_byte(rest, |text| memchr::memchr3(b',', b' ', b'\t', text));
            if !pair.is_empty() {
                fields.add(pair).ok_or_else(malformed)?;
            }
        }
        Ok(fields)
    }

    /// Nothing if the pair is none, or is there already: of two that differ nobody can say which
    /// one was meant.
    fn add(&mut self, pair: &'a str) -> Option<()> {
        let at = pair.bytes().position(|byte| byte == b'=')?;
        let (name, value) = (pair.get(..at)?, pair.get(at + 1..)?);
        let field = match name {
            "Credential" => &mut self.credential,
            "Signature" => &mut self.signature,
            "SignedHeaders" => &mut self.signed_headers,
            _ => return Some(()),
        };
        field.replace(value).is_none().then_some(())
    }
}

/// The text before and behind an ASCII byte, where that is found; all and nothing where it is not.
fn split_at_byte(text: &str, find: impl Fn(&[u8]) -> Option<usize>) -> (&str, &str) {
    let found = find(text.as_bytes());
    let parts = found.and_then(|at| Some((text.get(..at)?, text.get(at + 1..)?)));
    parts.unwrap_or((text, ""))
}

fn incomplete(fields: &Fields<'_>, has_date: bool, header: &HeaderValue) -> AuthFault {
    let present = [
        ("Credential", fields.credential.is_some()),
        ("Signature", fields.signature.is_some()),
        ("SignedHeaders", fields.signed_headers.is_some()),
        ("Date", has_date),
    ];
    let missing = present.into_iter().filter(|(_, present)| !present).map(|(name, _)| name);
    AuthFault::HeaderIncomplete {
        missing: missing.collect(),
        header_hash: hashed(header.as_bytes()),
    }
}

fn session_token(header: &HeaderValue) -> Result<Cow<'_, str>, AuthFault> {
    let token = std::str::from_utf8(header.as_bytes()).map_err(|_| AuthFault::TokenInvalid)?;
    Ok(Cow::Borrowed(token))
}

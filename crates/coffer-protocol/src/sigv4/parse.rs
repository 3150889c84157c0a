//! Reads what a request claims about who signed it.

mod header;
mod presigned;

use std::borrow::Cow;

use coffer_model::{Region, Timestamp};
use http::{HeaderMap, HeaderValue};
use smallvec::SmallVec;

use super::canonical::Form;
use super::fault::hashed;
use super::stamp::Stamp;
use super::{
    AuthFault, CREDENTIAL_BYTES_MAX, QUERY_BYTES_MAX, QUERY_PAIRS_MAX, RequestView,
    SIGNED_HEADERS_MAX, TOKEN_BYTES_MAX, list, query,
};

/// What a request claims, and nobody has proved: see [`verify`](super::verify).
pub struct Unverified<'a> {
    pub(super) form: Form,
    pub(super) scope: CredentialScope<'a>,
    pub(super) signed_headers: Cow<'a, str>,
    pub(super) is_canonical_list: bool,
    pub(super) session_token: Option<Cow<'a, str>>,
    pub(super) signature: Option<[u8; 32]>,
    pub(super) stamp: Stamp,
    pub(super) payload_hash: Option<Cow<'a, [u8]>>,
}

/// The credential of a signature: `keyid/date/region/service/aws4_request`.
#[derive(Clone)]
pub struct CredentialScope<'a> {
    text: Cow<'a, str>,
    /// Where its slashes are.
    slashes: [usize; 4],
    region: Option<Region>,
}

/// Reads what a request claims about who signed it, from its header or its query string.
pub fn parse<'a>(request: &RequestView<'a>) -> Result<Unverified<'a>, AuthFault> {
    if let Some(text) = request.query {
        check_length(text.len(), QUERY_BYTES_MAX, "The query string")?;
        check_length(query::pairs(text).count(), QUERY_PAIRS_MAX, "The list of query parameters")?;
    }
    let presigned = request.query.filter(|text| query::is_presigned(text));
    let found = Found::among(request.headers)?;
    let mut unverified = match (found.authorization, presigned) {
        (Some(_), Some(_)) => return Err(AuthFault::HeaderAndQuery),
        (None, None) => return Err(AuthFault::Missing),
        (Some(header), None) => header::parse(&found, header)?,
        (None, Some(text)) => presigned::parse(&found, text)?,
    };
    check_length(
        unverified.session_token.as_ref().map_or(0, |token| token.len()),
        TOKEN_BYTES_MAX,
        "The session token",
    )?;
    let names: Names<'_> =
        list::names(&unverified.signed_headers).take(SIGNED_HEADERS_MAX + 1).collect();
    check_length(names.len(), SIGNED_HEADERS_MAX, "SignedHeaders")?;
    check_signed(request, &names)?;
    let is_canonical_list = is_canonical(&names);
    drop(names);
    unverified.is_canonical_list = is_canonical_list;
    Ok(unverified)
}

/// The names of the signed headers: mostly so few that no memory is asked for.
type Names<'a> = SmallVec<[&'a str; 16]>;

/// The headers that speak of the signature, found in one pass.
#[derive(Default)]
struct Found<'a> {
    authorization: Option<&'a HeaderValue>,
    amz_date: Option<&'a HeaderValue>,
    date: Option<&'a HeaderValue>,
    security_token: Option<&'a HeaderValue>,
    content_sha256: Option<&'a HeaderValue>,
}

impl<'a> Found<'a> {
    fn among(headers: &'a HeaderMap) -> Result<Self, AuthFault> {
        let mut found = Self::default();
        for (name, value) in headers {
            let field = match name.as_str() {
                "authorization" => &mut found.authorization,
                "x-amz-date" => &mut found.amz_date,
                "date" => &mut found.date,
                "x-amz-security-token" => &mut found.security_token,
                "x-amz-content-sha256" => &mut found.content_sha256,
                _ => continue,
            };
            // Of two that differ nobody can say which one was meant.
            if let Some(first) = field.replace(value) {
                return Err(AuthFault::HeaderMalformed { header_hash: hashed(first.as_bytes()) });
            }
        }
        Ok(found)
    }
}

impl Unverified<'_> {
    /// The credential that the request claims, with the access key's id.
    pub fn scope(&self) -> &CredentialScope<'_> {
        &self.scope
    }

    /// The id of the access key that the request claims to be signed with.
    pub fn access_key_id(&self) -> &str {
        self.scope.access_key_id()
    }

    /// The session token, for temporary credentials.
    pub fn session_token(&self) -> Option<&str> {
        self.session_token.as_deref()
    }

    /// The names of the headers that the signature covers.
    pub fn signed_headers(&self) -> impl Iterator<Item = &str> {
        list::names(&self.signed_headers)
    }

    /// When the request claims to be signed.
    pub fn signed_at(&self) -> Timestamp {
        self.stamp.instant()
    }

    /// Whether the signature stands in the query string.
    pub fn is_presigned(&self) -> bool {
        self.form == Form::Query
    }
}

impl std::fmt::Debug for Unverified<'_> {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Neither the signature nor the session token may reach a log.
        out.debug_struct("Unverified").field("scope", &self.scope).finish_non_exhaustive()
    }
}

impl<'a> CredentialScope<'a> {
    /// Reads a credential.
    pub(super) fn read(text: Cow<'a, str>) -> Result<Self, AuthFault> {
        check_length(text.len(), CREDENTIAL_BYTES_MAX, "Credential")?;
        // AWS: slashes at the end are ignored.
        let text = match text {
            Cow::Borrowed(text) => Cow::Borrowed(text.trim_end_matches('/')),
            Cow::Owned(text) => Cow::Owned(text.trim_end_matches('/').to_owned()),
        };
        let Some(slashes) = slashes(&text) else {
            return Err(AuthFault::Credential { hash: hashed(text.as_bytes()) });
        };
        let mut scope = Self { text, slashes, region: None };
        scope.region = scope.region_text().parse().ok();
        Ok(scope)
    }

    /// The whole of it.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The access key's id.
    pub fn access_key_id(&self) -> &str {
        let [end, ..] = self.slashes;
        self.text.get(..end).unwrap_or_default()
    }

    /// The day that the signing key is for, as `YYYYMMDD`.
    pub fn date(&self) -> &str {
        let [before, after, ..] = self.slashes;
        self.between(before, after)
    }

    /// The region that the request is for; nothing if the text is no region's name.
    pub fn region(&self) -> Option<&Region> {
        self.region.as_ref()
    }

    /// The region's text, whatever it is.
    pub fn region_text(&self) -> &str {
        let [_, before, after, _] = self.slashes;
        self.between(before, after)
    }

    /// The service that the request is for, such as `ssm`.
    pub fn service(&self) -> &str {
        let [_, _, before, after] = self.slashes;
        self.between(before, after)
    }

    pub(super) fn terminator(&self) -> &str {
        let [.., before] = self.slashes;
        self.between(before, self.text.len())
    }

    fn between(&self, before: usize, after: usize) -> &str {
        self.text.get(before + 1..after).unwrap_or_default()
    }
}

impl std::fmt::Debug for CredentialScope<'_> {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(&self.text)
    }
}

/// Where the four slashes are; nothing if there are more or fewer, or nothing between two.
fn slashes(text: &str) -> Option<[usize; 4]> {
    let mut found = memchr::memchr_iter(b'/', text.as_bytes());
    let slashes = [found.next()?, found.next()?, found.next()?, found.next()?];
    let [first, second, third, fourth] = slashes;
    let is_filled = first > 0 && first + 1 < second && second + 1 < third && third + 1 < fourth;
    (is_filled && fourth + 1 < text.len() && found.next().is_none()).then_some(slashes)
}

/// Checks that the signature covers the host and AWS's own headers, so that nobody on the way can
/// send it elsewhere or for another operation.
fn check_signed(request: &RequestView<'_>, names: &[&str]) -> Result<(), AuthFault> {
    if !names.contains(&"host") {
        return Err(AuthFault::HeaderUnsigned { name: "host".to_owned() });
    }
    let is_missing = |name: &&str| {
        name.starts_with("x-amz-") && !names.contains(name) && !UNSIGNED_ALLOWED.contains(name)
    };
    match request.headers.keys().map(http::HeaderName::as_str).find(is_missing) {
        Some(name) => Err(AuthFault::HeaderUnsigned { name: name.to_owned() }),
        None => Ok(()),
    }
}

/// Whether a list of signed headers is as every signer writes it: lower case, in order, each once.
fn is_canonical(names: &[&str]) -> bool {
    let has_capital =
        |name: &&str| name.bytes().fold(false, |any, byte| any | byte.is_ascii_uppercase());
    names.is_sorted_by(|one, other| one < other) && !names.iter().any(has_capital)
}

/// Reads a signature of 64 lower-case hexadecimal digits.
fn signature_bytes(text: &str) -> Option<[u8; 32]> {
    let digits: &[u8; 64] = text.as_bytes().try_into().ok()?;
    // Without a branch for each digit, so that the compiler reads many of them at once.
    let are_digits = digits.iter().fold(true, |all, digit| all & is_hexadecimal(*digit));
    let mut out = [0; 32];
    let (pairs, _) = digits.as_chunks::<2>();
    for (byte, [high, low]) in out.iter_mut().zip(pairs) {
        *byte = nibble(*high) << 4 | nibble(*low);
    }
    are_digits.then_some(out)
}

fn is_hexadecimal(digit: u8) -> bool {
    digit.is_ascii_digit() | matches!(digit, b'a'..=b'f')
}

/// The value of a lower-case hexadecimal digit.
fn nibble(digit: u8) -> u8 {
    let value = digit & 0xf;
    if digit.is_ascii_digit() { value } else { value.wrapping_add(9) & 0xf }
}

fn check_length(length: usize, max: usize, what: &'static str) -> Result<(), AuthFault> {
    if length > max { Err(AuthFault::TooLong { what, max }) } else { Ok(()) }
}

/// Headers of AWS's own that may be unsigned: proxies add the first, and the second only says
/// which client it is.
const UNSIGNED_ALLOWED: [&str; 2] = ["x-amz-cf-id", "x-amz-user-agent"];

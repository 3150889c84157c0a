//! Proves what a request claims.

use std::time::Duration;

use aws_lc_rs::digest;
use coffer_model::{Region, Timestamp};

use super::canonical::{hex, write_request, write_string_to_sign};
use super::fault::echoed;
use super::{
    AuthFault, CredentialScope, RequestView, SKEW_MINUTES_MAX, SigningKey, TERMINATOR,
    UNSIGNED_PAYLOAD, Unverified,
};

/// What a signature has to be for, and when.
#[derive(Debug, Clone, Copy)]
pub struct Expected<'a> {
    /// The service that was called, such as `ssm`.
    pub service: &'a str,
    /// The real time, whatever clock the rest of the server runs on.
    pub now: Timestamp,
}

/// A request whose signature was proved; only [`verify`] makes one.
///
/// It says nothing of the session token, which is the caller's to open.
#[derive(Debug)]
pub struct Verified<'a> {
    unverified: Unverified<'a>,
    region: Region,
}

/// Proves what a request claims: that whoever holds the secret of `key` signed this method, path,
/// query, these headers and this body, for this service, and just now.
pub fn verify<'a>(
    unverified: Unverified<'a>,
    request: &RequestView<'_>,
    body: &[u8],
    key: &SigningKey,
    expected: &Expected<'_>,
) -> Result<Verified<'a>, AuthFault> {
    let region = unverified.check(expected)?.clone();
    // AWS: it writes the canonical list itself, so any other way to write it gives a mismatch.
    let (Some(signature), true) = (unverified.signature, unverified.is_canonical_list) else {
        return Err(AuthFault::Mismatch);
    };
    let body_hash = hex(&digest::digest(&digest::SHA256, body));
    let payload_hash = unverified.payload_hash(&body_hash)?;
    let mut buffer = Vec::with_capacity(BUFFER_BYTES);
    let names = &unverified.signed_headers;
    write_request(&mut buffer, request, names, unverified.form, payload_hash)
        .map_err(|_| AuthFault::Mismatch)?;
    let canonical_request = digest::digest(&digest::SHA256, &buffer);
    buffer.clear();
    write_string_to_sign(&mut buffer, &unverified.stamp, &unverified.scope, &canonical_request);
    if !key.is_signature(&buffer, &signature) {
        return Err(AuthFault::Mismatch);
    }
    Ok(Verified { unverified, region })
}

impl Unverified<'_> {
    /// Checks what needs no key: the scope, and the time. AWS does so before it looks the key up;
    /// [`verify`] does it in any case. Gives the region.
    pub fn check(&self, expected: &Expected<'_>) -> Result<&Region, AuthFault> {
        self.check_time(expected.now)?;
        let is_right = self.scope.service() == expected.service
            && self.scope.terminator() == TERMINATOR
            && self.scope.date() == self.stamp.day();
        match self.scope.region() {
            Some(region) if is_right => Ok(region),
            _ => Err(AuthFault::Scope { sentences: self.scope_sentences(expected.service) }),
        }
    }

    fn check_time(&self, now: Timestamp) -> Result<(), AuthFault> {
        let signed = self.stamp.instant();
        if signed > now.plus(SKEW) {
            return Err(AuthFault::NotYetCurrent { signed, now });
        }
        // AWS: presigned requests too, whatever their X-Amz-Expires says, which S3 alone heeds
        // (aws/aws-sdk-go#2167, aws/aws-sdk-ruby#2887): EKS's tokens say 60 seconds and are used for
        // 14 minutes (kubernetes-sigs/aws-iam-authenticator#160).
        if signed < now.minus(SKEW) {
            return Err(AuthFault::Expired { signed, now });
        }
        Ok(())
    }

    fn scope_sentences(&self, service: &str) -> String {
        let scope = &self.scope;
        let mut out = String::new();
        if scope.region().is_none() {
            out += "Credential should be scoped to a valid region, not '";
            out += &echoed(scope.region_text());
            out += "'. ";
        }
        if scope.service() != service {
            out += "Credential should be scoped to correct service: '";
            out += service;
            out += "'. ";
        }
        if scope.terminator() != TERMINATOR {
            out += "Credential should be scoped with a valid terminator: 'aws4_request', not '";
            out += &echoed(scope.terminator());
            out += "'. ";
        }
        if scope.date() != self.stamp.day() {
            out += "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of \
                    date from HTTP: '";
            out += &echoed(scope.date());
            out += "' != '";
            out += self.stamp.day();
            out += "', from '";
            out += self.stamp.as_str();
            out += "'.";
        }
        out
    }

    /// The last line of the canonical request. What the request states of its body must be true;
    /// only a presigned one may leave it open.
    fn payload_hash<'b>(&'b self, body_hash: &'b [u8; 64]) -> Result<&'b [u8], AuthFault> {
        match self.payload_hash.as_deref() {
            None => Ok(body_hash),
            Some(stated) if stated == body_hash => Ok(stated),
            Some(stated) if self.is_presigned() && stated == UNSIGNED_PAYLOAD.as_bytes() => {
                Ok(stated)
            }
            Some(_) => Err(AuthFault::Mismatch),
        }
    }
}

impl Verified<'_> {
    /// The id of the access key that signed the request.
    pub fn access_key_id(&self) -> &str {
        self.unverified.access_key_id()
    }

    /// The credential's scope.
    pub fn scope(&self) -> &CredentialScope<'_> {
        &self.unverified.scope
    }

    /// The region that the request is for.
    pub fn region(&self) -> &Region {
        &self.region
    }

    /// The session token that the request carries; the signature covers it where it is a header
    /// or a parameter, and it may still be anybody's.
    pub fn session_token(&self) -> Option<&str> {
        self.unverified.session_token()
    }

    /// When the request was signed.
    pub fn signed_at(&self) -> Timestamp {
        self.unverified.signed_at()
    }

    /// Whether the signature stands in the query string.
    pub fn is_presigned(&self) -> bool {
        self.unverified.is_presigned()
    }
}

const SKEW: Duration = Duration::from_secs(SKEW_MINUTES_MAX * 60);
/// Enough for the canonical request of an SDK without a session token.
const BUFFER_BYTES: usize = 1024;

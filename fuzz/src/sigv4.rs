//! Signatures: a request that claims anything is read without harm; one that is signed is proved, in
//! its headers and in its query string, and is not when something in it is changed.

use std::time::Duration;

use coffer_model::Timestamp;
use coffer_protocol::sigv4::{
    Credentials, Expected, RequestView, Signer, SigningKey, parse, verify,
};
use http::request::Parts;

use crate::{Target, input};

pub(crate) const TARGET: Target = Target { name: "sigv4", bytes_max: 48 * 1024, run };

/// An input is a request as HTTP/1.1 has it, without `HTTP/1.1`.
fn run(input: &[u8]) {
    let Some((parts, body)) = request(input) else { return };
    claims(&parts, body);
    let credentials = Credentials {
        access_key_id: KEY_ID.to_owned(),
        secret_access_key: SECRET.to_owned().into(),
        session_token: body
            .first()
            .is_some_and(|byte| byte % 2 == 1)
            .then(|| TOKEN.to_owned().into()),
    };
    let signer = Signer { credentials: &credentials, region: REGION, service: SERVICE, now: NOW };
    let mut unsigned = parts;
    for name in SIGNING_HEADERS {
        unsigned.headers.remove(name);
    }
    let mut signed = unsigned.clone();
    if signer.sign_request(&mut signed, body).is_ok() {
        is_proved_as_it_is(&signed, body, unsigned.uri.query());
    }
    let mut presigned = unsigned.clone();
    if signer.presign_request(&mut presigned, body, Duration::from_secs(60)).is_ok() {
        is_proved_as_it_is(&presigned, body, unsigned.uri.query());
    }
}

fn is_proved_as_it_is(parts: &Parts, body: &[u8], query: Option<&str>) {
    // What says of itself that it is signed is something else than what was signed here, and what has
    // too much of anything is refused.
    let names_itself = query.is_some_and(|query| query.to_ascii_lowercase().contains("amz"));
    if names_itself || is_too_much(parts) {
        return;
    }
    assert_eq!(proved(parts, body).err(), None, "{parts:?}");
    let other = [body, b"?"].concat();
    assert!(proved(parts, &other).is_err(), "another body is proved");
    let mut moved = parts.clone();
    let elsewhere = format!("{}x", parts.uri.path());
    let query = parts.uri.query().map(|query| format!("?{query}")).unwrap_or_default();
    if let Ok(uri) = format!("{elsewhere}{query}").parse() {
        moved.uri = uri;
        assert!(proved(&moved, body).is_err(), "another path is proved");
    }
}

fn is_too_much(parts: &Parts) -> bool {
    let query = parts.uri.query().unwrap_or_default();
    query.len() > 30 * 1024 || query.split('&').count() > 500 || parts.headers.len() > 40
}

fn proved(parts: &Parts, body: &[u8]) -> Result<(), String> {
    let view = RequestView::from(parts);
    let unverified = parse(&view).map_err(|fault| format!("{fault}"))?;
    let secret = SECRET.to_owned().into();
    let key = SigningKey::derive(&secret, unverified.scope().date(), REGION, SERVICE);
    let expected = Expected { service: SERVICE, now: NOW };
    let verified = verify(unverified, &view, body, &key, &expected);
    verified.map(drop).map_err(|fault| format!("{fault}"))
}

/// Reads whatever a request claims.
fn claims(parts: &Parts, body: &[u8]) {
    let view = RequestView::from(parts);
    let Ok(unverified) = parse(&view) else { return };
    assert!(unverified.scope().as_str().starts_with(unverified.access_key_id()));
    let names: Vec<&str> = unverified.signed_headers().collect();
    assert!(names.len() <= 64);
    let day = unverified.signed_at().to_basic();
    assert_eq!(day.len(), 16, "{day}");
    // Whoever can claim this much still has no key.
    assert!(proved(parts, body).is_err());
}

fn request(input: &[u8]) -> Option<(Parts, &[u8])> {
    let blank = input.windows(2).position(|pair| pair == b"\n\n").unwrap_or(input.len());
    let (head, body) = input.split_at_checked(blank)?;
    let (line, headers) = input::head(head).unwrap_or((std::str::from_utf8(head).ok()?, b""));
    let (method, target) = line.split_once(' ').filter(|(_, target)| target.starts_with('/'))?;
    let mut request = http::Request::builder().method(method).uri(target);
    for header in headers.split(|byte| *byte == b'\n') {
        let colon = header.iter().position(|byte| *byte == b':')?;
        let (name, value) = header.split_at_checked(colon)?;
        request = request.header(name, value.get(1..)?.trim_ascii());
    }
    let parts = request.body(()).ok()?.into_parts().0;
    Some((parts, body.get(2..).unwrap_or_default()))
}

/// What a signature puts in or reads; of two of them nobody can say which one is meant.
const SIGNING_HEADERS: [&str; 5] =
    ["authorization", "date", "x-amz-date", "x-amz-security-token", "x-amz-content-sha256"];
const KEY_ID: &str = "AKIDEXAMPLEEXAMPLE00";
const SECRET: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
const TOKEN: &str = "dG9rZW4=";
const REGION: &str = "us-east-1";
const SERVICE: &str = "ssm";
const NOW: Timestamp = Timestamp::EPOCH;

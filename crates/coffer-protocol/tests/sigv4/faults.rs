//! Every reason to refuse, in AWS's words.

use std::time::Duration;

use coffer_protocol::sigv4::{AuthFault, FaultStyle, RequestView, SigningKey, parse};
use http::HeaderValue;
use http::request::Parts;

use super::{authenticate, credentials, get_parameter, now, secret, signer};

fn signed() -> (Parts, &'static [u8]) {
    let (mut parts, body) = get_parameter();
    signer(&credentials()).sign_request(&mut parts, body).unwrap();
    (parts, body)
}

fn presigned(seconds: u64) -> (Parts, &'static [u8]) {
    let (mut parts, body) = get_parameter();
    let valid = Duration::from_secs(seconds);
    signer(&credentials()).presign_request(&mut parts, body, valid).unwrap();
    (parts, body)
}

fn outcome(parts: &Parts, body: &[u8]) -> Result<String, AuthFault> {
    authenticate(&RequestView::from(parts), body, "ssm", now())
}

fn set(parts: &mut Parts, name: &'static str, value: &str) {
    parts.headers.insert(name, HeaderValue::from_str(value).unwrap());
}

/// Replaces a part of the `Authorization` header.
fn edit(parts: &mut Parts, from: &str, to: &str) {
    let header = parts.headers["authorization"].to_str().unwrap();
    assert!(header.contains(from), "{header}");
    let edited = header.replace(from, to);
    set(parts, "authorization", &edited);
}

fn edit_target(parts: &mut Parts, from: &str, to: &str) {
    let target = parts.uri.to_string();
    assert!(target.contains(from), "{target}");
    parts.uri = target.replace(from, to).parse().unwrap();
}

/// The JSON wire's answer to a signed request after an edit.
fn answer(change: impl FnOnce(&mut Parts)) -> (&'static str, String) {
    let (mut parts, body) = signed();
    change(&mut parts);
    told(&outcome(&parts, body).unwrap_err())
}

fn told(fault: &AuthFault) -> (&'static str, String) {
    (fault.code(FaultStyle::Json), fault.message(FaultStyle::Json).into_owned())
}

#[test]
fn a_request_without_signature_lacks_its_token() {
    let expected = ("MissingAuthenticationTokenException", "Missing Authentication Token".into());
    assert_eq!(answer(|parts| drop(parts.headers.remove("authorization"))), expected);
    assert_eq!(answer(|parts| set(parts, "authorization", "Bearer abc")), expected);
    assert_eq!(
        AuthFault::Missing.message(FaultStyle::Query),
        "Request is missing Authentication Token"
    );
}

#[test]
fn an_incomplete_header_is_told_what_lacks_and_only_its_hash() {
    let (code, message) = answer(|parts| {
        set(parts, "authorization", "AWS4-HMAC-SHA256 x=1");
        parts.headers.remove("x-amz-date");
    });
    assert_eq!(code, "IncompleteSignatureException");
    assert_eq!(
        message,
        "Authorization header requires 'Credential' parameter. Authorization header requires \
         'Signature' parameter. Authorization header requires 'SignedHeaders' parameter. \
         Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. \
         (Hashed with SHA-256 and encoded with Base64) \
         Authorization=e7bRBFc/nJb8fod83z9EeSa2IrueBr1AE8JTiUPUp3M="
    );
}

#[test]
fn a_header_that_is_no_list_of_pairs_is_malformed() {
    for header in ["AWS4-HMAC-SHA256 Credential", "AWS4-HMAC-SHA256 Signature=a, Signature=b"] {
        let (code, message) = answer(|parts| set(parts, "authorization", header));
        assert_eq!(code, "IncompleteSignatureException");
        assert!(message.starts_with(
            "Invalid key=value pair (missing equal-sign) in Authorization header (hashed with \
             SHA-256 and encoded with Base64): '"
        ));
        assert!(!message.contains("Signature=a"));
    }
}

#[test]
fn of_two_authorization_headers_neither_is_believed() {
    let (code, message) = answer(|parts| {
        parts.headers.append("authorization", HeaderValue::from_static("Bearer abc"));
    });
    assert_eq!(code, INCOMPLETE);
    assert!(!message.contains("Bearer"), "{message}");
}

#[test]
fn dates_algorithms_and_credentials_have_to_be_readable() {
    assert_eq!(
        answer(|parts| set(parts, "x-amz-date", "2026-11-22")),
        (
            "IncompleteSignatureException",
            "Date must be in ISO-8601 'basic format'. Got '2026-11-22'. See \
             http://en.wikipedia.org/wiki/ISO_8601"
                .to_owned()
        )
    );
    assert_eq!(
        answer(|parts| edit(parts, "AWS4-HMAC-SHA256", "AWS4-HMAC-SHA1")).1,
        "Unsupported AWS 'algorithm': 'AWS4-HMAC-SHA1' (only AWS4-HMAC-SHA256 for now). "
    );
    let (code, message) = answer(|parts| edit(parts, "/dc1/", "/"));
    assert_eq!(code, "IncompleteSignatureException");
    assert!(message.starts_with(
        "Credential must have exactly 5 slash-delimited elements, e.g. \
         keyid/date/region/service/term, got"
    ));
    assert!(!message.contains("AKIDEXAMPLE"));
}

#[test]
fn the_scope_has_to_be_right_and_every_error_in_it_is_told() {
    let (code, message) = answer(|parts| {
        edit(parts, "/20261122/dc1/ssm/aws4_request", "/20261121/Bad_Region/kms/aws5_request");
    });
    assert_eq!(code, "InvalidSignatureException");
    assert_eq!(
        message,
        "Credential should be scoped to a valid region, not 'Bad_Region'. Credential should be \
         scoped to correct service: 'ssm'. Credential should be scoped with a valid terminator: \
         'aws4_request', not 'aws5_request'. Date in Credential scope does not match YYYYMMDD \
         from ISO-8601 version of date from HTTP: '20261121' != '20261122', from \
         '20261122T100000Z'."
    );
}

#[test]
fn a_signature_for_one_service_does_not_call_another() {
    let (parts, body) = signed();
    let fault = authenticate(&RequestView::from(&parts), body, "kms", now()).unwrap_err();
    assert_eq!(told(&fault).1, "Credential should be scoped to correct service: 'kms'. ");
}

#[test]
fn the_host_and_the_headers_of_aws_have_to_be_signed() {
    assert_eq!(
        answer(|parts| edit(parts, "content-type;host;", "content-type;")),
        (
            "InvalidSignatureException",
            "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.".to_owned()
        )
    );
    assert_eq!(
        answer(|parts| edit(parts, ";x-amz-target", "")).1,
        "'x-amz-target' must be a 'SignedHeader' in the AWS Authorization."
    );
    assert_eq!(
        answer(|parts| set(parts, "x-amz-security-token", "added")).1,
        "'x-amz-security-token' must be a 'SignedHeader' in the AWS Authorization."
    );
    let (mut parts, body) = signed();
    set(&mut parts, "x-amz-cf-id", "a proxy's");
    set(&mut parts, "x-amzn-trace-id", "a proxy's");
    assert!(outcome(&parts, body).is_ok());
}

#[test]
fn a_signature_is_good_for_a_quarter_of_an_hour_either_way() {
    let (parts, body) = signed();
    let at = |seconds: i64| {
        let now = coffer_model::Timestamp::from_millis(now().as_millis() + seconds * 1000);
        authenticate(&RequestView::from(&parts), body, "ssm", now).map_err(|fault| told(&fault))
    };
    assert!(at(900).is_ok() && at(-900).is_ok());
    assert_eq!(
        at(901).unwrap_err(),
        (
            "InvalidSignatureException",
            "Signature expired: 20261122T100000Z is now earlier than 20261122T100001Z \
             (20261122T101501Z - 15 min.)"
                .to_owned()
        )
    );
    assert_eq!(
        at(-901).unwrap_err().1,
        "Signature not yet current: 20261122T100000Z is still later than 20261122T095959Z \
         (20261122T094459Z + 15 min.)"
    );
}

#[test]
fn a_presigned_request_is_good_for_a_quarter_of_an_hour_whatever_it_says() {
    for seconds in [1, 60, 604_800] {
        let (parts, body) = presigned(seconds);
        let at = |seconds: i64| {
            let now = coffer_model::Timestamp::from_millis(now().as_millis() + seconds * 1000);
            authenticate(&RequestView::from(&parts), body, "ssm", now)
        };
        assert!(at(-900).is_ok() && at(0).is_ok() && at(900).is_ok());
        let fault = at(901).unwrap_err();
        assert!(matches!(fault, AuthFault::Expired { .. }));
        assert_eq!(fault.code(FaultStyle::Query), "SignatureDoesNotMatch");
        assert!(matches!(at(-901), Err(AuthFault::NotYetCurrent { .. })));
    }
}

#[test]
fn a_presigned_request_has_to_be_whole_and_unambiguous() {
    let (mut parts, body) = presigned(60);
    edit_target(&mut parts, "X-Amz-Date", "x-amz-date");
    edit_target(&mut parts, "X-Amz-Signature", "Signature");
    assert_eq!(
        told(&outcome(&parts, body).unwrap_err()),
        (
            "IncompleteSignatureException",
            "AWS query-string parameters must include 'X-Amz-Signature'. AWS query-string \
             parameters must include 'X-Amz-Date'. Re-examine the query-string parameters."
                .to_owned()
        )
    );
    let (mut parts, body) = presigned(60);
    edit_target(&mut parts, "?", "?X-Amz-Signature=00&");
    let fault = AuthFault::QueryMalformed { name: "X-Amz-Signature" };
    assert_eq!(outcome(&parts, body), Err(fault));
    for expires in ["604801", "99999999999999999999", "-1", "%20", "6e1"] {
        let (mut parts, body) = presigned(60);
        edit_target(&mut parts, "X-Amz-Expires=60", &format!("X-Amz-Expires={expires}"));
        assert_eq!(
            outcome(&parts, body).unwrap_err().code(FaultStyle::Json),
            INCOMPLETE,
            "{expires}"
        );
    }
    let (mut parts, body) = presigned(60);
    set(&mut parts, "authorization", "AWS4-HMAC-SHA256 Credential=x");
    let fault = outcome(&parts, body).unwrap_err();
    assert_eq!(
        told(&fault),
        (
            "InvalidSignatureException",
            "Found both 'X-Amz-Algorithm' as a query-string param and 'Authorization' as HTTP \
             header."
                .to_owned()
        )
    );
}

#[test]
fn a_stated_body_hash_has_to_be_true() {
    let sign = |stated: &str, is_presigned: bool| {
        let (mut parts, body) = get_parameter();
        set(&mut parts, "x-amz-content-sha256", stated);
        let credentials = credentials();
        if is_presigned {
            let valid = Duration::from_secs(60);
            signer(&credentials).presign_request(&mut parts, body, valid).unwrap();
        } else {
            signer(&credentials).sign_request(&mut parts, body).unwrap();
        }
        outcome(&parts, body)
    };
    let of_body = sha256_hex(get_parameter().1);
    assert!(sign(&of_body, false).is_ok() && sign(&of_body, true).is_ok());
    for stated in [&*"0".repeat(64), "UNSIGNED-PAYLOAD", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD", ""] {
        assert_eq!(sign(stated, false), Err(AuthFault::Mismatch), "{stated}");
    }
}

#[test]
fn a_wrong_secret_or_an_odd_list_of_headers_gives_a_mismatch() {
    let (parts, body) = signed();
    let request = RequestView::from(&parts);
    let other = coffer_model::Sensitive::new(format!("{}x", secret().expose()));
    let key = SigningKey::derive(&other, "20261122", "dc1", "ssm");
    let expected = coffer_protocol::sigv4::Expected { service: "ssm", now: now() };
    let fault =
        coffer_protocol::sigv4::verify(parse(&request).unwrap(), &request, body, &key, &expected)
            .unwrap_err();
    assert_eq!(
        told(&fault),
        (
            "InvalidSignatureException",
            "The request signature we calculated does not match the signature you provided. \
             Check your AWS Secret Access Key and signing method. Consult the service \
             documentation for details."
                .to_owned()
        )
    );
    for (from, to) in [
        ("content-type;host", "host;content-type"),
        ("content-type;host", "Content-Type;host"),
        ("content-type;host", "content-type;content-type;host"),
        ("content-type;host", "absent;content-type;host"),
        ("SignedHeaders=", "SignedHeaders=;"),
    ] {
        let (code, message) = answer(|parts| edit(parts, from, to));
        assert_eq!((code, &*message), (told(&fault).0, &*told(&fault).1), "{to}");
    }
}

#[test]
fn what_is_too_long_is_refused_before_it_is_read() {
    let long = "a".repeat(5000);
    let (code, _) = answer(|parts| set(parts, "authorization", &format!("AWS4-{long}")));
    assert_eq!(code, INCOMPLETE);
    let many = (0..65).map(|number| format!("h{number}")).collect::<Vec<_>>().join(";");
    let (code, message) = answer(|parts| edit(parts, "content-type;host", &many));
    assert_eq!(code, INCOMPLETE);
    assert_eq!(message, "SignedHeaders must have length less than or equal to 64.");
    let (code, _) = answer(|parts| edit(parts, "/ssm/", &format!("/{}/", "s".repeat(300))));
    assert_eq!(code, INCOMPLETE);
    let (code, _) = answer(|parts| {
        parts.uri = format!("http://localhost:4566/?{}", "a&".repeat(600)).parse().unwrap();
    });
    assert_eq!(code, INCOMPLETE);
}

#[test]
fn codes_and_statuses_follow_the_wire() {
    let rows = [
        (AuthFault::Missing, "MissingAuthenticationToken", 403),
        (AuthFault::Algorithm { got: "x".to_owned() }, "IncompleteSignature", 400),
        (AuthFault::UnknownKey, "InvalidClientTokenId", 403),
        (AuthFault::TokenInvalid, "InvalidClientTokenId", 403),
        (AuthFault::Mismatch, "SignatureDoesNotMatch", 403),
        (AuthFault::TokenExpired, "ExpiredToken", 403),
    ];
    for (fault, code, status) in rows {
        assert_eq!(fault.code(FaultStyle::Query), code);
        assert_eq!(fault.status(FaultStyle::Query), status);
        assert_eq!(fault.status(FaultStyle::Json), 400);
        assert_eq!(fault.status(FaultStyle::Rest), 403);
    }
    assert_eq!(
        told(&AuthFault::UnknownKey),
        (
            "UnrecognizedClientException",
            "The security token included in the request is invalid.".to_owned()
        )
    );
    assert_eq!(
        told(&AuthFault::TokenExpired),
        (
            "ExpiredTokenException",
            "The security token included in the request is expired".to_owned()
        )
    );
}

#[test]
fn debug_output_shows_neither_signature_nor_token() {
    let (mut parts, body) = get_parameter();
    let mut credentials = credentials();
    credentials.session_token = Some("token-of-session".to_owned().into());
    signer(&credentials).sign_request(&mut parts, body).unwrap();
    let request = RequestView::from(&parts);
    let shown = format!("{:?} {:?} {credentials:?}", parse(&request).unwrap(), parts.headers);
    assert!(!shown.contains("token-of-session") && !shown.contains("Signature="), "{shown}");
    assert!(!shown.contains(super::SECRET), "{shown}");
}

fn sha256_hex(bytes: &[u8]) -> String {
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, bytes);
    digest.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

const INCOMPLETE: &str = "IncompleteSignatureException";

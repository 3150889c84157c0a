//! Each answer leaves exactly one record, and a refusal nothing else: over every route.

use std::collections::BTreeMap;
use std::time::Duration;

use coffer_pipeline::road::Route;
use coffer_pipeline::{Access, Answer, Protocol, Received, Signing};
use coffer_protocol::sigv4::Credentials;
use coffer_store::Key;
use serde_json::json;

use crate::estate::Estate;
use crate::input::written;
use crate::matrix::inputs;
use crate::personas::OWNER;
use crate::port::{Hands, NOW, Port, name, root_of, signed, unsigned};

#[tokio::test]
async fn who_does_not_sign_rightly_or_is_denied_changes_nothing_and_leaves_one_record() {
    let estate = Estate::build().await;
    let strangers = Strangers::make(&estate).await;
    let port = &estate.port;
    let mut answers = Answers::begin(port).await;
    for route in port.road.routes().all() {
        let body = written(route, &inputs(&estate, route).0);
        let before = port.rows().await;
        for (kind, request, codes) in strangers.requests(&estate, route, &body) {
            let answer = port.sends(request).await;
            let at = format!("{} {kind}", name(route));
            refused(&answer, route, codes, &at);
            answers.add(at, answer);
        }
        if route.entry.signing == Signing::Optional {
            // Whose input says who calls: nobody is let in who proves nothing by it.
            assert_eq!(name(route), "sts AssumeRoleWithWebIdentity");
            let answer = port.sends(port.received(unsigned(route, &body), &body)).await;
            let code = answer.fault.as_ref().map(|fault| fault.code);
            assert_eq!(code, Some("InvalidIdentityToken"));
            answers.add(format!("{} unsigned", name(route)), answer);
        }
        assert_same(&before, &port.rows().await, &name(route));
        let before = port.rows_besides_uses().await;
        let denied = estate.persona("none");
        let request = port.received(signed(route, &Hands::of(&denied.credentials), &body), &body);
        let answer = port.sends(request).await;
        let at = format!("{} denied", name(route));
        if !needs_no_permission(route) {
            refused(&answer, route, ("AccessDeniedException", "AccessDenied"), &at);
        }
        assert_same(&before, &port.rows_besides_uses().await, &at);
        answers.add(at, answer);
    }
    answers.have_one_record_each(port).await;
}

#[tokio::test]
async fn each_answer_to_root_leaves_one_record_in_the_journal() {
    let estate = Estate::build().await;
    let port = &estate.port;
    let mut routes = port.road.routes().all().to_vec();
    // What takes away comes last, so that the others find what they need.
    routes.sort_by_key(takes_away);
    let mut answers = Answers::begin(port).await;
    let mut unlike = Vec::new();
    for route in &routes {
        let input = inputs(&estate, route).0;
        let before = port.rows_besides_uses().await;
        let answer = port.sends(port.request(&root_of(OWNER), route, &input)).await;
        let at = name(route);
        let told = answer.fault.as_ref().map(|fault| fault.code);
        let expected = REFUSED_TO_ROOT.iter().find(|(known, _)| *known == at);
        if told != expected.map(|(_, code)| *code) {
            let message = answer.fault.as_ref().map(|fault| fault.message.clone());
            unlike.push(format!("{at}: {told:?} {message:?} {input}"));
        }
        if told.is_some() {
            assert_same(&before, &port.rows_besides_uses().await, &at);
        }
        answers.add(at, answer);
    }
    answers.have_one_record_each(port).await;
    assert!(unlike.is_empty(), "{}", unlike.join("\n"));
}

fn takes_away(route: &Route) -> u8 {
    let name = route.entry.name;
    let begins = |words: &[&str]| words.iter().any(|word| name.starts_with(word));
    match route.entry.access {
        Access::Read => 0,
        _ if begins(&["Disable", "Schedule"]) => 4,
        _ if begins(&["Remove", "DeleteResourcePolicy"]) => 2,
        _ if begins(&["Delete"]) => 3,
        Access::Write => 1,
    }
}

/// Compares rows byte by byte.
fn assert_same(before: &Rows, after: &Rows, at: &str) {
    let other = |(key, row): &(&Key, &Vec<u8>)| before.get(*key) != Some(*row);
    let changed: Vec<_> = after.iter().filter(other).map(|(key, _)| key).collect();
    assert!(changed.is_empty(), "{at} changed {changed:?}");
    assert_eq!(before.len(), after.len(), "{at} took rows away");
}

type Rows = BTreeMap<Key, Vec<u8>>;

fn refused(answer: &Answer, route: &Route, codes: (&str, &str), at: &str) {
    let (code, status) = match route.service.protocol {
        Protocol::Json { .. } => (codes.0, 400),
        Protocol::Query { .. } => (codes.1, 403),
        Protocol::RestJson => (codes.0, 403),
    };
    let told = answer.fault.as_ref().map(|fault| (fault.code, &fault.message));
    assert_eq!(told.map(|(code, _)| code), Some(code), "{at}: {told:?}");
    assert_eq!(answer.status, status, "{at}");
}

fn needs_no_permission(route: &Route) -> bool {
    NO_PERMISSION.iter().any(|(known, _)| *known == name(route))
}

/// Answers whose records are to be counted.
struct Answers {
    given: BTreeMap<String, (String, Answer)>,
    earlier: usize,
}

impl Answers {
    async fn begin(port: &Port) -> Self {
        Self { given: BTreeMap::new(), earlier: port.records().await.len() }
    }

    fn add(&mut self, at: String, answer: Answer) {
        self.given.insert(answer.request_id.clone(), (at, answer));
    }

    /// INVARIANT: an answer's record is in the journal, once, and that of a change in its commit as
    /// well; there are no others.
    async fn have_one_record_each(&self, port: &Port) {
        let records = port.records().await;
        assert_eq!(
            records.len(),
            self.earlier + self.given.len(),
            "records of nothing that was asked"
        );
        for (id, (at, answer)) in &self.given {
            let kept = records.get(id).unwrap_or_else(|| panic!("{at} left no record"));
            let places = (kept.in_journal, kept.in_commit);
            let route = answer.route.unwrap();
            let may_be_committed = answer.fault.is_none() && route.entry.access == Access::Write;
            let is_one = places == (1, 0) || (may_be_committed && places == (1, 1));
            assert!(is_one, "{at} left {kept:?}");
            assert_eq!(kept.code.is_some(), answer.fault.is_some(), "{at} left {kept:?}");
            assert!(kept.name.ends_with(&format!(" {}", route.entry.name)), "{at} left {kept:?}");
        }
    }
}

/// All who do not sign as they should.
struct Strangers {
    inactive: Credentials,
    expired: Credentials,
    foreign: Credentials,
}

impl Strangers {
    async fn make(estate: &Estate) -> Self {
        let (port, root) = (&estate.port, root_of(OWNER));
        let user = json!({"UserName": "inactive"});
        port.gets(&root, "iam", "CreateUser", &user).await;
        let inactive = port.gets(&root, "iam", "CreateAccessKey", &user).await.credentials();
        let input = json!({"UserName": "inactive", "AccessKeyId": inactive.access_key_id,
            "Status": "Inactive"});
        port.gets(&root, "iam", "UpdateAccessKey", &input).await;
        let admin = &estate.persona("admin").credentials;
        let short = json!({"DurationSeconds": 900});
        let expired = port.gets(admin, "sts", "GetSessionToken", &short).await.credentials();
        port.road.world().clock.advance(Duration::from_secs(901)).unwrap();
        let session = &estate.persona("sess").credentials;
        let token = estate.persona("fed").credentials.session_token.clone();
        let foreign = Credentials { session_token: token, ..session.clone() };
        Self { inactive, expired, foreign }
    }

    /// A request of each kind, with the code of its refusal in either protocol.
    fn requests(
        &self,
        estate: &Estate,
        route: &Route,
        body: &[u8],
    ) -> Vec<(&'static str, Received, (&'static str, &'static str))> {
        let port = &estate.port;
        let right = Hands::of(&estate.persona("admin").credentials);
        let by = |hands: Hands<'_>| port.received(signed(route, &hands, body), body);
        let wrong_secret = Credentials {
            secret_access_key: "wrong".to_owned().into(),
            ..right.credentials.clone()
        };
        let unknown_key = Credentials {
            access_key_id: "AKIAIOSFODNN7EXAMPLE".to_owned(),
            ..right.credentials.clone()
        };
        let early = NOW.minus(Duration::from_secs(16 * 60));
        let late = NOW.plus(Duration::from_secs(16 * 60));
        // Another body than the one that was signed; it still finds the route.
        let tampered = [body, if body.starts_with(b"{") { b" " } else { b"&" }].concat();
        let tampered = port.received(signed(route, &right, body), &tampered);
        let mut all = vec![
            ("with a wrong secret", by(Hands::of(&wrong_secret)), INVALID),
            ("for another service", by(Hands { service: Some("other"), ..right.clone() }), INVALID),
            ("signed too early", by(Hands { now: early, ..right.clone() }), INVALID),
            ("signed too late", by(Hands { now: late, ..right.clone() }), INVALID),
            ("with a tampered body", tampered, INVALID),
            ("with an unknown key", by(Hands::of(&unknown_key)), UNKNOWN),
            ("with an inactive key", by(Hands::of(&self.inactive)), UNKNOWN),
            ("with a foreign session token", by(Hands::of(&self.foreign)), UNKNOWN),
            ("with an expired session token", by(Hands::of(&self.expired)), EXPIRED),
        ];
        if route.entry.signing == Signing::Required {
            all.push(("unsigned", port.received(unsigned(route, body), body), MISSING));
        }
        all
    }
}

const INVALID: (&str, &str) = ("InvalidSignatureException", "SignatureDoesNotMatch");
const UNKNOWN: (&str, &str) = ("UnrecognizedClientException", "InvalidClientTokenId");
const EXPIRED: (&str, &str) = ("ExpiredTokenException", "ExpiredToken");
const MISSING: (&str, &str) = ("MissingAuthenticationTokenException", "MissingAuthenticationToken");

/// What needs no permission, and why.
const NO_PERMISSION: &[(&str, &str)] = &[
    ("sts GetCallerIdentity", "AWS: no permissions are required, even where a policy denies it"),
    ("sts GetSessionToken", "AWS: no permissions are required of users"),
    ("sts AssumeRoleWithWebIdentity", "the token proves who asks; the role's trust decides"),
];

/// What the root is refused for what there is: no root assumes roles, there is no device that is
/// enabled, no secret that rotates, no second grant to take back, no account to close twice, no token and no key to import.
const REFUSED_TO_ROOT: &[(&str, &str)] = &[
    ("iam DeactivateMFADevice", "NoSuchEntity"),
    ("iam DeleteGroup", "DeleteConflict"),
    ("iam DeletePolicy", "DeleteConflict"),
    ("iam DeleteRole", "DeleteConflict"),
    ("iam DeleteUser", "DeleteConflict"),
    ("iam EnableMFADevice", "InvalidAuthenticationCode"),
    ("iam GetAccountPasswordPolicy", "NoSuchEntity"),
    ("iam GetMFADevice", "NoSuchEntity"),
    ("iam ResyncMFADevice", "NoSuchEntity"),
    ("kms CancelKeyDeletion", "KMSInvalidStateException"),
    ("kms DisableKeyRotation", "DisabledException"),
    ("kms ImportKeyMaterial", "ValidationException"),
    ("kms RevokeGrant", "NotFoundException"),
    ("secretsmanager AssociateCrossAccountReplica", "ResourceNotFoundException"),
    ("secretsmanager CancelRotateSecret", "InvalidRequestException"),
    ("secretsmanager DisassociateCrossAccountReplica", "InvalidRequestException"),
    ("secretsmanager RotateSecret", "InvalidRequestException"),
    ("secretsmanager StopReplicationToReplica", "InvalidParameterException"),
    ("sts AssumeRole", "AccessDenied"),
    ("sts AssumeRoleWithWebIdentity", "InvalidIdentityToken"),
    ("sts DecodeAuthorizationMessage", "InvalidAuthorizationMessageException"),
    ("sts GetAccessKeyInfo", "ValidationError"),
    ("organizations CreateOrganization", "AlreadyInOrganizationException"),
    ("organizations DeleteOrganizationalUnit", "OrganizationalUnitNotEmptyException"),
    ("organizations DescribeCreateAccountStatus", "CreateAccountStatusNotFoundException"),
    ("coffer CloseAccount", "AccountAlreadyClosedException"),
    ("coffer PutIssuerKeys", "InvalidIssuerKeysException"),
    ("coffer DescribeRotation", "ResourceNotFoundException"),
    ("coffer AbortRotation", "ResourceNotFoundException"),
    ("coffer RetryRotation", "ResourceNotFoundException"),
];

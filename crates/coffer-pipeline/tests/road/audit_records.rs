//! A record says who did what, and how it was answered; never what must not be shown.

use std::collections::BTreeMap;
use std::sync::Arc;

use coffer_model::{AccountId, Timestamp};
use coffer_pipeline::audit::{
    AuditDraft, IdentityKind, TlsDetails, UserIdentity, event_id, resource_of, shared_event_id,
};
use coffer_pipeline::identity::{SessionClaims, SessionKind};
use coffer_pipeline::permissions::Permissions;
use coffer_pipeline::{AuditRecord, Caller, CallerKind, RequestContext};
use coffer_protocol::Fault;
use serde_json::{Value, json};

use crate::world::scope;

fn account() -> AccountId {
    "111122223333".parse().unwrap()
}

pub(crate) fn context(caller: Caller, now: i64, request_id: &str) -> RequestContext {
    RequestContext {
        request_id: request_id.to_owned(),
        scope: coffer_pipeline::Scope { account: caller.account, ..scope() },
        caller: Arc::new(caller),
        identity: None,
        permissions: Arc::new(Permissions::unbounded()),
        now: Timestamp::from_millis(now),
        source_ip: "10.0.0.7".into(),
        user_agent: "aws-cli/2 \"quoted\"".to_owned(),
        is_secure: true,
        tls: None,
    }
}

fn claims(kind: SessionKind) -> SessionClaims {
    SessionClaims {
        access_key_id: "ASIAEXAMPLE".to_owned(),
        account: account(),
        kind,
        issued: Timestamp::from_millis(1_795_452_700_000),
        expires: Timestamp::from_millis(1_795_456_300_000),
        mfa_authenticated: None,
        policy: None,
        policy_arns: Vec::new(),
        tags: BTreeMap::new(),
        transitive: Vec::new(),
        source_identity: None,
        federation: BTreeMap::new(),
        is_chained: false,
    }
}

fn caller(kind: CallerKind, arn: &str, user_id: &str, session: Option<SessionClaims>) -> Caller {
    Caller {
        account: account(),
        arn: arn.to_owned(),
        principal_arn: "arn:aws:iam::111122223333:role/deploy".to_owned(),
        user_id: user_id.to_owned(),
        access_key_id: Some("ASIAEXAMPLE".to_owned()),
        kind,
        session: session.map(Arc::new),
        tags: BTreeMap::new(),
    }
}

fn role_session() -> Caller {
    let mut claims = claims(SessionKind::Role {
        role: "deploy".to_owned(),
        role_id: "AROAEXAMPLE".to_owned(),
        session_name: "ci".to_owned(),
    });
    let of = |value: &str| vec![value.to_owned()];
    claims.source_identity = Some("alice".to_owned());
    claims.mfa_authenticated = Some(claims.issued);
    claims.federation = [
        ("aws:federatedprovider".to_owned(), of("arn:aws:iam::1:oidc-provider/t.example.com")),
        ("t.example.com:sub".to_owned(), of("repo:a/b")),
        ("t.example.com:email".to_owned(), of("not told")),
    ]
    .into();
    caller(
        CallerKind::AssumedRole { role_name: "deploy".to_owned() },
        "arn:aws:sts::111122223333:assumed-role/deploy/ci",
        "AROAEXAMPLE:ci",
        Some(claims),
    )
}

fn written(draft: &AuditDraft<'_>) -> AuditRecord {
    let mut bytes = Vec::new();
    draft.write(
        |asked| asked.member("secretId", "a"),
        |answered| answered.member("arn", "arn:x"),
        &mut bytes,
    );
    AuditRecord::from_journal(&bytes).unwrap()
}

fn told(record: &AuditRecord) -> Value {
    serde_json::from_str(&record.to_cloudtrail()).unwrap()
}

#[test]
fn a_record_has_cloudtrails_members_in_cloudtrails_order() {
    let context =
        context(role_session(), 1_795_452_782_271, "300a7f18-9df2-4962-8c9c-896db9cee0e0");
    let arn = "arn:aws:secretsmanager:us-east-1:111122223333:secret:a-AbCdEf";
    let tls = TlsDetails {
        tls_version: "TLSv1.3".to_owned(),
        cipher_suite: "TLS_AES_128_GCM_SHA256".to_owned(),
        client_provided_host_header: "sm.example.com".to_owned(),
    };
    let draft = AuditDraft {
        resources: std::slice::from_ref(&arn),
        tls: Some(&tls),
        additional_event_data: Some(br#"{"a":1}"#),
        ..AuditDraft::of(&context, "secretsmanager", "TagResource")
    };
    let record = written(&draft);
    let text = record.to_cloudtrail();
    let names = [
        "eventVersion",
        "userIdentity",
        "eventTime",
        "eventSource",
        "eventName",
        "awsRegion",
        "sourceIPAddress",
        "userAgent",
        "requestParameters",
        "responseElements",
        "additionalEventData",
        "requestID",
        "eventID",
        "readOnly",
        "resources",
        "eventType",
        "managementEvent",
        "recipientAccountId",
        "eventCategory",
        "tlsDetails",
    ];
    let places: Vec<_> = names.iter().map(|name| text.find(&format!("\"{name}\":"))).collect();
    assert!(places.iter().all(Option::is_some) && places.is_sorted(), "{places:?} {text}");
    let told = told(&record);
    assert_eq!(told["eventVersion"], "1.11");
    assert_eq!(told["eventTime"], "2026-11-23T16:53:02Z");
    assert_eq!(told["userAgent"], "aws-cli/2 \"quoted\"");
    assert_eq!(told["requestParameters"], json!({"secretId": "a"}));
    assert_eq!(told["responseElements"], json!({"arn": "arn:x"}));
    assert_eq!(
        told["resources"],
        json!([{
            "accountId": "111122223333", "type": "AWS::SecretsManager::Secret", "ARN": arn,
        }])
    );
    assert_eq!(told["tlsDetails"]["clientProvidedHostHeader"], "sm.example.com");
}

#[test]
fn a_role_session_says_whose_and_by_whom() {
    let context = context(role_session(), 0, "r");
    let told = told(&written(&AuditDraft::of(&context, "ssm", "GetParameter")));
    assert_eq!(
        told["userIdentity"],
        json!({
            "type": "AssumedRole",
            "principalId": "AROAEXAMPLE:ci",
            "arn": "arn:aws:sts::111122223333:assumed-role/deploy/ci",
            "accountId": "111122223333",
            "accessKeyId": "ASIAEXAMPLE",
            "sessionContext": {
                "sessionIssuer": {
                    "type": "Role",
                    "principalId": "AROAEXAMPLE",
                    "arn": "arn:aws:iam::111122223333:role/deploy",
                    "accountId": "111122223333",
                    "userName": "deploy",
                },
                "webIdFederationData": {
                    "federatedProvider": "arn:aws:iam::1:oidc-provider/t.example.com",
                    "attributes": {"t.example.com:sub": "repo:a/b"},
                },
                "sourceIdentity": "alice",
                "attributes": {"creationDate": "2026-11-23T16:51:40Z", "mfaAuthenticated": "true"},
            },
        })
    );
}

#[test]
fn every_kind_of_caller_has_its_identity() {
    let root = Caller::root(account(), "AKIAEXAMPLE");
    let user = caller(
        CallerKind::User { user_name: "Alice".to_owned() },
        "arn:aws:iam::111122223333:user/Alice",
        "AIDAEXAMPLE",
        Some(claims(SessionKind::User { user: "alice".to_owned(), user_id: "AIDA".to_owned() })),
    );
    let federated = caller(
        CallerKind::FederatedUser,
        "arn:aws:sts::111122223333:federated-user/bob",
        "111122223333:bob",
        Some(claims(SessionKind::Federated {
            name: "bob".to_owned(),
            user: Some("alice".to_owned()),
            user_id: Some("AIDAEXAMPLE".to_owned()),
        })),
    );
    let service = Caller::service(account(), "secretsmanager");
    let anonymous = Caller::anonymous(account());
    let (role, other) = (role_session(), role_session());
    for (identity, kind, lookup_name, members) in [
        (UserIdentity::of(&root), "Root", Some("root"), vec!["accessKeyId", "arn"]),
        (UserIdentity::of(&user), "IAMUser", Some("Alice"), vec!["userName", "sessionContext"]),
        (UserIdentity::of(&federated), "FederatedUser", Some("bob"), vec!["sessionContext"]),
        (UserIdentity::of(&role), "AssumedRole", Some("ci"), vec!["sessionContext"]),
        (UserIdentity::of(&service), "AWSService", None, vec!["invokedBy", "accountId"]),
        (UserIdentity::of(&anonymous), "Unknown", None, vec![]),
        (
            UserIdentity::seen_from_another_account(&other).through("ssm.amazonaws.com"),
            "AWSAccount",
            None,
            vec!["principalId", "accountId", "invokedBy"],
        ),
        (UserIdentity::unproven(Some("AKIA"), None), "Unknown", None, vec!["accessKeyId"]),
    ] {
        assert_eq!(identity.lookup_name(), lookup_name, "{kind}");
        let json = serde_json::to_value(&identity).unwrap();
        assert_eq!(json["type"], kind);
        for member in members {
            assert!(!json[member].is_null(), "{kind} {member}");
        }
        let owned: UserIdentity<'static> = serde_json::from_value(json).unwrap();
        assert_eq!(owned, identity.into_owned());
    }
    assert_eq!(UserIdentity::bare(IdentityKind::WebIdentityUser).lookup_name(), None);
}

#[test]
fn a_refusal_has_its_code_and_message_and_no_answer() {
    let context = context(role_session(), 0, "r");
    let fault = Fault::access_denied("User: x is not authorized");
    let draft = AuditDraft {
        fault: Some(&fault),
        read_only: true,
        ..AuditDraft::of(&context, "kms", "Decrypt")
    };
    let told = told(&written(&draft));
    assert_eq!(told["errorCode"], "AccessDenied");
    assert_eq!(told["errorMessage"], "User: x is not authorized");
    assert_eq!(told["readOnly"], true);
    assert_eq!(told["responseElements"], Value::Null);
    assert_eq!(told["requestParameters"], json!({"secretId": "a"}));
}

#[test]
fn what_is_too_long_is_left_out_and_a_record_stays_within_the_journals_bound() {
    let context = context(role_session(), 0, "r");
    let fault = Fault::validation("ä".repeat(100_000));
    let resources: Vec<String> = (0..32).map(|_| format!("arn:{}", "x".repeat(2000))).collect();
    let resources: Vec<&str> = resources.iter().map(String::as_str).collect();
    let draft = AuditDraft {
        fault: Some(&fault),
        resources: &resources,
        ..AuditDraft::of(&context, "ssm", "PutParameter")
    };
    let mut bytes = Vec::new();
    let long = "\n".repeat(200_000);
    draft.write(|asked| asked.member("policies", &long), |_| (), &mut bytes);
    assert!(bytes.len() < coffer_journal::RECORD_BYTES_MAX, "{}", bytes.len());
    let told = told(&AuditRecord::from_journal(&bytes).unwrap());
    assert_eq!(told["requestParameters"]["omitted"], true);
    assert!(told["requestParameters"]["originalSize"].as_u64().unwrap() > 400_000);
    assert!(told["errorMessage"].as_str().unwrap().len() <= 2048);
    assert!(!told["resources"].as_array().unwrap().is_empty());
}

#[test]
fn the_ids_of_events_follow_from_the_requests_and_differ() {
    let ids: std::collections::BTreeSet<String> = ["a", "b", "Rotation-arn:x-1"]
        .into_iter()
        .flat_map(|id| [event_id(id, 0), event_id(id, 1), shared_event_id(id, 0)])
        .collect();
    assert_eq!(ids.len(), 9);
    assert!(ids.iter().all(|id| id.len() == 36 && id.as_bytes()[14] == b'4'), "{ids:?}");
    assert_eq!(event_id("a", 0), event_id("a", 0));
}

#[test]
fn resources_have_the_types_that_cloudformation_gives_them() {
    for (arn, kind, owner) in [
        ("arn:aws:kms:r-1:111122223333:key/1", Some("AWS::KMS::Key"), true),
        ("arn:aws:ssm:r-1:111122223333:parameter/a", Some("AWS::SSM::Parameter"), true),
        ("arn:aws:iam::111122223333:role/p/n", Some("AWS::IAM::Role"), true),
        ("arn:aws:iam::111122223333:root", None, true),
        ("arn:aws:iam::aws:policy/x", Some("AWS::IAM::Policy"), false),
        ("alias/x", None, false),
    ] {
        let resource = resource_of(arn);
        assert_eq!((resource.kind, resource.account_id.is_some()), (kind, owner), "{arn}");
    }
}

//! STS at work: who may have whose session.

mod port;
mod web_identity;

use std::collections::BTreeMap;

use coffer_pipeline::identity::{MfaDeviceRecord, RoleRecord};
use coffer_pipeline::road::{Decision, decide};
use coffer_pipeline::{Access, Call, RequestContext};
use coffer_protocol::Fault;
use coffer_protocol::sigv4::Credentials;
use coffer_services::sts::encode_authorization_message;
use serde_json::json;

use self::port::{OTHER, OWNER, Port, account, trusting};
use crate::world;

#[tokio::test]
async fn a_role_is_for_who_is_trusted_and_permitted() {
    let port = Port::open();
    let condition = json!({"StringEquals": {"sts:ExternalId": "x-1"}});
    let arn = port.put_role("app", trusting(account(OTHER), condition), &[]).await;
    let ada = port.put_user(OTHER, "ada", &["sts:AssumeRole"]).await;
    let bob = port.put_user(OTHER, "bob", &[]).await;
    let own = port.put_user(OWNER, "eve", &["sts:AssumeRole"]).await;
    let given = port.assume(&ada, &arn, &[("ExternalId", "x-1")]).await;
    let session = given.credentials();
    assert_eq!(given.get("AssumedRoleId"), Some("AROAAPP:s1"));
    let who = port.identity_of(&session).await;
    let session_arn = format!("arn:aws:sts::{OWNER}:assumed-role/app/s1");
    assert_eq!(who.get("Arn"), Some(session_arn.as_str()));
    let key = session.access_key_id.as_str();
    let info = port.call(Some(&own), "GetAccessKeyInfo", &[("AccessKeyId", key)]).await;
    info.is_refused("AccessDenied", "sts:GetAccessKeyInfo");
    let missing = format!("arn:aws:iam::{OWNER}:role/none");
    for (who, arn, more) in [
        (&ada, &arn, &[][..]),
        (&ada, &arn, &[("ExternalId", "x-2")][..]),
        (&bob, &arn, &[("ExternalId", "x-1")][..]),
        (&own, &arn, &[("ExternalId", "x-1")][..]),
        (&ada, &missing, &[("ExternalId", "x-1")][..]),
    ] {
        let refused = port.assume(who, arn, more).await;
        let (_, message) = refused.fault.clone().unwrap();
        assert_eq!(refused.status, 403);
        let end = format!(" is not authorized to perform: sts:AssumeRole on resource: {arn}");
        assert!(message.starts_with("User: arn:aws:iam::") && message.ends_with(&end), "{message}");
    }
    let path = arn.replace(":role/", ":role/x/");
    port.assume(&ada, &path, &[("ExternalId", "x-1")]).await.is_refused("AccessDenied", &path);
    port.assume(&ada, &format!("{arn}:x"), &[]).await.is_refused("AccessDenied", "app:x");
    let user_arn = format!("arn:aws:iam::{OWNER}:user/eve");
    port.assume(&ada, &user_arn, &[]).await.is_refused("ValidationError", "Request ARN is invalid");
    let root = Credentials {
        access_key_id: OWNER.to_owned(),
        secret_access_key: "test".to_owned().into(),
        session_token: None,
    };
    let root = port.assume(&root, &arn, &[]).await;
    root.is_refused("AccessDenied", "Roles may not be assumed by root accounts.");
}

#[tokio::test]
async fn tags_and_source_identity_go_through_chains_of_an_hour() {
    let port = Port::open();
    let first = port.put_role("first", trusting(account(OWNER), json!({})), &["sts:*"]).await;
    let condition = json!({"StringEquals": {"aws:PrincipalTag/team": "a"}});
    let second = port.put_role("second", trusting(account(OWNER), condition), &[]).await;
    let ada = port.put_user(OWNER, "ada", &["sts:*"]).await;
    let tags = [
        ("Tags.member.1.Key", "Team"),
        ("Tags.member.1.Value", "a"),
        ("Tags.member.2.Key", "job"),
        ("Tags.member.2.Value", "7"),
        ("TransitiveTagKeys.member.1", "Team"),
        ("SourceIdentity", "ada"),
        ("DurationSeconds", "7200"),
    ];
    let given = port.assume(&ada, &first, &tags).await;
    assert_eq!(given.get("SourceIdentity"), Some("ada"));
    assert!(given.get("PackedPolicySize").is_some_and(|size| size != "0"));
    let session = given.credentials();
    let chained = port.assume(&session, &second, &[]).await;
    assert_eq!(chained.fault, None);
    assert_eq!(chained.get("SourceIdentity"), Some("ada"));
    for (more, code, part) in [
        (&[("DurationSeconds", "3601")][..], "ValidationError", "1 hour session limit"),
        (&[("SourceIdentity", "bob")], "AccessDenied", "sts:SetSourceIdentity"),
        (&tags[..2], "InvalidParameterValue", "conflicts with a transitive tag key"),
    ] {
        port.assume(&session, &second, more).await.is_refused(code, part);
    }
    let long = port.assume(&ada, &first, &[("DurationSeconds", "7201")]).await;
    long.is_refused("ValidationError", "exceeds the MaxSessionDuration set for this role");
    port.assume(&ada, &second, &[]).await.is_refused("AccessDenied", "sts:AssumeRole");
    let root = port.call(Some(&session), "GetSessionToken", &[]).await;
    root.is_refused("AccessDenied", "Cannot call GetSessionToken with session credentials");
}

#[tokio::test]
async fn session_policies_bound_what_a_session_may_do() {
    let port = Port::open();
    let arn = port.put_role("app", trusting(account(OWNER), json!({})), &["sts:*"]).await;
    let ada = port.put_user(OWNER, "ada", &["sts:*"]).await;
    let allows = |action: &str| {
        json!({"Version": "2012-10-17", "Statement": {
            "Effect": "Allow", "Action": action, "Resource": "*"}})
        .to_string()
    };
    let info = [("AccessKeyId", ada.access_key_id.as_str())];
    for (action, is_allowed) in [("sts:GetAccessKeyInfo", true), ("ssm:*", false)] {
        let policy = allows(action);
        let session = port.assume(&ada, &arn, &[("Policy", policy.as_str())]).await.credentials();
        let told = port.call(Some(&session), "GetAccessKeyInfo", &info).await;
        assert_eq!(told.fault.is_none(), is_allowed, "{action}: {told:?}");
        let form = [("Name", "fed"), ("Policy", policy.as_str())];
        let given = port.call(Some(&ada), "GetFederationToken", &form).await;
        let federated = given.credentials();
        let who = port.identity_of(&federated).await;
        let federated_arn = format!("arn:aws:sts::{OWNER}:federated-user/fed");
        assert_eq!(who.get("Arn"), Some(federated_arn.as_str()));
        let told = port.call(Some(&federated), "GetAccessKeyInfo", &info).await;
        assert_eq!(told.fault.is_none(), is_allowed, "{action}: {told:?}");
        port.assume(&federated, &arn, &[]).await.is_refused("AccessDenied", "sts:AssumeRole");
    }
    let long = allows(&format!("ssm:{}", "x".repeat(2048)));
    for (policy, code) in [
        ("{", "MalformedPolicyDocument"),
        (r#"{"Version":"2012-10-17"}"#, "MalformedPolicyDocument"),
        (long.as_str(), "ValidationError"),
    ] {
        port.assume(&ada, &arn, &[("Policy", policy)]).await.is_refused(code, "");
    }
    let missing = format!("arn:aws:iam::{OWNER}:policy/none");
    let more = [("PolicyArns.member.1.arn", missing.as_str())];
    port.assume(&ada, &arn, &more).await.is_refused("ValidationError", "does not exist");
    let names: Vec<_> = (1..=20).map(|place| format!("Tags.member.{place}")).collect();
    let value = "v".repeat(256);
    let tags: Vec<_> = names
        .iter()
        .flat_map(|name| {
            [(format!("{name}.Key"), name.clone()), (format!("{name}.Value"), value.clone())]
        })
        .collect();
    let tags: Vec<_> = tags.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let refused = port.assume(&ada, &arn, &tags).await;
    refused.is_refused("PackedPolicyTooLarge", "% of allotted space");
}

#[tokio::test]
async fn a_session_ends_with_its_time_and_with_its_role() {
    let port = Port::open();
    let arn = port.put_role("app", trusting(account(OWNER), json!({})), &[]).await;
    let ada = port.put_user(OWNER, "ada", &["sts:*"]).await;
    let session = port.assume(&ada, &arn, &[("DurationSeconds", "900")]).await.credentials();
    port.advance(899);
    assert_eq!(port.identity_of(&session).await.fault, None);
    port.advance(1);
    port.identity_of(&session).await.is_refused("ExpiredToken", "expired");
    let session = port.assume(&ada, &arn, &[]).await.credentials();
    let key = RoleRecord::key_of(OWNER.parse().unwrap(), "app");
    let role = port.road.world().tables.get_fresh::<RoleRecord>(&key).await.unwrap();
    let anew =
        RoleRecord { role_id: "AROANEW".to_owned(), ..RoleRecord::clone(&role.record.unwrap()) };
    port.put(anew).await;
    port.identity_of(&session).await.is_refused("InvalidClientTokenId", "");
    assert_eq!(port.assume(&ada, &arn, &[]).await.fault, None);
}

#[tokio::test]
async fn a_code_of_an_mfa_device_is_proof_once() {
    let port = Port::open();
    let condition = json!({"Bool": {"aws:MultiFactorAuthPresent": "true"}});
    let arn = port.put_role("app", trusting(account(OWNER), condition), &[]).await;
    let ada = port.put_user(OWNER, "ada", &["sts:AssumeRole"]).await;
    let seed = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";
    let device = MfaDeviceRecord {
        account: OWNER.parse().unwrap(),
        path: "/".to_owned(),
        device_name: "phone".to_owned(),
        seed: seed.to_owned().into(),
        user: Some("ada".to_owned()),
        enabled: Some(port.road.world().clock.now()),
        last_step: 0,
        drift: 0,
        tags: BTreeMap::new(),
    };
    let serial = device.arn();
    port.put(device).await;
    let step = u64::try_from(port.now()).unwrap() / 30;
    let codes: Vec<_> =
        [step, step + 1].map(|step| coffer_seal::totp_code(b"12345678901234567890", step)).to_vec();
    port.assume(&ada, &arn, &[]).await.is_refused("AccessDenied", "sts:AssumeRole");
    let with = |code: &str| [("SerialNumber", serial.clone()), ("TokenCode", code.to_owned())];
    let assume = async |code: &str| {
        let form = with(code);
        let form: Vec<_> = form.iter().map(|(name, value)| (*name, value.as_str())).collect();
        port.assume(&ada, &arn, &form).await
    };
    assert_eq!(assume(&codes[0]).await.fault, None);
    assume(&codes[0]).await.is_refused("AccessDenied", "invalid MFA one time pass code");
    let form = with(&codes[1]);
    let form: Vec<_> = form.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let session = port.call(Some(&ada), "GetSessionToken", &form).await.credentials();
    assert_eq!(port.assume(&session, &arn, &[]).await.fault, None);
    let bob = port.put_user(OWNER, "bob", &["sts:AssumeRole"]).await;
    let not_his = port.call(Some(&bob), "GetSessionToken", &form).await;
    not_his.is_refused("AccessDenied", "unable to validate MFA code");
    let half = port.call(Some(&ada), "GetSessionToken", &form[..1]).await;
    half.is_refused("AccessDenied", "must provide both");
    // After some wrong codes none is tried for a minute, not even a right one.
    for _ in 0..5 {
        assume("000000").await.is_refused("AccessDenied", "invalid MFA one time pass code");
    }
    port.advance(30);
    let code = |port: &Port| {
        let step = u64::try_from(port.now()).unwrap() / 30;
        coffer_seal::totp_code(b"12345678901234567890", step + 1)
    };
    assume(&code(&port)).await.is_refused("AccessDenied", "invalid MFA one time pass code");
    port.advance(60);
    assert_eq!(assume(&code(&port)).await.fault, None);
}

#[tokio::test]
async fn sessions_reach_iam_with_proof_of_a_device_only() {
    let port = Port::open();
    let ada = port.put_user(OWNER, "ada", &["iam:*", "sts:*"]).await;
    let arn = port.put_role("app", trusting(account(OWNER), json!({})), &["iam:*"]).await;
    let users = async |who: &Credentials| port.call_iam(who, "ListUsers").await;
    assert_eq!(users(&ada).await.fault, None);
    let role = port.assume(&ada, &arn, &[]).await.credentials();
    assert_eq!(users(&role).await.fault, None);
    let policy = json!({"Version": "2012-10-17", "Statement": {
        "Effect": "Allow", "Action": "*", "Resource": "*"}})
    .to_string();
    let form = [("Name", "fed"), ("Policy", policy.as_str())];
    let federated = port.call(Some(&ada), "GetFederationToken", &form).await.credentials();
    let own = port.call(Some(&ada), "GetSessionToken", &[]).await.credentials();
    for session in [&federated, &own] {
        users(session).await.is_refused("InvalidClientTokenId", "");
        assert_eq!(port.identity_of(session).await.fault, None);
    }
}

/// A refusal with a message about it.
struct Denying(RequestContext);

impl Decision for Denying {
    type Outcome = String;

    fn access(&self) -> Access {
        Access::Read
    }

    fn context(&self) -> &RequestContext {
        &self.0
    }

    fn names(&self) -> (&'static str, &str) {
        ("sts", "Test")
    }

    async fn run(&self, call: &mut Call<'_>) -> Result<String, Fault> {
        let message = json!({"allowed": false, "matchedStatements": "x".repeat(9000)});
        Ok(encode_authorization_message(call, message))
    }
}

#[tokio::test]
async fn a_message_about_a_denial_is_for_its_account_only() {
    let port = Port::open();
    let world = port.road.world();
    let encoded = decide(world, &Denying(world::context(world, "us-east-1"))).await.unwrap();
    assert!(encoded.len() <= 10_240);
    let root = |id: &str| Credentials {
        access_key_id: id.to_owned(),
        secret_access_key: "test".to_owned().into(),
        session_token: None,
    };
    let form = [("EncodedMessage", encoded.as_str())];
    let told = port.call(Some(&root("test")), "DecodeAuthorizationMessage", &form).await;
    assert_eq!(told.get("DecodedMessage"), Some("{&quot;allowed&quot;:false}"));
    let token = port.call(Some(&root(OWNER)), "GetSessionToken", &[]).await;
    let token = [("EncodedMessage", token.get("SessionToken").unwrap())];
    for form in [&form, &token, &[("EncodedMessage", "bm90IG9uZQ")]] {
        let told = port.call(Some(&root(OWNER)), "DecodeAuthorizationMessage", form).await;
        told.is_refused("InvalidAuthorizationMessageException", "Message is not valid");
    }
}

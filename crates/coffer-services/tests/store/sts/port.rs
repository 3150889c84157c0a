//! A server in memory whose STS is called as clients do, with an issuer of tokens beside it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use coffer_model::Sensitive;
use coffer_pipeline::identity::{
    AccessKeyRecord, EntityPermissions, OidcProviderRecord, PolicyDocument, RoleRecord, UserRecord,
};
use coffer_pipeline::job::runner::run_due;
use coffer_pipeline::{
    Answer, NewValue, NotRotated, Outside, Received, Road, RotatorKind, RotatorStep, TlsSession,
    Unreachable,
};
use coffer_protocol::sigv4::{Credentials, Signer};
use coffer_services::{JOBS, SERVICES};
use coffer_store::{Record, Transaction};
use serde_json::{Value, json};

use crate::world::world;

pub(super) const OWNER: &str = "111122223333";
pub(super) const OTHER: &str = "444455556666";
const SECRET: &str = "a-secret-of-forty-characters/for+tests00";
pub(super) const ISSUER: &str = "https://issuer.example/id/7";
pub(super) const URL: &str = "issuer.example/id/7";

/// A server in memory, an issuer beside it, and whatever a test puts there.
pub(super) struct Port {
    pub(super) road: Road,
    pub(super) issuer: Arc<Issuer>,
}

/// An issuer of tokens, as jobs see it.
#[derive(Default)]
pub(super) struct Issuer {
    pub(super) keys: Mutex<Vec<Value>>,
    pub(super) asked: Mutex<usize>,
}

#[async_trait]
impl Outside for Issuer {
    async fn get(&self, url: &str) -> Result<Vec<u8>, Unreachable> {
        *self.asked.lock().unwrap() += 1;
        let keys = self.keys.lock().unwrap().clone();
        if keys.is_empty() {
            return Err(Unreachable("nobody is there".to_owned()));
        }
        let document = match url.strip_prefix(ISSUER) {
            Some("/.well-known/openid-configuration") => {
                json!({"issuer": ISSUER, "jwks_uri": format!("{ISSUER}/keys")})
            }
            Some("/keys") => json!({"keys": keys}),
            _ => return Err(Unreachable(format!("no document at {url}"))),
        };
        Ok(document.to_string().into_bytes())
    }

    async fn rotate(&self, _: RotatorStep) -> Result<Option<NewValue>, NotRotated> {
        Err(Unreachable("it is an issuer".to_owned()).into())
    }

    fn rotator(&self, _: &str) -> Result<RotatorKind, Unreachable> {
        Err(Unreachable("it is an issuer".to_owned()))
    }

    fn check_values(
        &self,
        _: &str,
        _: &Sensitive<String>,
        _: Option<&Sensitive<String>>,
    ) -> Result<(), Unreachable> {
        Err(Unreachable("it is an issuer".to_owned()))
    }

    fn is_plain(&self, _: &str) -> bool {
        false
    }
}

/// A key of the issuer.
pub(super) struct SigningKey {
    kid: &'static str,
    pair: EcdsaKeyPair,
}

impl SigningKey {
    pub(super) fn new(kid: &'static str) -> Self {
        Self { kid, pair: EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap() }
    }

    pub(super) fn public(&self) -> Value {
        let point = self.pair.public_key().as_ref();
        let (x, y) = point[1..].split_at(32);
        let text = |bytes| URL_SAFE_NO_PAD.encode(bytes);
        json!({"kty": "EC", "crv": "P-256", "kid": self.kid, "x": text(x), "y": text(y)})
    }

    pub(super) fn sign(&self, claims: &Value) -> String {
        let head = json!({"alg": "ES256", "kid": self.kid, "typ": "JWT"});
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let signed = format!("{}.{}", part(&head), part(claims));
        let signature = self.pair.sign(&SystemRandom::new(), signed.as_bytes()).unwrap();
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature.as_ref()))
    }
}

impl Port {
    pub(super) fn open() -> Self {
        let issuer = Arc::new(Issuer::default());
        let mut world = world();
        world.outside = issuer.clone();
        Self { road: Road::new(Arc::new(world), SERVICES), issuer }
    }

    pub(super) async fn put<R: Record>(&self, record: R) {
        let tables = &self.road.world().tables;
        let old = tables.get_fresh::<R>(&record.key()).await.unwrap();
        let mut transaction = Transaction::default();
        transaction.put(record, old.record.as_deref());
        tables.commit(transaction).await.unwrap();
    }

    pub(super) async fn put_user(
        &self,
        account: &str,
        name: &str,
        allowed: &[&str],
    ) -> Credentials {
        let user = UserRecord {
            account: account.parse().unwrap(),
            user_name: name.to_owned(),
            user_id: format!("AIDA{}", name.to_uppercase()),
            path: "/".to_owned(),
            created: self.road.world().clock.now(),
            tags: BTreeMap::new(),
            permissions: permissions(allowed),
            groups: BTreeSet::new(),
            access_keys: BTreeSet::new(),
            mfa_devices: BTreeSet::new(),
        };
        let id = format!("AKIA{account}{}", name.to_uppercase());
        let key = AccessKeyRecord::of_user(&id, &user, SECRET.to_owned().into(), user.created);
        self.put(user).await;
        self.put(key).await;
        Credentials {
            access_key_id: id,
            secret_access_key: SECRET.to_owned().into(),
            session_token: None,
        }
    }

    pub(super) async fn put_role(&self, name: &str, trust: Value, allowed: &[&str]) -> String {
        let role = RoleRecord {
            account: OWNER.parse().unwrap(),
            role_name: name.to_owned(),
            role_id: format!("AROA{}", name.to_uppercase()),
            path: "/".to_owned(),
            created: self.road.world().clock.now(),
            description: None,
            session_seconds_max: 7200,
            trust: policy(trust),
            trusted: BTreeMap::new(),
            tags: BTreeMap::new(),
            permissions: permissions(allowed),
            instance_profiles: BTreeSet::new(),
        };
        let arn = role.arn();
        self.put(role).await;
        arn
    }

    pub(super) async fn put_provider(&self) {
        self.put(OidcProviderRecord {
            account: OWNER.parse().unwrap(),
            url: URL.to_owned(),
            client_ids: BTreeSet::from(["sts.amazonaws.com".to_owned()]),
            thumbprints: Vec::new(),
            created: self.road.world().clock.now(),
            tags: BTreeMap::new(),
        })
        .await;
    }

    pub(super) async fn call(
        &self,
        who: Option<&Credentials>,
        action: &str,
        form: &[(&str, &str)],
    ) -> Told {
        let mut body = format!("Action={action}&Version=2011-06-15");
        for (name, value) in form {
            body.push_str(&format!("&{name}={}", escaped(value)));
        }
        self.send(who, "sts", body).await
    }

    pub(super) async fn call_iam(&self, who: &Credentials, action: &str) -> Told {
        self.send(Some(who), "iam", format!("Action={action}&Version=2010-05-08")).await
    }

    async fn send(&self, who: Option<&Credentials>, service: &str, body: String) -> Told {
        let request = http::Request::post("http://localhost/")
            .header("content-type", "application/x-www-form-urlencoded")
            .header("host", "localhost")
            .body(())
            .unwrap();
        let (mut head, ()) = request.into_parts();
        let world = self.road.world();
        let now = world.clock.real_now();
        if let Some(credentials) = who {
            let signer = Signer { credentials, region: "us-east-1", service, now };
            signer.sign_request(&mut head, body.as_bytes()).unwrap();
        }
        let received = Received {
            head,
            body: body.into(),
            source_ip: "127.0.0.1".into(),
            tls: Some(Arc::new(TlsSession {
                version: "TLSv1.3".to_owned(),
                cipher_suite: "TLS_AES_128_GCM_SHA256".to_owned(),
            })),
            now: world.clock.now(),
            real_now: now,
        };
        Told::of(self.road.travel(Box::new(received)).await)
    }

    pub(super) async fn assume(&self, who: &Credentials, arn: &str, more: &[(&str, &str)]) -> Told {
        let form = [&[("RoleArn", arn), ("RoleSessionName", "s1")], more].concat();
        self.call(Some(who), "AssumeRole", &form).await
    }

    pub(super) async fn exchange(&self, token: &str, arn: &str) -> Told {
        let form = [("RoleArn", arn), ("RoleSessionName", "s1"), ("WebIdentityToken", token)];
        self.call(None, "AssumeRoleWithWebIdentity", &form).await
    }

    pub(super) async fn identity_of(&self, who: &Credentials) -> Told {
        self.call(Some(who), "GetCallerIdentity", &[]).await
    }

    pub(super) async fn run_jobs(&self) {
        run_due(self.road.world(), JOBS, 100).await.unwrap();
    }

    pub(super) fn now(&self) -> i64 {
        self.road.world().clock.now().as_secs()
    }

    pub(super) fn advance(&self, seconds: u64) {
        self.road.world().clock.advance(Duration::from_secs(seconds)).unwrap();
    }

    pub(super) fn claims(&self) -> Value {
        json!({
            "iss": ISSUER, "aud": "sts.amazonaws.com", "sub": "repo:a/b:ref:refs/heads/main",
            "repository": "a/b", "iat": self.now(), "exp": self.now() + 300,
        })
    }
}

/// An answer: a fault's code and message, or the text of what was given.
#[derive(Debug)]
pub(super) struct Told {
    pub(super) fault: Option<(String, String)>,
    pub(super) status: u16,
    text: String,
}

impl Told {
    fn of(answer: Answer) -> Self {
        let text = String::from_utf8(answer.body).unwrap();
        let fault = answer.fault.map(|fault| (fault.code.to_owned(), fault.message));
        Self { fault, status: answer.status, text }
    }

    pub(super) fn get(&self, element: &str) -> Option<&str> {
        let (_, rest) = self.text.split_once(&format!("<{element}>"))?;
        rest.split_once(&format!("</{element}>")).map(|(value, _)| value)
    }

    pub(super) fn credentials(&self) -> Credentials {
        assert_eq!(self.fault, None);
        Credentials {
            access_key_id: self.get("AccessKeyId").unwrap().to_owned(),
            secret_access_key: self.get("SecretAccessKey").unwrap().to_owned().into(),
            session_token: self.get("SessionToken").map(|token| token.to_owned().into()),
        }
    }

    pub(super) fn is_refused(&self, code: &str, part: &str) {
        let (found, message) = self.fault.as_ref().unwrap();
        assert_eq!(found, code, "{message}");
        assert!(message.contains(part), "{message}");
    }
}

fn escaped(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

pub(super) fn policy(statement: Value) -> PolicyDocument {
    PolicyDocument::new(json!({"Version": "2012-10-17", "Statement": statement}).to_string())
}

pub(super) fn permissions(allowed: &[&str]) -> EntityPermissions {
    let mut permissions = EntityPermissions::default();
    if !allowed.is_empty() {
        let statement = json!({"Effect": "Allow", "Action": allowed, "Resource": "*"});
        permissions.inline.insert("p".to_owned(), policy(statement));
    }
    permissions
}

pub(super) fn trusting(principal: Value, condition: Value) -> Value {
    json!({
        "Effect": "Allow", "Principal": principal, "Condition": condition,
        "Action": ["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity",
                   "sts:AssumeRoleWithWebIdentity"],
    })
}

pub(super) fn account(id: &str) -> Value {
    json!({"AWS": format!("arn:aws:iam::{id}:root")})
}

pub(super) fn provider() -> Value {
    json!({"Federated": format!("arn:aws:iam::{OWNER}:oidc-provider/{URL}")})
}

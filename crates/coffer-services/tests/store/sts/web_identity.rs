//! Whose tokens are believed, and where the keys to them come from.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::port::{OWNER, Port, SigningKey, URL, provider, trusting};

#[tokio::test]
async fn a_token_is_exchanged_when_its_keys_have_been_fetched() {
    let port = Port::open();
    let key = SigningKey::new("k1");
    port.issuer.keys.lock().unwrap().push(key.public());
    let condition = json!({"StringEquals": {
        format!("{URL}:aud"): "sts.amazonaws.com", format!("{URL}:repository"): "a/b"}});
    let arn = port.put_role("ci", trusting(provider(), condition), &["sts:GetAccessKeyInfo"]).await;
    let token = key.sign(&port.claims());
    let told = port.exchange(&token, &arn).await;
    told.is_refused("InvalidIdentityToken", "No OpenIDConnect provider found in your account for");
    port.put_provider().await;
    let told = port.exchange(&token, &arn).await;
    told.is_refused("IDPCommunicationError", "");
    assert_eq!((told.status, *port.issuer.asked.lock().unwrap()), (400, 0));
    port.run_jobs().await;
    let given = port.exchange(&token, &arn).await;
    let session = given.credentials();
    assert_eq!(given.get("SubjectFromWebIdentityToken"), Some("repo:a/b:ref:refs/heads/main"));
    assert_eq!(given.get("Audience"), Some("sts.amazonaws.com"));
    let provider = format!("arn:aws:iam::{OWNER}:oidc-provider/{URL}");
    assert_eq!(given.get("Provider"), Some(provider.as_str()));
    let info = [("AccessKeyId", session.access_key_id.as_str())];
    assert_eq!(
        port.call(Some(&session), "GetAccessKeyInfo", &info).await.get("Account"),
        Some(OWNER)
    );
    let mut other = port.claims();
    other["repository"] = json!("a/c");
    let told = port.exchange(&key.sign(&other), &arn).await;
    told.is_refused("AccessDenied", "Not authorized to perform sts:AssumeRoleWithWebIdentity");
    assert_eq!(told.status, 403);
    let missing = format!("arn:aws:iam::{OWNER}:role/none");
    let told = port.exchange(&token, &missing).await;
    told.is_refused("AccessDenied", "Not authorized to perform sts:AssumeRoleWithWebIdentity");
}

#[tokio::test]
async fn tokens_that_are_not_in_order_are_refused() {
    let port = Port::open();
    let (key, stranger) = (SigningKey::new("k1"), SigningKey::new("k1"));
    port.issuer.keys.lock().unwrap().push(key.public());
    port.put_provider().await;
    let arn = port.put_role("ci", trusting(provider(), json!({})), &[]).await;
    port.exchange(&key.sign(&port.claims()), &arn).await.is_refused("IDPCommunicationError", "");
    port.run_jobs().await;
    let with = |name: &str, value: Value| {
        let mut claims = port.claims();
        claims[name] = value;
        claims
    };
    for (claims, code, part) in [
        (with("aud", json!("other")), "InvalidIdentityToken", "Incorrect token audience"),
        (with("azp", json!("other")), "InvalidIdentityToken", "Incorrect token audience"),
        (with("exp", json!(port.now() - 61)), "ExpiredTokenException", "must be before the expir"),
        (with("exp", json!("soon")), "InvalidIdentityToken", "exp"),
        (with("nbf", json!(port.now() + 61)), "IDPRejectedClaim", "not valid yet"),
        (with("iat", json!(port.now() + 61)), "IDPRejectedClaim", "not valid yet"),
        (with("sub", json!("")), "InvalidIdentityToken", "sub"),
        (
            with("iss", json!("https://issuer.example/id")),
            "InvalidIdentityToken",
            "No OpenIDConnect",
        ),
        (
            with("iss", json!("http://issuer.example/id/7")),
            "InvalidIdentityToken",
            "No OpenIDConnect",
        ),
        (
            with("https://aws.amazon.com/tags", json!({"principal_tags": 1})),
            "IDPRejectedClaim",
            "tags",
        ),
    ] {
        port.exchange(&key.sign(&claims), &arn).await.is_refused(code, part);
    }
    let in_skew = with("exp", json!(port.now() - 59));
    assert_eq!(port.exchange(&key.sign(&in_skew), &arn).await.fault, None);
    let not_valid = "The ID Token provided is not a valid JWT.";
    let forged = stranger.sign(&port.claims());
    port.exchange(&forged, &arn).await.is_refused("InvalidIdentityToken", not_valid);
    let good = key.sign(&port.claims());
    let parts: Vec<_> = good.split('.').collect();
    let none = URL_SAFE_NO_PAD.encode(r#"{"alg":"none"}"#);
    let secret = URL_SAFE_NO_PAD.encode(r#"{"alg":"HS256","kid":"k1"}"#);
    for token in [
        format!("{none}.{}.", parts[1]),
        format!("{secret}.{}.{}", parts[1], parts[2]),
        format!("{}.{}.", parts[0], parts[1]),
        "an-access-token".to_owned(),
    ] {
        port.exchange(&token, &arn).await.is_refused("InvalidIdentityToken", not_valid);
    }
}

#[tokio::test]
async fn new_keys_are_fetched_when_they_are_met_but_not_for_everybody() {
    let port = Port::open();
    let (old, new) = (SigningKey::new("k1"), SigningKey::new("k2"));
    port.issuer.keys.lock().unwrap().push(old.public());
    port.put_provider().await;
    let arn = port.put_role("ci", trusting(provider(), json!({})), &[]).await;
    let exchange = async |key: &SigningKey| port.exchange(&key.sign(&port.claims()), &arn).await;
    exchange(&old).await.is_refused("IDPCommunicationError", "");
    port.run_jobs().await;
    let asked = || *port.issuer.asked.lock().unwrap();
    assert_eq!(asked(), 2);
    *port.issuer.keys.lock().unwrap() = vec![new.public()];
    exchange(&new).await.is_refused("InvalidIdentityToken", "Couldn't retrieve verification key");
    port.advance(31);
    for _ in 0..3 {
        exchange(&new).await.is_refused("IDPCommunicationError", "");
    }
    port.run_jobs().await;
    assert_eq!(asked(), 4);
    assert_eq!(exchange(&new).await.fault, None);
    port.advance(31);
    exchange(&old).await.is_refused("IDPCommunicationError", "");
    port.run_jobs().await;
    exchange(&old).await.is_refused("InvalidIdentityToken", "Couldn't retrieve verification key");
    // The issuer is asked every hour without being waited for; when it is gone for a day, its keys
    // are not relied on any more.
    port.issuer.keys.lock().unwrap().clear();
    for _ in 0..300 {
        port.advance(300);
        port.run_jobs().await;
    }
    exchange(&new).await.is_refused("InvalidIdentityToken", "Couldn't retrieve verification key");
    *port.issuer.keys.lock().unwrap() = vec![new.public()];
    port.advance(3900);
    port.run_jobs().await;
    assert_eq!(exchange(&new).await.fault, None);
}

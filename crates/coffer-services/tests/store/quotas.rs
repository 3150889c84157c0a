//! AWS's quotas at work, while the clock stands still.

use std::time::Duration;

use serde_json::{Value, json};

use crate::port::Port;
use crate::world::world;

const ACCOUNT: &str = "111122223333";
const THROUGHPUT: &str = "/ssm/parameter-store/high-throughput-enabled";

/// How many requests one by one come before one that is throttled, whatever becomes of them.
async fn admitted(port: &Port, service: &str, requests: &[(&str, Value)]) -> usize {
    for (count, (operation, input)) in requests.iter().cycle().take(CALLS_MAX).enumerate() {
        let answer = port.call(ACCOUNT, service, operation, input).await;
        if answer.is_err_and(|(code, _)| code == "ThrottlingException") {
            return count;
        }
    }
    CALLS_MAX
}

async fn set_throughput(port: &Port, value: &str) {
    let input = json!({"SettingId": THROUGHPUT, "SettingValue": value});
    port.call(ACCOUNT, "ssm", "UpdateServiceSetting", &input).await.unwrap();
}

#[tokio::test]
async fn reads_of_parameters_share_forty_a_second_or_have_more_each() {
    let port = Port::new(world()).with_quotas();
    let one = ("GetParameter", json!({"Name": "p"}));
    let some = ("GetParameters", json!({"Names": ["p"]}));
    let path = ("GetParametersByPath", json!({"Path": "/"}));
    let put = ("PutParameter", json!({"Name": "p", "Value": "v", "Type": "String"}));
    let all = [one.clone(), some.clone(), path.clone()];
    assert_eq!(admitted(&port, "ssm", &all).await, 40);
    assert_eq!(admitted(&port, "ssm", std::slice::from_ref(&put)).await, 3);
    port.world().clock.advance(Duration::from_millis(500)).unwrap();
    assert_eq!(admitted(&port, "ssm", &all).await, 20);
    set_throughput(&port, "true").await;
    assert_eq!(admitted(&port, "ssm", &[path]).await, 100);
    assert_eq!(admitted(&port, "ssm", &[some]).await, 1_000);
    assert_eq!(admitted(&port, "ssm", &[one]).await, CALLS_MAX);
    assert_eq!(admitted(&port, "ssm", std::slice::from_ref(&put)).await, 10);
    set_throughput(&port, "false").await;
    assert_eq!(admitted(&port, "ssm", &all).await, 0);
    assert_eq!(admitted(&port, "ssm", &[("DescribeParameters", json!({}))]).await, CALLS_MAX);
}

#[tokio::test]
async fn cryptographic_operations_count_by_the_kind_of_key() {
    let port = Port::new(world()).with_quotas();
    let key = "1234abcd-12ab-34cd-56ef-1234567890ab";
    let sign = |algorithm: &str| {
        let input = json!({"KeyId": key, "Message": "bQ==", "SigningAlgorithm": algorithm});
        ("Sign", input)
    };
    let seal = |algorithm: &str| {
        let input = json!({"KeyId": key, "Plaintext": "bQ==", "EncryptionAlgorithm": algorithm});
        ("Encrypt", input)
    };
    let rsa = [sign("RSASSA_PSS_SHA_256"), seal("RSAES_OAEP_SHA_256")];
    assert_eq!(admitted(&port, "kms", &rsa).await, 1_000);
    let elliptic = [sign("ECDSA_SHA_256"), sign("ED25519_SHA_512")];
    assert_eq!(admitted(&port, "kms", &elliptic).await, 1_000);
    assert_eq!(admitted(&port, "kms", &[sign("ML_DSA_SHAKE_256")]).await, 1_000);
    let symmetric = [seal("SYMMETRIC_DEFAULT"), ("GenerateRandom", json!({"NumberOfBytes": 1}))];
    assert_eq!(admitted(&port, "kms", &symmetric).await, CALLS_MAX);
}

#[tokio::test]
async fn key_pairs_count_by_what_they_are_made_of() {
    let port = Port::new(world()).with_quotas();
    let key = "1234abcd-12ab-34cd-56ef-1234567890ab";
    let pair = |spec: &str| {
        let input = json!({"KeyId": key, "KeyPairSpec": spec});
        [("GenerateDataKeyPair", input.clone()), ("GenerateDataKeyPairWithoutPlaintext", input)]
    };
    for (spec, count) in
        [("RSA_4096", 1), ("RSA_3072", 4), ("RSA_2048", 20), ("ECC_NIST_P256", 100)]
    {
        assert_eq!(admitted(&port, "kms", &pair(spec)).await, count, "{spec}");
    }
    assert_eq!(admitted(&port, "kms", &pair("ML_KEM_512")).await, CALLS_MAX);
}

#[tokio::test]
async fn operations_of_secrets_share_what_aws_says_they_share() {
    let port = Port::new(world()).with_quotas();
    let id = json!({"SecretId": "s"});
    let changes = [
        ("PutSecretValue", json!({"SecretId": "s", "SecretString": "v"})),
        ("UpdateSecret", id.clone()),
    ];
    assert_eq!(admitted(&port, "secretsmanager", &changes).await, 50);
    assert_eq!(admitted(&port, "secretsmanager", &[("DeleteSecret", id.clone())]).await, 50);
    assert_eq!(admitted(&port, "secretsmanager", &[("GetSecretValue", id)]).await, CALLS_MAX);
}

/// More than any quota that a test uses up.
const CALLS_MAX: usize = 1_200;

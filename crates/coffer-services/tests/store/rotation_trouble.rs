//! Rotations that cannot go on for what is wrong in the server itself: they end all the same.

use std::time::Duration;

use coffer_pipeline::job::runner::ATTEMPTS_MAX;
use serde_json::{Value, json};

use crate::rotation_port::{ROTATOR, Rotating, Trouble, token};

const API_KEY: &str = "arn:aws:coffer:us-east-1:000000000000:rotator/api-key/test";

/// With the secret under a key that it names by an alias, which is gone: its values can be opened, and
/// no new one be sealed.
async fn without_the_alias() -> (Rotating, Value) {
    let rotating = Rotating::new(None).await;
    let made = rotating.ask("kms", "CreateKey", json!({})).await.unwrap();
    let key = made["KeyMetadata"]["KeyId"].clone();
    let alias = json!({"AliasName": "alias/db", "TargetKeyId": key});
    rotating.ask("kms", "CreateAlias", alias.clone()).await.unwrap();
    let update = json!({"SecretId": "db", "KmsKeyId": "alias/db", "ClientRequestToken": token(6)});
    rotating.must("UpdateSecret", update).await;
    rotating.ask("kms", "DeleteAlias", json!({"AliasName": "alias/db"})).await.unwrap();
    (rotating, alias)
}

#[tokio::test]
async fn a_value_that_cannot_be_sealed_fails_the_attempt_and_names_what_is_left() {
    for rotator in [ROTATOR, API_KEY] {
        let (rotating, alias) = without_the_alias().await;
        rotating.rotate(1, json!({"RotationLambdaARN": rotator})).await.unwrap();
        rotating.work().await;
        let state = rotating.state().await;
        assert_eq!(state["State"], json!("WAITING"), "{state}");
        let why = state["LastFailure"].as_str().unwrap();
        assert!(why.contains("can't encrypt"), "{why}");
        let left = format!("Nothing uses what {} made", token(1));
        assert_eq!(why.contains(&left), rotator == API_KEY, "{why}");
        assert_eq!(rotating.told().await, ["RotationStarted", "RotationFailed"]);
        rotating.ask("kms", "CreateAlias", alias).await.unwrap();
        rotating.advance(Duration::from_secs(31));
        rotating.work().await;
        assert_eq!(rotating.state().await["State"], json!("IDLE"));
    }
}

#[tokio::test]
async fn a_test_whose_version_cannot_be_sealed_fails() {
    let (rotating, _) = without_the_alias().await;
    rotating.rotate(1, json!({"RotateImmediately": false})).await.unwrap();
    rotating.work().await;
    assert_eq!(rotating.told().await, ["TestRotationStarted", "TestRotationFailed"]);
    let described = rotating.describe().await;
    assert_eq!(described["VersionIdsToStages"].as_object().unwrap().len(), 1, "{described}");
}

#[tokio::test]
async fn a_rotation_whose_every_attempt_ends_in_a_panic_is_given_up() {
    let rotating = Rotating::new(None).await;
    let attempts = usize::try_from(ATTEMPTS_MAX).unwrap();
    let trouble = vec![("testSecret", Trouble::Panics); attempts];
    rotating.database.trouble.lock().unwrap().extend(trouble);
    rotating.rotate(1, json!({})).await.unwrap();
    for _ in 0..ATTEMPTS_MAX {
        assert_eq!(rotating.told().await, ["RotationStarted"]);
        rotating.work().await;
        rotating.advance(Duration::from_secs(3600));
    }
    assert!(rotating.database.trouble.lock().unwrap().is_empty());
    assert_eq!(rotating.told().await, ["RotationStarted", "RotationFailed"]);
    assert_eq!(rotating.state().await["State"], json!("FAILED"));
    // It can be taken up again.
    rotating.rotate(2, json!({})).await.unwrap_err();
    rotating.work().await;
    rotating.assert_rotated(1).await;
}

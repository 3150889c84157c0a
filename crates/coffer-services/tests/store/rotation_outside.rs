//! Rotations that make something outside, which must neither be made twice nor be forgotten.

use std::time::Duration;

use serde_json::{Value, json};

use crate::rotation_port::{Rotating, Trouble, token};

const API_KEY: &str = "arn:aws:coffer:us-east-1:000000000000:rotator/api-key/test";
const STEPS: [&str; 4] = ["createSecret", "setSecret", "testSecret", "finishSecret"];

async fn rotate(rotating: &Rotating, number: u32) {
    rotating.rotate(number, json!({"RotationLambdaARN": API_KEY})).await.unwrap();
}

async fn state(rotating: &Rotating) -> Value {
    let input = json!({"SecretId": "db"});
    rotating.ask("coffer", "DescribeRotation", input).await.unwrap()["Rotation"].clone()
}

fn asked(rotating: &Rotating) -> Vec<&'static str> {
    std::mem::take(&mut *rotating.database.asked.lock().unwrap())
}

#[tokio::test]
async fn what_is_left_to_do_is_done_before_the_new_value_is_current() {
    let rotating = Rotating::new(None).await;
    for number in 1..=3 {
        rotate(&rotating, number).await;
        rotating.work().await;
        let described = rotating.describe().await;
        assert_eq!(described["VersionIdsToStages"][token(number)], json!(["AWSCURRENT"]));
        assert_eq!(asked(&rotating), STEPS);
    }
    let finished = rotating.database.finished.lock().unwrap().clone();
    let [(None, false), (Some(first), false), (Some(second), true)] = finished.as_slice() else {
        panic!("{finished:?}");
    };
    // The value before the one that was current; only the first one was put by hand.
    assert_eq!(first, "first");
    assert_eq!(Some(second.as_str()), rotating.version(1).await.as_deref());
}

#[tokio::test]
async fn what_another_rotator_made_was_not_made_by_this_one() {
    let rotating = Rotating::new(None).await;
    for number in 1..=2 {
        rotating.rotate(number, json!({})).await.unwrap();
        rotating.work().await;
    }
    rotate(&rotating, 3).await;
    rotating.work().await;
    let finished = rotating.database.finished.lock().unwrap().clone();
    assert!(matches!(finished.as_slice(), [(Some(_), false)]), "{finished:?}");
}

#[tokio::test]
async fn an_attempt_that_was_cut_off_while_it_made_something_is_told_of() {
    for trouble in [Trouble::HangsAfter, Trouble::HangsBefore] {
        let rotating = Rotating::new(None).await;
        rotating.database.trouble.lock().unwrap().push(("createSecret", trouble));
        rotate(&rotating, 1).await;
        rotating.work_and_crash().await;
        rotating.work().await;
        let failed = state(&rotating).await;
        let why = failed["LastFailure"].as_str().unwrap();
        assert!(why.contains(&token(1)) && why.contains("cut off"), "{why}");
        assert_eq!(failed["State"], json!("WAITING"));
        assert_eq!(rotating.password("AWSCURRENT").await.as_deref(), Some("first"));
        assert_eq!(asked(&rotating), ["createSecret"], "nothing is made unnoticed");
        rotating.advance(Duration::from_secs(31));
        rotating.work().await;
        assert_eq!(state(&rotating).await["State"], json!("IDLE"));
        assert_eq!(asked(&rotating), STEPS);
    }
}

#[tokio::test]
async fn what_was_made_for_nothing_is_not_made_again_and_again() {
    let rotating = Rotating::new(None).await;
    rotating.database.trouble.lock().unwrap().push(("createSecret", Trouble::Wastes));
    rotate(&rotating, 1).await;
    for _ in 0..20 {
        rotating.work().await;
        rotating.advance(Duration::from_secs(3600));
    }
    assert_eq!(asked(&rotating), ["createSecret"]);
    let failed = state(&rotating).await;
    assert_eq!(failed["State"], json!("FAILED"));
    assert_eq!(failed["FailedAttempts"], json!(1), "{failed}");
    assert!(failed["LastFailure"].as_str().unwrap().contains("nobody can use"));
    // The operator has seen to it.
    rotating.ask("coffer", "RetryRotation", json!({"SecretId": "db"})).await.unwrap();
    rotating.work().await;
    assert_eq!(asked(&rotating), STEPS);
    assert_eq!(state(&rotating).await["State"], json!("IDLE"));
}

#[tokio::test]
async fn what_was_made_and_kept_is_made_once_whatever_fails_later() {
    for step in ["setSecret", "testSecret", "finishSecret"] {
        for trouble in [Trouble::Refuses, Trouble::HangsAfter] {
            let rotating = Rotating::new(None).await;
            rotating.database.trouble.lock().unwrap().push((step, trouble));
            rotate(&rotating, 1).await;
            match trouble {
                Trouble::HangsAfter => rotating.work_and_crash().await,
                _ => rotating.work().await,
            }
            assert_eq!(rotating.password("AWSCURRENT").await.as_deref(), Some("first"));
            rotating.advance(Duration::from_secs(31));
            rotating.work().await;
            assert_eq!(state(&rotating).await["State"], json!("IDLE"), "{step}");
            let asked = asked(&rotating);
            assert_eq!(asked.iter().filter(|it| **it == "createSecret").count(), 1, "{asked:?}");
            assert!(!rotating.database.finished.lock().unwrap().is_empty());
        }
    }
}

#[tokio::test]
async fn a_test_makes_and_finishes_nothing() {
    let rotating = Rotating::new(None).await;
    let only = json!({"RotationLambdaARN": API_KEY, "RotateImmediately": false});
    rotating.rotate(1, only).await.unwrap();
    rotating.work().await;
    assert_eq!(asked(&rotating), ["testSecret"]);
    assert_eq!(rotating.password("AWSCURRENT").await.as_deref(), Some("first"));
}

#[tokio::test]
async fn a_value_that_the_rotator_cannot_use_is_refused_and_changes_nothing() {
    let rotating = Rotating::new(None).await;
    let value = json!({"SecretId": "db", "SecretString": "{}", "ClientRequestToken": token(9)});
    rotating.must("PutSecretValue", value).await;
    let refused = rotating.rotate(1, json!({})).await.unwrap_err();
    assert_eq!(refused.0, "InvalidRequestException");
    assert!(refused.1.ends_with("The secret can't be rotated: there is no password."));
    assert_eq!(rotating.describe().await.get("RotationLambdaARN"), None);
    assert!(asked(&rotating).is_empty());
}

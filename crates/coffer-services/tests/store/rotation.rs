//! Rotations, through every turn that they can take.

use std::sync::Arc;
use std::time::Duration;

use coffer_pipeline::job::runner::{ClaimedErrand, Errands, Sent, run_due_beside};
use coffer_services::JOBS;
use coffer_store::Faults;
use serde_json::{Value, json};

use crate::rotation_port::{ACCOUNT, Rotating, Trouble, stages, token};

const ALTERNATING: &str =
    "arn:aws:coffer:us-east-1:000000000000:rotator/postgresql-alternating-users";
const OTHER: &str = "111122223333";
const STEPS: [&str; 3] = ["createSecret", "setSecret", "testSecret"];

/// When the secret last rotated, in whole seconds.
async fn rotated_at(rotating: &Rotating) -> Option<i64> {
    let date = rotating.describe().await["LastRotatedDate"].as_f64()?;
    Some(Duration::from_secs_f64(date).as_secs().try_into().unwrap())
}

#[tokio::test]
async fn a_rotation_goes_through_its_steps_and_ends_with_a_new_current_version() {
    let rotating = Rotating::new(None).await;
    let answer = rotating.rotate(1, json!({})).await.unwrap();
    assert_eq!(answer["VersionId"], json!(token(1)));
    // Before it begins there is a version without a value (AWS: moto#8403).
    let described = rotating.describe().await;
    assert_eq!(described["RotationEnabled"], json!(true));
    assert_eq!(stages(&described, 1), json!(["AWSPENDING"]));
    let pending = json!({"SecretId": "db", "VersionStage": "AWSPENDING"});
    let (code, _) = rotating.call("GetSecretValue", pending).await.unwrap_err();
    assert_eq!(code, "ResourceNotFoundException");
    assert_eq!(described.get("LastRotatedDate"), None);

    rotating.work().await;
    rotating.assert_rotated(1).await;
    assert_eq!(*rotating.database.asked.lock().unwrap(), STEPS);
    assert_eq!(rotating.password("AWSPREVIOUS").await.as_deref(), Some("first"));
    let described = rotating.describe().await;
    assert!(described["LastRotatedDate"].is_number());
    assert_eq!(rotating.told().await, ["RotationStarted", "RotationSucceeded"]);

    // The same request again is answered as before, and rotates nothing.
    rotating.rotate(1, json!({})).await.unwrap();
    rotating.work().await;
    assert_eq!(rotating.database.asked.lock().unwrap().len(), 3);
}

#[tokio::test]
async fn a_crash_at_any_step_ends_in_one_rotation_that_is_whole() {
    for trouble in [Trouble::HangsBefore, Trouble::HangsAfter] {
        for step in STEPS {
            let rotating = Rotating::new(None).await;
            rotating.database.trouble.lock().unwrap().push((step, trouble));
            rotating.rotate(1, json!({})).await.unwrap();
            rotating.work_and_crash().await;
            // Meanwhile whoever reads has what opens the database, or opened it until just now.
            assert_eq!(rotating.password("AWSCURRENT").await.as_deref(), Some("first"));
            rotating.work().await;
            rotating.assert_rotated(1).await;
            assert_eq!(rotating.told().await, ["RotationStarted", "RotationSucceeded"]);
        }
    }
}

#[tokio::test]
async fn a_step_that_fails_is_told_and_tried_again_from_the_beginning() {
    for (step, trouble) in
        STEPS.iter().flat_map(|step| [(*step, Trouble::Refuses), (*step, Trouble::Panics)])
    {
        let rotating = Rotating::new(None).await;
        rotating.database.trouble.lock().unwrap().push((step, trouble));
        rotating.rotate(1, json!({})).await.unwrap();
        rotating.work().await;
        assert_eq!(rotating.password("AWSCURRENT").await.as_deref(), Some("first"), "{step}");
        assert_eq!(stages(&rotating.describe().await, 1), json!(["AWSPENDING"]));
        // AWS's own words for it; the rotation that is at work is promised to go on.
        let (code, message) = rotating.rotate(2, json!({})).await.unwrap_err();
        assert_eq!(code, "InvalidRequestException");
        assert!(message.contains("A previous rotation isn't complete."), "{message}");
        rotating.work().await;
        rotating.advance(Duration::from_secs(31));
        rotating.work().await;
        rotating.assert_rotated(1).await;
        let failures = match trouble {
            Trouble::Refuses => 1,
            // A job that panics is the runner's trouble, not the rotation's.
            _ => 0,
        };
        let told = rotating.told().await;
        assert_eq!(told.iter().filter(|name| *name == "RotationFailed").count(), failures);
        assert_eq!(told.iter().filter(|name| *name == "RotationStarted").count(), 1);
        let events = rotating.events().await;
        let failed = events.iter().find(|it| it["detail"]["eventName"] == "RotationFailed");
        if let Some(failed) = failed {
            let (message, rotator) = (&failed["detail"]["errorMessage"], &rotating.rotator);
            let said = format!("Error when rotator {rotator} executed the {step} step");
            assert_eq!(*message, json!(said));
            let reason = &failed["detail"]["additionalEventData"]["Reason"];
            assert_eq!(*reason, json!(format!("{step} was refused")));
        }
    }
}

#[tokio::test]
async fn a_database_that_is_down_for_long_is_given_up_and_taken_up_again() {
    let rotating = Rotating::new(None).await;
    let down = vec![("setSecret", Trouble::Refuses); 18];
    *rotating.database.trouble.lock().unwrap() = down;
    rotating.rotate(1, json!({})).await.unwrap();
    for _ in 0..18 {
        rotating.work().await;
        rotating.advance(Duration::from_secs(3600));
    }
    rotating.work().await;
    let asked = rotating.database.asked.lock().unwrap().len();
    rotating.advance(Duration::from_secs(24 * 3600));
    rotating.work().await;
    assert_eq!(rotating.database.asked.lock().unwrap().len(), asked, "it was given up");
    let described = rotating.describe().await;
    assert_eq!(stages(&described, 0), json!(["AWSCURRENT"]));
    assert_eq!(stages(&described, 1), json!(["AWSPENDING"]));
    // The label that was left behind heals: the refusal has the rotation go on.
    let (_, message) = rotating.rotate(2, json!({})).await.unwrap_err();
    assert!(message.contains("That rotation will be reattempted."), "{message}");
    rotating.work().await;
    rotating.assert_rotated(1).await;
    let told = rotating.told().await;
    assert_eq!(told.iter().filter(|name| *name == "RotationFailed").count(), 18);
}

#[tokio::test]
async fn a_value_that_is_put_by_hand_abandons_the_rotation() {
    let rotating = Rotating::new(None).await;
    rotating.database.trouble.lock().unwrap().push(("setSecret", Trouble::Refuses));
    rotating.rotate(1, json!({})).await.unwrap();
    rotating.work().await;
    let value = json!({"username": "app", "password": "by hand"}).to_string();
    rotating
        .must(
            "PutSecretValue",
            json!({
                "SecretId": "db", "SecretString": value, "ClientRequestToken": token(7),
            }),
        )
        .await;
    rotating.advance(Duration::from_secs(31));
    rotating.work().await;
    let described = rotating.describe().await;
    assert_eq!(stages(&described, 7), json!(["AWSCURRENT"]));
    assert_eq!(stages(&described, 1), Value::Null, "{described}");
    let told = rotating.told().await;
    assert_eq!(told, ["RotationStarted", "RotationFailed", "RotationAbandoned"]);
    // And there can be another one, by whoever sees to it that the password is the right one.
    *rotating.database.password.lock().unwrap() = "by hand".to_owned();
    rotating.rotate(2, json!({})).await.unwrap();
    rotating.work().await;
    rotating.assert_rotated(2).await;
}

#[tokio::test]
async fn a_rotation_that_is_cancelled_or_whose_secret_is_deleted_does_no_further_step() {
    for operation in ["CancelRotateSecret", "DeleteSecret"] {
        let rotating = Rotating::new(None).await;
        rotating.database.trouble.lock().unwrap().push(("setSecret", Trouble::Refuses));
        rotating.rotate(1, json!({})).await.unwrap();
        rotating.work().await;
        let answer = rotating.must(operation, json!({"SecretId": "db"})).await;
        if operation == "CancelRotateSecret" {
            assert_eq!(answer["VersionId"], json!(token(1)));
        }
        let asked = rotating.database.asked.lock().unwrap().len();
        rotating.advance(Duration::from_secs(3600));
        rotating.work().await;
        assert_eq!(rotating.database.asked.lock().unwrap().len(), asked);
        assert_eq!(*rotating.database.password.lock().unwrap(), "first");
    }
}

#[tokio::test]
async fn what_cancelling_left_unfinished_is_shown_and_goes_on_when_a_rotation_is_asked_for() {
    let rotating = Rotating::new(None).await;
    rotating.database.trouble.lock().unwrap().push(("setSecret", Trouble::Refuses));
    rotating.rotate(1, json!({})).await.unwrap();
    rotating.work().await;
    rotating.must("CancelRotateSecret", json!({"SecretId": "db"})).await;
    let state = rotating.state().await;
    assert_eq!((&state["State"], &state["VersionId"]), (&json!("FAILED"), &json!(token(1))));
    let (_, message) = rotating.rotate(2, json!({})).await.unwrap_err();
    assert!(message.contains("That rotation will be reattempted."), "{message}");
    rotating.work().await;
    rotating.assert_rotated(1).await;
    let state = rotating.state().await;
    assert_eq!((&state["State"], &state["Enabled"]), (&json!("IDLE"), &json!(false)));

    // One that was stopped before anything had failed.
    rotating.rotate(3, json!({})).await.unwrap();
    rotating.must("CancelRotateSecret", json!({"SecretId": "db"})).await;
    rotating.work().await;
    let state = rotating.state().await;
    assert_eq!((&state["State"], &state["VersionId"]), (&json!("UNFINISHED"), &json!(token(3))));
    rotating.rotate(4, json!({})).await.unwrap_err();
    rotating.work().await;
    rotating.assert_rotated(3).await;
}

#[tokio::test]
async fn what_is_not_to_rotate_at_once_is_tested_with_a_version_that_goes_again() {
    let rotating = Rotating::new(None).await;
    let rules = json!({
        "RotateImmediately": false,
        "RotationRules": {"AutomaticallyAfterDays": 30},
    });
    rotating.rotate(1, rules).await.unwrap();
    rotating.work().await;
    assert_eq!(*rotating.database.asked.lock().unwrap(), ["testSecret"]);
    let described = rotating.describe().await;
    assert_eq!(described["VersionIdsToStages"], json!({token(0): ["AWSCURRENT"]}));
    assert!(described["NextRotationDate"].is_number());
    assert_eq!(described.get("LastRotatedDate"), None);
    assert_eq!(rotating.told().await, ["TestRotationStarted", "TestRotationSucceeded"]);
    assert_eq!(rotating.password("AWSCURRENT").await.as_deref(), Some("first"));

    *rotating.database.password.lock().unwrap() = "another".to_owned();
    rotating.rotate(2, json!({"RotateImmediately": false})).await.unwrap();
    rotating.work().await;
    let told = rotating.told().await;
    assert_eq!(told.last().map(String::as_str), Some("TestRotationFailed"));
    let described = rotating.describe().await;
    assert_eq!(described["VersionIdsToStages"], json!({token(0): ["AWSCURRENT"]}));
}

#[tokio::test]
async fn schedules_rotate_when_their_windows_open() {
    let rotating = Rotating::new(None).await;
    rotating.go_to("2027-02-20T10:30:00Z");
    let rules = json!({"RotationRules": {
        "ScheduleExpression": "cron(0 4 L * ? *)", "Duration": "2h",
    }});
    rotating.rotate(1, rules).await.unwrap();
    rotating.work().await;
    // By hand, with a calendar; 2028 is a leap year.
    for (before, opens) in [
        ("2027-02-28T03:59:59Z", "2027-02-28T04:00:00Z"),
        ("2027-03-31T03:59:59Z", "2027-03-31T04:00:00Z"),
        ("2027-04-30T03:59:59Z", "2027-04-30T04:00:00Z"),
        ("2027-05-31T03:59:59Z", "2027-05-31T05:59:59Z"),
    ] {
        rotating.go_to(before);
        let last = rotating.describe().await["LastRotatedDate"].clone();
        rotating.work().await;
        assert_eq!(rotating.describe().await["LastRotatedDate"], last, "{before} is too early");
        rotating.go_to(opens);
        rotating.work().await;
        let now = rotating.now().as_millis() / 1000;
        assert_eq!(rotated_at(&rotating).await, Some(now));
    }
    // A window that passed while nothing ran is not made up for where hours were asked for.
    rotating.go_to("2027-06-30T06:00:00Z");
    let last = rotating.describe().await["LastRotatedDate"].clone();
    rotating.work().await;
    assert_eq!(rotating.describe().await["LastRotatedDate"], last);
    rotating.go_to("2028-02-29T03:59:59Z");
    rotating.work().await;
    rotating.go_to("2028-02-29T04:00:00Z");
    rotating.work().await;
    assert_eq!(rotated_at(&rotating).await, Some(1_835_409_600));
}

#[tokio::test]
async fn a_rotation_stops_trying_when_its_window_closes() {
    let rotating = Rotating::new(None).await;
    rotating.go_to("2027-03-01T10:30:00Z");
    let rules = json!({
        "RotateImmediately": false,
        "RotationRules": {"ScheduleExpression": "rate(1 day)", "Duration": "1h"},
    });
    rotating.rotate(1, rules).await.unwrap();
    rotating.work().await;
    *rotating.database.trouble.lock().unwrap() = vec![("setSecret", Trouble::Refuses); 99];
    rotating.go_to("2027-03-02T00:00:00Z");
    for _ in 0..24 * 60 - 1 {
        rotating.work().await;
        rotating.advance(Duration::from_secs(60));
    }
    // 30 s, 1, 2, 4, 8, 16 minutes after one another; the next one would be behind the hour.
    let asked = rotating.database.asked.lock().unwrap().clone();
    assert_eq!(asked.iter().filter(|step| **step == "setSecret").count(), 7);
    assert_eq!(rotating.password("AWSCURRENT").await.as_deref(), Some("first"));
    rotating.database.trouble.lock().unwrap().clear();
    rotating.go_to("2027-03-03T00:00:00Z");
    rotating.work().await;
    let current = rotating.password("AWSCURRENT").await.unwrap();
    assert_eq!(current, *rotating.database.password.lock().unwrap());
    assert_ne!(current, "first");
}

#[tokio::test]
async fn commits_that_conflict_or_end_in_doubt_rotate_once() {
    let faults = Faults {
        conflicts_per_mille: 100,
        unknowns_per_mille: 100,
        unavailable_per_mille: 50,
        yields_max: 2,
    };
    for seed in 0..40 {
        let rotating = Rotating::new(Some((seed, faults))).await;
        rotating.rotate(1, json!({})).await.unwrap();
        for _ in 0..200 {
            rotating.work().await;
            rotating.advance(Duration::from_secs(5));
        }
        rotating.assert_rotated(1).await;
        assert_eq!(rotating.told().await, ["RotationStarted", "RotationSucceeded"], "seed {seed}");
    }
}

#[tokio::test]
async fn what_names_no_rotator_is_refused_and_changes_nothing() {
    let rotating = Rotating::new(None).await;
    for arn in [
        "arn:aws:coffer:us-east-1:000000000000:rotator/oracle-single-user",
        "arn:aws:coffer:eu-west-1:000000000000:rotator/postgresql-single-user",
        "arn:aws:coffer:us-east-1:111122223333:rotator/postgresql-single-user",
        "arn:aws-cn:coffer:us-east-1:000000000000:rotator/postgresql-single-user",
        "arn:aws-cn:lambda:us-east-1:000000000000:function:rotate",
        "arn:aws:s3:us-east-1:000000000000:rotator/postgresql-single-user",
        "postgresql-single-user-rotator",
    ] {
        let refused = rotating.rotate(1, json!({"RotationLambdaARN": arn})).await.unwrap_err();
        assert_eq!(refused.0, "InvalidParameterException", "{arn}");
    }
    rotating.work().await;
    let described = rotating.describe().await;
    assert_eq!(described.get("RotationLambdaARN"), None);
    assert_eq!(described["VersionIdsToStages"], json!({token(0): ["AWSCURRENT"]}));
}

#[tokio::test]
async fn a_rotation_for_which_there_is_no_room_waits_and_holds_up_nobody() {
    let rotating = Rotating::new(None).await;
    rotating.rotate(1, json!({})).await.unwrap();
    rotating
        .must(
            "CreateSecret",
            json!({"Name": "old", "SecretString": "v", "ClientRequestToken": token(8)}),
        )
        .await;
    let parting = json!({"SecretId": "old", "RecoveryWindowInDays": 7});
    rotating.must("DeleteSecret", parting).await;
    rotating.advance(Duration::from_secs(8 * 24 * 3600));
    let world = rotating.port.world();
    let none = Arc::new(Errands::new(0));
    let send = |_: ClaimedErrand| -> Sent<'_> { panic!("there is no room") };
    let (done, _) = run_due_beside(world, JOBS, 100, &none, &send).await.unwrap();
    assert_eq!(done, 1, "the secret's end");
    assert!(rotating.call("DescribeSecret", json!({"SecretId": "old"})).await.is_err());
    assert_eq!(*rotating.database.asked.lock().unwrap(), [""; 0]);
    rotating.work().await;
    rotating.assert_rotated(1).await;
}

#[tokio::test]
async fn whoever_has_a_superuser_used_must_be_allowed_to_open_that_ones_value() {
    let rotating = Rotating::new(None).await;
    let other = async |service, operation, input| {
        rotating.port.call(OTHER, service, operation, &input).await.unwrap()
    };
    let shared = |action: &str| {
        json!({"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Principal": {"AWS": OTHER}, "Action": "*", "Resource": "*"},
            {"Effect": "Allow", "Principal": {"AWS": ACCOUNT}, "Action": action, "Resource": "*"},
        ]})
        .to_string()
    };
    let key = other("kms", "CreateKey", json!({})).await["KeyMetadata"]["Arn"].clone();
    let superuser = json!({"Name": "super", "SecretString": "{}", "KmsKeyId": key,
        "ClientRequestToken": token(7)});
    let arn = other("secretsmanager", "CreateSecret", superuser).await["ARN"].clone();
    let read = shared("secretsmanager:GetSecretValue");
    let policy = json!({"SecretId": "super", "ResourcePolicy": read});
    other("secretsmanager", "PutResourcePolicy", policy).await;
    let value = json!({"username": "app", "password": "first", "masterarn": arn}).to_string();
    let put = json!({"SecretId": "db", "SecretString": value, "ClientRequestToken": token(8)});
    rotating.must("PutSecretValue", put).await;
    let alternating = || json!({"RotationLambdaARN": ALTERNATING});
    let refused = rotating.rotate(1, alternating()).await.unwrap_err();
    assert_eq!(refused.0, "AccessDeniedException", "{refused:?}");
    let policy = json!({"KeyId": key, "Policy": shared("kms:Decrypt")});
    other("kms", "PutKeyPolicy", policy).await;
    rotating.rotate(1, alternating()).await.unwrap();
    rotating.work().await;
    rotating.assert_rotated(1).await;
    // What cannot be opened at all is refused by an error that RotateSecret has.
    other("kms", "DisableKey", json!({"KeyId": key})).await;
    let refused = rotating.rotate(2, alternating()).await.unwrap_err();
    assert_eq!(refused.0, "InvalidRequestException", "{refused:?}");
}

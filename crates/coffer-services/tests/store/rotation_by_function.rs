//! Rotations by a function, through every turn that they can take.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use coffer_store::Faults;
use serde_json::{Value, json};

use crate::rotation_function::{RotationFunction, STEPS};
use crate::rotation_port::{FIRST, Rotating, Trouble, stages, token};

async fn text() -> (Rotating, Arc<RotationFunction>) {
    Rotating::by_function(None, json!({"SecretString": FIRST})).await
}

async fn binary() -> (Rotating, Arc<RotationFunction>) {
    Rotating::by_function(None, json!({"SecretBinary": STANDARD.encode(FIRST)})).await
}

fn most_at_once(function: &RotationFunction) -> usize {
    function.at_work_most.load(Ordering::SeqCst)
}

/// Has one step fail for as long as anybody asks for it.
fn break_step(rotating: &Rotating, step: &'static str) {
    *rotating.database.trouble.lock().unwrap() = vec![(step, Trouble::Refuses); 99];
}

fn count(names: &[String], wanted: &str) -> usize {
    names.iter().filter(|name| *name == wanted).count()
}

#[tokio::test]
async fn a_function_rotates_text_and_binary_values() {
    for (rotating, function) in [text().await, binary().await] {
        rotating.rotate(1, json!({})).await.unwrap();
        rotating.work().await;
        rotating.assert_rotated(1).await;
        assert_eq!(*rotating.database.asked.lock().unwrap(), STEPS);
        assert_eq!(rotating.password("AWSPREVIOUS").await.as_deref(), Some("first"));
        assert_eq!(most_at_once(&function), 1);
    }
}

#[tokio::test]
async fn a_binary_value_is_tested_with_a_copy_that_goes_again() {
    let (rotating, _function) = binary().await;
    rotating.database.trouble.lock().unwrap().push(("testSecret", Trouble::HangsAfter));
    rotating.rotate(1, json!({"RotateImmediately": false})).await.unwrap();
    rotating.work_and_crash().await;
    let pending = json!({"SecretId": "db", "VersionStage": "AWSPENDING"});
    let copy = rotating.must("GetSecretValue", pending).await;
    assert_eq!(copy["SecretBinary"], json!(STANDARD.encode(FIRST)));
    rotating.work().await;
    assert_eq!(*rotating.database.asked.lock().unwrap(), ["testSecret", "testSecret"]);
    let described = rotating.describe().await;
    assert_eq!(described["VersionIdsToStages"], json!({token(0): ["AWSCURRENT"]}));
    assert_eq!(rotating.told().await, ["TestRotationStarted", "TestRotationSucceeded"]);
}

#[tokio::test]
async fn a_rotator_of_coffer_refuses_a_binary_value_and_says_so() {
    let rotating = Rotating::new(None).await;
    let rules = json!({"AutomaticallyAfterDays": 10});
    rotating.rotate(1, json!({"RotationRules": rules, "RotateImmediately": false})).await.unwrap();
    rotating.work().await;
    let value = json!({
        "SecretId": "db",
        "SecretBinary": STANDARD.encode(FIRST),
        "ClientRequestToken": token(9),
    });
    rotating.must("PutSecretValue", value).await;
    let (code, message) = rotating.rotate(2, json!({})).await.unwrap_err();
    assert_eq!(code, "InvalidRequestException");
    assert!(message.contains("no binary value"), "{message}");
    rotating.advance(Duration::from_secs(11 * 86_400));
    rotating.work().await;
    let failure = rotating.state().await["LastFailure"].clone();
    assert!(failure.as_str().unwrap().contains("no binary value"), "{failure}");
    assert_eq!(*rotating.database.asked.lock().unwrap(), ["testSecret"]);
}

#[tokio::test]
async fn a_crash_at_any_step_of_a_function_ends_in_one_rotation_that_is_whole() {
    for trouble in [Trouble::HangsBefore, Trouble::HangsAfter] {
        for step in STEPS {
            let (rotating, function) = text().await;
            rotating.database.trouble.lock().unwrap().push((step, trouble));
            rotating.rotate(1, json!({})).await.unwrap();
            rotating.work_and_crash().await;
            let is_moved = (step, trouble) == ("finishSecret", Trouble::HangsAfter);
            let current = rotating.password("AWSCURRENT").await;
            if is_moved {
                // AWS leaves both labels until the service has seen the end of it.
                let labels = stages(&rotating.describe().await, 1);
                assert_eq!(labels, json!(["AWSCURRENT", "AWSPENDING"]));
                assert_eq!(current, Some(rotating.database.password.lock().unwrap().clone()));
            } else {
                assert_eq!(current.as_deref(), Some("first"), "{step} {trouble:?}");
            }
            rotating.work().await;
            rotating.assert_rotated(1).await;
            assert_eq!(rotating.password("AWSPREVIOUS").await.as_deref(), Some("first"));
            assert_eq!(rotating.told().await, ["RotationStarted", "RotationSucceeded"]);
            assert_eq!(most_at_once(&function), 1);
            // The step is done again, where it is not seen to be done, and none before it.
            let again = usize::from(!is_moved);
            assert_eq!(rotating.database.asked.lock().unwrap().len(), STEPS.len() + again);
        }
    }
}

#[tokio::test]
async fn a_step_of_a_function_that_fails_is_told_and_tried_again_from_the_beginning() {
    for step in STEPS {
        let (rotating, _function) = text().await;
        rotating.database.trouble.lock().unwrap().push((step, Trouble::Refuses));
        rotating.rotate(1, json!({})).await.unwrap();
        rotating.work().await;
        assert_eq!(rotating.password("AWSCURRENT").await.as_deref(), Some("first"), "{step}");
        let state = rotating.state().await;
        assert_eq!(state["State"], json!("WAITING"));
        let failure = "the function failed with RefusedError: it will not";
        assert_eq!(state["LastFailure"], json!(failure));
        let events = rotating.events().await;
        let failed = events.iter().find(|it| it["detail"]["eventName"] == "RotationFailed");
        let detail = &failed.unwrap()["detail"];
        let message =
            format!("Error when executing lambda {} during {step} step", rotating.rotator);
        assert_eq!(detail["errorMessage"], json!(message));
        // What a function says is for those alone who may see the rotation.
        let reason = "the function failed with RefusedError";
        assert_eq!(detail["additionalEventData"]["Reason"], json!(reason));
        rotating.advance(Duration::from_secs(31));
        rotating.work().await;
        rotating.assert_rotated(1).await;
        let asked = rotating.database.asked.lock().unwrap().clone();
        let failed_at = STEPS.iter().position(|it| *it == step).unwrap();
        assert_eq!(asked.len(), failed_at + 1 + STEPS.len());
    }
}

#[tokio::test]
async fn a_step_that_there_is_no_room_for_waits_for_its_turn_and_has_not_failed() {
    for step in STEPS {
        let (rotating, _function) = text().await;
        *rotating.database.trouble.lock().unwrap() = vec![(step, Trouble::Busy); 50];
        rotating.rotate(1, json!({})).await.unwrap();
        for _ in 0..50 {
            rotating.work().await;
            let state = rotating.state().await;
            assert_eq!((&state["State"], &state["Step"]), (&json!("AT_WORK"), &json!(step)));
            rotating.advance(Duration::from_secs(4));
        }
        rotating.work().await;
        rotating.assert_rotated(1).await;
        assert_eq!(rotating.told().await, ["RotationStarted", "RotationSucceeded"]);
    }
}

#[tokio::test]
async fn waiting_for_room_is_a_failure_in_the_end_and_when_the_window_closes() {
    let reason = "as many functions run as may at one time";
    let (rotating, _function) = text().await;
    *rotating.database.trouble.lock().unwrap() = vec![("setSecret", Trouble::Busy); 9999];
    rotating.rotate(1, json!({})).await.unwrap();
    rotating.work().await;
    rotating.advance(Duration::from_secs(3590));
    rotating.work().await;
    assert_eq!(rotating.told().await, ["RotationStarted"]);
    rotating.advance(Duration::from_secs(10));
    rotating.work().await;
    assert_eq!(rotating.told().await, ["RotationStarted", "RotationFailed"]);
    let state = rotating.state().await;
    assert_eq!((&state["State"], &state["LastFailure"]), (&json!("WAITING"), &json!(reason)));

    let (rotating, _function) = text().await;
    rotating.go_to("2027-02-20T10:30:00Z");
    let rules = json!({"ScheduleExpression": "cron(0 4 L * ? *)", "Duration": "1h"});
    let rules = json!({"RotateImmediately": false, "RotationRules": rules});
    rotating.rotate(1, rules).await.unwrap();
    rotating.work().await;
    *rotating.database.trouble.lock().unwrap() = vec![("setSecret", Trouble::Busy); 9999];
    rotating.go_to("2027-02-28T04:30:00Z");
    rotating.work().await;
    assert_eq!(rotating.state().await["State"], json!("AT_WORK"));
    rotating.go_to("2027-02-28T04:59:59Z");
    rotating.work().await;
    let state = rotating.state().await;
    assert_eq!((&state["State"], &state["LastFailure"]), (&json!("FAILED"), &json!(reason)));
    assert_eq!(rotating.password("AWSCURRENT").await.as_deref(), Some("first"));
}

#[tokio::test]
async fn a_function_that_fails_for_long_is_given_up_and_goes_on_when_it_is_mended() {
    let (rotating, _function) = text().await;
    break_step(&rotating, "testSecret");
    rotating.rotate(1, json!({})).await.unwrap();
    for _ in 0..30 {
        rotating.work().await;
        rotating.advance(Duration::from_secs(3600));
    }
    assert_eq!(count(&rotating.told().await, "RotationFailed"), 18);
    assert_eq!(rotating.state().await["State"], json!("FAILED"));
    assert_eq!(rotating.password("AWSCURRENT").await.as_deref(), Some("first"));
    rotating.database.trouble.lock().unwrap().clear();
    let (_, message) = rotating.rotate(2, json!({})).await.unwrap_err();
    assert!(message.contains("That rotation will be reattempted."), "{message}");
    rotating.work().await;
    rotating.assert_rotated(1).await;
}

#[tokio::test]
async fn commits_that_conflict_or_end_in_doubt_rotate_by_a_function_once() {
    let faults = Faults {
        conflicts_per_mille: 100,
        unknowns_per_mille: 100,
        unavailable_per_mille: 50,
        yields_max: 2,
    };
    for seed in 0..20 {
        let value = json!({"SecretString": FIRST});
        let (rotating, function) = Rotating::by_function(Some((seed, faults)), value).await;
        rotating.rotate(1, json!({})).await.unwrap();
        for _ in 0..100 {
            // Two nodes on one store.
            futures_util::future::join(rotating.work(), rotating.work()).await;
            rotating.advance(Duration::from_secs(5));
        }
        rotating.assert_rotated(1).await;
        assert_eq!(count(&rotating.told().await, "RotationSucceeded"), 1, "seed {seed}");
        assert_eq!(most_at_once(&function), 1, "seed {seed}");
    }
}

/// What keeps a function from rotating, from some time on.
#[derive(Debug, Clone, Copy)]
enum Mishap {
    IsDeleted,
    IsClosedToTheService,
    MayNotAsRole,
    Fails,
}

impl Mishap {
    async fn happen(self, rotating: &Rotating, function: &RotationFunction) {
        match self {
            Self::IsDeleted => function.delete(&rotating.port).await,
            Self::IsClosedToTheService => function.keep_out(&rotating.port).await,
            Self::MayNotAsRole => function.permit_role(&rotating.port, "Deny").await,
            Self::Fails => break_step(rotating, "setSecret"),
        }
    }

    async fn mend(self, rotating: &Rotating, function: &RotationFunction) {
        match self {
            Self::IsDeleted => drop(function.deploy(&rotating.port).await),
            Self::IsClosedToTheService => function.let_in(&rotating.port).await,
            Self::MayNotAsRole => function.permit_role(&rotating.port, "Allow").await,
            Self::Fails => rotating.database.trouble.lock().unwrap().clear(),
        }
    }

    /// What is shown of it, and what of that stands in the log and in events.
    fn reason(self) -> (&'static str, &'static str) {
        let missing = "The function cannot be invoked: there is no such function.";
        let closed = "The function cannot be invoked: the function's policy does not let the \
                      service call it.";
        match self {
            Self::IsDeleted => (missing, missing),
            Self::IsClosedToTheService => (closed, closed),
            Self::MayNotAsRole => (
                "with an explicit deny in an identity-based policy",
                "the function failed with AccessDeniedException",
            ),
            Self::Fails => ("RefusedError: it will not", "the function failed with RefusedError"),
        }
    }
}

#[tokio::test]
async fn whatever_keeps_a_function_from_rotating_in_its_windows_is_told_retried_and_mended() {
    for mishap in
        [Mishap::IsDeleted, Mishap::IsClosedToTheService, Mishap::MayNotAsRole, Mishap::Fails]
    {
        let (rotating, function) = text().await;
        rotating.go_to("2027-03-01T10:30:00Z");
        let rules = json!({
            "RotateImmediately": false,
            "RotationRules": {"ScheduleExpression": "rate(1 day)", "Duration": "1h"},
        });
        rotating.rotate(1, rules).await.unwrap();
        rotating.work().await;
        mishap.happen(&rotating, &function).await;
        rotating.go_to("2027-03-02T00:00:00Z");
        for _ in 0..90 {
            rotating.work().await;
            rotating.advance(Duration::from_secs(60));
        }
        // 30 s, 1, 2, 4, 8, 16 minutes after one another; the next one would be behind the hour.
        let told = rotating.told().await;
        assert_eq!(count(&told, "RotationFailed"), 7, "{mishap:?} {told:?}");
        let state = rotating.state().await;
        assert_eq!(state["State"], json!("FAILED"), "{mishap:?}");
        let (shown, logged) = mishap.reason();
        let failure = state["LastFailure"].as_str().unwrap();
        assert!(failure.contains(shown), "{mishap:?} {failure}");
        let events = rotating.events().await;
        let of_failures = events.iter().filter(|it| it["detail"]["eventName"] == "RotationFailed");
        let reasons = of_failures.map(|it| &it["detail"]["additionalEventData"]["Reason"]);
        assert_eq!(reasons.collect::<Vec<&Value>>(), [logged; 7], "{mishap:?}");
        assert_eq!(rotating.password("AWSCURRENT").await.as_deref(), Some("first"));
        assert_eq!(*rotating.database.password.lock().unwrap(), "first");
        mishap.mend(&rotating, &function).await;
        rotating.go_to("2027-03-03T00:00:00Z");
        rotating.work().await;
        let current = rotating.password("AWSCURRENT").await.unwrap();
        assert_eq!(current, *rotating.database.password.lock().unwrap(), "{mishap:?}");
        assert_ne!(current, "first", "{mishap:?}");
        assert_eq!(rotating.state().await["State"], json!("IDLE"));
        assert_eq!(rotating.password("AWSPENDING").await, None);
        assert_eq!(most_at_once(&function), 1);
    }
}

/// A rotation whose function does something else at the beginning of a step, up to its end.
async fn rotated_besides(step: &'static str, operation: &'static str, input: Value) -> Rotating {
    let (rotating, function) = text().await;
    function.besides.lock().unwrap().push((step, operation, input));
    rotating.rotate(1, json!({})).await.unwrap();
    for _ in 0..40 {
        rotating.work().await;
        rotating.advance(Duration::from_secs(3600));
    }
    assert_eq!(most_at_once(&function), 1);
    function.besides.lock().unwrap().clear();
    rotating
}

#[tokio::test]
async fn a_function_that_makes_another_version_pending_abandons_its_rotation() {
    let other = json!({
        "SecretString": FIRST,
        "ClientRequestToken": token(50),
        "VersionStages": ["AWSPENDING"],
    });
    for step in STEPS {
        let rotating = rotated_besides(step, "PutSecretValue", other.clone()).await;
        let told = rotating.told().await;
        assert_eq!(told, ["RotationStarted", "RotationFailed", "RotationAbandoned"], "{step}");
        let described = rotating.describe().await;
        assert_eq!(stages(&described, 0), json!(["AWSCURRENT"]));
        assert_eq!(stages(&described, 50), json!(["AWSPENDING"]));
        assert_eq!(stages(&described, 1), Value::Null, "{described}");
    }
}

#[tokio::test]
async fn a_function_that_deletes_its_secret_ends_its_rotation_and_the_secret_can_be_restored() {
    for step in STEPS {
        let parting = json!({"RecoveryWindowInDays": 30});
        let rotating = rotated_besides(step, "DeleteSecret", parting).await;
        assert!(rotating.describe().await["DeletedDate"].is_number());
        let told = rotating.told().await;
        assert_eq!(told.last().map(String::as_str), Some("RotationAbandoned"), "{told:?}");
        rotating.must("RestoreSecret", json!({"SecretId": "db"})).await;
        assert_eq!(rotating.password("AWSCURRENT").await.as_deref(), Some("first"));
        // It may have been set in the database by then, for whoever restores the secret to see to.
        "first".clone_into(&mut rotating.database.password.lock().unwrap());
        rotating.rotate(2, json!({})).await.unwrap();
        rotating.work().await;
        rotating.assert_rotated(2).await;
    }
}

#[tokio::test]
async fn a_function_that_moves_awscurrent_early_has_rotated() {
    let moved = json!({
        "VersionStage": "AWSCURRENT",
        "MoveToVersionId": token(1),
        "RemoveFromVersionId": token(0),
    });
    for (step, asked) in [("setSecret", 2), ("testSecret", 3)] {
        let rotating = rotated_besides(step, "UpdateSecretVersionStage", moved.clone()).await;
        assert_eq!(rotating.told().await, ["RotationStarted", "RotationSucceeded"]);
        assert_eq!(rotating.database.asked.lock().unwrap().len(), asked);
        let described = rotating.describe().await;
        assert_eq!(stages(&described, 1), json!(["AWSCURRENT"]));
        assert_eq!(stages(&described, 0), json!(["AWSPREVIOUS"]));
    }
}

#[tokio::test]
async fn a_function_that_asks_for_a_rotation_is_refused_and_begins_no_second_one() {
    for step in STEPS {
        let again = json!({"ClientRequestToken": token(60)});
        let rotating = rotated_besides(step, "RotateSecret", again).await;
        let told = rotating.told().await;
        assert_eq!((count(&told, "RotationStarted"), count(&told, "RotationFailed")), (1, 18));
        let state = rotating.state().await;
        assert_eq!(state["State"], json!("FAILED"));
        let failure = state["LastFailure"].as_str().unwrap();
        assert!(failure.contains("A previous rotation isn't complete."), "{failure}");
        let described = rotating.describe().await;
        assert_eq!(stages(&described, 60), Value::Null);
        assert_eq!(stages(&described, 0), json!(["AWSCURRENT"]));
    }
}

#[tokio::test]
async fn a_function_that_cancels_its_rotation_is_asked_for_no_further_step() {
    for (number, step) in (1..).zip(STEPS) {
        let rotating = rotated_besides(step, "CancelRotateSecret", json!({})).await;
        assert_eq!(rotating.database.asked.lock().unwrap().len(), number);
        let described = rotating.describe().await;
        assert_eq!(described["RotationEnabled"], json!(false));
        let told = rotating.told().await;
        assert_eq!(count(&told, "RotationSucceeded") + count(&told, "RotationFailed"), 0);
        // The step itself goes on to its end: the last one moves the label.
        let current = if step == "finishSecret" { 1 } else { 0 };
        let labels = stages(&described, current);
        assert!(labels.as_array().unwrap().contains(&json!("AWSCURRENT")), "{described}");
    }
}

//! Which instance takes which invocation, how many there are, and when they end.

use std::sync::atomic::Ordering;
use std::time::Duration;

use bytes::Bytes;
use coffer_functions::{FailureKind, Function, Functions, Outcome};

use crate::world::{
    Given, PYTHON, World, function, function_of, given, is_alive, settings, shell, text, wait_until,
};

/// Answers with its process id, after a while if the event says so.
const APP: &str = "
import os, time
def handler(event, context):
    time.sleep(event.get('wait', 0))
    return os.getpid()
";

fn process(outcome: &Outcome) -> u32 {
    text(&outcome.payload).parse().unwrap()
}

/// A function of the same archive whose supply the test sees.
fn with_given(like: &Function, archive: &Bytes) -> (Function, std::sync::Arc<Given>) {
    let given = given(archive.to_vec());
    (function_of(like.code.clone(), given.clone()), given)
}

#[tokio::test]
async fn an_instance_is_used_again_until_its_function_changes() {
    let world = World::new();
    let like = function(PYTHON, "app.py", APP);
    let archive = like.supply.archive().await.unwrap();
    let (mut tested, given) = with_given(&like, &archive);
    let first = world.invoke(&tested, "{}").await;
    let second = world.invoke(&tested, "{}").await;
    assert_eq!(process(&first), process(&second));
    assert!(!text(&second.log_tail).contains("Init Duration"));
    assert_eq!(given.sessions.load(Ordering::Relaxed), 1);
    tested.revision = "2".to_owned();
    let third = world.invoke(&tested, "{}").await;
    assert_ne!(process(&second), process(&third));
    assert_eq!(given.sessions.load(Ordering::Relaxed), 2);
    assert_eq!(given.archives.load(Ordering::Relaxed), 1);
    wait_until("the old one has ended", || !is_alive(process(&first))).await;
    assert!(is_alive(process(&third)));
}

#[tokio::test]
async fn an_instance_does_not_outlive_its_credentials() {
    let world = World::new();
    let like = function(PYTHON, "app.py", APP);
    let archive = like.supply.archive().await.unwrap();
    let (tested, given) = with_given(&like, &archive);
    // An invocation may take twenty seconds, and a minute is kept to spare.
    *given.session_length.lock().unwrap() = Duration::from_secs(79);
    let first = world.invoke(&tested, "{}").await;
    let second = world.invoke(&tested, "{}").await;
    assert_ne!(process(&first), process(&second));
    *given.session_length.lock().unwrap() = Duration::from_secs(200);
    let third = world.invoke(&tested, "{}").await;
    assert_eq!(process(&third), process(&world.invoke(&tested, "{}").await));
    assert_eq!(given.sessions.load(Ordering::Relaxed), 3);
}

#[tokio::test]
async fn two_invocations_at_once_have_two_instances_and_a_third_is_too_many() {
    let world = World::with(|settings| settings.instances_per_function_max = 2);
    let tested = function(PYTHON, "app.py", APP);
    let (first, second) = tokio::join!(
        world.invoke(&tested, "{\"wait\": 1.0}"),
        world.invoke(&tested, "{\"wait\": 1.0}"),
    );
    assert_ne!(process(&first), process(&second));
    let hang = "{\"wait\": 2.0}";
    let (first, second, third) = tokio::join!(
        world.try_invoke(&tested, hang),
        world.try_invoke(&tested, hang),
        world.try_invoke(&tested, "{}"),
    );
    assert!(first.is_ok() && second.is_ok());
    let failure = third.unwrap_err();
    assert_eq!(failure.kind, FailureKind::TooManyInstances);
    assert!(failure.message.starts_with("2 instances of the function are busy"), "{failure}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_has_an_answer_finds_the_instance_free() {
    let world = World::with(|settings| settings.instances_per_function_max = 1);
    let tested = function(PYTHON, "app.py", APP);
    let first = process(&world.invoke(&tested, "{}").await);
    for _ in 0..300 {
        assert_eq!(process(&world.invoke(&tested, "{}").await), first);
    }
}

#[tokio::test]
async fn an_idle_instance_makes_room_for_another_function() {
    let world = World::with(|settings| settings.instances_max = 1);
    let one = function(PYTHON, "app.py", APP);
    let mut other = function(PYTHON, "app.py", APP);
    other.arn.push_str("-other");
    let first = process(&world.invoke(&one, "{}").await);
    let second = process(&world.invoke(&other, "{}").await);
    wait_until("the idle one has ended", || !is_alive(first)).await;
    let (busy, refused) =
        tokio::join!(world.try_invoke(&other, "{\"wait\": 1.0}"), world.try_invoke(&one, "{}"),);
    assert_eq!(process(&busy.unwrap()), second);
    let failure = refused.unwrap_err();
    assert!(failure.message.starts_with("1 instances of all functions are busy"), "{failure}");
}

#[tokio::test]
async fn an_instance_ends_when_it_is_idle_for_long() {
    let world = World::with(|settings| settings.idle_time_max = Duration::from_millis(200));
    let tested = function(PYTHON, "app.py", APP);
    let first = process(&world.invoke(&tested, "{}").await);
    wait_until("it has ended", || !is_alive(first)).await;
    assert_ne!(process(&world.invoke(&tested, "{}").await), first);
}

#[tokio::test]
async fn an_instance_that_dies_while_it_is_idle_costs_no_invocation() {
    let world = World::new();
    let tested = shell(
        "next; echo $$ | post response; next_event() { sleep 0.3; exit 1; }\n\
                        curl -sS -m 0.3 \"$api/invocation/next\"; exit 1",
    );
    for _ in 0..4 {
        let outcome = world.invoke(&tested, "{}").await;
        assert_eq!(outcome.function_error, None, "{}", text(&outcome.log_tail));
        let process: u32 = text(&outcome.payload).trim().parse().unwrap();
        // It has asked for its next event when the answer comes, and ends a little later.
        wait_until("it has ended", || !is_alive(process)).await;
    }
}

#[tokio::test]
async fn a_caller_s_patience_ends_before_the_function_does() {
    let world = World::new();
    let tested = function(PYTHON, "app.py", APP);
    let before = process(&world.invoke(&tested, "{}").await);
    let mut invocation = world.invocation("{\"wait\": 1.0}");
    invocation.patience = Some(Duration::from_millis(100));
    let failure = world.functions.invoke(&tested, invocation).await.unwrap_err();
    assert_eq!(failure.kind, FailureKind::OutOfPatience);
    assert_eq!(failure.message, "no answer of function `tested` in 100ms");
    assert!(is_alive(before));
}

#[tokio::test]
async fn a_stop_ends_all_and_nothing_is_left() {
    let world = World::new();
    let tested = function(PYTHON, "app.py", APP);
    let idle = process(&world.invoke(&tested, "{}").await);
    let (hung, ()) = tokio::join!(world.try_invoke(&tested, "{\"wait\": 15}"), async {
        wait_until("it is busy", || {
            let sessions = std::fs::read_dir(world.working_folder().join("scratch"));
            sessions.unwrap().count() == 1
        })
        .await;
        world.functions.stop().await;
    });
    assert_eq!(hung.unwrap_err().kind, FailureKind::Stopped);
    assert!(!is_alive(idle));
    let scratch = std::fs::read_dir(world.working_folder().join("scratch")).unwrap();
    assert_eq!(scratch.count(), 0);
    assert_eq!(world.try_invoke(&tested, "{}").await.unwrap_err().kind, FailureKind::Stopped);
}

#[tokio::test]
async fn dropping_functions_ends_them_and_a_folder_belongs_to_one_process() {
    let world = World::new();
    let tested = function(PYTHON, "app.py", APP);
    let process = process(&world.invoke(&tested, "{}").await);
    let host = || std::sync::Arc::new(crate::world::TestHost::default());
    let Err(taken) = Functions::new(settings(&world.folder), host()) else {
        panic!("a folder has two owners");
    };
    assert!(taken.0.ends_with("for functions: another process uses it"), "{taken}");
    let World { functions, folder, temporary, .. } = world;
    drop(functions);
    wait_until("it has ended", || !is_alive(process)).await;
    std::fs::create_dir(folder.join("functions/scratch/left")).unwrap();
    std::fs::write(folder.join("functions/scratch/left/file"), "").unwrap();
    wait_until("the folder is free again", || Functions::new(settings(&folder), host()).is_ok())
        .await;
    assert!(!folder.join("functions/scratch/left").exists());
    drop(temporary);
}

#[tokio::test]
async fn a_folder_with_something_else_in_it_is_left_alone() {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    std::fs::create_dir_all(folder.path().join("functions/code")).unwrap();
    let host = std::sync::Arc::new(crate::world::TestHost::default());
    let Err(refused) = Functions::new(settings(folder.path()), host) else {
        panic!("it is taken");
    };
    assert!(refused.0.contains("something else is in it"), "{refused}");
    assert!(folder.path().join("functions/code").is_dir());
}

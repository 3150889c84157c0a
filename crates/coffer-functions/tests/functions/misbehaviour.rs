//! Functions that hang, flood, lie, grow and die.

use std::time::{Duration, Instant};

use coffer_functions::{FailureKind, FunctionError};

use crate::world::{
    PROVIDED, PYTHON, World, function, function_of_archive, is_alive, numbers, shell, text,
    wait_until,
};

/// What the payload of an error says, behind `RequestId: … Error: `.
fn error(payload: &bytes::Bytes) -> (String, String) {
    let error: serde_json::Value = serde_json::from_slice(payload).unwrap();
    let message = error["errorMessage"].as_str().unwrap();
    let message = message.split_once(" Error: ").map_or(message, |(_, message)| message);
    (error["errorType"].as_str().unwrap().to_owned(), message.to_owned())
}

#[tokio::test]
async fn a_process_that_ends_is_an_error_and_the_next_one_starts() {
    let world = World::new();
    let gone = "Runtime.ExitError".to_owned();
    for (handle, message) in [
        ("exit 3", "Runtime exited with error: exit status 3"),
        ("exit 0", "Runtime exited without providing a reason"),
        ("next; exit 4", "Runtime exited with error: exit status 4"),
        ("next; kill -9 $$", "Runtime exited with error: signal: killed"),
    ] {
        let tested = shell(handle);
        for _ in 0..2 {
            let outcome = world.invoke(&tested, "{}").await;
            assert_eq!(error(&outcome.payload), (gone.clone(), message.to_owned()), "{handle}");
            assert_eq!(outcome.function_error, Some(FunctionError::Unhandled));
            let log = text(&outcome.log_tail);
            assert!(log.contains(&format!("Error: {message}\nRuntime.ExitError\n")), "{log}");
            assert!(log.contains("Status: error\tError Type: Runtime.ExitError"), "{log}");
        }
    }
}

#[tokio::test]
async fn what_hangs_is_ended_with_all_that_it_has_started() {
    let world = World::new();
    let hang = "
import os, subprocess, sys, time
def say(process):
    print('process', process, flush=True)
def handler(event, context):
    say(os.getpid())
    # In the same session, in one of its own, and cut off from its parent by a double fork.
    say(subprocess.Popen(['sleep', '600']).pid)
    say(subprocess.Popen(['setsid', 'sleep', '600']).pid)
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            say(os.getpid())
            time.sleep(600)
        os._exit(0)
    time.sleep(600)
";
    let mut tested = function(PYTHON, "app.py", hang);
    tested.timeout = Duration::from_secs(4);
    let begin = Instant::now();
    let outcome = world.invoke(&tested, "{}").await;
    assert!(outcome.duration >= tested.timeout && begin.elapsed() < Duration::from_secs(30));
    let message = "Task timed out after 4.00 seconds".to_owned();
    assert_eq!(error(&outcome.payload), ("Sandbox.Timedout".to_owned(), message));
    let log = text(&outcome.log_tail);
    assert!(log.contains("Z 00000000-0000-4000-8000-000000000000 Task timed out after 4.00"));
    assert!(log.trim_end().ends_with("Status: timeout"), "{log}");
    let processes = numbers(&outcome.log_tail, "process ");
    assert_eq!(processes.len(), 4, "{log}");
    wait_until("all have ended", || !processes.iter().any(|&it| is_alive(it))).await;
}

#[tokio::test]
async fn a_start_that_hangs_is_ended_as_well() {
    let world = World::new();
    let mut tested = shell("echo process $$; sleep 600");
    tested.timeout = Duration::from_secs(1);
    let outcome = world.invoke(&tested, "{}").await;
    let message = "Task timed out after 1.00 seconds".to_owned();
    assert_eq!(error(&outcome.payload), ("Sandbox.Timedout".to_owned(), message));
    let processes = numbers(&outcome.log_tail, "process ");
    assert_eq!(processes.len(), 1);
    wait_until("it has ended", || !is_alive(processes[0])).await;
}

#[tokio::test]
async fn a_flood_of_output_leaves_its_end() {
    let world = World::new();
    let flood = "while next; do seq 1 2000000; echo last-line; echo '{}' | post response; done";
    let outcome = world.invoke(&shell(flood), "{}").await;
    assert_eq!(outcome.function_error, None);
    assert_eq!(outcome.log_tail.len(), 4096);
    let log = text(&outcome.log_tail);
    assert!(log.contains("\n2000000\nlast-line\n") && log.contains("\nREPORT "), "{log}");
    // Without an end.
    let mut endless = shell("next; yes");
    endless.timeout = Duration::from_secs(2);
    let outcome = world.invoke(&endless, "{}").await;
    assert_eq!(error(&outcome.payload).0, "Sandbox.Timedout");
    assert_eq!(outcome.log_tail.len(), 4096);
}

#[tokio::test]
async fn an_event_is_answered_once_and_by_its_own_id() {
    let world = World::with(|settings| settings.instances_per_function_max = 1);
    let tested = shell(
        "exec > \"$HOME/said\"\n\
         post() { echo \"$2\" | curl -sS -w ' %{http_code}\\n' -d @- \"$api/invocation/$3/$1\"; }\n\
         post response early none\n\
         next; mine=$id\n\
         post response wrong another\n\
         curl -sS -w ' %{http_code}\\n' \"$api/invocation/next\"\n\
         curl -sS -w ' %{http_code}\\n' -d '{}' \"$api/init/error\"\n\
         curl -sS -w ' %{http_code}\\n' \"$api/invocation/other\"\n\
         curl -sS -w ' %{http_code}\\n' -X DELETE \"$api/invocation/next\"\n\
         post response first $mine; post response second $mine; post error third $mine\n\
         next; curl -sS --data-binary \"@$HOME/said\" \"$api/invocation/$id/response\"; next",
    );
    let outcome = world.invoke(&tested, "{}").await;
    assert_eq!(text(&outcome.payload), "first");
    // The only instance is busy until it asks for its next event.
    let second = loop {
        match world.try_invoke(&tested, "{}").await {
            Err(failure) if failure.kind == FailureKind::TooManyInstances => {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
            second => break second.unwrap(),
        }
    };
    let log = text(&second.payload);
    let order = |from: &str, to: &str| {
        format!(
            "{{\"errorMessage\":\"Transition from {from} to {to} failed for runtime. Error: State \
             transition is not allowed\",\"errorType\":\"InvalidStateTransition\"}} 403"
        )
    };
    for line in [
        order("Starting", "InvocationResponse"),
        "{\"errorMessage\":\"Invalid request ID\",\"errorType\":\"InvalidRequestID\"} 400".into(),
        order("Running", "Ready"),
        order("Running", "InitError"),
        order("ResponseSent", "InvocationResponse"),
    ] {
        assert!(log.lines().any(|it| it == line), "{line}\nin\n{log}");
    }
    assert!(log.contains(" 404\n") && log.contains(" 405\n"), "{log}");
}

#[tokio::test]
async fn an_answer_of_seven_megabytes_is_refused() {
    let world = World::new();
    let tested = shell("while next; do head -c 7340032 /dev/zero | post response; echo; done");
    let outcome = world.invoke(&tested, "{}").await;
    assert_eq!(
        error(&outcome.payload),
        (
            "Function.ResponseSizeTooLarge".to_owned(),
            "Response payload size exceeded maximum allowed payload size (6291556 bytes)."
                .to_owned()
        )
    );
    let log = text(&outcome.log_tail);
    let told = "{\"errorMessage\":\"Exceeded maximum allowed payload size (6291556 bytes).\",\
                \"errorType\":\"RequestEntityTooLarge\"}";
    assert!(log.contains(told), "{log}");
    // By AWS's client, which wants to be told.
    let app = "def handler(event, context):\n    return 'x' * (7 * 1024 * 1024)\n";
    let outcome = world.invoke(&function(PYTHON, "app.py", app), "{}").await;
    assert_eq!(error(&outcome.payload).0, "Function.ResponseSizeTooLarge");
}

#[tokio::test]
async fn more_memory_than_it_has_ends_it() {
    let world = World::new();
    let app = "
import time
def handler(event, context):
    kept = []
    while event['hungry']:
        kept.append(bytearray(b'x' * 10_000_000))
        time.sleep(0.001)
    return 'fine'
";
    let mut tested = function(PYTHON, "app.py", app);
    tested.memory_mb = 256;
    let fed = world.invoke(&tested, "{\"hungry\": false}").await;
    assert_eq!(text(&fed.payload), "\"fine\"");
    let outcome = world.invoke(&tested, "{\"hungry\": true}").await;
    let message = "Runtime exited with error: signal: killed".to_owned();
    assert_eq!(error(&outcome.payload), ("Runtime.ExitError".to_owned(), message));
    let log = text(&outcome.log_tail);
    let used = log.split("Max Memory Used: ").nth(1).unwrap().split(' ').next().unwrap();
    assert!(used.parse::<u64>().unwrap() > 256, "{log}");
}

#[tokio::test]
async fn more_storage_than_it_has_ends_it() {
    let world = World::new();
    let fill = "i=0; while [ $i -lt 2000 ]; do i=$((i+1));";
    let large = "head -c 100000 /dev/zero";
    for (what, handle) in [
        ("files", format!("{fill} {large} > \"$TMPDIR/$i\"; sleep 0.05; done")),
        ("at home", format!("{fill} {large} > \"$HOME/$i\"; sleep 0.05; done")),
        ("one file", format!("{fill} {large}; sleep 0.05; done > \"$TMPDIR/one\"")),
        (
            "no name",
            format!("exec 3>\"$TMPDIR/x\"; rm \"$TMPDIR/x\"; {fill} {large} >&3; sleep 0.05; done"),
        ),
        ("empty files", format!("{fill} : > \"$TMPDIR/$i\"; sleep 0.01; done")),
    ] {
        let mut tested = shell(&format!("next; {handle}; sleep 60"));
        tested.storage_mb = 2;
        let outcome = world.invoke(&tested, "{}").await;
        let message = "Runtime exited with error: no space left in its ephemeral storage";
        let expected = ("Runtime.ExitError".to_owned(), message.to_owned());
        assert_eq!(error(&outcome.payload), expected, "{what}");
        let scratch = world.working_folder().join("scratch");
        wait_until("its files are gone", || std::fs::read_dir(&scratch).unwrap().next().is_none())
            .await;
    }
    // What is removed again makes room.
    let tidy = format!(
        "while next; do {large} > \"$TMPDIR/a\"; rm \"$TMPDIR/a\"; sleep 0.1; echo fine | post response; done"
    );
    let mut tested = shell(&tidy);
    tested.storage_mb = 2;
    for _ in 0..30 {
        assert_eq!(text(&world.invoke(&tested, "{}").await.payload), "fine\n");
    }
}

#[tokio::test]
async fn broken_archives_are_not_run() {
    let world = World::new();
    let mut tested = function_of_archive(PROVIDED, b"no archive".to_vec());
    let failure = world.try_invoke(&tested, "{}").await.unwrap_err();
    assert_eq!(failure.kind, FailureKind::Code);
    assert!(failure.message.contains("it is no zip file that can be read"), "{failure}");
    // An archive that is another than its SHA-256 says.
    if let coffer_functions::Code::Zip { sha256, .. } = &mut tested.code {
        *sha256 = [7; 32];
    }
    let failure = world.try_invoke(&tested, "{}").await.unwrap_err();
    assert!(failure.message.contains("its SHA-256 is another"), "{failure}");
    let climbing = function(PROVIDED, "../x", "#!/bin/sh\n");
    let failure = world.try_invoke(&climbing, "{}").await.unwrap_err();
    assert!(failure.message.contains("`../x` leads out of the archive"), "{failure}");
    let left = std::fs::read_dir(world.working_folder().join("code")).unwrap().count();
    assert_eq!(left, 0);
}

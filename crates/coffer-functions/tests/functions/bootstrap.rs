//! A bootstrap of the shell, with `curl`.

use coffer_functions::{Code, FailureKind, FunctionError};

use crate::world::{PROVIDED, World, function, function_of, given, shell, text};

#[tokio::test]
async fn a_bootstrap_answers_one_event_after_the_other() {
    let world = World::new();
    let tested = shell("while next; do echo \"$event\" | tr a-z A-Z | post response; echo; done");
    for event in ["\"one\"", "\"two\"", "{}", ""] {
        let outcome = world.invoke(&tested, event).await;
        assert_eq!(text(&outcome.payload).trim_end(), event.to_uppercase());
        assert_eq!(outcome.function_error, None);
        assert!(text(&outcome.log_tail).contains("{\"status\":\"OK\"}"));
    }
}

#[tokio::test]
async fn an_event_comes_with_its_headers() {
    let world = World::new();
    let tested = shell("while next; do echo \"$head\" | post response; done");
    let mut invocation = world.invocation("{}");
    invocation.trace_id = Some("Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700".to_owned());
    invocation.client_context = Some("{\"a\":1}".to_owned());
    let outcome = world.functions.invoke(&tested, invocation.clone()).await.unwrap();
    let head = text(&outcome.payload).to_owned();
    for line in [
        "HTTP/1.1 200 OK".to_owned(),
        "content-type: application/json".to_owned(),
        format!("lambda-runtime-aws-request-id: {}", invocation.request_id),
        format!("lambda-runtime-invoked-function-arn: {}", tested.arn),
        format!("lambda-runtime-trace-id: {}", invocation.trace_id.unwrap()),
        format!("lambda-runtime-client-context: {}", invocation.client_context.unwrap()),
    ] {
        assert!(head.lines().any(|it| it == line), "{line} in {head}");
    }
    assert!(head.contains("lambda-runtime-deadline-ms: 1"), "{head}");
}

#[tokio::test]
async fn payloads_are_bytes() {
    let world = World::new();
    let tested = shell(
        "while next; do curl -sS -o \"$TMPDIR/e\" /dev/null; printf '\\000\\377\\001' | post response; done",
    );
    assert_eq!(&world.invoke(&tested, "{}").await.payload[..], b"\0\xff\x01");
    // 6 MB there and back.
    let large = shell(
        "curl -sS -D \"$TMPDIR/head\" -o \"$TMPDIR/event\" \"$api/invocation/next\"\n\
         id=$(tr -d '\\r' < \"$TMPDIR/head\" | sed -n 's/^lambda-runtime-aws-request-id: //p')\n\
         post response < \"$TMPDIR/event\"; next",
    );
    let event = format!("\"{}\"", "x".repeat(6 * 1024 * 1024 - 2));
    let outcome = world.invoke(&large, &event).await;
    assert!(outcome.payload == event.as_bytes(), "{}", text(&outcome.log_tail));
}

#[tokio::test]
async fn errors_reach_the_caller() {
    let world = World::new();
    let error = "{\"errorType\":\"Mine\",\"errorMessage\":\"because\"}";
    let tested = shell(&format!("while next; do echo '{error}' | post error; done"));
    let outcome = world.invoke(&tested, "{}").await;
    assert_eq!(outcome.function_error, Some(FunctionError::Unhandled));
    assert_eq!(text(&outcome.payload).trim_end(), error);
    // Only by its type.
    let tested = shell(
        "while next; do curl -sS -X POST -H 'Lambda-Runtime-Function-Error-Type: Its.Type' \
         \"$api/invocation/$id/error\"; done",
    );
    let outcome = world.invoke(&tested, "{}").await;
    assert_eq!(text(&outcome.payload), "{\"errorMessage\":\"\",\"errorType\":\"Its.Type\"}");
    // At the start.
    let tested = shell(&format!("echo '{error}' | curl -sS -d @- \"$api/init/error\"; sleep 60"));
    let outcome = world.invoke(&tested, "{}").await;
    assert_eq!(text(&outcome.payload).trim_end(), error);
}

/// A bootstrap that streams its answer, and then says in the trailers that it failed.
const STREAM: &str = r#"#!/usr/bin/python3
import base64, os, socket, urllib.request as http
api = os.environ['AWS_LAMBDA_RUNTIME_API']
path = '/2018-06-01/runtime/invocation/'
while True:
    event = http.urlopen(f'http://{api}{path}next')
    request = event.headers['Lambda-Runtime-Aws-Request-Id']
    error = base64.b64encode(b'{"errorType":"Late"}').decode()
    late = [
        'Lambda-Runtime-Function-Error-Type: Late',
        f'Lambda-Runtime-Function-Error-Body: {error}',
    ]
    lines = [
        f'POST {path}{request}/response HTTP/1.1',
        f'Host: {api}',
        'TE: trailers',
        'Lambda-Runtime-Function-Response-Mode: streaming',
        'Trailer: Lambda-Runtime-Function-Error-Type, Lambda-Runtime-Function-Error-Body',
        'Transfer-Encoding: chunked',
        '', '3', 'one', '3', 'two', '0',
        *(late if event.read() == b'fail' else []),
        '', '',
    ]
    host, port = api.split(':')
    with socket.create_connection((host, int(port))) as stream:
        stream.sendall('\r\n'.join(lines).encode())
        print(stream.recv(1000).decode())
"#;

#[tokio::test]
async fn a_streamed_answer_is_one_answer() {
    let world = World::new();
    let tested = function(PROVIDED, "bootstrap", STREAM);
    let outcome = world.invoke(&tested, "go").await;
    assert_eq!((text(&outcome.payload), outcome.function_error), ("onetwo", None));
    let failed = world.invoke(&tested, "fail").await;
    assert_eq!(failed.function_error, Some(FunctionError::Unhandled));
    assert_eq!(text(&failed.payload), "{\"errorType\":\"Late\"}");
}

#[tokio::test]
async fn a_command_that_the_operator_names_is_a_function() {
    let server = "import os, urllib.request as http\n\
        api = 'http://' + os.environ['AWS_LAMBDA_RUNTIME_API'] + '/2018-06-01/runtime/invocation/'\n\
        while True:\n\
        \x20   event = http.urlopen(api + 'next')\n\
        \x20   request = event.headers['Lambda-Runtime-Aws-Request-Id']\n\
        \x20   http.urlopen(api + request + '/response', event.read()[::-1])\n";
    let world = World::with(|settings| {
        let command = ["python3", "-c", server].map(str::to_owned).to_vec();
        settings.commands.insert("reverse".to_owned(), command);
        settings.commands.insert("missing".to_owned(), vec!["/no/such/program".to_owned()]);
    });
    let command = |name: &str| function_of(Code::Command(name.to_owned()), given(Vec::new()));
    assert_eq!(text(&world.invoke(&command("reverse"), "abc").await.payload), "cba");
    let failure = world.try_invoke(&command("other"), "{}").await.unwrap_err();
    assert_eq!(failure.kind, FailureKind::NotAllowed);
    assert_eq!(failure.message, "the command `other` of function `tested` is not allowed");
    let failure = world.try_invoke(&command("missing"), "{}").await.unwrap_err();
    assert_eq!(failure.kind, FailureKind::CannotStart);
    let reason = "cannot run `/no/such/program`: No such file or directory";
    assert!(failure.message.contains(reason), "{failure}");
}

#[tokio::test]
async fn what_has_no_program_is_told_to_the_caller_or_the_operator() {
    let world = World::with(|settings| {
        settings.runtimes[0].command = vec!["no-such-python".to_owned()];
    });
    let outcome = world.invoke(&function(PROVIDED, "other", ""), "{}").await;
    assert!(text(&outcome.payload).contains("Runtime.InvalidEntrypoint"));
    // Nor is this the operator's to mend.
    let outcome =
        world.invoke(&function(PROVIDED, "bootstrap", "#!/no/such/program\n"), "{}").await;
    let told = "Error: fork/exec /var/task/bootstrap: cannot be executed";
    assert!(text(&outcome.payload).contains(told), "{}", text(&outcome.payload));
    let failure = world.try_invoke(&function("python3.11", "app.py", ""), "{}").await.unwrap_err();
    assert_eq!(failure.kind, FailureKind::CannotStart);
    assert!(failure.message.contains("cannot run `no-such-python`"), "{failure}");
    let failure = world.try_invoke(&function("java21", "app.jar", ""), "{}").await.unwrap_err();
    assert_eq!(failure.kind, FailureKind::NotAllowed);
    assert!(failure.message.contains("the runtime `java21`"), "{failure}");
}

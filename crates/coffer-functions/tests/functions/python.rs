//! Python by AWS's own client, `awslambdaric`.

use coffer_functions::FunctionError;

use crate::world::{ARN, PYTHON, World, function, text};

#[tokio::test]
async fn a_handler_answers_with_its_event_and_its_context() {
    let world = World::new();
    let app = "
import json, os
def handler(event, context):
    print('heard', event['name'])
    return {
        'name': event['name'],
        'request': context.aws_request_id,
        'arn': context.invoked_function_arn,
        'version': context.function_version,
        'memory': context.memory_limit_in_mb,
        'client': context.client_context.custom if context.client_context else None,
        'has_time': 0 < context.get_remaining_time_in_millis() <= 20_000,
        'folder': os.getcwd() == os.environ['LAMBDA_TASK_ROOT'],
        'group': context.log_group_name,
        'stream': context.log_stream_name == os.environ['AWS_LAMBDA_LOG_STREAM_NAME'],
    }
";
    let tested = function(PYTHON, "app.py", app);
    let mut invocation = world.invocation("{\"name\": \"\u{1f511} k\u{fc}hl\"}");
    invocation.client_context = Some("{\"custom\": {\"a\": 1}}".to_owned());
    let outcome = world.functions.invoke(&tested, invocation.clone()).await.unwrap();
    let answer: serde_json::Value = serde_json::from_slice(&outcome.payload).unwrap();
    let expected = serde_json::json!({
        "name": "\u{1f511} k\u{fc}hl",
        "request": invocation.request_id,
        "arn": ARN,
        "version": "$LATEST",
        "memory": "512",
        "client": {"a": 1},
        "has_time": true,
        "folder": true,
        "group": "/aws/lambda/tested",
        "stream": true,
    });
    assert_eq!(answer, expected);
    assert_eq!((outcome.function_error, outcome.executed_version.as_str()), (None, "$LATEST"));
    let log = text(&outcome.log_tail);
    let lines: Vec<&str> = log.lines().collect();
    let id = &invocation.request_id;
    assert_eq!(lines[0], format!("START RequestId: {id} Version: $LATEST"), "{log}");
    assert_eq!(lines[1], "heard \u{1f511} k\u{fc}hl");
    assert_eq!(lines[2], format!("END RequestId: {id}"));
    assert!(lines[3].starts_with(&format!("REPORT RequestId: {id}\tDuration: ")), "{log}");
    assert!(lines[3].contains("Memory Size: 512 MB\tMax Memory Used: "), "{log}");
    assert!(lines[3].contains("\tInit Duration: "), "{log}");
}

#[tokio::test]
async fn an_exception_is_an_unhandled_error_and_the_instance_goes_on() {
    let world = World::new();
    let app = "
import os
def handler(event, context):
    if event:
        raise ValueError('no such user')
    return os.getpid()
";
    let tested = function(PYTHON, "app.py", app);
    let before = world.invoke(&tested, "{}").await;
    let raised = world.invoke(&tested, "{\"a\": 1}").await;
    assert_eq!(raised.function_error, Some(FunctionError::Unhandled));
    let error: serde_json::Value = serde_json::from_slice(&raised.payload).unwrap();
    assert_eq!(
        (&error["errorMessage"], &error["errorType"]),
        (&"no such user".into(), &"ValueError".into())
    );
    assert!(error["stackTrace"].is_array());
    assert!(text(&raised.log_tail).contains("[ERROR] ValueError: no such user"));
    let after = world.invoke(&tested, "{}").await;
    assert_eq!(before.payload, after.payload);
}

#[tokio::test]
async fn a_handler_that_does_not_import_says_so() {
    let world = World::new();
    let outcome = world.invoke(&function(PYTHON, "app.py", "import no_such_module"), "{}").await;
    assert_eq!(outcome.function_error, Some(FunctionError::Unhandled));
    let error: serde_json::Value = serde_json::from_slice(&outcome.payload).unwrap();
    assert_eq!(error["errorType"], "Runtime.ImportModuleError");
    let message = "Unable to import module 'app': No module named 'no_such_module'";
    assert_eq!(error["errorMessage"], message);
    assert!(text(&outcome.log_tail).contains("Runtime.ImportModuleError"));
}

#[tokio::test]
async fn what_it_sees_of_the_environment_is_lambda_s_and_its_own() {
    let world = World::new();
    let app = "
import os
def handler(event, context):
    return dict(os.environ)
";
    let mut tested = function(PYTHON, "app.py", app);
    let own = [("EXCLUDE", " /@\"'\\ $HOME "), ("AWS_REGION", "mine"), ("TZ", "Europe/Berlin")];
    for (name, value) in own {
        tested.environment.push((name.to_owned(), value.to_owned().into()));
    }
    let outcome = world.invoke(&tested, "{}").await;
    let seen: serde_json::Value = serde_json::from_slice(&outcome.payload).unwrap();
    for (name, value) in [
        ("EXCLUDE", " /@\"'\\ $HOME "),
        ("AWS_REGION", "eu-central-1"),
        ("AWS_DEFAULT_REGION", "eu-central-1"),
        ("AWS_ACCESS_KEY_ID", "ASIA0"),
        ("AWS_SECRET_ACCESS_KEY", "the-secret-key"),
        ("AWS_SESSION_TOKEN", "the-session-token"),
        ("AWS_EXECUTION_ENV", "AWS_Lambda_python3.11"),
        ("AWS_ENDPOINT_URL", "http://127.0.0.1:4566"),
        ("SECRETS_MANAGER_ENDPOINT", "http://127.0.0.1:4566"),
        ("_HANDLER", "app.handler"),
        ("TZ", "Europe/Berlin"),
    ] {
        assert_eq!(seen[name], value, "{name}");
    }
    // Of the test's own there is nothing but what means nothing secret.
    let own: Vec<String> = std::env::vars().map(|(name, _)| name).collect();
    let kept = ["PATH", "LANG", "HOME", "TZ", "LC_CTYPE", "PWD", "SHLVL", "_"];
    let leaked = own.iter().filter(|name| seen.get(name).is_some() && !kept.contains(&&***name));
    assert_eq!(leaked.collect::<Vec<_>>(), Vec::<&String>::new());
    assert!(own.iter().any(|name| !kept.contains(&&**name)));
}

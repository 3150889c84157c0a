//! Node by the client of this crate.

use coffer_functions::FunctionError;

use crate::world::{NODE, World, function, text};

#[tokio::test]
async fn a_handler_answers_with_its_event_and_its_context() {
    let world = World::new();
    let app = "
exports.handler = async (event, context) => {
    console.log('heard', event.name);
    const { awsRequestId, functionName, memoryLimitInMB } = context;
    const hasTime = context.getRemainingTimeInMillis() > 0;
    return { name: event.name, awsRequestId, functionName, memoryLimitInMB, hasTime };
};
";
    let tested = function(NODE, "app.js", app);
    for _ in 0..2 {
        let invocation = world.invocation("{\"name\": \"k\u{fc}hl\"}");
        let outcome = world.functions.invoke(&tested, invocation.clone()).await.unwrap();
        let answer: serde_json::Value = serde_json::from_slice(&outcome.payload).unwrap();
        let expected = serde_json::json!({
            "name": "k\u{fc}hl",
            "awsRequestId": invocation.request_id,
            "functionName": "tested",
            "memoryLimitInMB": "512",
            "hasTime": true,
        });
        assert_eq!((answer, outcome.function_error), (expected, None));
        let line = format!("\t{}\tINFO\theard k\u{fc}hl\n", invocation.request_id);
        assert!(text(&outcome.log_tail).contains(&line), "{}", text(&outcome.log_tail));
    }
}

#[tokio::test]
async fn handlers_of_modules_and_with_callbacks_are_called() {
    let world = World::new();
    let module = "export const handler = async ({ a }) => ({ b: a + 1 });";
    let answer = world.invoke(&function(NODE, "app.mjs", module), "{\"a\": 1}").await;
    assert_eq!(text(&answer.payload), "{\"b\":2}");
    let callback =
        "exports.handler = (event, context, callback) => setImmediate(callback, null, 7);";
    assert_eq!(text(&world.invoke(&function(NODE, "app.js", callback), "{}").await.payload), "7");
}

#[tokio::test]
async fn errors_are_told_as_they_are() {
    let world = World::new();
    for (app, kind, message) in [
        ("exports.handler = async () => { throw new TypeError('bad'); }", "TypeError", "bad"),
        ("exports.handler = (a, b, done) => done(new Error('bad'))", "Error", "bad"),
        (
            "exports.handler = async () => { const e = new Error('bad'); e.name = 'A\\n\u{2603}'; throw e }",
            "A\n\u{2603}",
            "bad",
        ),
        (
            "exports.other = 1",
            "Runtime.HandlerNotFound",
            "app.handler is undefined or not exported",
        ),
        ("require('none')", "Runtime.ImportModuleError", "Cannot find module 'none'"),
        ("exports.handler = (", "Runtime.UserCodeSyntaxError", "SyntaxError"),
        (
            "exports.handler = () => new Promise(() => setTimeout(() => { throw new Error('x') }, 1))",
            "Error",
            "x",
        ),
    ] {
        let outcome = world.invoke(&function(NODE, "app.js", app), "{}").await;
        assert_eq!(outcome.function_error, Some(FunctionError::Unhandled), "{app}");
        let error: serde_json::Value = serde_json::from_slice(&outcome.payload).unwrap();
        assert_eq!(error["errorType"], kind, "{app}");
        assert!(error["errorMessage"].as_str().unwrap().contains(message), "{app}: {error}");
    }
}

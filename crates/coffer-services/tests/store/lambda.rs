//! Lambda at work: code that is larger than a commit, calls, and services that call.

mod port;

use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use coffer_pipeline::{Answer, FunctionCode, NamedCode, NotRun};
use coffer_services::lambda::NotInvoked;
use serde_json::{Value, json};

use self::port::{ACCOUNT, Breakable, FUNCTIONS, PARTS, Port, outcome};

/// A zip whose one file is stored as it is.
fn zip(bytes: usize) -> Vec<u8> {
    let content: Vec<u8> = (0..bytes).map(|at| u8::try_from(at % 251).unwrap()).collect();
    let size = u32::try_from(bytes).unwrap().to_le_bytes();
    let crc = crc32(&content).to_le_bytes();
    let name = b"bootstrap";
    let common =
        [&[10, 0, 0, 0, 0, 0, 0, 0, 33, 0][..], &crc, &size, &size, &[9, 0, 0, 0]].concat();
    let local = [&b"PK\x03\x04"[..], &common, name, &content].concat();
    let central = [&b"PK\x01\x02\x0a\x00"[..], &common, &[0; 10], &[0; 4], name].concat();
    let (at, length) = (u32::try_from(local.len()).unwrap(), u32::try_from(central.len()).unwrap());
    let counts = [1, 0, 1, 0];
    let end = [
        &b"PK\x05\x06\x00\x00\x00\x00"[..],
        &counts,
        &length.to_le_bytes(),
        &at.to_le_bytes(),
        &[0, 0],
    ];
    [local, central, end.concat()].concat()
}

fn crc32(bytes: &[u8]) -> u32 {
    let mut crc = u32::MAX;
    for byte in bytes {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            let is_odd = crc & 1 == 1;
            crc = (crc >> 1) ^ if is_odd { 0xedb8_8320 } else { 0 };
        }
    }
    !crc
}

fn given(zip: &[u8]) -> Value {
    json!({ "ZipFile": STANDARD.encode(zip) })
}

fn read(answer: &Answer) -> Value {
    serde_json::from_slice(&answer.body).unwrap_or_default()
}

fn header<'a>(answer: &'a Answer, name: &str) -> Option<&'a str> {
    let found = answer.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
    found.map(|(_, value)| value.as_str())
}

#[tokio::test]
async fn a_zip_larger_than_a_commit_is_given_to_the_host_as_it_came_and_ends_with_its_function() {
    let port = Port::open().await;
    let zip = zip(13 << 20);
    let made = port.make("large", given(&zip)).await;
    assert_eq!(made.status, 201, "{:?}", made.fault);
    assert_eq!(read(&made)["CodeSize"], json!(zip.len()));
    assert_eq!(port.rows_of(PARTS).await, zip.len().div_ceil(768 << 10));
    let answer = port.asks("POST", &format!("{FUNCTIONS}/large/invocations"), &[], b"").await;
    assert_eq!((answer.status, answer.body.as_slice()), (200, &b"{\"ok\":true}"[..]));
    assert!(port.host.zips.lock().unwrap().pop().unwrap() == zip);
    // The job of what was laid down finds that it is held.
    port.run_jobs_after(Duration::from_secs(2 * 3600)).await;
    assert!(port.rows_of(PARTS).await > 8);
    let gone = port.asks("DELETE", &format!("{FUNCTIONS}/large"), &[], b"").await;
    assert_eq!((gone.status, gone.body.len()), (204, 0));
    port.run_jobs_after(Duration::from_secs(1)).await;
    for table in [PARTS, "lambda.code", "lambda.function"] {
        assert_eq!(port.rows_of(table).await, 0, "{table}");
    }
}

#[tokio::test]
async fn code_that_no_function_came_to_hold_is_taken_away() {
    let port = Port::on(Arc::new(Breakable::after(10))).await;
    let made = port.make("lost", given(&zip(9 << 20))).await;
    assert!(made.fault.unwrap().is_unavailable());
    assert_eq!((port.rows_of("lambda.function").await, port.rows_of(PARTS).await), (0, 8));
    port.run_jobs_after(Duration::from_secs(1800)).await;
    assert_eq!(port.rows_of(PARTS).await, 8);
    port.run_jobs_after(Duration::from_secs(1801)).await;
    assert_eq!((port.rows_of("lambda.code").await, port.rows_of(PARTS).await), (0, 0));
}

#[tokio::test]
async fn code_that_is_replaced_is_kept_as_long_as_a_version_has_it() {
    let port = Port::open().await;
    port.make("f", given(&zip(10))).await;
    let version = format!("{FUNCTIONS}/f/versions");
    assert_eq!(port.asks("POST", &version, &[], b"{}").await.status, 201);
    let update = given(&zip(20)).to_string();
    let code = format!("{FUNCTIONS}/f/code");
    assert_eq!(port.asks("PUT", &code, &[], update.as_bytes()).await.status, 200);
    port.run_jobs_after(Duration::from_secs(7200)).await;
    assert_eq!(port.rows_of("lambda.code").await, 2);
    let one = format!("{FUNCTIONS}/f?Qualifier=1");
    assert_eq!(port.asks("DELETE", &one, &[], b"").await.status, 204);
    port.run_jobs_after(Duration::from_secs(1)).await;
    assert_eq!(port.rows_of("lambda.code").await, 1);
    let call = format!("{FUNCTIONS}/f/invocations");
    assert_eq!(port.asks("POST", &call, &[], b"{}").await.status, 200);
    assert!(port.host.zips.lock().unwrap().pop().unwrap() == zip(20));
}

#[tokio::test]
async fn a_function_with_as_many_versions_as_there_may_be_ends_in_one_commit() {
    let port = Port::open().await;
    port.make("f", given(&zip(1))).await;
    let code = format!("{FUNCTIONS}/f/code");
    let mut made = 0;
    loop {
        let mut update = given(&zip(2 + made));
        update["Publish"] = json!(true);
        let answer = port.asks("PUT", &code, &[], update.to_string().as_bytes()).await;
        if answer.status != 200 {
            assert_eq!(answer.fault.unwrap().code, "CodeStorageExceededException");
            break;
        }
        made += 1;
        port.permits(&format!("f:{made}"), "secretsmanager.amazonaws.com", ACCOUNT).await;
    }
    assert_eq!((made, port.rows_of("lambda.version").await), (100, 100));
    let gone = port.asks("DELETE", &format!("{FUNCTIONS}/f"), &[], b"").await;
    assert_eq!(gone.status, 204, "{:?}", gone.fault);
    // Two jobs for each of the codes, the refused one's too, and 100 at a time in no order of theirs.
    let mut runs = 0;
    while port.run_jobs_after(Duration::from_secs(7200)).await > 0 {
        runs += 1;
        assert!(runs <= 3, "jobs without end");
    }
    for table in ["lambda.version", "lambda.policy", "lambda.code", PARTS, "lambda.function"] {
        assert_eq!(port.rows_of(table).await, 0, "{table}");
    }
}

#[tokio::test]
async fn a_call_is_run_with_all_that_the_function_is_configured_with() {
    let port = Port::open().await;
    let code = json!({"S3Bucket": "coffer-command", "S3Key": "rotate"});
    assert_eq!(port.make("f", code).await.status, 201);
    let call = format!("{FUNCTIONS}/f:$LATEST/invocations");
    let tail = [("x-amz-log-type", "Tail"), ("x-amz-client-context", "e30=")];
    let answer = port.asks("POST", &call, &tail, b"{\"a\": 1}").await;
    assert_eq!(answer.status, 200, "{:?}", answer.fault);
    assert_eq!(header(&answer, "x-amz-executed-version"), Some("$LATEST"));
    assert_eq!(header(&answer, "x-amz-function-error"), None);
    let log = STANDARD.decode(header(&answer, "x-amz-log-result").unwrap()).unwrap();
    assert_eq!((log.len(), log.ends_with(b"xEND")), (4096, true));
    let order = port.host.orders.lock().unwrap().pop().unwrap();
    assert_eq!(order.function_arn, format!("arn:aws:lambda:us-east-1:{ACCOUNT}:function:f"));
    assert_eq!(order.invoked_arn, format!("{}:$LATEST", order.function_arn));
    assert_eq!(order.code, FunctionCode::Named(NamedCode::Command("rotate".to_owned())));
    assert_eq!(order.environment["QUOTES"].expose(), "\" \\ ");
    assert_eq!((order.timeout, order.memory_mb), (Duration::from_secs(5), 128));
    assert_eq!(order.storage_mb, 512);
    assert_eq!(order.payload.expose(), b"{\"a\": 1}");
    assert_eq!(order.client_context.as_ref().unwrap().expose(), "e30=");
    assert_eq!(order.request_id, answer.request_id);
    assert!(order.credentials.access_key_id.starts_with("ASIA"));
    let shown = format!("{order:?}");
    assert!(shown.contains("\"QUOTES\": ***"), "{shown}");
    let credentials = &order.credentials;
    for secret in [&credentials.secret_access_key, &credentials.session_token] {
        assert!(!shown.contains(secret.expose().as_str()), "{shown}");
    }
}

#[tokio::test]
async fn what_goes_wrong_in_a_function_is_an_answer_and_what_keeps_it_from_running_is_a_fault() {
    let port = Port::open().await;
    port.make("f", given(&zip(1))).await;
    let call = format!("{FUNCTIONS}/f/invocations");
    let plan = |planned| port.host.outcomes.lock().unwrap().push(planned);
    plan(Ok(outcome("$LATEST", Some("Unhandled"))));
    let answer = port.asks("POST", &call, &[], b"{}").await;
    assert_eq!((answer.status, header(&answer, "x-amz-function-error")), (200, Some("Unhandled")));
    assert_eq!(header(&answer, "x-amz-log-result"), None);
    for (planned, code, status) in [
        (NotRun::Busy, "TooManyRequestsException", 429),
        (NotRun::Unfit("no".to_owned()), "InvalidZipFileException", 502),
        (NotRun::Failed("/secret/path".to_owned()), "ServiceException", 500),
        (NotRun::Off, "InvalidParameterValueException", 400),
    ] {
        plan(Err(planned));
        let answer = port.asks("POST", &call, &[], b"{}").await;
        assert_eq!((answer.status, header(&answer, "x-amzn-errortype")), (status, Some(code)));
        assert!(!String::from_utf8_lossy(&answer.body).contains("/secret/path"));
    }
    let before = port.host.orders.lock().unwrap().len();
    let dry = [("x-amz-invocation-type", "DryRun")];
    assert_eq!(port.asks("POST", &call, &dry, b"{}").await.status, 204);
    let garbage = port.asks("POST", &call, &[], b"{").await;
    assert_eq!(header(&garbage, "x-amzn-errortype"), Some("InvalidRequestContentException"));
    let garbage = port.asks("POST", &call, &[], b"\"\xff\"").await;
    assert_eq!(header(&garbage, "x-amzn-errortype"), Some("InvalidRequestContentException"));
    for context in ["string", "e30", "MQ==", "/w=="] {
        let answer = port.asks("POST", &call, &[("x-amz-client-context", context)], b"{}").await;
        assert_eq!(header(&answer, "x-amzn-errortype"), Some("InvalidRequestContentException"));
    }
    let large = [b"\"".to_vec(), vec![b'x'; 6 << 20], b"\"".to_vec()].concat();
    assert_eq!(port.asks("POST", &call, &[], &large).await.status, 413);
    assert_eq!(port.host.orders.lock().unwrap().len(), before);
}

#[tokio::test]
async fn an_event_is_run_later_and_twice_more_where_the_function_fails() {
    let port = Port::open().await;
    port.make("f", given(&zip(1))).await;
    let call = format!("{FUNCTIONS}/f/invocations");
    let event = [("x-amz-invocation-type", "Event")];
    let answer = port.asks("POST", &call, &event, b"{\"e\":1}").await;
    assert_eq!((answer.status, answer.body.len()), (202, 0));
    let orders = || port.host.orders.lock().unwrap().len();
    assert_eq!(orders(), 0);
    for _ in 0..3 {
        let failed = Ok(outcome("$LATEST", Some("Unhandled")));
        port.host.outcomes.lock().unwrap().push(failed);
    }
    for (seconds, count) in [(1, 1), (30, 1), (31, 2), (60, 2), (61, 3), (3600, 3)] {
        port.run_jobs_after(Duration::from_secs(seconds)).await;
        assert_eq!(orders(), count, "after {seconds} s more");
    }
    let ordered = port.host.orders.lock().unwrap().pop().unwrap();
    assert_eq!(ordered.payload.expose(), b"{\"e\":1}");
    assert_eq!(ordered.request_id, answer.request_id);
    let large = [b"\"".to_vec(), vec![b'x'; 256 << 10], b"\"".to_vec()].concat();
    assert_eq!(port.asks("POST", &call, &event, &large).await.status, 413);
}

#[tokio::test]
async fn a_service_may_call_what_its_policy_and_role_let_it() {
    let port = Port::open().await;
    let arn = format!("arn:aws:lambda:us-east-1:{ACCOUNT}:function:f");
    let asks = |arn: String, service, account| {
        let port = &port;
        async move { port.order_for(&arn, service, account).await }
    };
    let missing = asks(arn.clone(), "secretsmanager", ACCOUNT).await;
    assert!(matches!(missing, Err(NotInvoked::Missing)));
    port.make("f", given(&zip(1))).await;
    let closed = asks(arn.clone(), "secretsmanager", ACCOUNT).await;
    assert!(matches!(closed, Err(NotInvoked::NotAllowed)));
    port.permits("f", "secretsmanager.amazonaws.com", ACCOUNT).await;
    let order = asks(arn.clone(), "secretsmanager", ACCOUNT).await.unwrap();
    assert_eq!((order.name.as_str(), order.version.as_str()), ("f", "$LATEST"));
    assert_eq!(order.payload.expose(), b"{}");
    for (arn, service, account) in [
        (arn.clone(), "secretsmanager", "111122223333"),
        (arn.clone(), "events", ACCOUNT),
        // The policy is that of the function, not of a version.
        (format!("{arn}:$LATEST"), "secretsmanager", ACCOUNT),
    ] {
        let refused = asks(arn.clone(), service, account).await;
        assert!(matches!(refused, Err(NotInvoked::NotAllowed)), "{arn} {service} {account}");
    }
    let no_version = asks(format!("{arn}:7"), "secretsmanager", ACCOUNT).await;
    assert!(matches!(no_version, Err(NotInvoked::Missing)));
    let secret = "arn:aws:secretsmanager:us-east-1:000000000000:secret:s-AbCdEf";
    let no_function = asks(secret.to_owned(), "secretsmanager", ACCOUNT).await;
    assert!(matches!(no_function, Err(NotInvoked::NoFunctionArn)));
}

#[tokio::test]
async fn a_role_that_does_not_trust_lambda_makes_no_function() {
    let port = Port::open().await;
    let role = port.role("other", "ec2.amazonaws.com").await;
    for role in [role, format!("arn:aws:iam::{ACCOUNT}:role/none")] {
        let made = port.make_with("f", given(&zip(1)), &role).await;
        let fault = made.fault.unwrap();
        assert_eq!((fault.code, made.status), ("InvalidParameterValueException", 400));
        assert!(fault.message.ends_with("cannot be assumed by Lambda."), "{}", fault.message);
    }
    assert_eq!(port.rows_of("lambda.code").await, 0);
}

//! Functions that are services which answer the Invoke API.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use coffer_functions::{Code, FailureKind, Function, FunctionError};

use crate::world::{World, function_of, given, text};

/// A service that answers one request with these bytes, and gives what it was asked.
fn serve_once(answer: String) -> (String, std::thread::JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/base", listener.local_addr().unwrap());
    let served = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut asked = Vec::new();
        while !asked.ends_with(b"{\"a\":1}") {
            let mut piece = [0; 1024];
            let bytes = stream.read(&mut piece).unwrap();
            assert!(bytes > 0);
            asked.extend_from_slice(&piece[..bytes]);
        }
        stream.write_all(answer.as_bytes()).unwrap();
        if answer.is_empty() {
            // Until who asked has gone.
            stream.read_exact(&mut [0]).ok();
        }
        String::from_utf8(asked).unwrap()
    });
    (url, served)
}

fn at(url: &str) -> Function {
    function_of(Code::Url(url.to_owned()), given(Vec::new()))
}

#[tokio::test]
async fn a_service_is_asked_as_lambda_is() {
    let log = BASE64_STANDARD.encode("its log\n");
    let (url, served) = serve_once(format!(
        "HTTP/1.1 200 OK\r\nX-Amz-Executed-Version: 7\r\nX-Amz-Log-Result: {log}\r\n\
         Content-Length: 7\r\n\r\n{{\"b\":2}}"
    ));
    let world = World::with(|settings| settings.urls.push(url.clone()));
    let outcome = world.invoke(&at(&url), "{\"a\":1}").await;
    assert_eq!((text(&outcome.payload), outcome.function_error), ("{\"b\":2}", None));
    assert_eq!((text(&outcome.log_tail), outcome.executed_version.as_str()), ("its log\n", "7"));
    let asked = served.join().unwrap();
    let line = "POST /base/2015-03-31/functions/tested/invocations HTTP/1.1\r\n";
    assert!(asked.starts_with(line), "{asked}");
    assert!(asked.contains("x-amz-invocation-type: RequestResponse\r\n"), "{asked}");
    assert!(asked.contains("x-amz-log-type: Tail\r\n"), "{asked}");
    // Of a session of its own, for the whole of the body.
    assert!(asked.contains("authorization: ASIA0 eu-central-1 7\r\n"), "{asked}");
}

#[tokio::test]
async fn its_errors_are_the_function_s_and_its_failures_the_operator_s() {
    let answer =
        "HTTP/1.1 200 OK\r\nX-Amz-Function-Error: Unhandled\r\nContent-Length: 2\r\n\r\n{}";
    let (url, served) = serve_once(answer.to_owned());
    let world = World::with(|settings| settings.urls.push(url.clone()));
    let outcome = world.invoke(&at(&url), "{\"a\":1}").await;
    assert_eq!(outcome.function_error, Some(FunctionError::Unhandled));
    served.join().unwrap();
    let failure = world.try_invoke(&at(&url), "{\"a\":1}").await.unwrap_err();
    assert_eq!(failure.kind, FailureKind::NoAnswer);
    assert!(failure.message.contains("no connection"), "{failure}");
    let (url, served) =
        serve_once("HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n".to_owned());
    let world = World::with(|settings| settings.urls.push(url.clone()));
    let failure = world.try_invoke(&at(&url), "{\"a\":1}").await.unwrap_err();
    assert!(failure.message.ends_with("the answer has status 502 Bad Gateway"), "{failure}");
    served.join().unwrap();
}

#[tokio::test]
async fn a_service_that_takes_too_long_has_timed_out() {
    let (url, served) = serve_once(String::new());
    let world = World::with(|settings| settings.urls.push(url.clone()));
    let mut tested = at(&url);
    tested.timeout = Duration::from_secs(1);
    let outcome = world.invoke(&tested, "{\"a\":1}").await;
    assert!(text(&outcome.payload).contains("Task timed out after 1.00 seconds"));
    served.join().unwrap();
}

#[tokio::test]
async fn no_more_services_are_asked_at_one_time_than_may_be() {
    let (url, served) = serve_once(String::new());
    let world = World::with(|settings| {
        settings.urls.push(url.clone());
        settings.instances_max = 1;
    });
    let mut tested = at(&url);
    tested.timeout = Duration::from_secs(1);
    let (first, second) =
        tokio::join!(world.invoke(&tested, "{\"a\":1}"), world.try_invoke(&tested, "{}"));
    assert!(text(&first.payload).contains("timed out"));
    assert_eq!(second.unwrap_err().kind, FailureKind::TooManyInstances);
    served.join().unwrap();
    // The room is given back.
    let failure = world.try_invoke(&tested, "{}").await.unwrap_err();
    assert_eq!(failure.kind, FailureKind::NoAnswer);
}

#[tokio::test]
async fn an_answer_that_is_too_large_or_points_elsewhere_is_none() {
    let large = format!("HTTP/1.1 200 OK\r\nContent-Length: 7000000\r\n\r\n{}", "1".repeat(100));
    let elsewhere = "HTTP/1.1 307 Temporary Redirect\r\nLocation: http://127.0.0.1:9/\r\n\
                     Content-Length: 0\r\n\r\n";
    for (answer, told) in [(large.as_str(), "no whole answer"), (elsewhere, "status 307")] {
        let (url, served) = serve_once(answer.to_owned());
        let world = World::with(|settings| settings.urls.push(url.clone()));
        let failure = world.try_invoke(&at(&url), "{\"a\":1}").await.unwrap_err();
        assert_eq!(failure.kind, FailureKind::NoAnswer);
        assert!(failure.message.contains(told), "{failure}");
        served.join().unwrap();
    }
}

#[tokio::test]
async fn only_listed_urls_are_asked() {
    let plain = "http://192.0.2.1:9/";
    let world = World::with(|settings| settings.urls.push(plain.to_owned()));
    let failure = world.try_invoke(&at("http://127.0.0.1:9/"), "{}").await.unwrap_err();
    assert_eq!(failure.kind, FailureKind::NotAllowed);
    let failure = world.try_invoke(&at(plain), "{}").await.unwrap_err();
    assert!(failure.message.contains("only https URLs are asked"), "{failure}");
}

//! A stop: requests in flight are finished, idle connections close, nobody new comes in.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use bytes::Bytes;

use crate::process::{Setup, put_head};

#[test]
fn a_request_in_flight_is_finished_while_nobody_new_comes_in() {
    let setup = Setup::new();
    let mut server = setup.start();
    let credentials = setup.credentials();
    let mut idle = connect(server.address());
    idle.write_all(b"GET /_coffer/health HTTP/1.1\r\nhost: x\r\n\r\n").unwrap();
    let mut answer = [0; 12];
    idle.read_exact(&mut answer).unwrap();
    assert_eq!(&answer, b"HTTP/1.1 200");
    let mut silent = connect(server.address());
    let mut half = connect(server.address());
    half.write_all(b"GET /_coffer/hea").unwrap();

    let (head, body) = put_request(server.address(), &credentials);
    let mut flying = connect(server.address());
    flying.write_all(head.as_bytes()).unwrap();
    let mut go_on = [0; 25];
    flying.read_exact(&mut go_on).unwrap();
    assert_eq!(&go_on, b"HTTP/1.1 100 Continue\r\n\r\n");
    let (begin, rest) = body.split_at(body.len() / 2);
    flying.write_all(begin).unwrap();

    server.signal("TERM");
    let mut old = Vec::new();
    idle.read_to_end(&mut old).unwrap();
    assert_eq!(silent.read(&mut [0]).unwrap_or(0), 0);
    assert!(TcpStream::connect(server.address()).is_err());

    flying.write_all(rest).unwrap();
    let mut answer = String::new();
    flying.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 OK"), "{answer}");
    assert!(answer.to_lowercase().contains("connection: close"), "{answer}");
    assert!(server.ended().success());
    assert!(setup.log().contains("\"stopped\""));

    setup.start().get(&credentials, "/flying").unwrap();
}

#[test]
fn an_interrupt_stops_as_a_termination_does() {
    let mut server = Setup::new().start();
    server.signal("INT");
    assert!(server.ended().success());
}

#[test]
fn a_caller_that_hangs_up_leaves_a_server_that_goes_on() {
    let setup = Setup::new();
    let server = setup.start();
    let credentials = setup.credentials();
    for bytes in [0, 1, 3, 40, 400, usize::MAX] {
        let (head, body) = put_request(server.address(), &credentials);
        let whole = [head.replace("expect: 100-continue\r\n", "").as_bytes(), &body].concat();
        let mut stream = connect(server.address());
        stream.write_all(whole.get(..bytes).unwrap_or(&whole)).unwrap();
    }
    // Whether the whole one was carried out is its caller's loss.
    server.put(&credentials, "/next").unwrap();
    server.get(&credentials, "/next").unwrap();
    server.stop();
    assert!(!setup.log().contains("panicked"));
}

fn connect(address: &str) -> TcpStream {
    let stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(READ_MAX)).unwrap();
    stream
}

/// A signed PutParameter as its bytes, which waits to be told to go on.
fn put_request(address: &str, credentials: &coffer_client::Credentials) -> (String, Bytes) {
    let body = Bytes::from_static(br#"{"Name":"/flying","Value":"v","Type":"String"}"#);
    let head = put_head(address, credentials, &body);
    let mut text = String::from("POST / HTTP/1.1\r\nexpect: 100-continue\r\n");
    for (name, value) in &head.headers {
        text.push_str(&format!("{name}: {}\r\n", value.to_str().unwrap()));
    }
    text.push_str(&format!("content-length: {}\r\n\r\n", body.len()));
    (text, body)
}

const READ_MAX: Duration = Duration::from_secs(20);

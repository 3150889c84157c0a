//! Callers that hang up: what they have asked for whole is done, and the journal tells of it.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::time::Duration;

use bytes::Bytes;
use coffer_client::Credentials;
use coffer_journal::{Portion, Position, Reader};
use coffer_server::runtime;
use http_body_util::Full;
use hyper::client::conn::http2;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::TcpStream;

use crate::process::{Server, Setup, put_head, run, wait_for};

#[test]
fn what_was_sent_whole_is_done_and_recorded_whoever_hangs_up() {
    let setup = Setup::new();
    let server = setup.start();
    let credentials = setup.credentials();
    for number in 0..CALLERS {
        let (head, body) = put_request(&server, &credentials, number);
        let mut whole = b"POST / HTTP/1.1\r\n".to_vec();
        for (name, value) in &head.headers {
            whole.extend_from_slice(format!("{name}: ").as_bytes());
            whole.extend_from_slice(value.as_bytes());
            whole.extend_from_slice(b"\r\n");
        }
        whole.extend_from_slice(format!("content-length: {}\r\n\r\n", body.len()).as_bytes());
        whole.extend_from_slice(&body);
        let mut stream = std::net::TcpStream::connect(server.address()).unwrap();
        stream.write_all(&whole).unwrap();
    }
    wait_for(|| (stored(&server, &credentials).len() == CALLERS).then_some(()));
    wait_for(|| (recorded(&setup) == stored(&server, &credentials)).then_some(()));
}

#[test]
fn a_stream_that_is_reset_leaves_no_change_without_its_record() {
    let setup = Setup::new();
    let server = setup.start();
    let credentials = setup.credentials();
    run(async {
        for number in 0..CALLERS {
            let stream = TcpStream::connect(server.address()).await.unwrap();
            let opened = http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await;
            let (mut sender, connection) = opened.unwrap();
            let connection = runtime::spawn(connection);
            let (head, body) = put_request(&server, &credentials, number);
            let request = http::Request::from_parts(head, Full::new(body));
            // Some are reset before the server has them, some while it commits, some after it.
            let patience = Duration::from_micros(400 * u64::try_from(number).unwrap());
            drop(tokio::time::timeout(patience, sender.send_request(request)).await);
            connection.abort();
        }
    });
    // Those that took their time were answered.
    wait_for(|| (!stored(&server, &credentials).is_empty()).then_some(()));
    wait_for(|| (recorded(&setup) == stored(&server, &credentials)).then_some(()));
}

/// A signed PutParameter of a parameter of its own.
fn put_request(
    server: &Server,
    credentials: &Credentials,
    number: usize,
) -> (http::request::Parts, Bytes) {
    let name = name(number);
    let body = Bytes::from(format!(r#"{{"Name":"{name}","Value":"v","Type":"String"}}"#));
    (put_head(server.address(), credentials, &body), body)
}

fn name(number: usize) -> String {
    format!("/gone/{number:02}")
}

/// The names of the parameters that are there.
fn stored(server: &Server, credentials: &Credentials) -> BTreeSet<String> {
    let is_there = |name: &String| server.get(credentials, name).is_ok();
    (0..CALLERS).map(name).filter(is_there).collect()
}

/// The names of the parameters whose making the journal tells of.
fn recorded(setup: &Setup) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let all = Portion { records_max: 10_000, bytes_max: usize::MAX, sequence_max: u64::MAX };
    let mut reader = Reader::new(&setup.data("audit"), Position::START);
    let read = reader.read(all, |entry| {
        let text = String::from_utf8_lossy(entry.record);
        if text.contains(r#""eventName":"PutParameter""#) {
            found.extend((0..CALLERS).map(name).filter(|name| text.contains(name)));
        }
    });
    read.unwrap();
    found
}

const CALLERS: usize = 40;

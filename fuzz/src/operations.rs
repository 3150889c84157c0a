//! The whole road: requests, one after the other, to a server in memory that is new for each input.
//! Whatever they ask for, each answer is one that can be sent and read.

use std::sync::Arc;
use std::time::Duration;

use coffer_model::Timestamp;
use coffer_pipeline::road::Route;
use coffer_pipeline::sealing::SealedRows;
use coffer_pipeline::{
    Answer, Clock, NoBackups, NoFunctions, NoOutside, NotMovable, Protocol, Received, Road,
    RootKeyRing, Turns, World,
};
use coffer_protocol::sigv4::{Credentials, Signer};
use coffer_seal::{RootKey, RowSealer};
use coffer_services::SERVICES;
use coffer_store::{Sim, Tables};
use http::request::Parts;
use serde_json::Value;

use crate::Target;
use crate::request_bodies::{rest_head, written};
use crate::sealed::Counting;

pub(crate) const TARGET: Target = Target { name: "operations", bytes_max: 16 * 1024, run };

/// Each line is a request: `service Operation JSON`, `Action=…` as a form, or `METHOD /path JSON`.
fn run(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    // A pair of such keys takes a second to draw.
    if text.contains("RSA") {
        return;
    }
    let runtime = tokio::runtime::Builder::new_current_thread().max_blocking_threads(1).build();
    runtime.unwrap().block_on(async {
        let road = road();
        for line in text.lines().take(REQUESTS_MAX) {
            if let Some(received) = request(&road, line) {
                is_readable(line, &road.travel(Box::new(received)).await);
            }
        }
    });
}

/// Makes sure that an answer can be read, and is no fault of the server.
pub(crate) fn is_readable(line: &str, answer: &Answer) {
    let body = String::from_utf8_lossy(&answer.body);
    let code = answer.fault.as_ref().map(|fault| fault.code).unwrap_or_default();
    assert!(!INTERNAL.contains(&code), "{line}: {:?}", answer.fault);
    match answer.content_type {
        "text/xml" => {
            let mut reader = quick_xml::Reader::from_str(&body);
            loop {
                match reader.read_event() {
                    Ok(quick_xml::events::Event::Eof) => break,
                    read => assert!(read.is_ok(), "{line}: {read:?} {body}"),
                }
            }
        }
        _ if answer.fault.is_none() && answer.body.is_empty() => {}
        _ => assert!(serde_json::from_str::<Value>(&body).is_ok(), "{line}: {body}"),
    }
}

/// The request of a line.
pub(crate) fn request(road: &Road, line: &str) -> Option<Received> {
    let (head, service, body) = if line.starts_with("Action=") {
        let service = if line.contains("2011-06-15") { "sts" } else { "iam" };
        let head = http::Request::post("http://localhost/")
            .header("content-type", "application/x-www-form-urlencoded");
        (head.body(()).ok()?.into_parts().0, service, line.as_bytes().to_vec())
    } else {
        let (first, rest) = line.split_once(' ')?;
        let (second, json) = rest.split_once(' ')?;
        if second.starts_with('/') {
            let uri = format!("http://localhost{second}");
            let head = http::Request::builder().method(first).uri(uri).body(()).ok()?;
            (head.into_parts().0, "lambda", json.as_bytes().to_vec())
        } else {
            let mut all = road.routes().all().iter();
            let route =
                all.find(|it| it.service.name == first && it.entry.name == second).copied()?;
            let (head, body) = to_operation(&route, json)?;
            (head, route.service.name, body)
        }
    };
    signed(road, head, service, body)
}

/// The head and the body of a request to an operation, whatever its protocol is.
fn to_operation(route: &Route, json: &str) -> Option<(Parts, Vec<u8>)> {
    let request = http::Request::post("http://localhost/");
    let (request, body) = match route.service.protocol {
        Protocol::Json { target_prefix } => {
            let target = format!("{target_prefix}.{}", route.entry.name);
            (request.header("x-amz-target", target), json.as_bytes().to_vec())
        }
        Protocol::Query { .. } => {
            let input = serde_json::from_str(json).ok()?;
            let request = request.header("content-type", "application/x-www-form-urlencoded");
            (request, written(route, &input))
        }
        Protocol::RestJson => {
            let input = serde_json::from_str(json).ok()?;
            let (target, headers) = rest_head(route, &input);
            let request = http::Request::builder()
                .method(route.entry.http?.method)
                .uri(format!("http://localhost{target}"));
            let request = headers
                .into_iter()
                .fold(request, |request, (name, value)| request.header(name, value));
            (request, written(route, &input))
        }
    };
    Some((request.body(()).ok()?.into_parts().0, body))
}

fn signed(road: &Road, mut head: Parts, service: &str, body: Vec<u8>) -> Option<Received> {
    let credentials = Credentials {
        access_key_id: "000000000000".to_owned(),
        secret_access_key: "test".to_owned().into(),
        session_token: None,
    };
    let signer = Signer { credentials: &credentials, region: "us-east-1", service, now: NOW };
    signer.sign_request(&mut head, &body).ok()?;
    Some(Received {
        head,
        body: body.into(),
        source_ip: "127.0.0.1".into(),
        tls: None,
        now: road.world().clock.now(),
        real_now: NOW,
    })
}

/// A server in memory.
pub(crate) fn road() -> Road {
    let entropy = Arc::new(Counting::new());
    let root_key = RootKey::generate(entropy.as_ref());
    let (sealer, _) = RowSealer::generate(entropy.as_ref(), &root_key);
    let sessions = sealer.session_sealer();
    let cipher = Arc::new(SealedRows::new(sealer, entropy.clone()));
    let world = World {
        turns: Turns::default(),
        tallies: Default::default(),
        claims: Default::default(),
        message_keys: Default::default(),
        audit: Default::default(),
        tables: Tables::new(Arc::new(Sim::new()), cipher),
        root_key: RootKeyRing::in_memory(root_key, entropy.clone()),
        sessions,
        backups: Arc::new(NoBackups),
        outside: Arc::new(NoOutside),
        functions: Arc::new(NoFunctions),
        entropy,
        clock: Arc::new(Still),
        dev: true,
    };
    Road::new(Arc::new(world), SERVICES)
}

/// A clock that stands still.
struct Still;

impl Clock for Still {
    fn now(&self) -> Timestamp {
        NOW
    }

    fn real_now(&self) -> Timestamp {
        NOW
    }

    fn advance(&self, _: Duration) -> Result<Timestamp, NotMovable> {
        Ok(NOW)
    }
}

/// When all of it happens.
const NOW: Timestamp = Timestamp::EPOCH;
const REQUESTS_MAX: usize = 8;
/// What says that something went wrong here and not there.
const INTERNAL: [&str; 3] = ["InternalFailure", "InternalServerError", "InternalServiceError"];

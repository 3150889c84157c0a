//! Every route there is, from the table: who does not sign, signs wrongly or sends what is no input
//! is refused in the service's own words, and leaves no row behind.

#![expect(clippy::unwrap_used, reason = "tests may unwrap")]

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::Duration;

use coffer_model::Timestamp;
use coffer_pipeline::road::Route;
use coffer_pipeline::sealing::SealedRows;
use coffer_pipeline::{
    Answer, Clock, NoOutside, NotMovable, Protocol, Received, Road, RootKeyRing, Signing, Turns,
    World,
};
use coffer_protocol::shape::{Kind, Shape};
use coffer_protocol::sigv4::{Credentials, Signer};
use coffer_seal::{Entropy, RootKey, RowSealer, SystemEntropy};
use coffer_services::SERVICES;
use coffer_store::{Sim, Tables};
use serde_json::{Value, json};

struct Still;

impl Clock for Still {
    fn now(&self) -> Timestamp {
        NOW
    }

    fn real_now(&self) -> Timestamp {
        NOW
    }

    fn advance(&self, _: Duration) -> Result<Timestamp, NotMovable> {
        Err(NotMovable)
    }
}

struct Port {
    road: Road,
    sim: Arc<Sim>,
}

impl Port {
    fn open() -> Self {
        let entropy: Arc<dyn Entropy> = Arc::new(SystemEntropy::new());
        let root_key = RootKey::generate(entropy.as_ref());
        let (sealer, _) = RowSealer::generate(entropy.as_ref(), &root_key);
        let sim = Arc::new(Sim::new());
        let sessions = sealer.session_sealer();
        let tables = Tables::new(sim.clone(), Arc::new(SealedRows::new(sealer, entropy.clone())));
        let clock = Arc::new(Still);
        let turns = Turns::default();
        let root_key = RootKeyRing::in_memory(root_key, entropy.clone());
        let world = World {
            tables,
            root_key,
            sessions,
            outside: Arc::new(NoOutside),
            entropy,
            clock,
            dev: true,
            turns,
            audit: Default::default(),
        };
        Self { road: Road::new(Arc::new(world), SERVICES), sim }
    }

    async fn refuses(&self, request: Received, at: &str, code: (&str, &str), protocol: Protocol) {
        let answer = self.sends(request).await;
        let (expected, status) = match protocol {
            Protocol::Json { .. } => (code.0, 400),
            Protocol::Query { .. } => (code.1, 403),
        };
        assert_eq!(answer.fault.as_ref().map(|fault| fault.code), Some(expected), "{at}");
        assert_eq!(answer.status, status, "{at}");
        self.is_empty(at);
    }

    async fn sends(&self, request: Received) -> Answer {
        let answer = self.road.travel(request).await;
        assert_eq!(answer.request_id.len(), 36);
        let is_told = match answer.content_type {
            "text/xml" => answer.body.starts_with(b"<"),
            _ => serde_json::from_slice::<Value>(&answer.body).is_ok(),
        };
        assert!(is_told, "{:?}", String::from_utf8_lossy(&answer.body));
        answer
    }

    /// INVARIANT: nothing in these tests is let in, so there never is a row.
    fn is_empty(&self, at: &str) {
        assert_eq!(self.sim.rows(), 0, "{at} left a row");
    }
}

fn unsigned(route: &Route, body: &[u8]) -> http::request::Parts {
    let request = http::Request::post("http://localhost/");
    let request = match route.service.protocol {
        Protocol::Json { target_prefix } => {
            request.header("x-amz-target", format!("{target_prefix}.{}", route.entry.name))
        }
        Protocol::Query { .. } => {
            request.header("content-type", "application/x-www-form-urlencoded")
        }
    };
    request.header("content-length", body.len()).body(()).unwrap().into_parts().0
}

/// Who signs, and how wrongly.
#[derive(Clone, Copy)]
struct Hand<'a> {
    access_key_id: &'a str,
    secret: &'a str,
    service: Option<&'a str>,
    now: Timestamp,
}

const RIGHT: Hand<'_> = Hand { access_key_id: "test", secret: "test", service: None, now: NOW };

fn signed(route: &Route, hand: Hand<'_>, body: &[u8]) -> http::request::Parts {
    let mut head = unsigned(route, body);
    let credentials = Credentials {
        access_key_id: hand.access_key_id.to_owned(),
        secret_access_key: hand.secret.to_owned().into(),
        session_token: None,
    };
    let service = hand.service.unwrap_or(route.service.name);
    let signer = Signer { credentials: &credentials, region: "us-east-1", service, now: hand.now };
    signer.sign_request(&mut head, body).unwrap();
    head
}

fn received(head: http::request::Parts, body: &[u8]) -> Received {
    let source_ip = IpAddr::V4(Ipv4Addr::LOCALHOST);
    Received {
        head,
        body: body.to_vec().into(),
        source_ip,
        is_secure: false,
        now: NOW,
        real_now: NOW,
    }
}

/// A body that names the operation where its protocol asks for that, and gives no member.
fn bare(route: &Route) -> Vec<u8> {
    match route.service.protocol {
        Protocol::Json { .. } => b"{}".to_vec(),
        Protocol::Query { version, .. } => {
            format!("Action={}&Version={version}", route.entry.name).into_bytes()
        }
    }
}

fn name(route: &Route) -> String {
    format!("{} {}", route.service.name, route.entry.name)
}

#[tokio::test]
async fn who_does_not_sign_rightly_is_refused_by_every_route() {
    let port = Port::open();
    let routes = port.road.routes().all();
    assert!(routes.len() > 3);
    for route in routes {
        let (at, protocol, body) = (name(route), route.service.protocol, bare(route));
        let missing = ("MissingAuthenticationTokenException", "MissingAuthenticationToken");
        let request = received(unsigned(route, &body), &body);
        match route.entry.signing {
            Signing::Required => port.refuses(request, &at, missing, protocol).await,
            Signing::Optional => {
                // Whose input says who calls: nobody is let in who gives none.
                assert_eq!(at, "sts AssumeRoleWithWebIdentity");
                let answer = port.sends(request).await;
                assert_eq!(answer.fault.map(|fault| fault.code), Some("ValidationError"));
                port.is_empty(&at);
            }
        }

        let invalid = ("InvalidSignatureException", "SignatureDoesNotMatch");
        for hand in [
            Hand { secret: "wrong", ..RIGHT },
            Hand { service: Some("other"), ..RIGHT },
            Hand { now: NOW.minus(Duration::from_secs(16 * 60)), ..RIGHT },
            Hand { now: NOW.plus(Duration::from_secs(16 * 60)), ..RIGHT },
        ] {
            let request = received(signed(route, hand, &body), &body);
            port.refuses(request, &at, invalid, protocol).await;
        }
        // Another body than the one that was signed; a blank more still finds the route.
        let tampered = [body.as_slice(), b"&"].concat();
        let request = received(signed(route, RIGHT, &body), &tampered);
        port.refuses(request, &at, invalid, protocol).await;

        let unknown = ("UnrecognizedClientException", "InvalidClientTokenId");
        let hand = Hand { access_key_id: "AKIAIOSFODNN7EXAMPLE", ..RIGHT };
        let request = received(signed(route, hand, &body), &body);
        port.refuses(request, &at, unknown, protocol).await;
    }
}

#[tokio::test]
async fn a_body_that_is_no_input_is_the_senders_fault_on_every_route() {
    let port = Port::open();
    for route in port.road.routes().all() {
        for body in garbage(route) {
            let answer = port.sends(received(signed(route, RIGHT, &body), &body)).await;
            let start: String = String::from_utf8_lossy(&body).chars().take(40).collect();
            let at = format!("{} with {start:?}", name(route));
            assert!((400..500).contains(&answer.status), "{at}: {:?}", answer.fault);
            port.is_empty(&at);
        }
    }
}

fn garbage(route: &Route) -> Vec<Vec<u8>> {
    match route.service.protocol {
        Protocol::Json { .. } => {
            let texts: [&[u8]; 9] = [
                b"{",
                b"[]",
                b"\"text\"",
                b"5",
                b"{}{}",
                b"{\"a\":\"\xff\xfe\"}",
                b"\x00\x01\x02",
                b"<xml/>",
                b"{\"a\":1e999999}",
            ];
            let mut all: Vec<Vec<u8>> = texts.map(<[u8]>::to_vec).into();
            all.push(b"[".repeat(100_000));
            all.push([b"{\"a\":".repeat(50_000), b"1".to_vec(), b"}".repeat(50_000)].concat());
            all
        }
        Protocol::Query { .. } => {
            let ends: [&[u8]; 4] = [b"&A=1&A.b=2", b"&a=%ff%fe", b"&a=%zz", b"&Action=Other"];
            let mut all: Vec<Vec<u8>> = ends.map(|end| [&bare(route), end].concat()).into();
            all.push([bare(route), b"&a.b".repeat(10_000)].concat());
            all.push([bare(route), b"&a".to_vec(), b".a".repeat(10_000)].concat());
            all
        }
    }
}

#[tokio::test]
async fn a_member_of_a_wrong_type_is_told_as_one_on_every_route() {
    let port = Port::open();
    let mut tried = 0;
    for route in port.road.routes().all() {
        if !matches!(route.service.protocol, Protocol::Json { .. }) {
            continue;
        }
        for input in wrongly_typed(&(route.entry.input)(), DEPTH_MAX) {
            if !input.is_object() {
                continue;
            }
            let body = input.to_string().into_bytes();
            let answer = port.sends(received(signed(route, RIGHT, &body), &body)).await;
            let at = format!("{} with {input}", name(route));
            let code = answer.fault.as_ref().map(|fault| fault.code);
            assert_eq!((answer.status, code), (400, Some("SerializationException")), "{at}");
            port.is_empty(&at);
            tried += 1;
        }
    }
    assert!(tried > 20, "{tried}");
}

/// Values that are not of this shape: of another type altogether, or with one within.
fn wrongly_typed(shape: &Shape, depth: usize) -> Vec<Value> {
    let mut all = match &shape.kind {
        Kind::Structure { .. } | Kind::Map { .. } => vec![json!("text"), json!(5), json!([[]])],
        Kind::List(_) => vec![json!("text"), json!(5), json!({"a": 1})],
        Kind::String(_) => vec![json!([]), json!({})],
        Kind::Integer | Kind::Long | Kind::Double => {
            vec![json!("text"), json!([]), json!({}), json!(true)]
        }
        Kind::Boolean => vec![json!("text"), json!(5), json!([]), json!({})],
        Kind::Blob => vec![json!(5), json!("%%%%"), json!([]), json!({})],
        Kind::Timestamp => vec![json!(true), json!([]), json!({})],
    };
    if depth == 0 {
        return all;
    }
    match &shape.kind {
        Kind::Structure { members, .. } => {
            for member in members() {
                let inner = wrongly_typed(&member.shape, depth - 1);
                all.extend(inner.into_iter().map(|value| json!({ member.wire: value })));
            }
        }
        Kind::List(member) => {
            all.extend(wrongly_typed(member, depth - 1).into_iter().map(|value| json!([value])));
        }
        Kind::Map { value, .. } => {
            let inner = wrongly_typed(value, depth - 1).into_iter();
            all.extend(inner.map(|value| json!({ "key": value })));
        }
        _ => {}
    }
    all
}

#[tokio::test]
async fn who_asks_for_no_operation_is_told_so() {
    let port = Port::open();
    let route = port.road.routes().all().first().copied().unwrap();
    let mut head = unsigned(&route, b"{}");
    for target in ["", "NoSuch.Operation", "TrentService", "TrentService.", "\u{7f}"] {
        let Ok(value) = http::HeaderValue::from_str(target) else { continue };
        head.headers.insert("x-amz-target", value);
        let answer = port.sends(received(head.clone(), b"{}")).await;
        assert_eq!(answer.fault.unwrap().code, "UnknownOperationException", "{target}");
    }
    head.headers.remove("x-amz-target");
    for body in [&b""[..], b"Action=GetCallerIdentity", b"Version=2011-06-15", b"\xff=\xff"] {
        let answer = port.sends(received(head.clone(), body)).await;
        assert!((400..500).contains(&answer.status), "{body:?}");
    }
    port.is_empty("asking for nothing");
}

const NOW: Timestamp = Timestamp::EPOCH;
/// How deep structures within structures are tried; one may hold itself.
const DEPTH_MAX: usize = 6;

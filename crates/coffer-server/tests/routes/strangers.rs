//! Bodies that are no input, and requests for no operation: they are the sender's fault, and leave
//! no row behind.

use coffer_pipeline::road::Route;
use coffer_pipeline::{Answer, Protocol, Received};
use coffer_protocol::shape::{Kind, Place, Shape};
use serde_json::{Value, json};

use crate::input::members_of;
use crate::port::{Hands, Port, name, root_of, signed, unsigned};

/// A request of a root, of an account where nothing is.
fn asked(port: &Port, route: &Route, body: &[u8]) -> Received {
    port.received(signed(route, &Hands::of(&root_of("111122223333")), body), body)
}

/// A body that names the operation where its protocol asks for that, and gives no member.
fn bare(route: &Route) -> Vec<u8> {
    match route.service.protocol {
        Protocol::Json { .. } | Protocol::RestJson => b"{}".to_vec(),
        Protocol::Query { version, .. } => {
            format!("Action={}&Version={version}", route.entry.name).into_bytes()
        }
    }
}

/// INVARIANT: nothing in these tests is let in, so there never is a row.
async fn sends(port: &Port, request: Received, at: &str) -> Answer {
    let answer = port.sends(request).await;
    assert!(port.rows_besides_uses().await.is_empty(), "{at} left a row");
    answer
}

#[tokio::test]
async fn a_body_that_is_no_input_is_the_senders_fault_on_every_route() {
    let port = Port::open();
    for route in port.road.routes().all() {
        for body in garbage(route) {
            let start: String = String::from_utf8_lossy(&body).chars().take(40).collect();
            let at = format!("{} with {start:?}", name(route));
            let answer = sends(&port, asked(&port, route, &body), &at).await;
            assert!((400..500).contains(&answer.status), "{at}: {:?}", answer.fault);
        }
    }
}

fn garbage(route: &Route) -> Vec<Vec<u8>> {
    match route.service.protocol {
        Protocol::Json { .. } | Protocol::RestJson => {
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
            let ends: [&[u8]; 4] = [b"&A=1&A.b=2", b"&a=%ff%fe", b"&a=%zz", b"&Action.b=Other"];
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
        if matches!(route.service.protocol, Protocol::Query { .. }) {
            continue;
        }
        for input in wrongly_typed(&(route.entry.input)(), DEPTH_MAX) {
            if !input.is_object() || stands_elsewhere(route, &input) {
                continue;
            }
            let body = input.to_string().into_bytes();
            let at = format!("{} with {input}", name(route));
            let answer = sends(&port, asked(&port, route, &body), &at).await;
            let code = answer.fault.as_ref().map(|fault| fault.code);
            assert_eq!((answer.status, code), (400, Some("SerializationException")), "{at}");
            tried += 1;
        }
    }
    assert!(tried > 20, "{tried}");
}

/// Whether the one member of an input is not read from the body.
fn stands_elsewhere(route: &Route, input: &Value) -> bool {
    let members = members_of(&(route.entry.input)());
    let mut placed = members.iter().filter(|member| member.place != Place::Body);
    placed.any(|member| input.get(member.wire).is_some())
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
        let answer = sends(&port, port.received(head.clone(), b"{}"), target).await;
        assert_eq!(answer.fault.unwrap().code, "UnknownOperationException", "{target}");
    }
    head.headers.remove("x-amz-target");
    for body in [&b""[..], b"Action=GetCallerIdentity", b"Version=2011-06-15", b"\xff=\xff"] {
        let answer = sends(&port, port.received(head.clone(), body), "no target").await;
        assert!((400..500).contains(&answer.status), "{body:?}");
    }
}

/// How deep structures within structures are tried; one may hold itself.
const DEPTH_MAX: usize = 6;

//! REST-JSON: members from path, query string, headers and body, and answers to the same places.

#![expect(clippy::unwrap_used, reason = "tests may unwrap")]

use coffer_model::Sensitive;
use coffer_protocol::rest::{self, Http, Parts};
use coffer_protocol::{Fault, Input, MessageMember, Output};
use http::HeaderMap;

#[derive(Input, Debug)]
struct Asked {
    #[shape(required, uri, max = 20)]
    name: String,
    #[shape(query = "max")]
    max_items: Option<i32>,
    #[shape(query = "tagKeys")]
    keys: Option<Vec<String>>,
    #[shape(header = "X-Kind")]
    kind: Option<String>,
    count: Option<i32>,
}

#[derive(Input, Debug)]
struct Raw {
    #[shape(required, uri)]
    name: String,
    #[shape(payload)]
    payload: Option<Sensitive<Vec<u8>>>,
}

#[derive(Output, Debug, Default)]
struct Given {
    #[shape(status)]
    status: Option<i32>,
    #[shape(header = "X-Kind")]
    kind: Option<String>,
    name: Option<String>,
}

#[derive(Output, Debug, Default)]
struct RawGiven {
    #[shape(payload)]
    payload: Option<Sensitive<Vec<u8>>>,
    #[shape(header = "X-Kind")]
    kind: Option<String>,
}

const GET: Http = Http { method: "POST", path: "/2015-03-31/things/{Name}/x", status: 201 };

fn decoded<I: Input>(target: &str, headers: &[(&str, &str)], body: &[u8]) -> Result<I, Fault> {
    let (path, query) = match target.split_once('?') {
        Some((path, query)) => (path, Some(query)),
        None => (target, None),
    };
    let mut map = HeaderMap::new();
    for (name, value) in headers {
        let name: http::HeaderName = name.parse().unwrap();
        map.append(name, value.parse().unwrap());
    }
    rest::decode(&Parts { method: "POST", path, query, headers: &map, body }, &GET)
}

#[test]
fn members_are_read_where_they_stand() {
    let target = "/2015-03-31/things/arn%3Aa+b%2Fc/x?max=7&tagKeys=a%20b&other=1&tagKeys=c+d";
    let read: Asked = decoded(target, &[("x-kind", "k")], b"{\"Count\": 3}").unwrap();
    assert_eq!((read.name.as_str(), read.max_items, read.count), ("arn:a+b/c", Some(7), Some(3)));
    assert_eq!(read.keys.unwrap(), ["a b", "c d"]);
    assert_eq!(read.kind.as_deref(), Some("k"));
    let bare: Asked = decoded("/2015-03-31/things/n/x", &[], b"").unwrap();
    assert!(bare.max_items.is_none() && bare.keys.is_none() && bare.kind.is_none());
}

#[test]
fn the_body_gives_nothing_that_stands_elsewhere() {
    let body = br#"{"Name": "other", "MaxItems": 9, "Keys": ["z"], "Kind": "z", "Count": 3}"#;
    let read: Asked = decoded("/2015-03-31/things/n/x", &[], body).unwrap();
    assert_eq!((read.name.as_str(), read.count), ("n", Some(3)));
    assert!(read.max_items.is_none() && read.keys.is_none() && read.kind.is_none());
}

#[test]
fn what_is_of_a_wrong_type_or_breaks_a_constraint_is_told() {
    let code = |target: &str, body: &[u8]| decoded::<Asked>(target, &[], body).unwrap_err();
    let path = "/2015-03-31/things/n/x";
    for (target, body) in [
        (format!("{path}?max=seven"), &b""[..]),
        (path.to_owned(), b"{"),
        (path.to_owned(), b"[]"),
        (path.to_owned(), b"{\"Count\": \"x\"}"),
        ("/2015-03-31/things/%ff/x".to_owned(), b""),
        ("/2015-03-31/things/%zz/x".to_owned(), b""),
    ] {
        assert_eq!(code(&target, body).code, "SerializationException", "{target}");
    }
    let long = code("/2015-03-31/things/123456789012345678901/x", b"");
    assert!(long.message.contains("at 'name' failed to satisfy constraint"), "{long}");
}

#[test]
fn a_payload_is_the_body_as_it_is() {
    let read: Raw = decoded("/2015-03-31/things/n/x", &[], b"{\"Name\": \xff}").unwrap();
    assert_eq!(read.name, "n");
    assert_eq!(read.payload.unwrap().expose(), b"{\"Name\": \xff}");
    assert!(decoded::<Raw>("/2015-03-31/things/n/x", &[], b"").unwrap().payload.is_none());
}

#[test]
fn answers_are_written_to_the_same_places() {
    let text = |text: &str| Some(text.to_owned());
    let given = Given { status: None, kind: text("k"), name: text("n") };
    let answer = rest::encode(&GET, &given);
    assert_eq!((answer.status, answer.body.as_slice()), (201, &b"{\"Name\":\"n\"}"[..]));
    assert_eq!(answer.headers, [("X-Kind", "k".to_owned())]);
    let gone = rest::encode(&GET, &Given { status: Some(204), ..Given::default() });
    assert_eq!((gone.status, gone.body.len(), gone.headers.len()), (204, 0, 0));
    let raw = RawGiven { payload: Some(b"\xff{".to_vec().into()), kind: None };
    assert_eq!(rest::encode(&GET, &raw).body, b"\xff{");
    assert!(rest::encode(&GET, &RawGiven::default()).body.is_empty());
    assert_eq!(rest::encode(&GET, &()).body.len(), 0);
}

#[test]
fn faults_say_whose_they_are_where_they_are_of_the_model() {
    let fault = Fault::new("Gone", 404, MessageMember::Upper, "no \"it\"");
    assert_eq!(fault.to_rest_json(true), br#"{"Type":"User","Message":"no \"it\""}"#);
    assert_eq!(fault.to_rest_json(false), br#"{"Message":"no \"it\""}"#);
    let broken = Fault::new("Broken", 502, MessageMember::None, "");
    assert_eq!(broken.to_rest_json(true), br#"{"Type":"Service"}"#);
    assert_eq!(Fault::access_denied("no").in_rest().status, 403);
    assert_eq!(Fault::throttling("no").in_rest().status, 429);
    assert_eq!(Fault::unknown_operation().in_rest().status, 404);
    assert_eq!(Fault::validation("no").in_rest().status, 400);
}

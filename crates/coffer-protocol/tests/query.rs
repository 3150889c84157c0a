//! awsQuery: forms in, XML out.

use std::collections::BTreeMap;

use coffer_model::Timestamp;
use coffer_protocol::query::{self, Form};
use coffer_protocol::{Fault, Input, Output};

#[derive(Debug, PartialEq, Input, Output)]
struct Tag {
    #[shape(required, min = 1)]
    key: String,
    value: Option<String>,
}

#[derive(Debug, PartialEq, Input)]
struct AssumeRoleInput {
    #[shape(required, min = 2)]
    role_session_name: String,
    #[shape(min = 900)]
    duration_seconds: Option<i32>,
    tags: Option<Vec<Tag>>,
    #[shape(member(min = 1))]
    names: Option<Vec<String>>,
    attributes: Option<BTreeMap<String, String>>,
    only_attached: Option<bool>,
    start: Option<Timestamp>,
}

#[derive(Debug, Output)]
struct AssumeRoleOutput {
    arn: Option<String>,
    expiration: Option<Timestamp>,
    tags: Vec<Tag>,
    attributes: BTreeMap<String, String>,
}

fn read(form: &str) -> Result<AssumeRoleInput, Fault> {
    Form::parse(form.as_bytes())?.decode()
}

#[test]
fn a_form_is_read_into_the_same_structures() {
    let form = "Action=AssumeRole&Version=2011-06-15&RoleSessionName=a+b%2Fc&DurationSeconds=900\
                &Tags.member.2.Key=two&Tags.member.01.Key=one&Tags.member.1.Value=%C3%A9\
                &Attributes.entry.1.key=k&Attributes.entry.1.value=v&OnlyAttached=true\
                &Start=2026-11-22T10:00:00Z";
    let parsed = Form::parse(form.as_bytes()).unwrap();
    assert_eq!(parsed.action(), Some("AssumeRole"));
    assert_eq!(parsed.version(), Some("2011-06-15"));
    let tag = |key: &str, value: Option<&str>| Tag {
        key: key.to_owned(),
        value: value.map(str::to_owned),
    };
    assert_eq!(
        parsed.decode::<AssumeRoleInput>().unwrap(),
        AssumeRoleInput {
            role_session_name: "a b/c".to_owned(),
            duration_seconds: Some(900),
            tags: Some(vec![tag("one", Some("é")), tag("two", None)]),
            names: None,
            attributes: Some(BTreeMap::from([("k".to_owned(), "v".to_owned())])),
            only_attached: Some(true),
            start: Some("2026-11-22T10:00:00Z".parse().unwrap()),
        }
    );
    assert_eq!(read("RoleSessionName=ab&Tags=").unwrap().tags, Some(Vec::new()));
    assert_eq!(
        read("RoleSessionName=ab&Tags=&Tags.member.1.Key=k").unwrap().tags.unwrap().len(),
        1
    );
    assert_eq!(read("RoleSessionName=ab&Tags.1.Key=k").unwrap().tags.unwrap().len(), 1);
}

#[test]
fn what_is_said_twice_counts_as_it_was_said_first() {
    let form = "RoleSessionName=first&RoleSessionName=second&Tags.member.1.Key=a\
                &Tags.member.01.Key=b&Action=One&Action=Two";
    assert_eq!(Form::parse(form.as_bytes()).unwrap().action(), Some("One"));
    let read = read(form).unwrap();
    assert_eq!(read.role_session_name, "first");
    assert_eq!(read.tags.unwrap()[0].key, "a");
}

#[test]
fn the_members_of_a_list_are_counted() {
    let huge = format!("Tags.member.{}.Key=k", "9".repeat(5000));
    let malformed = "MalformedInput";
    for (form, code, part) in [
        ("Tags.member.0.Key=k", malformed, "0 is not a valid index"),
        ("Tags.member.000.Key=k", malformed, "0 is not a valid index"),
        ("Tags.member.-1.Key=k", malformed, "Key -1 may not have a leading '-'"),
        ("Tags.member.1.0.Key=k", malformed, "Two index elements may not occur back to back"),
        ("Tags.member.214748370.Key=k", malformed, "Index 214748370 is illegal"),
        ("Tags.member.4294967297.Key=k", malformed, "Index 4294967297 is illegal"),
        (huge.as_str(), malformed, "Index 999"),
        ("Tags.member.12.Key=k", malformed, "Excessively sparse input would skip 11 list elements"),
        ("Tags.member.1500.Key=k", malformed, "would skip 1,499 list elements"),
        ("Tags.member.1.Key=k&Tags.member.12.Key=k", malformed, "would skip 11 list elements"),
        ("Tags.member.214748369.Key=k", malformed, "would skip 214,748,368 list elements"),
        ("Tags.member.11.Key=k", "ValidationError", "10 validation errors detected"),
        ("Tags.member.2.Key=k", "ValidationError", "Value null at 'tags.1.member.key'"),
        ("Tags.member.one.Key=k", "ValidationError", "Value null at 'tags.1.member.key'"),
        ("Tags.member.%2B1.Key=k", "ValidationError", "Value null at 'tags.1.member.key'"),
        ("Tags.member=k", malformed, "Unexpected list element termination"),
        ("Names.member.one=k", malformed, "Start of list found where not expected"),
        ("Names.member.1.x=k", malformed, "Start of list found where not expected"),
        ("Names.member.2=k", "ValidationError", "Value '[, k]' at 'names'"),
    ] {
        let fault = read(&format!("RoleSessionName=ab&{form}")).unwrap_err();
        assert_eq!(fault.code, code, "{form}");
        assert!(fault.message.contains(part), "{form}: {}", fault.message);
        assert!(fault.message.len() < 5000, "{form}");
    }
    let far = "RoleSessionName=ab&Tags.member.1.Key=a&Tags.member.2.Key=b&Tags.member=";
    assert_eq!(read(far).unwrap().tags.unwrap().len(), 2);
}

#[test]
fn faults_carry_the_names_of_the_query_services() {
    for (form, code, part) in [
        ("", "ValidationError", "Value null at 'roleSessionName'"),
        (
            "RoleSessionName=ab&Tags.member.1.Key=",
            "ValidationError",
            "Value '' at 'tags.1.member.key'",
        ),
        (
            "RoleSessionName=ab&DurationSeconds=1",
            "ValidationError",
            "Value '1' at 'durationSeconds'",
        ),
        ("RoleSessionName=ab&DurationSeconds=x", "MalformedInput", "STRING_VALUE"),
        ("RoleSessionName=ab&OnlyAttached=yes", "MalformedInput", "STRING_VALUE"),
        ("RoleSessionName=ab&Tags=x", "MalformedInput", "Expected list"),
        ("RoleSessionName=%zz", "MalformedQueryString", ""),
        ("RoleSessionName=%ff", "MalformedQueryString", ""),
        ("RoleSessionName=ab&RoleSessionName.x=1", "MalformedQueryString", ""),
        ("a.b=1&a=2", "MalformedQueryString", ""),
        ("a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a=1", "MalformedQueryString", ""),
    ] {
        let fault = read(form).unwrap_err();
        assert_eq!(fault.code, code, "{form}");
        assert!(fault.message.contains(part), "{form}: {}", fault.message);
    }
    assert_eq!(read(&"a=1&".repeat(5000)).unwrap_err().code, "MalformedQueryString");
    let denied = Fault::access_denied("no").in_query();
    assert_eq!((denied.code, denied.status), ("AccessDenied", 403));
}

#[test]
fn answers_are_xml() {
    let output = AssumeRoleOutput {
        arn: Some("<a&\"b\">\u{1}".to_owned()),
        expiration: Some(Timestamp::from_millis(1_700_000_000_120)),
        tags: vec![Tag { key: "k".to_owned(), value: None }],
        attributes: BTreeMap::from([("k".to_owned(), "v".to_owned())]),
    };
    let xml =
        query::encode("AssumeRole", "https://sts.amazonaws.com/doc/2011-06-15/", &output, "id");
    assert_eq!(
        String::from_utf8(xml).unwrap(),
        "<AssumeRoleResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\">\
         <AssumeRoleResult><Arn>&lt;a&amp;&quot;b&quot;&gt;\u{FFFD}</Arn>\
         <Expiration>2023-11-14T22:13:20.120Z</Expiration>\
         <Tags><member><Key>k</Key></member></Tags>\
         <Attributes><entry><key>k</key><value>v</value></entry></Attributes>\
         </AssumeRoleResult>\
         <ResponseMetadata><RequestId>id</RequestId></ResponseMetadata></AssumeRoleResponse>"
    );
    assert_eq!(
        query::encode("DeleteRole", "n", &(), "id"),
        b"<DeleteRoleResponse xmlns=\"n\"><ResponseMetadata><RequestId>id</RequestId>\
          </ResponseMetadata></DeleteRoleResponse>"
    );
    assert_eq!(
        Fault::validation("a<b").in_query().to_xml("n", "id"),
        b"<ErrorResponse xmlns=\"n\"><Error><Type>Sender</Type><Code>ValidationError</Code>\
          <Message>a&lt;b</Message></Error><RequestId>id</RequestId></ErrorResponse>"
    );
}

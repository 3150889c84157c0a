//! Every form of a broken constraint and of a wrong type, as the caller reads it.
//!
//! source: forms seen in public transcripts of AWS's answers, 2019 to 2026: nulls, lengths and
//! echoes (SSM, Secrets Manager, KMS), numbers (SES, Athena), brackets of lists (Lambda, ACM, SSM
//! through Cloud Control), of map keys (EventBridge, DynamoDB), enums in paths (Secrets Manager),
//! wrong types (Athena, SES, DynamoDB).
#![expect(clippy::unwrap_used, reason = "tests may unwrap")]

use std::collections::BTreeMap;

use coffer_model::{Sensitive, Timestamp};
use coffer_protocol::{AwsEnum, Input, json};

#[derive(Debug, Clone, Copy, PartialEq, Eq, AwsEnum)]
enum Tier {
    Standard,
    #[shape(wire = "Intelligent-Tiering")]
    IntelligentTiering,
}

#[derive(Debug, Input)]
struct Filter {
    #[shape(required)]
    key: Tier,
    #[shape(member(min = 1, max = 3))]
    values: Option<Vec<String>>,
    inner: Option<Box<Filter>>,
}

#[derive(Debug, Input)]
struct Everything {
    #[shape(min = 2, max = 4, pattern = "[a-z]*")]
    text: Option<String>,
    #[shape(min = 2, max = 4, pattern = "[a-z]*")]
    secret: Option<Sensitive<String>>,
    #[shape(sensitive, max = 1)]
    marked: Option<String>,
    tier: Option<Tier>,
    flag: Option<bool>,
    #[shape(min = 1, max = 50)]
    count: Option<i32>,
    free: Option<i32>,
    #[shape(max = 1000)]
    long: Option<i64>,
    #[shape(min = 0, max = 1)]
    ratio: Option<f64>,
    at: Option<Timestamp>,
    #[shape(min = 1, max = 2)]
    blob: Option<Vec<u8>>,
    #[shape(max = 2, member(min = 1, max = 3, pattern = "[a-z]*"))]
    names: Option<Vec<String>>,
    tiers: Option<Vec<Tier>>,
    #[shape(member(max = 3))]
    secrets: Option<Vec<Sensitive<String>>>,
    #[shape(max = 2)]
    filters: Option<Vec<Filter>>,
    #[shape(max = 2, key(min = 2, pattern = "[a-z]+"), value(max = 1))]
    map: Option<BTreeMap<String, String>>,
    filter_map: Option<BTreeMap<String, Filter>>,
    #[shape(default)]
    defaulted: bool,
}

fn refused(body: &str) -> (&'static str, String) {
    let fault = json::decode::<Everything>(body.as_bytes()).unwrap_err();
    assert_eq!(fault.status, 400, "{body}");
    (fault.code, fault.message)
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table of cases")]
fn broken_constraints_are_told_as_aws_tells_them() {
    let bracket = "Member must have length less than or equal to 3, Member must have length \
                   greater than or equal to 1, Member must satisfy regular expression pattern: \
                   [a-z]*";
    let at_least_one = "Member must have value greater than or equal to 1";
    let names = format!(
        "Value '[a, B]' at 'names' failed to satisfy constraint: Member must \
                         satisfy constraint: [{bracket}]"
    );
    let names_null = format!(
        "Value '[a, null]' at 'names' failed to satisfy constraint: Member \
                              must satisfy constraint: [{bracket}, Member must not be null]"
    );
    let count = format!("Value '0' at 'count' failed to satisfy constraint: {at_least_one}");
    for (body, violation) in [
        (
            r#"{"Text":"abcde"}"#,
            "Value 'abcde' at 'text' failed to satisfy constraint: Member must have length less than or equal to 4",
        ),
        (
            r#"{"Text":"a"}"#,
            "Value 'a' at 'text' failed to satisfy constraint: Member must have length greater than or equal to 2",
        ),
        (
            r#"{"Text":"AB"}"#,
            "Value 'AB' at 'text' failed to satisfy constraint: Member must satisfy regular expression pattern: [a-z]*",
        ),
        (
            r#"{"Text":"ab\n"}"#,
            "Value 'ab\n' at 'text' failed to satisfy constraint: Member must satisfy regular expression pattern: [a-z]*",
        ),
        (
            r#"{"Secret":"abcde"}"#,
            "Value at 'secret' failed to satisfy constraint: Member must have length less than or equal to 4",
        ),
        (
            r#"{"Marked":"ab"}"#,
            "Value at 'marked' failed to satisfy constraint: Member must have length less than or equal to 1",
        ),
        (
            r#"{"Tier":"standard"}"#,
            "Value 'standard' at 'tier' failed to satisfy constraint: Member must satisfy enum value set: [Standard, Intelligent-Tiering]",
        ),
        (r#"{"Count":0}"#, &count),
        (
            r#"{"Count":99999999999}"#,
            "Value '99999999999' at 'count' failed to satisfy constraint: Member must have value less than or equal to 50",
        ),
        (
            r#"{"Long":1001}"#,
            "Value '1001' at 'long' failed to satisfy constraint: Member must have value less than or equal to 1000",
        ),
        (
            r#"{"Ratio":1.5}"#,
            "Value '1.5' at 'ratio' failed to satisfy constraint: Member must have value less than or equal to 1",
        ),
        (
            r#"{"Blob":""}"#,
            "Value at 'blob' failed to satisfy constraint: Member must have length greater than or equal to 1",
        ),
        (
            r#"{"Blob":"YWFh"}"#,
            "Value at 'blob' failed to satisfy constraint: Member must have length less than or equal to 2",
        ),
        (
            r#"{"Names":["a","b","c"]}"#,
            "Value '[a, b, c]' at 'names' failed to satisfy constraint: Member must have length less than or equal to 2",
        ),
        (r#"{"Names":["a","B"]}"#, &names),
        (r#"{"Names":["a",null]}"#, &names_null),
        (
            r#"{"Tiers":["Standard","x"]}"#,
            "Value '[Standard, x]' at 'tiers' failed to satisfy constraint: Member must satisfy constraint: [Member must satisfy enum value set: [Standard, Intelligent-Tiering]]",
        ),
        (
            r#"{"Secrets":["abcd"]}"#,
            "Value at 'secrets' failed to satisfy constraint: Member must satisfy constraint: [Member must have length less than or equal to 3]",
        ),
        (
            r#"{"Filters":[{"Key":"Standard"},{}]}"#,
            "Value null at 'filters.2.member.key' failed to satisfy constraint: Member must not be null",
        ),
        (
            r#"{"Filters":[{"Key":"owner"}]}"#,
            "Value 'owner' at 'filters.1.member.key' failed to satisfy constraint: Member must satisfy enum value set: [Standard, Intelligent-Tiering]",
        ),
        (
            r#"{"Filters":[null]}"#,
            "Value null at 'filters.1.member' failed to satisfy constraint: Member must not be null",
        ),
        (
            r#"{"Filters":[{"Key":"Standard","Values":[""]}]}"#,
            "Value '[]' at 'filters.1.member.values' failed to satisfy constraint: Member must satisfy constraint: [Member must have length less than or equal to 3, Member must have length greater than or equal to 1]",
        ),
        (
            r#"{"Filters":[{"Key":"Standard","Inner":{"Inner":{}}}]}"#,
            "Value null at 'filters.1.member.inner.key' failed to satisfy constraint: Member must not be null",
        ),
        (
            r#"{"Map":{"a":"b"}}"#,
            "Value '{a=b}' at 'map' failed to satisfy constraint: Map keys must satisfy constraint: [Member must have length greater than or equal to 2, Member must satisfy regular expression pattern: [a-z]+]",
        ),
        (
            r#"{"Map":{"ab":"bc"}}"#,
            "Value '{ab=bc}' at 'map' failed to satisfy constraint: Map value must satisfy constraint: [Member must have length less than or equal to 1]",
        ),
        (
            r#"{"FilterMap":{"k":{}}}"#,
            "Value null at 'filterMap.k.member.key' failed to satisfy constraint: Member must not be null",
        ),
    ] {
        let (code, message) = refused(body);
        assert_eq!(code, "ValidationException", "{body}");
        let first = message.split_once(" detected: ").unwrap().1.split("; ").next().unwrap();
        assert_eq!(first, violation, "{body}");
    }
}

#[test]
fn lengths_count_characters_not_bytes() {
    assert!(json::decode::<Everything>(r#"{"Marked":"é"}"#.as_bytes()).is_ok());
    assert!(json::decode::<Everything>(r#"{"Marked":"😀"}"#.as_bytes()).is_ok());
}

#[test]
fn wrong_types_end_the_reading_at_once() {
    for (body, message) in [
        (r#"{"Text":1}"#, "NUMBER_VALUE can not be converted to a String"),
        (r#"{"Text":1.5}"#, "DECIMAL_VALUE can not be converted to a String"),
        (r#"{"Text":true}"#, "TRUE_VALUE can not be converted to a String"),
        (r#"{"Text":["x"]}"#, "Start of list found where not expected"),
        (r#"{"Text":{}}"#, "Start of structure or map found where not expected."),
        (r#"{"Secret":1}"#, "NUMBER_VALUE can not be converted to a String"),
        (r#"{"Tier":false}"#, "FALSE_VALUE can not be converted to a String"),
        (r#"{"Flag":"true"}"#, "STRING_VALUE can not be converted to a Boolean"),
        (r#"{"Flag":1}"#, "NUMBER_VALUE can not be converted to a Boolean"),
        (r#"{"Count":"1"}"#, "STRING_VALUE can not be converted to an Integer"),
        (r#"{"Count":1.5}"#, "DECIMAL_VALUE can not be converted to an Integer"),
        (r#"{"Free":2147483648}"#, "NUMBER_VALUE can not be converted to an Integer"),
        (r#"{"Long":"1"}"#, "STRING_VALUE can not be converted to a Long"),
        (r#"{"Ratio":"x"}"#, "STRING_VALUE can not be converted to a Double"),
        (r#"{"At":"soon"}"#, "STRING_VALUE can not be converted to milliseconds since epoch"),
        (r#"{"Blob":"a"}"#, "Base64 encoded length is expected a multiple of 4 bytes but found: 1"),
        (r#"{"Blob":"a?=="}"#, "Invalid Base64 character"),
        (r#"{"Names":"x"}"#, "Expected list or null"),
        (r#"{"Names":{}}"#, "Start of structure or map found where not expected."),
        (r#"{"Names":["B",1]}"#, "NUMBER_VALUE can not be converted to a String"),
        (r#"{"Filters":["x"]}"#, "Expected null"),
        (r#"{"Filters":[[]]}"#, "Start of list found where not expected"),
        (r#"{"Map":[]}"#, "Start of list found where not expected"),
        (r#"{"Map":"x"}"#, "Expected map or null"),
        (r#"{"Text":"","Count":"1"}"#, "STRING_VALUE can not be converted to an Integer"),
        ("[]", "Start of list found where not expected"),
        ("null", ""),
        ("\"x\"", ""),
        ("{", ""),
        ("{\"Count\":1,}", ""),
        ("\u{FEFF}{}", ""),
    ] {
        assert_eq!(refused(body), ("SerializationException", message.to_owned()), "{body}");
    }
    let deep = format!("{{\"Text\":{}", "[".repeat(100_000));
    assert_eq!(refused(&deep), ("SerializationException", String::new()));
}

#[test]
fn what_aws_reads_is_read() {
    for body in [
        "",
        " \n",
        "{}",
        r#"{"Text":null,"Names":null,"Other":{"deep":[1]}}"#,
        r#"{"Count":10.0,"At":"2026-11-22T10:00:00Z","Ratio":1}"#,
        r#"{"Text":"ABC","Text":"abc"}"#,
        r#"{"Tier":"Intelligent-Tiering"}"#,
    ] {
        let input = json::decode::<Everything>(body.as_bytes());
        assert!(input.is_ok(), "{body}: {input:?}");
        assert!(!input.unwrap().defaulted);
    }
}

#[test]
fn a_message_is_bounded_however_much_is_wrong() {
    let filters: Vec<_> = (0..100_000).map(|_| r#"{"Key":"wrong"}"#).collect();
    let (_, message) = refused(&format!(r#"{{"Filters":[{}]}}"#, filters.join(",")));
    assert!(message.starts_with("100001 validation errors detected: "), "{}", message.len());
    assert!(message.len() < 64 * 1024, "{}", message.len());
    let (_, message) = refused(&format!(r#"{{"Text":"{}"}}"#, "é".repeat(100_000)));
    assert!(message.len() < 64 * 1024, "{}", message.len());
}

#[test]
fn no_message_shows_what_is_sensitive() {
    for body in [
        r#"{"Secret":"hunter2"}"#,
        r#"{"Marked":"hunter2"}"#,
        r#"{"Secrets":["hunter2"]}"#,
        r#"{"Secret":"hunter2","Names":"x"}"#,
        r#"{"Secret":{"hunter2":1}}"#,
        r#"{"Blob":"hunter2!"}"#,
    ] {
        let fault = json::decode::<Everything>(body.as_bytes()).unwrap_err();
        assert!(!format!("{fault:?}").contains("hunter2"), "{fault:?}");
    }
    let input: Everything = json::decode(br#"{"Secret":"abc","Secrets":["abd"]}"#).unwrap();
    assert!(!format!("{input:?}").contains("ab"));
}

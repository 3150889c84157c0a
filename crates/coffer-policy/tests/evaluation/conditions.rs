//! Conditions.
//!
//! Sources: IAM user guide, "Policy elements: Condition operators" (with "...IfExists" and "Null"),
//! "Conditions with multiple context keys or values", "Single-valued vs. multivalued context keys",
//! "Set operators for multivalued context keys", "Variables and tags".

use serde_json::{Value, json};

use super::world::{Case, Who};

/// Whether a condition holds, with `x` as the key that it asks for.
fn holds(operator: &str, wanted: &Value, values: Option<Value>) -> bool {
    let statement = json!({"Effect": "Allow", "Action": "*", "Resource": "*",
        "Condition": {operator: {"aws:X": wanted}}});
    let mut case = Case::of(Who::User).identity(statement).key("aws:username", "ada");
    if let Some(values) = values {
        case = case.key("aws:x", values);
    }
    case.decide().is_allowed()
}

#[track_caller]
fn check(operator: &str, wanted: Value, values: impl Into<Option<Value>>, result: bool) {
    let values = values.into();
    let told = format!("{operator} {wanted} {values:?}");
    assert_eq!(holds(operator, &wanted, values), result, "{told}");
}

#[test]
fn a_missing_key_is_no_value_and_not_every_value() {
    for operator in [
        "StringEquals",
        "StringEqualsIgnoreCase",
        "StringLike",
        "NumericEquals",
        "NumericLessThan",
        "DateGreaterThan",
        "Bool",
        "BinaryEquals",
        "IpAddress",
        "ArnEquals",
        "ArnLike",
    ] {
        for wanted in [json!("1"), json!("false"), json!("*")] {
            // A date that cannot be read is refused when the policy is put.
            let wanted = if operator.starts_with("Date") { json!("1") } else { wanted };
            check(operator, wanted.clone(), None, false);
            check(&format!("{operator}IfExists"), wanted.clone(), None, true);
            check(&format!("ForAllValues:{operator}"), wanted.clone(), None, true);
            check(&format!("ForAllValues:{operator}IfExists"), wanted.clone(), None, true);
            check(&format!("ForAnyValue:{operator}"), wanted.clone(), None, false);
            check(&format!("ForAnyValue:{operator}IfExists"), wanted, None, false);
        }
    }
    for operator in [
        "StringNotEquals",
        "StringNotEqualsIgnoreCase",
        "StringNotLike",
        "NumericNotEquals",
        "DateNotEquals",
        "NotIpAddress",
        "ArnNotEquals",
        "ArnNotLike",
    ] {
        check(operator, json!("1"), None, true);
        check(&format!("{operator}IfExists"), json!("1"), None, true);
        check(&format!("ForAllValues:{operator}"), json!("1"), None, true);
        check(&format!("ForAnyValue:{operator}"), json!("1"), None, false);
        check(&format!("ForAnyValue:{operator}IfExists"), json!("1"), None, false);
    }
}

#[test]
fn null_asks_whether_a_key_is_there() {
    check("Null", json!("true"), None, true);
    check("Null", json!("false"), None, false);
    check("Null", json!(true), None, true);
    check("Null", json!("true"), json!("x"), false);
    check("Null", json!("false"), json!("x"), true);
    check("Null", json!("false"), json!(""), true);
    check("Null", json!("true"), json!([]), true);
    check("Null", json!(["true", "false"]), None, true);
}

#[test]
fn a_key_that_is_there_is_compared_under_if_exists_too() {
    check("StringEqualsIfExists", json!("a"), json!("a"), true);
    check("StringEqualsIfExists", json!("a"), json!("b"), false);
    check("StringNotEqualsIfExists", json!("a"), json!("a"), false);
    check("BoolIfExists", json!("true"), json!("false"), false);
}

#[test]
fn several_values_are_any_of_them_and_under_a_negated_operator_none() {
    check("StringEquals", json!(["a", "b"]), json!("b"), true);
    check("StringEquals", json!(["a", "b"]), json!("c"), false);
    check("StringNotEquals", json!(["a", "b"]), json!("b"), false);
    check("StringNotEquals", json!(["a", "b"]), json!("c"), true);
    check("StringNotLike", json!(["a*", "b*"]), json!("bc"), false);
    check("NotIpAddress", json!(["10.0.0.0/8", "192.0.2.0/24"]), json!("192.0.2.7"), false);
    check("StringEquals", json!([]), json!("a"), false);
    check("StringNotEquals", json!([]), json!("a"), true);
}

#[test]
fn keys_and_operators_must_all_hold() {
    let statement = json!({"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": {
        "StringEquals": {"aws:A": "1", "aws:B": "2"}, "Bool": {"aws:C": "true"}}});
    let case = Case::of(Who::User).identity(statement);
    let all = case.clone().key("aws:a", "1").key("aws:b", "2").key("aws:c", true);
    assert!(all.decide().is_allowed());
    assert!(!all.clone().key("aws:b", "3").decide().is_allowed());
    assert!(!all.clone().key("aws:c", false).decide().is_allowed());
    assert!(!case.key("aws:a", "1").key("aws:b", "2").decide().is_allowed());
}

#[test]
fn names_of_keys_ignore_case() {
    for name in ["aws:PrincipalTag/Team", "AWS:principaltag/TEAM"] {
        let statement = json!({"Effect": "Allow", "Action": "*", "Resource": "*",
            "Condition": {"StringEquals": {name: "blue"}}});
        let case = Case::of(Who::User).identity(statement);
        assert!(case.clone().key("aws:PrincipalTag/team", "blue").decide().is_allowed());
        assert!(!case.key("aws:PrincipalTag/team", "Blue").decide().is_allowed());
    }
}

#[test]
fn for_all_values_and_for_any_value_look_at_each_value() {
    let values = json!(["a", "b"]);
    for (operator, wanted, result) in [
        ("ForAllValues:StringEquals", json!(["a", "b", "c"]), true),
        ("ForAllValues:StringEquals", json!(["a"]), false),
        ("ForAnyValue:StringEquals", json!(["b", "c"]), true),
        ("ForAnyValue:StringEquals", json!(["c"]), false),
        ("ForAllValues:StringNotEquals", json!(["c"]), true),
        ("ForAllValues:StringNotEquals", json!(["a"]), false),
        // Some value differs: not the same as "none is equal".
        ("ForAnyValue:StringNotEquals", json!(["a"]), true),
        ("ForAnyValue:StringNotEquals", json!(["a", "b"]), false),
        ("ForAllValues:StringLike", json!("?"), true),
    ] {
        check(operator, wanted, values.clone(), result);
    }
    // A single value is a set of one.
    check("ForAllValues:StringEquals", json!("a"), json!("a"), true);
    check("ForAnyValue:StringNotEquals", json!("a"), json!("a"), false);
}

#[test]
fn an_empty_set_is_all_of_anything_and_any_of_nothing() {
    for values in [json!([]), json!("")] {
        check("ForAllValues:StringEquals", json!("a"), values.clone(), true);
        check("ForAllValues:StringNotEquals", json!("a"), values.clone(), true);
        check("ForAnyValue:StringEquals", json!("a"), values.clone(), false);
        check("ForAnyValue:StringNotEquals", json!("a"), values, false);
    }
    check("StringEquals", json!(""), json!(""), true);
}

#[test]
fn several_values_without_a_set_operator() {
    check("StringEquals", json!("a"), json!(["a", "b"]), true);
    check("StringNotEquals", json!("a"), json!(["a", "b"]), false);
    check("StringNotEquals", json!("c"), json!(["a", "b"]), true);
}

#[test]
fn texts() {
    check("StringEquals", json!("a*"), json!("ab"), false);
    check("StringEquals", json!("A"), json!("a"), false);
    check("StringEqualsIgnoreCase", json!("ÄB"), json!("äb"), true);
    check("StringNotEqualsIgnoreCase", json!("AB"), json!("ab"), false);
    check("StringLike", json!("a*:?"), json!("a:b:c"), true);
    check("StringLike", json!("a?"), json!("a"), false);
    check("StringNotLike", json!("a*"), json!("ab"), false);
    check("StringEquals", json!(true), json!("true"), true);
    check("StringEquals", json!(7), json!(7), true);
}

#[test]
fn numbers_are_compared_as_numbers() {
    check("NumericEquals", json!("10.0"), json!("10"), true);
    check("NumericEquals", json!(10), json!(10), true);
    check("NumericNotEquals", json!("010"), json!("10"), false);
    check("NumericLessThan", json!("10"), json!("9"), true);
    check("NumericLessThan", json!("2.5"), json!("2.50"), false);
    check("NumericLessThanEquals", json!("2.5"), json!("2.50"), true);
    check("NumericGreaterThan", json!("-2"), json!("-1.5"), true);
    check("NumericGreaterThanEquals", json!("30"), json!(30), true);
    check("NumericEquals", json!("x"), json!("x"), false);
    check("NumericNotEquals", json!("7"), json!("x"), true);
}

#[test]
fn dates_are_compared_as_instants() {
    check("DateEquals", json!("2026-11-22T10:00:00Z"), json!("2026-11-22T12:00:00+02:00"), true);
    check("DateEquals", json!("2026-11-22T10:00:00Z"), json!("1795341600"), true);
    check("DateEquals", json!("1795341600"), json!(1_795_341_600), true);
    check("DateLessThan", json!("2026-11-22"), json!("2026-11-21T23:59:59Z"), true);
    check("DateLessThanEquals", json!("2026-11-22T00:00:00.000Z"), json!("2026-11-22"), true);
    check("DateGreaterThan", json!("2026-11-22T10:00:00Z"), json!("2026-11-22T10:00:00.5Z"), true);
    check("DateGreaterThanEquals", json!("2026"), json!("3000-01-01"), true);
    check(
        "DateNotEquals",
        json!("2026-11-22T10:00:00Z"),
        json!("2026-11-22T10:00:00-00:00"),
        false,
    );
}

#[test]
fn truth_is_compared_without_case() {
    check("Bool", json!("true"), json!(true), true);
    check("Bool", json!(false), json!("False"), true);
    check("Bool", json!("false"), json!(true), false);
    check("Bool", json!("false"), None, false);
}

#[test]
fn addresses_are_found_in_networks() {
    check("IpAddress", json!("203.0.113.77/24"), json!("203.0.113.1"), true);
    check("IpAddress", json!("10.0.0.0/13"), json!("10.8.0.0"), false);
    check("IpAddress", json!("2001:DB8:1234:5678::/64"), json!("2001:db8:1234:5678:0::1"), true);
    check("IpAddress", json!("203.0.113.7"), json!("203.0.113.7"), true);
    check("NotIpAddress", json!("203.0.113.7"), json!("203.0.113.8"), true);
    check("NotIpAddress", json!("::/0"), json!("203.0.113.8"), true);
    check("IpAddress", json!("somewhere"), json!("203.0.113.8"), false);
}

#[test]
fn arns_are_compared_segment_by_segment() {
    let arn = json!("arn:aws:sns:us-east-1:111122223333:topic:one");
    for operator in ["ArnEquals", "ArnLike"] {
        check(operator, json!("arn:aws:sns:*:111122223333:topic:*"), arn.clone(), true);
        check(operator, json!("arn:aws:sns:*:one"), arn.clone(), false);
    }
    for operator in ["ArnNotEquals", "ArnNotLike"] {
        check(operator, json!("arn:aws:sns:*:111122223333:topic:*"), arn.clone(), false);
        check(operator, json!("arn:aws:sns:*:one"), arn.clone(), true);
    }
    check("StringLike", json!("arn:aws:sns:*:one"), arn, true);
}

#[test]
fn bytes_are_compared_as_bytes() {
    check("BinaryEquals", json!("QmluYXJ5VmFsdWU="), json!("QmluYXJ5VmFsdWU="), true);
    check("BinaryEquals", json!("QmluYXJ5VmFsdWU="), json!("AAAA"), false);
}

#[test]
fn variables_stand_for_values_of_the_request() {
    check("StringEquals", json!("${aws:username}"), json!("ada"), true);
    check("StringLike", json!("${aws:username}/*"), json!("ada/x"), true);
    check("StringEquals", json!("${aws:userid, 'nobody'}"), json!("nobody"), true);
    check("StringLike", json!("${*}*"), json!("*x"), true);
    check("StringLike", json!("${*}*"), json!("xx"), false);
    // What is not known is no value: it is equal to nothing, not even to nothing.
    check("StringEquals", json!("${aws:userid}"), json!(""), false);
    check("StringNotEquals", json!("${aws:userid}"), json!(""), true);
    check("StringEquals", json!(["${aws:userid}", "b"]), json!("b"), true);
    check("StringNotEquals", json!(["${aws:userid}", "b"]), json!("b"), false);
    // There are none in values that are no texts.
    check("Bool", json!("${aws:x}"), json!("true"), false);
    check("NumericEquals", json!("${aws:x}"), json!("7"), false);
}

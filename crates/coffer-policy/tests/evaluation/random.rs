//! Random policies, requests and contexts: both evaluators decide the same.

use std::cell::Cell;
use std::collections::BTreeMap;

use coffer_policy::{Outcome, PolicyType, ResourceKind};
use proptest::prelude::{BoxedStrategy, Just, Strategy, any, prop};
use proptest::prop_assert_eq;
use proptest::sample::select;
use proptest::strategy::Union;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value, json};

use super::naive;
use super::world::{
    AWAY, Case, FEDERATED, HOME, Keys, PROVIDER, ROLE, ROLE_ID, ROOT, SERVICE, SESSION, USER,
    USER_ID, Who, document,
};

#[test]
fn a_naive_evaluator_decides_the_same() {
    let config = Config { cases: CASES, failure_persistence: None, ..Config::default() };
    let mut runner = TestRunner::new(config);
    let counted: Cell<BTreeMap<String, u32>> = Cell::default();
    runner
        .run(&case(), |case| {
            let outcome = case.decide().outcome;
            let mut counts = counted.take();
            *counts.entry(format!("{outcome:?}")).or_default() += 1;
            counted.set(counts);
            prop_assert_eq!(outcome, naive::decide(&case));
            prop_assert_eq!(outcome, case.explain().0.outcome);
            Ok(())
        })
        .unwrap();
    let counts = counted.take();
    let at_least = |outcome: Outcome, share: u32| {
        let count = counts.get(&format!("{outcome:?}")).copied().unwrap_or_default();
        assert!(count >= CASES * share / 1000, "{outcome:?}: {counts:#?}");
    };
    at_least(Outcome::Allowed, 200);
    for (policy_type, implicit, explicit) in [
        (PolicyType::Identity, 50, 20),
        (PolicyType::Resource, 20, 20),
        (PolicyType::RoleTrust, 10, 5),
        (PolicyType::Boundary, 10, 5),
        (PolicyType::Session, 10, 5),
        (PolicyType::ServiceControl, 10, 10),
        (PolicyType::ResourceControl, 5, 5),
    ] {
        at_least(Outcome::ImplicitlyDenied(policy_type), implicit);
        at_least(Outcome::ExplicitlyDenied(policy_type), explicit);
    }
}

const CASES: u32 = 4000;

pub(crate) fn case() -> impl Strategy<Value = Case> {
    let who = select(vec![
        Who::Root,
        Who::User,
        Who::User,
        Who::User,
        Who::User,
        Who::Role,
        Who::Role,
        Who::Role,
        Who::Role,
        Who::Role,
        Who::Role,
        Who::LinkedRole,
        Who::Federated,
        Who::Token,
        Who::Service,
        Who::Anonymous,
    ]);
    let levels = |shape| {
        let level = prop::collection::vec(documents(shape), 1..3);
        prop::option::weighted(0.25, prop::collection::vec(level, 1..3))
            .prop_map(Option::unwrap_or_default)
    };
    let callers = (
        prop::collection::vec(documents(Shape::Identity), 0..3),
        prop::option::weighted(0.25, documents(Shape::Identity)),
        prop::option::weighted(0.25, prop::collection::vec(documents(Shape::Identity), 0..3)),
        levels(Shape::Identity),
        levels(Shape::ResourceControl),
    );
    let request = (
        who,
        select(RESOURCES.to_vec()),
        select(vec![Some(HOME), Some(HOME), Some(AWAY), None]),
        keys(),
    );
    (request, of_resource(), callers, prop::bool::weighted(0.1)).prop_map(
        |((who, resource, owner, keys), (action, of_resource), callers, grant)| Case {
            who,
            action: action.to_owned(),
            resource: resource.to_owned(),
            owner: owner.map(str::to_owned),
            keys,
            identity: callers.0,
            boundary: callers.1,
            session: callers.2,
            service_control: callers.3,
            resource_control: callers.4,
            of_resource,
            grant,
        },
    )
}

type OfResource = (&'static str, Option<(ResourceKind, Vec<Value>)>);

fn of_resource() -> impl Strategy<Value = OfResource> {
    let of = |kind, shape| {
        prop::collection::vec(documents(shape), 1..3).prop_map(move |all| Some((kind, all))).boxed()
    };
    let some = |action: &'static [&'static str], policy: BoxedStrategy<_>| {
        (select(action.to_vec()), policy).boxed()
    };
    Union::new_weighted(vec![
        (3, some(&["ssm:GetParameter", "ssm:PutParameter"], Just(None).boxed())),
        (
            4,
            some(
                &["ssm:GetParameter", "ssm:PutParameter"],
                of(ResourceKind::Ordinary, Shape::Resource),
            ),
        ),
        (3, some(&["kms:Decrypt"], of(ResourceKind::KmsKey, Shape::Resource))),
        (2, some(&["sts:AssumeRole"], of(ResourceKind::RoleTrust, Shape::Trust))),
    ])
}

/// What the statements of a document have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shape {
    Identity,
    Resource,
    Trust,
    ResourceControl,
}

fn documents(shape: Shape) -> BoxedStrategy<Value> {
    let statements = prop::collection::vec(statement(shape), 1..4);
    let is_new = prop::bool::weighted(if shape == Shape::Resource { 0.8 } else { 1.0 });
    let is_usual = prop::bool::weighted(0.85);
    (statements, is_new, is_usual)
        .prop_map(move |(mut statements, is_new, is_usual)| {
            if shape == Shape::ResourceControl {
                let all =
                    json!({"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"});
                // Most documents are the one that allows everything and cannot be taken away.
                statements.retain(|statement| statement.get("Condition").is_some());
                statements.truncate(1);
                if is_usual {
                    statements.push(all);
                }
                if statements.is_empty() {
                    statements.push(json!({"Effect": "Deny", "Principal": "*", "Action": "s3:*",
                                           "Resource": "*"}));
                }
            }
            let mut document = document(Value::Array(statements));
            if !is_new {
                document["Version"] = json!("2008-10-17");
            }
            document
        })
        .boxed()
}

fn statement(shape: Shape) -> impl Strategy<Value = Value> {
    let actions: &[&str] = if shape == Shape::Trust { STS_ACTIONS } else { ACTIONS };
    let denies = if shape == Shape::ResourceControl { 1.0 } else { 0.12 };
    (
        prop::bool::weighted(denies),
        prop::bool::weighted(0.1),
        some_of(actions, 3),
        prop::bool::weighted(0.12),
        some_of(PATTERNS, 3),
        prop::bool::weighted(0.15),
        principal(shape),
        prop::option::weighted(0.35, conditions()),
    )
        .prop_map(
            move |(
                is_deny,
                not_action,
                actions,
                not_resource,
                resources,
                not_principal,
                principal,
                conditions,
            )| {
                let mut statement = json!({"Effect": if is_deny { "Deny" } else { "Allow" }});
                let not_action = not_action && shape != Shape::ResourceControl;
                statement[if not_action { "NotAction" } else { "Action" }] = actions;
                if shape != Shape::Trust {
                    statement[if not_resource { "NotResource" } else { "Resource" }] = resources;
                }
                match shape {
                    Shape::Identity => {}
                    Shape::ResourceControl => statement["Principal"] = json!("*"),
                    Shape::Resource if is_deny && not_principal => {
                        statement["NotPrincipal"] = principal
                    }
                    Shape::Resource | Shape::Trust => statement["Principal"] = principal,
                }
                if let Some(conditions) = conditions {
                    statement["Condition"] = conditions;
                }
                statement
            },
        )
}

/// One text, or a list of some.
fn some_of(texts: &'static [&'static str], most: usize) -> impl Strategy<Value = Value> {
    (prop::collection::vec(select(texts.to_vec()), 1..=most), any::<bool>()).prop_map(
        |(chosen, is_list)| {
            if chosen.len() == 1 && !is_list { json!(chosen[0]) } else { json!(chosen) }
        },
    )
}

fn principal(shape: Shape) -> BoxedStrategy<Value> {
    let names =
        some_of(&[USER, USER_ID, ROLE, ROLE_ID, SESSION, FEDERATED, ROOT, HOME, AWAY, "*"], 3);
    Union::new_weighted(vec![
        (6, names.prop_map(|names| json!({ "AWS": names })).boxed()),
        (1, Just(if shape == Shape::Trust { json!({"AWS": "*"}) } else { json!("*") }).boxed()),
        (1, Just(json!({"Service": SERVICE, "AWS": ROOT})).boxed()),
        (1, Just(json!({"Service": ["sns.amazonaws.com"], "Federated": PROVIDER})).boxed()),
    ])
    .boxed()
}

fn conditions() -> impl Strategy<Value = Value> {
    prop::collection::vec(condition(), 1..3).prop_map(|all| {
        let mut operators = json!({});
        for (operator, key, values) in all {
            operators[operator][key] = values;
        }
        operators
    })
}

fn condition() -> impl Strategy<Value = (String, &'static str, Value)> {
    let of = |operators: &'static [&'static str], keys: &'static [&'static str], values| {
        (select(operators.to_vec()), select(keys.to_vec()), some_of(values, 2)).boxed()
    };
    let kinds = Union::new(vec![
        of(TEXT_OPERATORS, TEXT_KEYS, TEXTS),
        of(TEXT_OPERATORS, TEXT_KEYS, TEXTS),
        of(NUMBER_OPERATORS, &["aws:Age", "aws:Nothing"], NUMBERS),
        of(DATE_OPERATORS, &["aws:CurrentTime", "aws:Nothing"], DATES),
        of(&["IpAddress", "NotIpAddress"], &["aws:SourceIp"], NETWORKS),
        of(ARN_OPERATORS, &["aws:SourceArn", "aws:PrincipalArn"], ARNS),
        of(&["Bool"], &["aws:SecureTransport"], &["true", "false", "True"]),
        of(&["Null"], &["aws:Team", "aws:TagKeys", "aws:Nothing"], &["true", "false"]),
        of(&["BinaryEquals"], &["aws:Bytes"], &["AAAA", "QUJD"]),
    ]);
    let set = select(vec!["", "", "", "ForAllValues:", "ForAnyValue:"]);
    (kinds, set, prop::bool::weighted(0.2)).prop_map(|((operator, key, values), set, if_exists)| {
        let suffix = if if_exists && operator != "Null" { "IfExists" } else { "" };
        let set = if operator == "Null" { "" } else { set };
        (format!("{set}{operator}{suffix}"), key, values)
    })
}

fn keys() -> impl Strategy<Value = Keys> {
    let one = |name: &'static str, values: &'static [&'static str]| {
        prop::option::weighted(0.75, select(values.to_vec()))
            .prop_map(move |value| (name, value.map(|value| json!(value))))
            .boxed()
    };
    let many =
        prop::option::weighted(0.75, prop::collection::vec(select(TEXTS_OF_KEYS.to_vec()), 0..3))
            .prop_map(|values| ("aws:tagkeys", values.map(|values| json!(values))))
            .boxed();
    vec![
        one("aws:team", TEXTS_OF_KEYS),
        one("aws:username", &["a", "ada", "*", "x:y"]),
        one("aws:age", &["1", "2.5", "2.50", "10", "x", "-3"]),
        one("aws:currenttime", DATES),
        one("aws:sourceip", &["10.1.2.3", "10.9.0.1", "2001:db8::1", "203.0.113.9", "x"]),
        one("aws:sourcearn", &["arn:aws:sns:us-east-1:111122223333:a:b", "arn:aws:sns::1:x", "x"]),
        one("aws:principalarn", &[USER, ROLE]),
        one("aws:securetransport", &["true", "false", "TRUE"]),
        one("aws:bytes", &["AAAA", "QUJD"]),
        many,
    ]
    .prop_map(|keys| {
        let present = keys.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
        Keys(present.collect())
    })
}

const RESOURCES: &[&str] = &[
    "arn:aws:ssm:us-east-1:111122223333:parameter/a/b",
    "arn:aws:ssm:us-east-1:444455556666:parameter/a/b",
    "arn:aws:ssm:us-east-1:111122223333:parameter/ada/é",
    "*",
];
const ACTIONS: &[&str] = &[
    "*",
    "*",
    "ssm:*",
    "SSM:GETparameter",
    "ssm:Get*",
    "ssm:?etParameter",
    "kms:*",
    "kms:Dec*pt",
    "sts:AssumeRole",
    "s3:*",
    "*:*a*",
];
const STS_ACTIONS: &[&str] = &["sts:*", "sts:AssumeRole", "STS:assume*", "sts:TagSession"];
const PATTERNS: &[&str] = &[
    "*",
    "*",
    "*",
    "arn:aws:ssm:*",
    "arn:aws:ssm:*:*:parameter/*/?",
    "arn:aws:ssm:us-east-1:111122223333:parameter/a/b",
    "arn:aws:ssm:us-east-?:1*3:parameter/${aws:username}/*",
    "arn:aws:ssm:us-east-1:*:parameter/${aws:userid, 'a'}/b",
    "arn:aws:ssm:us-east-1:*:parameter/${aws:TagKeys}*",
    "arn:aws:s3:::bucket",
];
const TEXT_KEYS: &[&str] = &["aws:Team", "AWS:team", "aws:TagKeys", "aws:username", "aws:Nothing"];
const TEXTS_OF_KEYS: &[&str] = &["a", "A", "ab", "ada", "", "ä", "*"];
const TEXTS: &[&str] = &[
    "a",
    "A",
    "a*",
    "?",
    "ä",
    "Ä",
    "*",
    "ada",
    "",
    "${aws:username}",
    "${aws:Nothing}",
    "${*}",
    "${aws:Nothing, 'ada'}",
    "a${?}",
    "${$}*",
    "${aws:TagKeys, 'a'}",
    "a${aws:username}*",
];
const TEXT_OPERATORS: &[&str] = &[
    "StringEquals",
    "StringNotEquals",
    "StringEqualsIgnoreCase",
    "StringNotEqualsIgnoreCase",
    "StringLike",
    "StringNotLike",
];
const NUMBER_OPERATORS: &[&str] = &[
    "NumericEquals",
    "NumericNotEquals",
    "NumericLessThan",
    "NumericLessThanEquals",
    "NumericGreaterThan",
    "NumericGreaterThanEquals",
];
const NUMBERS: &[&str] = &["1", "2.5", "10.0", "-3", "x", "9"];
const DATE_OPERATORS: &[&str] = &[
    "DateEquals",
    "DateNotEquals",
    "DateLessThan",
    "DateLessThanEquals",
    "DateGreaterThan",
    "DateGreaterThanEquals",
];
const DATES: &[&str] = &[
    "2026-11-22T10:00:00Z",
    "2026-11-22T12:00:00+02:00",
    "1795341600",
    "2026-11-22",
    "2027-01-01",
];
const NETWORKS: &[&str] = &[
    "10.0.0.0/8",
    "10.1.2.3",
    "10.8.0.0/13",
    "2001:db8::/33",
    "0.0.0.0/0",
    "203.0.113.77/24",
    "x",
];
const ARN_OPERATORS: &[&str] = &["ArnEquals", "ArnLike", "ArnNotEquals", "ArnNotLike"];
const ARNS: &[&str] = &[
    "arn:aws:sns:*:*:*",
    "arn:aws:sns:us-east-1:111122223333:a:?",
    "arn:aws:iam::111122223333:user/a*",
    "arn:aws:*:role/*",
    "*",
    "x",
];

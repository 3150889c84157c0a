//! Policies: any text is a document or is refused; what a document says of a request is what a second
//! evaluator says of it.

use coffer_model::Arn;
use coffer_policy::{Grammar, Policy, ResourceKind};
use serde_json::Value;

use crate::Target;
use crate::evaluation::naive;
use crate::evaluation::world::{Case, Who};

pub(crate) const TARGET: Target = Target { name: "policy", bytes_max: 8 * 1024, run };

fn run(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    for grammar in GRAMMARS {
        let Ok(policy) = Policy::parse(text, *grammar) else { continue };
        assert!(policy.statements().len() <= text.len());
        assert!(policy.actions().all(|action| text.len() >= action.len()));
        assert!(policy.context_keys().iter().all(|key| !key.is_empty()));
        policy.action_could_match("ssm:GetParameter");
        let value: Value = serde_json::from_str(text).unwrap();
        // Written anew it is the same document.
        assert!(Policy::parse(&value.to_string(), *grammar).is_ok(), "{grammar:?} {value}");
        if is_written_as_usual(&value) {
            is_evaluated_alike(*grammar, &value);
        }
    }
}

/// Whether operators are written as the documentation has them: the second evaluator knows no others.
fn is_written_as_usual(document: &Value) -> bool {
    let statements = match &document["Statement"] {
        Value::Array(all) => all.as_slice(),
        one => std::slice::from_ref(one),
    };
    let mut operators =
        statements.iter().filter_map(|it| it["Condition"].as_object()).flat_map(|it| it.keys());
    operators.all(|operator| {
        let (set, name) = operator.split_once(':').unwrap_or(("ForAnyValue", operator));
        let name = name.strip_suffix("IfExists").unwrap_or(name);
        ["ForAnyValue", "ForAllValues"].contains(&set) && OPERATORS.contains(&name)
    })
}

/// Whether both evaluators say the same of some requests.
fn is_evaluated_alike(grammar: Grammar, document: &Value) {
    for who in CALLERS {
        let mut case = asked_by(*who);
        match grammar {
            Grammar::Identity => case.identity.push(document.clone()),
            Grammar::Session => {
                case.identity.push(everything());
                case.session = Some(vec![document.clone()]);
            }
            Grammar::ServiceControl => {
                case.identity.push(everything());
                case.service_control.push(vec![document.clone()]);
            }
            Grammar::ResourceControl => {
                case.identity.push(everything());
                case.resource_control.push(vec![document.clone()]);
            }
            Grammar::Resource => case.of_resource = of(ResourceKind::Ordinary, document),
            Grammar::Key => case.of_resource = of(ResourceKind::KmsKey, document),
            Grammar::Trust => {
                "sts:AssumeRole".clone_into(&mut case.action);
                case.of_resource = of(ResourceKind::RoleTrust, document);
            }
        }
        assert_eq!(case.decide().outcome, naive::decide(&case), "{case:#?}");
        let (explained, _) = case.explain();
        assert_eq!(explained, case.decide());
    }
}

fn of(kind: ResourceKind, document: &Value) -> Option<(ResourceKind, Vec<Value>)> {
    Some((kind, vec![document.clone()]))
}

fn everything() -> Value {
    serde_json::json!({"Version": "2012-10-17",
        "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}})
}

/// A request about which a policy can ask this and that.
fn asked_by(who: Who) -> Case {
    let case = Case::of(who)
        .key("aws:username", "ada")
        .key("aws:userid", "AIDAADAADAADAADAADAA")
        .key("aws:Team", "a")
        .key("aws:TagKeys", vec!["a", "team"])
        .key("aws:SourceIp", "10.1.2.3")
        .key("aws:CurrentTime", "2026-11-22T10:00:00Z")
        .key("aws:Number", 9)
        .key("aws:SecureTransport", true)
        .key("aws:SourceArn", "arn:aws:sns:us-east-1:111122223333:a:b");
    assert!(case.resource.parse::<Arn>().is_ok());
    case
}

const OPERATORS: &[&str] = &[
    "StringEquals",
    "StringNotEquals",
    "StringEqualsIgnoreCase",
    "StringNotEqualsIgnoreCase",
    "StringLike",
    "StringNotLike",
    "NumericEquals",
    "NumericNotEquals",
    "NumericLessThan",
    "NumericLessThanEquals",
    "NumericGreaterThan",
    "NumericGreaterThanEquals",
    "DateEquals",
    "DateNotEquals",
    "DateLessThan",
    "DateLessThanEquals",
    "DateGreaterThan",
    "DateGreaterThanEquals",
    "Bool",
    "BinaryEquals",
    "IpAddress",
    "NotIpAddress",
    "ArnEquals",
    "ArnNotEquals",
    "ArnLike",
    "ArnNotLike",
    "Null",
];
const CALLERS: &[Who] = &[
    Who::Root,
    Who::User,
    Who::Role,
    Who::LinkedRole,
    Who::Federated,
    Who::Token,
    Who::Service,
    Who::Anonymous,
];
const GRAMMARS: &[Grammar] = &[
    Grammar::Identity,
    Grammar::Resource,
    Grammar::Trust,
    Grammar::Key,
    Grammar::Session,
    Grammar::ServiceControl,
    Grammar::ResourceControl,
];

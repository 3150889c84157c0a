//! Which statements a decision names, and where they are.

use coffer_policy::{Grammar, Place, Policy, PolicyType, Position};
use serde_json::json;

use super::world::{Case, ROLE, Who, allow, allow_other, allow_to, aws, deny, document};

#[test]
fn a_decision_knows_the_statement_that_made_it() {
    let case =
        Case::of(Who::User).identity(allow_other()).identity(json!([allow_other(), allow()]));
    let place = Place { policy_type: PolicyType::Identity, level: 0, policy: 1, statement: 1 };
    assert_eq!(case.decide().place, Some(place));
    let denied = case.boundary(json!([allow(), deny()])).decide();
    let place = Place { policy_type: PolicyType::Boundary, level: 0, policy: 0, statement: 1 };
    assert_eq!(denied.place, Some(place));
    assert_eq!(Case::of(Who::User).decide().place, None);
}

#[test]
fn an_explanation_lists_all_the_statements_that_decide() {
    let named = |sid: &str, effect: &str, action: &str| json!({"Sid": sid, "Effect": effect, "Action": action, "Resource": "*"});
    let identity = json!([
        named("One", "Allow", "ssm:*"),
        named("Two", "Allow", "s3:*"),
        named("Three", "Allow", "ssm:Get*"),
    ]);
    let case = Case::of(Who::Role).identity(identity).of_resource(allow_to(aws(ROLE)));
    assert_eq!(case.explain().1, ["Resource 0 -", "Identity 0 One", "Identity 0 Three"]);
    let case = case.identity(json!([named("Never", "Deny", "ssm:*"), named("Nor", "Deny", "*")]));
    assert_eq!(case.explain().1, ["Identity 1 Never", "Identity 1 Nor"]);
    assert!(Case::of(Who::Role).identity(allow_other()).explain().1.is_empty());
}

#[test]
fn each_kind_of_policy_can_be_asked_alone() {
    use PolicyType::{Boundary, Identity, Resource, ServiceControl, Session};
    let case = Case::of(Who::User).identity(allow()).boundary(json!([allow(), deny()]));
    let case = case.session(allow_other());
    for (policy_type, wanted) in [
        (Identity, true),
        (Boundary, false),
        (Session, false),
        (Resource, false),
        (ServiceControl, true),
    ] {
        assert_eq!(case.allows(policy_type), wanted, "{policy_type:?}");
    }
    let mut case = Case::of(Who::Role).of_resource(allow_to(aws(ROLE)));
    case.service_control = vec![vec![document(allow())], vec![document(allow_other())]];
    for (policy_type, wanted) in [
        (Identity, false),
        (Boundary, true),
        (Session, true),
        (Resource, true),
        (ServiceControl, false),
    ] {
        assert_eq!(case.allows(policy_type), wanted, "{policy_type:?}");
    }
}

#[test]
fn a_policy_tells_what_it_is_about() {
    let text = r#"{
  "Version": "2012-10-17",
  "Statement": [
    {"Sid": "A", "Effect": "Allow", "Action": ["ssm:Get*", "s3:*"],
     "Resource": ["arn:aws:ssm:*:*:parameter/a/*", "arn:aws:s3:::b"]},
    {"Effect": "Allow", "NotAction": "iam:*", "NotResource": "arn:aws:s3:::c",
     "Condition": {"Bool": {"aws:SecureTransport": "true"}}},
    {"Effect": "Deny", "Action": "kms:*", "Resource": "*"}
  ]
}"#;
    let policy = Policy::parse(text, Grammar::Identity).unwrap();
    assert!(policy.action_could_match("SSM:GetParameter"));
    assert!(policy.action_could_match("kms:Decrypt"));
    assert!(!policy.action_could_match("iam:CreateUser"));
    assert_eq!(
        policy.resources("ssm:GetParameter"),
        ["arn:aws:ssm:*:*:parameter/a/*", "arn:aws:s3:::b", "*"]
    );
    assert!(policy.resources("iam:CreateUser").is_empty());
    assert_eq!(policy.actions().collect::<Vec<_>>(), ["ssm:Get*", "s3:*", "iam:*", "kms:*"]);
    assert_eq!(policy.principals().count(), 0);
    let statements = policy.statements();
    assert_eq!(statements[0].sid(), Some("A"));
    assert_eq!(statements[0].span().start, Position { line: 4, column: 5 });
    assert_eq!(statements[1].span().end, Position { line: 7, column: 61 });
    assert_eq!(statements[1].context_keys().collect::<Vec<_>>(), ["aws:securetransport"]);
}

#[test]
fn a_policy_tells_which_keys_it_asks_for() {
    let document = document(json!({"Effect": "Allow", "Action": "*",
        "Resource": ["arn:aws:s3:::${aws:username}/*", "*"], "Condition": {
            "StringLike": {"aws:PrincipalTag/Team": ["a", "${aws:userid, 'x'}${*}"]},
            "ArnLike": {"AWS:SourceArn": "arn:aws:sns:*:${aws:PrincipalAccount}:*"},
            "Bool": {"aws:SecureTransport": "${aws:none}"}}}));
    let policy = Policy::parse(&document.to_string(), Grammar::Identity).unwrap();
    let keys: Vec<&str> = policy.context_keys().into_iter().collect();
    assert_eq!(
        keys,
        [
            "aws:principalaccount",
            "aws:principaltag/team",
            "aws:securetransport",
            "aws:sourcearn",
            "aws:userid",
            "aws:username"
        ]
    );
}

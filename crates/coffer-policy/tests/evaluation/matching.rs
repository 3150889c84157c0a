//! Actions, resources and variables.
//!
//! Sources: IAM user guide, "Policy elements: Action", "NotAction", "Resource", "NotResource",
//! "Variables and tags", "Version".

use serde_json::{Value, json};

use super::world::{Case, Who};

fn is_allowed(case: Case, statement: Value) -> bool {
    case.identity(statement).decide().is_allowed()
}

fn check_action(element: &str, actions: Value, wanted: bool) {
    let statement = json!({"Effect": "Allow", element: actions, "Resource": "*"});
    assert_eq!(is_allowed(Case::of(Who::User), statement), wanted, "{element} {actions}");
}

#[test]
fn actions_ignore_case_and_have_wildcards() {
    for actions in [
        json!("*"),
        json!("ssm:*"),
        json!("SSM:getparameter"),
        json!("ssm:Get*"),
        json!("ssm:*Parameter"),
        json!("ssm:*Para*"),
        json!("ssm:GetParamete?"),
        json!(["s3:*", "ssm:GetParameter"]),
        json!("*:*"),
    ] {
        check_action("Action", actions.clone(), true);
        check_action("NotAction", actions, false);
    }
    for actions in [
        json!("s3:*"),
        json!("ssm:GetParameters"),
        json!("ssm:GetParameter?"),
        json!("ssm:Put*"),
        json!("ssm:"),
        json!(["s3:*", "kms:*"]),
    ] {
        check_action("Action", actions.clone(), false);
        check_action("NotAction", actions, true);
    }
}

fn check_resource(element: &str, resource: &str, pattern: &str, wanted: bool) {
    let mut case = Case::of(Who::User).key("aws:username", "a").key("aws:PrincipalTag/Star", "*");
    case.resource = resource.to_owned();
    let statement = json!({"Effect": "Allow", "Action": "*", element: pattern});
    assert_eq!(is_allowed(case, statement), wanted, "{element} {pattern}: {resource}");
}

#[test]
fn resources_keep_case_and_have_wildcards() {
    let resource = "arn:aws:ssm:us-east-1:111122223333:parameter/a/b";
    for pattern in [
        "*",
        resource,
        "arn:aws:ssm:us-east-1:111122223333:parameter/a/*",
        "arn:aws:ssm:*:*:parameter/a/?",
        "arn:aws:ssm:us-*-1:111122223333:parameter/*/b",
        "arn:aws:ssm:*",
        "arn:aws:ssm:us-east-1:111122223333:*",
        "arn:*:ssm:us-east-1:111122223333:parameter/a/b",
        "arn:aws:ssm:us-east-1:111122223333:parameter/${aws:username}/b",
        "arn:aws:ssm:us-east-1:111122223333:parameter/${aws:userid, 'a'}/b",
    ] {
        check_resource("Resource", resource, pattern, true);
        check_resource("NotResource", resource, pattern, false);
    }
    for pattern in [
        "arn:aws:ssm:us-east-1:111122223333:parameter/A/b",
        "arn:aws:ssm:us-east-1:111122223333:parameter/a",
        "arn:aws:ssm:us-east-1:111122223333:parameter/a/b?",
        "arn:aws:ssm:us-east-1:111122223333:parameter/a/b/*",
        "arn:aws:secretsmanager:*",
        "arn:aws:ssm:us-east-1:111122223333:parameter/${aws:PrincipalTag/Star}",
    ] {
        check_resource("Resource", resource, pattern, false);
        check_resource("NotResource", resource, pattern, true);
    }
}

#[test]
fn arns_never_cover_actions_without_a_resource() {
    check_resource("Resource", "*", "*", true);
    check_resource("Resource", "*", "arn:aws:ssm:*", false);
    check_resource("Resource", "*", "arn:aws:ssm:us-east-1:111122223333:*", false);
}

#[test]
fn a_variable_that_is_not_known_makes_its_resource_match_nothing() {
    let resource = "arn:aws:ssm:us-east-1:111122223333:parameter//b";
    let pattern = "arn:aws:ssm:us-east-1:111122223333:parameter/${aws:userid}/b";
    check_resource("Resource", resource, pattern, false);
    check_resource("NotResource", resource, pattern, false);
}

#[test]
fn variables_are_of_the_newer_version() {
    let statement = json!({"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:user/ada"},
        "Action": "*", "Resource": "*",
        "Condition": {"StringEquals": {"ssm:Name": "${aws:username}"}}});
    for (version, name, wanted) in [
        (Some("2012-10-17"), "ada", true),
        (Some("2012-10-17"), "${aws:username}", false),
        (Some("2008-10-17"), "ada", false),
        (Some("2008-10-17"), "${aws:username}", true),
        (None, "ada", false),
        (None, "${aws:username}", true),
    ] {
        let mut case = Case::of(Who::User)
            .of_resource(statement.clone())
            .key("aws:username", "ada")
            .key("ssm:Name", name);
        let document = &mut case.of_resource.as_mut().unwrap().1[0];
        match version {
            Some(version) => document["Version"] = json!(version),
            None => drop(document.as_object_mut().unwrap().remove("Version")),
        }
        assert_eq!(case.decide().is_allowed(), wanted, "{version:?} {name}");
    }
}

#[test]
fn a_resource_policy_without_a_resource_is_about_its_own() {
    let statement = json!({"Effect": "Allow", "Principal": "*", "Action": "ssm:GetParameter"});
    assert!(Case::of(Who::User).of_resource(statement).decide().is_allowed());
}

//! Which texts are policies, and what AWS says of those that are none.
//!
//! Sources: IAM user guide, "Grammar of the IAM JSON policy language"; the sentences and their
//! order as observed of IAM by those who test against it (moto's cases of invalid documents, and
//! reports of MalformedPolicyDocument from CreateRole); Organizations user guide, "SCP syntax" and
//! "RCP syntax"; the API reference of Organizations for its one sentence.

use coffer_policy::{Flaw, Grammar, Policy};
use proptest::prelude::{Strategy, any, prop, prop_oneof, proptest};
use serde_json::{Value, json};

use super::world::{PROVIDER, ROLE, SERVICE, USER, USER_ID, document};

const SYNTAX: &str = "Syntax errors in policy.";
const LEGACY: &str = "The policy failed legacy parsing";
const VERSION: &str = "Policy document must be version 2012-10-17 or greater.";
const VENDOR: &str = "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.";
const TYPE: &str =
    "The provided policy document does not meet the requirements of the specified policy type.";

fn said(text: &str, grammar: Grammar) -> String {
    match Policy::parse(text, grammar) {
        Ok(_) => "taken".to_owned(),
        Err(refusal) => refusal.to_string(),
    }
}

#[track_caller]
fn check(grammar: Grammar, changes: Value, wanted: &str) {
    let mut statement = match grammar {
        Grammar::Trust => json!({"Principal": {"AWS": USER}, "Action": "sts:AssumeRole"}),
        Grammar::Resource | Grammar::Key => {
            json!({"Principal": {"AWS": USER}, "Action": "ssm:*", "Resource": "*"})
        }
        Grammar::ResourceControl => {
            json!({"Effect": "Deny", "Principal": "*", "Action": "ssm:*", "Resource": "*"})
        }
        _ => json!({"Action": "ssm:GetParameter", "Resource": "*"}),
    };
    let members = statement.as_object_mut().unwrap();
    members.entry("Effect").or_insert(json!("Allow"));
    for (name, value) in changes.as_object().unwrap() {
        if value == "absent" {
            members.remove(name);
        } else {
            members.insert(name.clone(), value.clone());
        }
    }
    assert_eq!(said(&document(statement).to_string(), grammar), wanted, "{grammar:?} {changes}");
}

#[test]
fn what_is_no_document_is_a_syntax_error() {
    let good = json!({"Effect": "Allow", "Action": "*", "Resource": "*"});
    for text in [
        "".to_owned(),
        "no JSON".to_owned(),
        "[]".to_owned(),
        "7".to_owned(),
        "{}".to_owned(),
        json!({"Version": "2012-10-17"}).to_string(),
        json!({"Version": "2012-10-17", "Statement": []}).to_string(),
        json!({"Version": "2012-10-17", "Statement": ["x"]}).to_string(),
        json!({"Version": "2012-10-17", "Statement": good, "Extra": 1}).to_string(),
        json!({"Version": "2012-10-17", "Statement": good, "Id": ["x"]}).to_string(),
        json!({"Version": "2013-10-17", "Statement": good}).to_string(),
        json!({"Version": 20121017, "Statement": good}).to_string(),
        r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*",
            "Condition":{"Bool":{"aws:x":"true"}},"Condition":{}}}"#
            .to_owned(),
        document(good.clone()).to_string() + &" ".repeat(131_072),
    ] {
        assert_eq!(said(&text, Grammar::Identity), SYNTAX, "{text:.200}");
    }
    assert_eq!(said(&document(good.clone()).to_string(), Grammar::Identity), "taken");
    assert_eq!(said(&json!({"Statement": good}).to_string(), Grammar::Identity), VERSION);
    let old = json!({"Version": "2008-10-17", "Statement": good}).to_string();
    assert_eq!(said(&old, Grammar::Identity), VERSION);
}

#[test]
fn statements_have_the_members_of_statements() {
    for changes in [
        json!({"Extra": 1}),
        json!({"Effect": "absent"}),
        json!({"Effect": "Maybe"}),
        json!({"Sid": 7}),
        json!({"Action": {}}),
        json!({"Action": [[]]}),
        json!({"NotAction": []}),
        json!({"NotResource": "*"}),
        json!({"Resource": {"a": "b"}}),
        json!({"Resource": ["x", {}]}),
        json!({"Condition": []}),
        json!({"Condition": "a"}),
        json!({"Condition": {"a": "b"}}),
        json!({"Condition": {"x": {"a": "1"}}}),
        json!({"Condition": {"DateGreaterThan": {"a": {}}}}),
        json!({"Condition": {"ForAnyValue::StringEqualsIfExists": {"a": "b"}}}),
        json!({"Condition": {"StringEquals": {"a": [["b"]]}}}),
        json!({"Condition": {"StringEquals": {"a": null}}}),
        json!({"Condition": {"NullIfExists": {"a": "true"}}}),
    ] {
        check(Grammar::Identity, changes.clone(), SYNTAX);
        check(Grammar::ServiceControl, changes, TYPE);
    }
}

#[test]
fn identity_policies_are_refused_in_the_words_of_iam() {
    for (changes, wanted) in [
        (json!({"Effect": "denY"}), LEGACY),
        (json!({"Condition": {"DateGreaterThan": {"a": "b"}}}), LEGACY),
        (json!({"Condition": {"DateLessThan": {"a": "9223372036854775808"}}}), LEGACY),
        (json!({"Resource": "arn:aws:s3::bucket"}), LEGACY),
        (json!({"Resource": "arn:aws::::bucket"}), LEGACY),
        (json!({"Resource": "arn:aws::x", "Action": "absent"}), LEGACY),
        (json!({"Principal": "*"}), "Policy document should not specify a principal."),
        (json!({"NotPrincipal": {"AWS": USER}}), "Policy document should not specify a principal."),
        (json!({"Action": "absent"}), "Policy statement must contain actions."),
        (json!({"Action": []}), "Policy statement must contain actions."),
        (json!({"Resource": "absent"}), "Policy statement must contain resources."),
        (json!({"Resource": []}), "Policy statement must contain resources."),
        (json!({"Action": "invalid"}), VENDOR),
        (json!({"Action": "invalid", "Resource": "absent"}), VENDOR),
        (json!({"Action": ""}), VENDOR),
        (json!({"Action": "a a:List"}), "Vendor a a is not valid"),
        (json!({"Action": "s3:List:Bucket"}), "Actions/Condition can contain only one colon."),
        (
            json!({"Sid": "with space"}),
            "Statement IDs (SID) must be alpha-numeric. Check that your input satisfies the \
             regular expression [0-9A-Za-z]*",
        ),
    ] {
        check(Grammar::Identity, changes.clone(), wanted);
        check(Grammar::Session, changes.clone(), wanted);
        check(Grammar::ServiceControl, changes, TYPE);
    }
    let twice = json!([{"Sid": "x", "Effect": "Allow", "Action": "*", "Resource": "*"},
        {"Sid": "x", "Effect": "Allow"}]);
    assert_eq!(
        said(&document(twice).to_string(), Grammar::Identity),
        "Statement IDs (SID) in a single policy must be unique."
    );
}

#[test]
fn resources_of_identity_policies_are_refused_in_the_words_of_iam() {
    for (changes, wanted) in [
        (json!({"Resource": "a b"}), "Resource a b must be in ARN format or \"*\"."),
        (json!({"Resource": ""}), "Resource  must be in ARN format or \"*\"."),
        (
            json!({"Action": "s:3:x", "Resource": ["*", "x"]}),
            "Resource x must be in ARN format or \"*\".",
        ),
        (
            json!({"Resource": "a:bcd"}),
            "Partition \"bcd\" is not valid for resource \"arn:bcd:*:*:*:*\".",
        ),
        (
            json!({"Resource": "a:b:c"}),
            "Partition \"b\" is not valid for resource \"arn:b:c:*:*:*\".",
        ),
        (
            json!({"Resource": "a:b:c:d:e:f:g:h"}),
            "Partition \"b\" is not valid for resource \"arn:b:c:d:e:f:g:h\".",
        ),
        (
            json!({"Resource": "aws:s3:::bucket"}),
            "Partition \"s3\" is not valid for resource \"arn:s3:::bucket:*\".",
        ),
        (
            json!({"Resource": "arn:aws"}),
            "Resource vendor must be fully qualified and cannot contain regexes.",
        ),
        (
            json!({"Resource": "arn:aws:iam:us-east-1::x"}),
            "IAM resource arn:aws:iam:us-east-1::x cannot contain region information.",
        ),
        (
            json!({"Resource": "arn:aws:s3:us-east-1::x"}),
            "Resource arn:aws:s3:us-east-1::x can not contain region information.",
        ),
        (
            json!({"Resource": "arn:aws:iam:::x"}),
            "IAM resource path must either be \"*\" or start with user/, federated-user/, role/, \
             group/, instance-profile/, mfa/, server-certificate/, policy/, sms-mfa/, \
             saml-provider/, oidc-provider/, report/, access-report/.",
        ),
    ] {
        check(Grammar::Identity, changes.clone(), wanted);
        check(Grammar::ServiceControl, changes, TYPE);
    }
}

#[test]
fn identity_policies_may_be_odd() {
    for changes in [
        json!({"Action": "iam: asdf safdsf af "}),
        json!({"Action": ["*"], "Resource": ["arn:aws:s3:::a", "*"]}),
        json!({"Resource": "arn:aws:iam:::user/a"}),
        json!({"Resource": "arn:aws:iam::111122223333:*"}),
        json!({"Resource": "arn:aws:iam::111122223333:ro*"}),
        json!({"Resource": "arn:aws-cn:s3:::a"}),
        json!({"Resource": "arn:*:s3:::a"}),
        json!({"Resource": "arn:aws:fdsasf"}),
        json!({"Resource": "absent", "NotResource": "arn:aws:s3:::a/${aws:username}"}),
        json!({"Condition": {}}),
        json!({"Condition": {"DateGreaterThan": {}}}),
        json!({"Condition": {"DateGreaterThan": {"a": []}}}),
        json!({"Condition": {"a": {}}}),
        json!({"Condition": {"NumericLessThan": {"aws:MultiFactorAuthAge": 3600}}}),
        json!({"Condition": {"Bool": {"aws:SecureTransport": [true]}}}),
        json!({"Sid": ""}),
    ] {
        check(Grammar::Identity, changes.clone(), "taken");
        check(Grammar::ServiceControl, changes, "taken");
    }
}

#[test]
fn trust_policies_are_refused_in_the_words_of_iam() {
    assert_eq!(said("x", Grammar::Trust), "This policy contains invalid Json");
    for (changes, wanted) in [
        (json!({}), "taken"),
        (json!({"Action": ["sts:AssumeRole", "sts:TagSession"], "Sid": "with space"}), "taken"),
        (json!({"Principal": {"Service": SERVICE}, "Effect": "Deny"}), "taken"),
        (json!({"Principal": {"AWS": "*"}}), "taken"),
        (
            json!({"Principal": "*"}),
            "AssumeRolepolicy contained an invalid principal: \"STAR\":\"*\".",
        ),
        (json!({"Effect": "absent"}), "Missing required field Effect"),
        (json!({"Effect": "Maybe"}), "Invalid effect: Maybe"),
        (json!({"Principal": "absent"}), "Missing required field Principal"),
        (json!({"Principal": {}}), "Missing required field Principal cannot be empty!"),
        (json!({"Principal": {"AWS": []}}), "Missing required field Principal cannot be empty!"),
        (json!({"Principal": "me"}), "Principal must be a JSON object."),
        (
            json!({"Principal": "absent", "NotPrincipal": {"AWS": USER}}),
            "Allow with NotPrincipal is not allowed.",
        ),
        (
            json!({"Principal": "absent", "NotPrincipal": {"AWS": USER}, "Effect": "Deny"}),
            "AssumeRole policy must not contain NotPrincipal field.",
        ),
        (json!({"Action": "absent"}), "Missing required field Action"),
        (
            json!({"Action": ["sts:AssumeRole", "*"]}),
            "AssumeRole policy may only specify STS AssumeRole actions.",
        ),
        (json!({"Resource": "*"}), "Has prohibited field Resource"),
        (json!({"NotResource": "*"}), "Has prohibited field NotResource"),
        (
            json!({"Principal": {"AWS": "arn:aws:iam::*:root"}}),
            "Invalid principal in policy: \"AWS\":\"arn:aws:iam::*:root\"",
        ),
        (
            json!({"Principal": {"Service": "mars"}}),
            "Invalid principal in policy: \"SERVICE\":\"mars\"",
        ),
    ] {
        check(Grammar::Trust, changes, wanted);
    }
}

#[test]
fn a_role_trusts_nobody_who_cannot_ask_for_it() {
    for principal in [
        json!({"Federated": "accounts.google.com"}),
        json!({"Federated": ["cognito-identity.amazonaws.com", PROVIDER]}),
        json!({"Federated": "arn:aws:iam::111122223333:saml-provider/ADFS"}),
    ] {
        check(Grammar::Trust, json!({"Principal": principal}), "taken");
    }
    let federated = "Federated principals must be valid domain names or SAML metadata ARNs";
    let service = "Invalid principal in policy: \"SERVICE\":\"*\"";
    let canonical = "Invalid principal in policy: \"CANONICALUSER\":\"x\"";
    for name in [
        "",
        "x",
        "*",
        "*.example.com",
        "https://accounts.google.com",
        "accounts..google.com",
        "-a.example.com",
        "arn:aws:iam//111122223333:oidc-provider/a.example.com",
        "arn:aws:iam:::oidc-provider/a.example.com",
        "arn:aws:iam::111122223333:oidc-provider/",
        "arn:aws:iam::111122223333:oidc-provider/*",
        USER,
    ] {
        check(Grammar::Trust, json!({"Principal": {"Federated": name}}), federated);
    }
    check(Grammar::Trust, json!({"Principal": {"Service": "*"}}), service);
    check(Grammar::Trust, json!({"Principal": {"Service": [SERVICE, "*"]}}), service);
    check(Grammar::Trust, json!({"Principal": {"CanonicalUser": "x"}}), canonical);
}

#[test]
fn policies_of_resources_name_principals() {
    for name in ["*", "111122223333", USER, ROLE, USER_ID, "arn:aws:iam::111122223333:root"] {
        check(Grammar::Resource, json!({"Principal": {"AWS": name}}), "taken");
        check(Grammar::Key, json!({"Principal": {"AWS": [name]}, "Sid": "with space"}), "taken");
    }
    for name in ["", "me", "1111", "arn:aws:s3:::b", "arn:aws:iam::111122223333:user/*"] {
        let wanted = format!("Invalid principal in policy: \"AWS\":\"{name}\"");
        check(Grammar::Resource, json!({"Principal": {"AWS": name}}), &wanted);
    }
    for grammar in [Grammar::Resource, Grammar::Key] {
        assert_eq!(said("{", grammar), "This policy contains invalid Json");
        check(grammar, json!({"Principal": "absent"}), "Missing required field Principal");
        check(grammar, json!({"Action": "absent"}), "Missing required field Action");
        check(grammar, json!({"Action": "Get"}), VENDOR);
        check(grammar, json!({"Resource": []}), "Missing required field Resource");
    }
    check(Grammar::Resource, json!({"Resource": "absent"}), "taken");
    check(Grammar::Key, json!({"Resource": "absent"}), "Missing required field Resource");
    let refusal = Policy::parse("x", Grammar::Key).unwrap_err();
    assert_eq!(refusal.flaw(), Flaw::Syntax);
}

#[test]
fn resource_control_policies_only_deny() {
    for (changes, wanted) in [
        (json!({}), "taken"),
        (json!({"Effect": "Allow", "Action": "*"}), "taken"),
        (json!({"Principal": {"AWS": "*"}}), "taken"),
        (json!({"Effect": "Allow"}), TYPE),
        (json!({"Principal": {"AWS": USER}}), TYPE),
        (json!({"Principal": "absent"}), TYPE),
        (json!({"Action": "absent", "NotAction": "ssm:*"}), TYPE),
        (json!({"Resource": "absent"}), TYPE),
        (json!({"Resource": "absent", "NotResource": "arn:aws:s3:::b"}), "taken"),
    ] {
        check(Grammar::ResourceControl, changes, wanted);
    }
}

const GRAMMARS: [Grammar; 7] = [
    Grammar::Identity,
    Grammar::Resource,
    Grammar::Trust,
    Grammar::Key,
    Grammar::Session,
    Grammar::ServiceControl,
    Grammar::ResourceControl,
];

fn odd_values() -> impl Strategy<Value = Value> {
    let words = prop::sample::select(vec![
        "Allow",
        "Deny",
        "*",
        "ssm:Get*",
        "arn:aws:ssm:*",
        "2012-10-17",
        "${aws:username}",
        "${",
        "${a, '",
        "StringLike",
        "Null",
        "AWS",
        "é",
        "",
        "arn",
        ":",
        "::::::",
        "2026-13-01",
    ]);
    let leaf = prop_oneof![
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        words.clone().prop_map(Value::from),
        ".{0,12}".prop_map(Value::from),
    ];
    let members = prop::sample::select(vec![
        "Version",
        "Id",
        "Statement",
        "Sid",
        "Effect",
        "Principal",
        "NotPrincipal",
        "Action",
        "NotAction",
        "Resource",
        "NotResource",
        "Condition",
        "AWS",
        "Service",
        "StringLike",
        "ForAllValues:DateEquals",
        "ArnLike",
        "IpAddress",
        "aws:x",
    ]);
    leaf.prop_recursive(5, 60, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(members.clone().prop_map(str::to_owned), inner, 0..8)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn no_text_is_too_odd_to_be_read(text in any::<String>(), value in odd_values()) {
        for grammar in GRAMMARS {
            for text in [&text, &value.to_string(), &document(value.clone()).to_string()] {
                drop(Policy::parse(text, grammar));
            }
        }
    }

    #[test]
    fn a_part_of_a_document_is_read_or_refused(at in 0..400_usize, text in "[{}\\[\\]\",:a-z$*]{0,6}") {
        let whole = document(json!([{"Sid": "a", "Effect": "Deny", "NotPrincipal": {"AWS": [USER]},
            "Action": ["ssm:*", "kms:Decrypt"], "NotResource": ["arn:aws:ssm:*:*:${aws:userid, 'x'}"],
            "Condition": {"ForAnyValue:StringNotLikeIfExists": {"aws:TagKeys": ["a*", "${*}"]}}}]))
        .to_string();
        let at = at.min(whole.len());
        let (before, after) = whole.split_at(at);
        let changed = [before, &text, after].concat();
        for grammar in GRAMMARS {
            drop(Policy::parse(&changed, grammar));
            drop(Policy::parse(before, grammar));
        }
    }
}

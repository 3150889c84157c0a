//! Whom `Principal` and `NotPrincipal` mean.
//!
//! Sources: IAM user guide, "Policy elements: Principal", "Policy elements: NotPrincipal",
//! "IAM identifiers".

use coffer_policy::{Grammar, Policy};
use serde_json::{Value, json};

use super::world::{
    AWAY, Case, FEDERATED, HOME, ROLE, ROLE_ID, ROOT, SERVICE, SESSION, SESSION_ID, USER, USER_ID,
    Who, allow, allow_to, deny_to, document,
};

fn is_granted(who: Who, principal: Value) -> bool {
    Case::of(who).of_resource(allow_to(principal)).decide().is_allowed()
}

fn is_denied(who: Who, principal: Value) -> bool {
    !Case::of(who).identity(allow()).of_resource(deny_to(principal)).decide().is_allowed()
}

#[test]
fn names_mean_those_who_have_them() {
    for (who, names) in [
        (Who::User, vec![USER, USER_ID]),
        (Who::Role, vec![ROLE, ROLE_ID, SESSION]),
        (Who::Federated, vec![FEDERATED, USER, USER_ID]),
    ] {
        for name in [USER, USER_ID, ROLE, ROLE_ID, SESSION, FEDERATED] {
            let is_meant = names.contains(&name);
            assert_eq!(is_granted(who, json!({ "AWS": name })), is_meant, "{who:?} {name}");
            assert_eq!(is_denied(who, json!({ "AWS": name })), is_meant, "{who:?} {name}");
        }
        assert!(is_denied(who, json!({ "AWS": ROOT })), "{who:?}");
        assert!(is_denied(who, json!({ "AWS": [AWAY, HOME] })), "{who:?}");
        assert!(!is_denied(who, json!({ "AWS": AWAY })), "{who:?}");
    }
}

#[test]
fn names_are_compared_with_their_case() {
    assert!(!is_granted(Who::User, json!({"AWS": USER.replace("ada", "Ada")})));
    assert!(!is_granted(Who::Role, json!({"AWS": SESSION.replace("one", "two")})));
    assert!(!is_granted(Who::Role, json!({"AWS": "arn:aws:iam::111122223333:role/app"})));
}

#[test]
fn a_principal_made_again_is_another() {
    // IAM keeps the id of a principal that is gone, and a new one has a new id.
    assert!(!is_granted(Who::Role, json!({"AWS": "AROAOLDOLDOLDOLDOLDO"})));
    assert!(SESSION_ID.starts_with(ROLE_ID));
}

#[test]
fn a_service_is_meant_by_its_name() {
    assert!(is_granted(Who::Service, json!({ "Service": SERVICE })));
    assert!(is_granted(Who::Service, json!({"Service": ["sns.amazonaws.com", SERVICE]})));
    assert!(!is_granted(Who::Service, json!({"Service": "sns.amazonaws.com"})));
    assert!(!is_granted(Who::User, json!({ "Service": SERVICE })));
    assert!(!is_granted(Who::User, json!({"CanonicalUser": "79a59df900b949e55d96a1e6"})));
}

fn not_principal(principal: Value) -> Value {
    json!({"Effect": "Deny", "NotPrincipal": principal, "Action": "*", "Resource": "*"})
}

fn is_excepted(who: Who, names: &[&str]) -> bool {
    let statement = not_principal(json!({ "AWS": names }));
    Case::of(who).identity(allow()).of_resource(statement).decide().is_allowed()
}

#[test]
fn a_denial_with_not_principal_spares_whom_it_names_with_the_account() {
    assert!(is_excepted(Who::User, &[ROOT, USER]));
    assert!(is_excepted(Who::User, &[HOME, USER_ID]));
    assert!(is_excepted(Who::Role, &[ROOT, ROLE]));
    assert!(is_excepted(Who::Role, &[ROOT, ROLE, SESSION]));
    assert!(is_excepted(Who::Root, &[ROOT]));
    // The account alone does not spare those in it, and nobody is spared without it.
    assert!(!is_excepted(Who::User, &[ROOT]));
    assert!(!is_excepted(Who::User, &[USER]));
    assert!(!is_excepted(Who::Role, &[ROLE]));
    assert!(!is_excepted(Who::User, &[ROOT, ROLE]));
    assert!(!is_excepted(Who::Root, &[AWAY]));
}

#[test]
fn a_denial_with_not_principal_spares_services() {
    let case = |name| {
        Case::of(Who::Service)
            .of_resource(allow_to(json!({ "Service": SERVICE })))
            .of_resource(not_principal(json!({ "Service": name })))
            .decide()
            .is_allowed()
    };
    assert!(case(SERVICE));
    assert!(!case("sns.amazonaws.com"));
}

#[test]
fn a_denial_with_not_principal_never_spares_who_has_a_boundary() {
    let statement = not_principal(json!({"AWS": [ROOT, USER]}));
    let case = Case::of(Who::User).identity(allow()).of_resource(statement);
    assert!(case.decide().is_allowed());
    case.boundary(allow()).check("with an explicit deny in a resource-based policy");
}

#[test]
fn the_root_of_another_partition_is_nobody_here() {
    let elsewhere = ROOT.replacen("arn:aws:", "arn:aws-cn:", 1);
    let case = |name: &str| {
        let key = allow_to(json!({ "AWS": name }));
        Case::of(Who::User).identity(allow()).of_key(key).decide().is_allowed()
    };
    assert!(case(ROOT));
    assert!(!case(&elsewhere));
    let spared = |name: &str| {
        let denial = not_principal(json!({"AWS": [name, USER]}));
        Case::of(Who::User).identity(allow()).of_resource(denial).decide().is_allowed()
    };
    assert!(spared(ROOT));
    assert!(!spared(&elsewhere));
}

#[test]
fn allowing_with_not_principal_is_refused() {
    let statement = json!({"Effect": "Allow", "NotPrincipal": {"AWS": USER}, "Action": "ssm:*"});
    let refusal = Policy::parse(&document(statement).to_string(), Grammar::Resource).unwrap_err();
    assert_eq!(refusal.to_string(), "Allow with NotPrincipal is not allowed.");
}

//! Identity and resource policies, boundaries and session policies, within an account and across.
//!
//! Sources: IAM user guide, "Policy evaluation for requests within a single account", "Cross-account
//! policy evaluation logic", "Permissions boundaries for IAM entities", "Session policies".

use serde_json::json;

use super::world::{
    AWAY, Case, FEDERATED, HOME, NO_BOUNDARY, NO_IDENTITY, NO_RESOURCE, NO_SESSION, ROLE, ROLE_ID,
    ROOT, SESSION, USER, USER_ID, Who, allow, allow_other, allow_to, aws, deny, deny_to,
};

const ALLOWED: &str = "allowed";

#[test]
fn nothing_is_allowed_that_no_policy_allows() {
    for who in [Who::User, Who::Role, Who::Federated] {
        Case::of(who).check(NO_IDENTITY);
        Case::of(who).identity(allow_other()).check(NO_IDENTITY);
        Case::of(who).identity(allow()).check(ALLOWED);
        Case::of(who).identity(allow_other()).identity(allow()).check(ALLOWED);
    }
}

#[test]
fn a_root_needs_no_identity_policy_in_its_own_account() {
    Case::of(Who::Root).check(ALLOWED);
    Case::of(Who::Root).away().check(NO_RESOURCE);
    Case::of(Who::Root).away().of_resource(allow_to(aws(HOME))).check(ALLOWED);
    Case::of(Who::Root)
        .of_resource(deny_to(json!("*")))
        .check("with an explicit deny in a resource-based policy");
}

#[test]
fn an_explicit_deny_anywhere_wins() {
    let granted = || Case::of(Who::User).identity(allow()).of_resource(allow_to(aws(USER)));
    granted().check(ALLOWED);
    granted().identity(deny()).check("with an explicit deny in an identity-based policy");
    granted()
        .of_resource(deny_to(aws(USER)))
        .check("with an explicit deny in a resource-based policy");
    granted()
        .boundary(json!([allow(), deny()]))
        .check("with an explicit deny in a permissions boundary");
    granted().session(json!([allow(), deny()])).check("with an explicit deny in a session policy");
    // Also where another kind of policy allows nothing.
    granted()
        .identity(deny())
        .boundary(allow_other())
        .check("with an explicit deny in an identity-based policy");
    // A denial of something else denies nothing.
    let other = json!({"Effect": "Deny", "Action": "s3:*", "Resource": "*"});
    granted().identity(other).check(ALLOWED);
}

#[test]
fn boundaries_and_session_policies_limit_identity_policies() {
    let user = || Case::of(Who::User).identity(allow());
    user().boundary(allow()).check(ALLOWED);
    user().boundary(allow_other()).check(NO_BOUNDARY);
    Case::of(Who::User).boundary(allow()).check(NO_IDENTITY);
    let role = || Case::of(Who::Role).identity(allow());
    role().session(allow()).check(ALLOWED);
    role().session(allow_other()).check(NO_SESSION);
    role().session(allow_other()).session(allow()).check(ALLOWED);
    role().boundary(allow_other()).session(allow_other()).check(NO_BOUNDARY);
    Case::of(Who::Role).session(allow()).check(NO_IDENTITY);
}

#[test]
fn a_federated_user_without_session_policies_has_only_what_resources_give_it() {
    let mut case = Case::of(Who::Federated).identity(allow());
    case.session = Some(Vec::new());
    case.check(NO_SESSION);
    case.of_resource(allow_to(aws(FEDERATED))).check(ALLOWED);
}

#[test]
fn within_an_account_a_resource_policy_is_enough() {
    Case::of(Who::User).of_resource(allow_to(aws(USER))).check(ALLOWED);
    Case::of(Who::Role).of_resource(allow_to(aws(ROLE))).check(ALLOWED);
    Case::of(Who::Role).of_resource(allow_to(aws(SESSION))).check(ALLOWED);
    Case::of(Who::Federated).of_resource(allow_to(aws(FEDERATED))).check(ALLOWED);
    Case::of(Who::User).of_resource(allow_to(json!("*"))).check(ALLOWED);
    Case::of(Who::User).of_resource(allow_to(aws("*"))).check(ALLOWED);
}

/// The table "Resource-based policies and implicit denies in other policy types (same account)".
#[test]
fn whom_a_resource_policy_names_decides_what_limits_it() {
    let limited = |who, name: &str| {
        let case = Case::of(who).of_resource(allow_to(aws(name)));
        (
            case.clone().boundary(allow_other()).decide().is_allowed(),
            case.session(allow_other()).decide().is_allowed(),
        )
    };
    assert_eq!(limited(Who::User, USER), (true, true));
    assert_eq!(limited(Who::User, USER_ID), (true, true));
    assert_eq!(limited(Who::Role, ROLE), (false, false));
    assert_eq!(limited(Who::Role, ROLE_ID), (false, false));
    assert_eq!(limited(Who::Role, SESSION), (true, true));
    assert_eq!(limited(Who::Federated, FEDERATED), (true, true));
    assert_eq!(limited(Who::Federated, USER), (false, false));
    assert_eq!(limited(Who::Role, "*"), (true, true));
    let role = || Case::of(Who::Role).of_resource(allow_to(aws(ROLE)));
    role().boundary(allow_other()).check(NO_BOUNDARY);
    role().session(allow_other()).check(NO_SESSION);
    role().boundary(allow()).session(allow()).check(ALLOWED);
}

#[test]
fn the_closest_name_in_a_resource_policy_counts() {
    let both = json!([allow_to(aws(ROLE)), allow_to(aws(SESSION))]);
    Case::of(Who::Role).of_resource(both).boundary(allow_other()).check(ALLOWED);
    let both = allow_to(json!({"AWS": [ROOT, ROLE, SESSION]}));
    Case::of(Who::Role).of_resource(both).session(allow_other()).check(ALLOWED);
}

#[test]
fn naming_the_account_only_delegates_to_its_identity_policies() {
    for name in [ROOT, HOME] {
        Case::of(Who::User).of_resource(allow_to(aws(name))).check(NO_IDENTITY);
        Case::of(Who::User).of_resource(allow_to(aws(name))).identity(allow()).check(ALLOWED);
        Case::of(Who::Root).of_resource(allow_to(aws(name))).check(ALLOWED);
    }
}

#[test]
fn across_accounts_both_sides_must_allow() {
    for name in [HOME, ROOT, ROLE, SESSION, "*"] {
        let case = || Case::of(Who::Role).away().of_resource(allow_to(aws(name)));
        case().check(NO_IDENTITY);
        case().identity(allow()).check(ALLOWED);
        case().identity(allow()).boundary(allow_other()).check(NO_BOUNDARY);
        case().identity(allow()).session(allow_other()).check(NO_SESSION);
        case().identity(deny()).check("with an explicit deny in an identity-based policy");
    }
    Case::of(Who::Role).away().identity(allow()).check(NO_RESOURCE);
    Case::of(Who::Role).away().check(NO_IDENTITY);
    let others = allow_to(aws(AWAY));
    Case::of(Who::Role).away().identity(allow()).of_resource(others).check(NO_RESOURCE);
}

#[test]
fn a_resource_without_an_owner_is_the_callers() {
    let mut case = Case::of(Who::User).identity(allow());
    case.owner = None;
    case.resource = "*".to_owned();
    case.check(ALLOWED);
}

#[test]
fn who_has_no_account_depends_on_the_resource_alone() {
    for (who, principal) in [
        (Who::Service, json!({"Service": "secretsmanager.amazonaws.com"})),
        (Who::Service, json!("*")),
        (Who::Anonymous, json!("*")),
    ] {
        Case::of(who).check(NO_RESOURCE);
        Case::of(who).of_resource(allow_to(principal)).check(ALLOWED);
        Case::of(who).of_resource(allow_to(aws(HOME))).check(NO_RESOURCE);
    }
    let other = json!({"Service": "sns.amazonaws.com"});
    Case::of(Who::Service).of_resource(allow_to(other)).check(NO_RESOURCE);
    Case::of(Who::Anonymous)
        .of_resource(deny_to(json!("*")))
        .check("with an explicit deny in a resource-based policy");
}

//! Trust policies of roles, and key policies and grants of KMS.
//!
//! Sources: IAM user guide, "How permissions and trust work", "Cross-account resource access";
//! KMS developer guide, "Key policies in AWS KMS", "Allows access to the AWS account", "Grants".

use serde_json::{Value, json};

use super::world::{
    AWAY, Case, HOME, PROVIDER, ROLE, ROOT, SESSION, USER, Who, allow, allow_other, allow_to, aws,
    deny,
};

const ALLOWED: &str = "allowed";
const NO_TRUST: &str = "because no role trust policy allows the sts:AssumeRole action";
const NO_KEY: &str = "because no resource-based policy allows the kms:Decrypt action";

fn trust(principal: Value) -> Value {
    json!({"Effect": "Allow", "Principal": principal,
           "Action": ["sts:AssumeRole", "sts:AssumeRoleWithWebIdentity"]})
}

#[test]
fn a_role_is_assumed_by_whom_its_trust_policy_names() {
    for (who, name) in [(Who::User, USER), (Who::Role, ROLE), (Who::Role, SESSION)] {
        Case::of(who).of_role(trust(aws(name))).check(ALLOWED);
    }
    Case::of(Who::Role).of_role(trust(aws(USER))).check(NO_TRUST);
    // Permission to assume is nothing without trust.
    Case::of(Who::Role).of_role(trust(aws(USER))).identity(allow()).check(NO_TRUST);
    Case::of(Who::Role)
        .of_role(trust(aws(ROLE)))
        .boundary(allow_other())
        .check("because no permissions boundary allows the sts:AssumeRole action");
}

#[test]
fn a_trust_policy_that_names_the_account_delegates() {
    for name in [HOME, ROOT] {
        Case::of(Who::User)
            .of_role(trust(aws(name)))
            .check("because no identity-based policy allows the sts:AssumeRole action");
        Case::of(Who::User).of_role(trust(aws(name))).identity(allow()).check(ALLOWED);
    }
}

#[test]
fn a_role_of_another_account_needs_trust_and_permission() {
    for name in [HOME, USER] {
        let case = || Case::of(Who::User).away().of_role(trust(aws(name)));
        case().check("because no identity-based policy allows the sts:AssumeRole action");
        case().identity(allow()).check(ALLOWED);
    }
    let strangers = Case::of(Who::User).away().of_role(trust(aws(AWAY))).identity(allow());
    strangers.check(NO_TRUST);
}

#[test]
fn a_denial_in_a_trust_policy_is_named_as_such() {
    let statement = json!([trust(aws(USER)),
        {"Effect": "Deny", "Principal": aws("*"), "Action": "sts:AssumeRole"}]);
    Case::of(Who::User).of_role(statement).check("with an explicit deny in the role trust policy");
}

#[test]
fn the_bearer_of_a_token_needs_trust_alone() {
    Case::of(Who::Token).of_role(trust(json!({"Federated": PROVIDER}))).check(ALLOWED);
    let other = json!({"Federated": "cognito-identity.amazonaws.com"});
    Case::of(Who::Token)
        .of_role(trust(other))
        .check("because no role trust policy allows the sts:AssumeRoleWithWebIdentity action");
    let audience = "token.actions.githubusercontent.com:aud";
    let mut statement = trust(json!({"Federated": PROVIDER}));
    statement["Condition"] = json!({"StringEquals": {audience: "sts.amazonaws.com"}});
    let case = Case::of(Who::Token).of_role(statement);
    case.clone().key(audience, "sts.amazonaws.com").check(ALLOWED);
    assert!(!case.clone().key(audience, "somebody").decide().is_allowed());
    assert!(!case.decide().is_allowed());
}

#[test]
fn identity_policies_count_for_a_key_whose_policy_lets_the_account_decide() {
    for name in [HOME, ROOT] {
        let case = || Case::of(Who::User).of_key(allow_to(aws(name)));
        case().check("because no identity-based policy allows the kms:Decrypt action");
        case().identity(allow()).check(ALLOWED);
        Case::of(Who::Root).of_key(allow_to(aws(name))).check(ALLOWED);
    }
    Case::of(Who::User).identity(allow()).of_key(allow_to(aws(ROLE))).check(NO_KEY);
    // Not even the account's root may do what the key policy does not let its account do.
    Case::of(Who::Root).of_key(allow_to(aws(ROLE))).check(NO_KEY);
}

#[test]
fn a_key_policy_is_enough_and_identity_denials_count_still() {
    Case::of(Who::User).of_key(allow_to(aws(USER))).check(ALLOWED);
    Case::of(Who::User)
        .of_key(allow_to(aws(USER)))
        .identity(deny())
        .check("with an explicit deny in an identity-based policy");
}

#[test]
fn a_key_of_another_account_needs_both() {
    let case = || Case::of(Who::Role).away().of_key(allow_to(aws(HOME)));
    case().check("because no identity-based policy allows the kms:Decrypt action");
    case().identity(allow()).check(ALLOWED);
    Case::of(Who::Role).away().of_key(allow_to(aws(AWAY))).identity(allow()).check(NO_KEY);
}

#[test]
fn a_grant_is_enough_unless_something_denies() {
    let granted = || {
        let mut case = Case::of(Who::Role).of_key(allow_to(aws(USER)));
        case.grant = true;
        case
    };
    granted().check(ALLOWED);
    granted().away().check(ALLOWED);
    granted().identity(deny()).check("with an explicit deny in an identity-based policy");
    let mut parameter = Case::of(Who::Role);
    parameter.grant = true;
    assert!(!parameter.decide().is_allowed(), "grants are KMS's");
}

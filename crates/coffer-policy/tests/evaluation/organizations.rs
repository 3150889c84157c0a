//! Service control and resource control policies.
//!
//! Sources: Organizations user guide, "Service control policies", "SCP evaluation", "Resource
//! control policies", "RCP evaluation".

use serde_json::{Value, json};

use super::world::{Case, Who, allow, allow_other, allow_to, aws, deny, document};

const ALLOWED: &str = "allowed";
const NO_SCP: &str = "because no service control policy allows the ssm:GetParameter action";

fn with_levels(who: Who, levels: &[&[Value]]) -> Case {
    let mut case = Case::of(who).identity(allow());
    case.service_control =
        levels.iter().map(|level| level.iter().cloned().map(document).collect()).collect();
    case
}

fn everything() -> Value {
    json!({"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"})
}

#[test]
fn every_level_of_an_organization_must_allow() {
    with_levels(Who::User, &[&[allow()], &[allow()]]).check(ALLOWED);
    with_levels(Who::User, &[&[allow()], &[allow_other()]]).check(NO_SCP);
    with_levels(Who::User, &[&[allow_other()], &[allow()]]).check(NO_SCP);
    with_levels(Who::User, &[&[allow_other(), allow()], &[allow()]]).check(ALLOWED);
    with_levels(Who::User, &[&[allow()], &[]]).check(NO_SCP);
    with_levels(Who::User, &[&[allow(), deny()]])
        .check("with an explicit deny in a service control policy");
    with_levels(Who::User, &[&[allow_other()], &[deny()]])
        .check("with an explicit deny in a service control policy");
}

#[test]
fn service_control_policies_grant_nothing() {
    let mut case = with_levels(Who::User, &[&[allow()]]);
    case.identity.clear();
    case.check("because no identity-based policy allows the ssm:GetParameter action");
}

#[test]
fn service_control_policies_bind_roots_and_not_services() {
    with_levels(Who::Root, &[&[allow_other()]]).check(NO_SCP);
    with_levels(Who::LinkedRole, &[&[deny()]]).check(ALLOWED);
    let service = with_levels(Who::Service, &[&[deny()]]);
    service
        .of_resource(allow_to(json!({"Service": "secretsmanager.amazonaws.com"})))
        .check(ALLOWED);
    let direct = with_levels(Who::User, &[&[allow_other()]]);
    direct.of_resource(allow_to(aws(super::world::USER))).check(NO_SCP);
}

#[test]
fn resource_control_policies_bind_whoever_comes() {
    let deny_insecure = json!({"Effect": "Deny", "Principal": "*", "Action": "ssm:*",
        "Resource": "*", "Condition": {"Bool": {"aws:SecureTransport": "false"}}});
    for who in [Who::User, Who::Root, Who::Service] {
        let mut case = Case::of(who)
            .identity(allow())
            .of_resource(allow_to(json!({"Service": "secretsmanager.amazonaws.com"})));
        case.resource_control = vec![
            vec![document(everything())],
            vec![document(everything()), document(deny_insecure.clone())],
        ];
        case.clone().key("aws:SecureTransport", true).check(ALLOWED);
        case.clone()
            .key("aws:SecureTransport", false)
            .check("with an explicit deny in a resource control policy");
        case.resource_control.push(Vec::new());
        case.check("because no resource control policy allows the ssm:GetParameter action");
    }
}

//! Simulations of made-up policies.

use super::{Question, SimulatedCaller, Sources, simulate};
use crate::iam::wire_simulation::{
    EvaluationResult, OrderedOrganizationPolicyType, PolicyEvaluationDecisionType as Decision,
};

const ALLOW: &str = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"ssm:*","Resource":"*","Condition":{"DateGreaterThan":{"aws:CurrentTime":"2018-08-16T12:00:00Z"}}}}"#;
const PLAIN: &str =
    r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"ssm:*","Resource":"*"}]}"#;
const DENY: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"ssm:Put*","Resource":"*"}]}"#;
const USER: &str = "arn:aws:iam::111122223333:user/ann";

fn run(sources: &Sources, actions: &[&str], resources: &[&str]) -> Vec<EvaluationResult> {
    let actions: Vec<_> = actions.iter().map(|action| (*action).to_owned()).collect();
    let resources: Vec<_> = resources.iter().map(|arn| (*arn).to_owned()).collect();
    let question = Question {
        action_names: &actions,
        resource_arns: Some(&resources),
        resource_owner: None,
        context_entries: None,
        scenario: None,
        marker: None,
        items_max: None,
    };
    simulate(&question, sources, &SimulatedCaller::of_arn(USER).unwrap()).unwrap().items
}

fn of(identity: &[&str], boundary: Option<&str>, resource: Option<&str>) -> Sources {
    let texts = |all: &[&str]| all.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
    let boundary = boundary.map(|text| vec![text.to_owned()]);
    let resource = resource.map(str::to_owned);
    let mut sources = Sources::default();
    sources.add_given(Some(&texts(identity)), boundary.as_ref(), resource.as_ref()).unwrap();
    sources
}

#[test]
fn an_action_without_resources_has_no_results_by_resource() {
    let results =
        run(&of(&[PLAIN, DENY], None, None), &["ssm:GetParameter", "ssm:PutParameter"], &[]);
    let [read, write] = results.as_slice() else { panic!("{results:?}") };
    assert_eq!(
        (read.eval_decision, write.eval_decision),
        (Decision::Allowed, Decision::ExplicitDeny)
    );
    assert!(read.resource_specific_results.is_none() && read.eval_decision_details.is_none());
    assert_eq!(read.eval_resource_name.as_deref(), Some("*"));
    assert_eq!(write.matched_statements.as_ref().map(Vec::len), Some(1));
}

#[test]
fn a_key_that_is_not_given_is_told_as_missing() {
    let results = run(&of(&[ALLOW], None, None), &["ssm:GetParameter", "kms:Decrypt"], &[]);
    let missing: Vec<_> =
        results.iter().map(|result| result.missing_context_values.clone()).collect();
    assert_eq!(missing, [Some(vec!["aws:CurrentTime".to_owned()]), Some(Vec::new())]);
    assert_eq!(results[0].eval_decision, Decision::ImplicitDeny);
}

#[test]
fn a_boundary_and_an_organization_limit_and_are_told_apart() {
    let mut sources = of(&[PLAIN], Some(DENY), None);
    let results = run(&sources, &["ssm:GetParameter"], &[]);
    let detail = results[0].permissions_boundary_decision_detail.as_ref().unwrap();
    assert_eq!(detail.allowed_by_permissions_boundary, Some(false));
    assert_eq!(results[0].eval_decision, Decision::ImplicitDeny);
    sources.boundary = None;
    let level = |text: &str| OrderedOrganizationPolicyType {
        service_control_policy_input_list: Some(vec![text.to_owned()]),
    };
    sources.add_levels(Some(&vec![level(PLAIN), level(DENY)])).unwrap();
    let results = run(&sources, &["ssm:GetParameter"], &[]);
    let detail = results[0].organizations_decision_detail.as_ref().unwrap();
    assert_eq!(detail.allowed_by_organizations, Some(false));
}

#[test]
fn across_accounts_both_kinds_of_policies_are_told() {
    let policy = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow",
        "Principal":{"AWS":"arn:aws:iam::111122223333:root"},"Action":"ssm:*","Resource":"*"}]}"#;
    let theirs = "arn:aws:ssm:us-east-1:444455556666:parameter/a";
    let ours = "arn:aws:ssm:us-east-1:111122223333:parameter/a";
    let results = run(&of(&[PLAIN], None, Some(policy)), &["ssm:GetParameter"], &[theirs, ours]);
    let details = results[0].eval_decision_details.as_ref().unwrap();
    assert_eq!(details["IAM Policy"], Decision::Allowed);
    assert_eq!(details["Resource Policy"], Decision::Allowed);
    let by_resource = results[0].resource_specific_results.as_ref().unwrap();
    assert!(by_resource[0].eval_decision_details.is_some());
    assert!(by_resource[1].eval_decision_details.is_none());
    let denied = run(&of(&[], None, Some(policy)), &["ssm:GetParameter"], &[theirs]);
    assert_eq!(denied[0].eval_decision, Decision::ImplicitDeny);
    assert_eq!(
        denied[0].eval_decision_details.as_ref().unwrap()["IAM Policy"],
        Decision::ImplicitDeny
    );
}

#[test]
fn more_decisions_than_can_be_made_are_refused() {
    let actions = vec!["ssm:GetParameter".to_owned(); 101];
    let resources = vec!["*".to_owned(); 101];
    let question = Question {
        action_names: &actions,
        resource_arns: Some(&resources),
        resource_owner: None,
        context_entries: None,
        scenario: None,
        marker: None,
        items_max: Some(1000),
    };
    let caller = SimulatedCaller::of_arn(USER).unwrap();
    let refused = simulate(&question, &Sources::default(), &caller).map(|page| page.items.len());
    assert_eq!(refused.unwrap_err().code, "InvalidInput");
}

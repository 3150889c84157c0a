//! What a simulation found.

use std::collections::BTreeMap;

use coffer_policy::{Effect, Explanation, PolicyType};

use super::source::{Source, Sources};
use crate::iam::wire_simulation::{
    EvaluationResult, OrganizationsDecisionDetail, PermissionsBoundaryDecisionDetail,
    PolicyEvaluationDecisionType, ResourceSpecificResult, Statement,
};

/// The decision on an action and a resource.
pub(super) struct Verdict {
    resource: String,
    decision: PolicyEvaluationDecisionType,
    pub(super) matched: Vec<Statement>,
    pub(super) missing: Vec<String>,
    pub(super) boundary: Option<bool>,
    pub(super) organizations: Option<bool>,
    /// What each kind of policy says of a resource of another account.
    pub(super) details: BTreeMap<String, PolicyEvaluationDecisionType>,
}

impl Verdict {
    /// A decision of which nothing more is known yet.
    pub(super) fn new(resource: &str, decision: PolicyEvaluationDecisionType) -> Self {
        Self {
            resource: resource.to_owned(),
            decision,
            matched: Vec::new(),
            missing: Vec::new(),
            boundary: None,
            organizations: None,
            details: BTreeMap::new(),
        }
    }

    fn into_wire(self) -> ResourceSpecificResult {
        ResourceSpecificResult {
            eval_resource_name: self.resource,
            eval_resource_decision: self.decision,
            matched_statements: Some(self.matched),
            missing_context_values: Some(self.missing),
            eval_decision_details: Some(self.details).filter(|details| !details.is_empty()),
            permissions_boundary_decision_detail: self.boundary.map(boundary_detail),
        }
    }
}

/// What policies of one kind say by themselves.
pub(super) struct Part {
    has_allow: bool,
    has_deny: bool,
}

impl Part {
    /// Whether they allow.
    pub(super) fn is_allowed(&self) -> bool {
        self.decision() == PolicyEvaluationDecisionType::Allowed
    }

    /// Their decision.
    pub(super) fn decision(&self) -> PolicyEvaluationDecisionType {
        match (self.has_deny, self.has_allow) {
            (true, _) => PolicyEvaluationDecisionType::ExplicitDeny,
            (false, true) => PolicyEvaluationDecisionType::Allowed,
            (false, false) => PolicyEvaluationDecisionType::ImplicitDeny,
        }
    }
}

/// What the policies of a kind and level say by themselves.
pub(super) fn part(explanation: &Explanation<'_>, policy_type: PolicyType, level: usize) -> Part {
    let has = |effect| {
        explanation.matched.iter().any(|matched| {
            matched.place.policy_type == policy_type
                && matched.place.level == level
                && matched.statement.effect() == effect
        })
    };
    Part { has_allow: has(Effect::Allow), has_deny: has(Effect::Deny) }
}

/// The statements that made a decision. AWS: those of service control policies are not told (IAM
/// API reference, EvaluationResult); nor here those of a boundary, which allows nothing by itself.
pub(super) fn statements(explanation: &Explanation<'_>, sources: &Sources) -> Vec<Statement> {
    let mut statements = Vec::new();
    for matched in explanation.deciding() {
        let is_denying = matched.statement.effect() == Effect::Deny;
        let (source, name) = match matched.place.policy_type {
            PolicyType::Identity => (sources.identity.get(matched.place.policy), "IAM Policy"),
            PolicyType::Resource => (sources.resource.as_ref(), "Resource Policy"),
            PolicyType::Boundary if is_denying => (sources.boundary.as_ref(), "IAM Policy"),
            _ => (None, ""),
        };
        let at = |source: &Source| {
            Statement::at(&source.id, name, matched.statement.span(), source.has_list)
        };
        statements.extend(source.map(at));
    }
    statements
}

/// What is told of an action: the most restrictive decision, and the one on each resource.
pub(super) fn of_action(
    action: &str,
    verdicts: Vec<Verdict>,
    is_everything: bool,
) -> EvaluationResult {
    let worst = verdicts.iter().map(|verdict| verdict.decision).max();
    let decision = worst.unwrap_or(PolicyEvaluationDecisionType::ImplicitDeny);
    let mut matched: Vec<Statement> = Vec::new();
    let mut missing: Vec<String> = Vec::new();
    let mut details = BTreeMap::new();
    for verdict in &verdicts {
        if verdict.decision == decision {
            add_new(&mut matched, &verdict.matched);
        }
        add_new(&mut missing, &verdict.missing);
        for (name, part) in &verdict.details {
            let worst = details.entry(name.clone()).or_insert(*part);
            *worst = (*worst).max(*part);
        }
    }
    let boundary = all_of(verdicts.iter().map(|verdict| verdict.boundary));
    let organizations = all_of(verdicts.iter().map(|verdict| verdict.organizations));
    EvaluationResult {
        eval_action_name: action.to_owned(),
        eval_resource_name: Some(template_of_all(&verdicts)),
        eval_decision: decision,
        matched_statements: Some(matched),
        missing_context_values: Some(missing),
        organizations_decision_detail: organizations.map(|is_allowed| {
            OrganizationsDecisionDetail { allowed_by_organizations: Some(is_allowed) }
        }),
        permissions_boundary_decision_detail: boundary.map(boundary_detail),
        // AWS: there, and empty, within an account; not there where no resource is named.
        eval_decision_details: (!is_everything).then_some(details),
        resource_specific_results: (!is_everything)
            .then(|| verdicts.into_iter().map(Verdict::into_wire).collect()),
    }
}

fn add_new<T: Clone + PartialEq>(all: &mut Vec<T>, more: &[T]) {
    for item in more {
        if !all.contains(item) {
            all.push(item.clone());
        }
    }
}

fn all_of(said: impl Iterator<Item = Option<bool>>) -> Option<bool> {
    said.flatten().reduce(|all, one| all && one)
}

fn boundary_detail(is_allowed: bool) -> PermissionsBoundaryDecisionDetail {
    PermissionsBoundaryDecisionDetail { allowed_by_permissions_boundary: Some(is_allowed) }
}

fn template_of_all(verdicts: &[Verdict]) -> String {
    let mut templates = verdicts.iter().map(|verdict| template_of(&verdict.resource));
    let first = templates.next().unwrap_or(EVERYTHING);
    if templates.all(|template| template == first) {
        first.to_owned()
    } else {
        EVERYTHING.to_owned()
    }
}

/// AWS: an action's result names the form of its resources' ARNs, or `*` (IAM API reference,
/// EvaluationResult); the forms are those of the service authorization reference.
fn template_of(resource: &str) -> &'static str {
    let found = TEMPLATES.iter().find(|(service, kind, _)| {
        let mut parts = resource.splitn(6, ':');
        parts.nth(2) == Some(service) && parts.nth(2).is_some_and(|rest| rest.starts_with(kind))
    });
    found.map_or(EVERYTHING, |(_, _, template)| template)
}

const EVERYTHING: &str = "*";
const TEMPLATES: [(&str, &str, &str); 11] = [
    (
        "ssm",
        "parameter/",
        "arn:${Partition}:ssm:${Region}:${Account}:parameter/${ParameterNameWithoutLeadingSlash}",
    ),
    (
        "secretsmanager",
        "secret:",
        "arn:${Partition}:secretsmanager:${Region}:${Account}:secret:${SecretId}",
    ),
    ("kms", "key/", "arn:${Partition}:kms:${Region}:${Account}:key/${KeyId}"),
    ("kms", "alias/", "arn:${Partition}:kms:${Region}:${Account}:alias/${Alias}"),
    ("iam", "user/", "arn:${Partition}:iam::${Account}:user/${UserNameWithPath}"),
    ("iam", "group/", "arn:${Partition}:iam::${Account}:group/${GroupNameWithPath}"),
    ("iam", "role/", "arn:${Partition}:iam::${Account}:role/${RoleNameWithPath}"),
    ("iam", "policy/", "arn:${Partition}:iam::${Account}:policy/${PolicyNameWithPath}"),
    (
        "iam",
        "instance-profile/",
        "arn:${Partition}:iam::${Account}:instance-profile/${InstanceProfileNameWithPath}",
    ),
    ("iam", "oidc-provider/", "arn:${Partition}:iam::${Account}:oidc-provider/${OidcProviderName}"),
    (
        "lambda",
        "function:",
        "arn:${Partition}:lambda:${Region}:${Account}:function:${FunctionName}",
    ),
];

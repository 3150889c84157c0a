//! Simulations as requests and answers have them.

use std::collections::BTreeMap;

use coffer_policy::{Outcome, Span};
use coffer_protocol::{AwsEnum, Input, Output};

/// The service control policies of one level of an organization.
#[derive(Input, Debug)]
#[shape(name = "OrderedOrganizationPolicyType")]
pub(super) struct OrderedOrganizationPolicyType {
    #[shape(member(min = 1, max = 131072, pattern = r"[\u0009\u000A\u000D\u0020-\u00FF]+"))]
    pub(super) service_control_policy_input_list: Option<Vec<String>>,
}

/// A condition key and its values.
#[derive(Input, Debug)]
pub(super) struct ContextEntry {
    #[shape(min = 5, max = 256)]
    pub(super) context_key_name: Option<String>,
    pub(super) context_key_values: Option<Vec<String>>,
    pub(super) context_key_type: Option<ContextKeyType>,
}

/// What the values of a condition key are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, AwsEnum)]
pub(super) enum ContextKeyType {
    #[shape(wire = "string")]
    String,
    #[shape(wire = "stringList")]
    StringList,
    #[shape(wire = "numeric")]
    Numeric,
    #[shape(wire = "numericList")]
    NumericList,
    #[shape(wire = "boolean")]
    Boolean,
    #[shape(wire = "booleanList")]
    BooleanList,
    #[shape(wire = "ip")]
    Ip,
    #[shape(wire = "ipList")]
    IpList,
    #[shape(wire = "binary")]
    Binary,
    #[shape(wire = "binaryList")]
    BinaryList,
    #[shape(wire = "date")]
    Date,
    #[shape(wire = "dateList")]
    DateList,
}

/// Policies to leave out.
#[derive(Input, Debug)]
pub(super) struct PolicyIdentifier {
    pub(super) policy_type: Option<PolicyIdentifierPolicyType>,
    #[shape(min = 20, max = 2048)]
    pub(super) policy_arn: Option<String>,
    pub(super) inline_policy_identifier: Option<InlinePolicyIdentifierType>,
}

/// The kinds of policies that can be left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, AwsEnum)]
pub(super) enum PolicyIdentifierPolicyType {
    #[shape(wire = "inline")]
    Inline,
    #[shape(wire = "aws-managed")]
    AwsManaged,
    #[shape(wire = "user-managed")]
    UserManaged,
    #[shape(wire = "permission-boundary")]
    PermissionBoundary,
    #[shape(wire = "scp")]
    Scp,
    #[shape(wire = "rcp")]
    Rcp,
}

/// An inline policy, and who has it.
#[derive(Input, Debug)]
pub(super) struct InlinePolicyIdentifierType {
    #[shape(required, min = 1, max = 128, pattern = r"[\w+=,.@-]+")]
    pub(super) policy_name: String,
    #[shape(required)]
    pub(super) attachment_type: AttachmentType,
    #[shape(required, min = 1, max = 128, pattern = r"[\w+=,.@-]+")]
    pub(super) attachment_name: String,
}

/// Who has an inline policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, AwsEnum)]
pub(super) enum AttachmentType {
    #[shape(wire = "user")]
    User,
    #[shape(wire = "group")]
    Group,
    #[shape(wire = "role")]
    Role,
}

/// A decision; what comes later is more restrictive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, AwsEnum)]
pub(super) enum PolicyEvaluationDecisionType {
    #[shape(wire = "allowed")]
    Allowed,
    #[shape(wire = "implicitDeny")]
    ImplicitDeny,
    #[shape(wire = "explicitDeny")]
    ExplicitDeny,
}

impl From<Outcome> for PolicyEvaluationDecisionType {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Allowed => Self::Allowed,
            Outcome::ExplicitlyDenied(_) => Self::ExplicitDeny,
            Outcome::ImplicitlyDenied(_) => Self::ImplicitDeny,
        }
    }
}

/// The decision on an action.
#[derive(Output, Debug)]
pub(super) struct EvaluationResult {
    #[shape(required)]
    pub(super) eval_action_name: String,
    pub(super) eval_resource_name: Option<String>,
    #[shape(required)]
    pub(super) eval_decision: PolicyEvaluationDecisionType,
    pub(super) matched_statements: Option<Vec<Statement>>,
    pub(super) missing_context_values: Option<Vec<String>>,
    pub(super) organizations_decision_detail: Option<OrganizationsDecisionDetail>,
    pub(super) permissions_boundary_decision_detail: Option<PermissionsBoundaryDecisionDetail>,
    pub(super) eval_decision_details: Option<BTreeMap<String, PolicyEvaluationDecisionType>>,
    pub(super) resource_specific_results: Option<Vec<ResourceSpecificResult>>,
}

/// The decision on an action and a resource.
#[derive(Output, Debug)]
pub(super) struct ResourceSpecificResult {
    #[shape(required)]
    pub(super) eval_resource_name: String,
    #[shape(required)]
    pub(super) eval_resource_decision: PolicyEvaluationDecisionType,
    pub(super) matched_statements: Option<Vec<Statement>>,
    pub(super) missing_context_values: Option<Vec<String>>,
    pub(super) eval_decision_details: Option<BTreeMap<String, PolicyEvaluationDecisionType>>,
    pub(super) permissions_boundary_decision_detail: Option<PermissionsBoundaryDecisionDetail>,
}

/// A statement that made a decision.
#[derive(Output, Debug, Clone, PartialEq, Eq)]
pub(super) struct Statement {
    source_policy_id: Option<String>,
    source_policy_type: Option<String>,
    start_position: Option<Position>,
    end_position: Option<Position>,
}

impl Statement {
    /// The statement at a place in a policy. AWS: observed, one that is not in a list begins a
    /// column later, behind its brace.
    pub(super) fn at(policy_id: &str, policy_type: &str, span: Span, is_in_list: bool) -> Self {
        let behind = usize::from(!is_in_list);
        Self {
            source_policy_id: Some(policy_id.to_owned()),
            source_policy_type: Some(policy_type.to_owned()),
            start_position: Some(Position::of(span.start.line, span.start.column + behind)),
            end_position: Some(Position::of(span.end.line, span.end.column)),
        }
    }
}

/// A place in a document.
#[derive(Output, Debug, Clone, PartialEq, Eq)]
pub(super) struct Position {
    line: Option<i32>,
    column: Option<i32>,
}

impl Position {
    fn of(line: usize, column: usize) -> Self {
        let wire = |count: usize| Some(i32::try_from(count).unwrap_or(i32::MAX));
        Self { line: wire(line), column: wire(column) }
    }
}

/// What an organization's policies say.
#[derive(Output, Debug, Clone)]
pub(super) struct OrganizationsDecisionDetail {
    pub(super) allowed_by_organizations: Option<bool>,
}

/// What a permissions boundary says.
#[derive(Output, Debug, Clone)]
pub(super) struct PermissionsBoundaryDecisionDetail {
    pub(super) allowed_by_permissions_boundary: Option<bool>,
}

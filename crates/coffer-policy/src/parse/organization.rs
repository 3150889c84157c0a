//! What Organizations asks of its control policies.

use super::draft::{Draft, DraftStatement};
use super::identity;
use crate::grammar::MalformedPolicy;
use crate::json::Node;

/// Refuses what cannot be a service control policy.
// AWS: they have had the whole language of identity-based policies since September 2025.
pub(super) fn check_service_control(draft: &Draft<'_>) -> Result<(), MalformedPolicy> {
    identity::check(draft)
}

/// Refuses what cannot be a resource control policy.
// AWS: no NotPrincipal and no NotAction, everybody as principal; only the policy that allows
// everything allows (Organizations user guide, "RCP syntax").
pub(super) fn check_resource_control(draft: &Draft<'_>) -> Result<(), MalformedPolicy> {
    if draft.statements.iter().all(is_resource_control) {
        identity::check_actions(draft)
    } else {
        Err(MalformedPolicy::syntax())
    }
}

fn is_resource_control(statement: &DraftStatement<'_>) -> bool {
    let is_everybody = |node: &Node| match node {
        Node::Text(text) => text == "*",
        Node::Members(kinds) => {
            kinds.len() == 1
                && kinds.get("AWS").and_then(Node::texts).is_some_and(|names| names == ["*"])
        }
        _ => false,
    };
    let is_about_everybody =
        statement.principal.is_some_and(|(is_not, node)| !is_not && is_everybody(node));
    let actions = statement.actions.as_ref().filter(|(is_not, list)| !is_not && !list.is_empty());
    let resources = statement.resources.as_ref().filter(|(_, list)| !list.is_empty());
    let (Some((_, actions)), Some((is_not_resource, resources))) = (actions, resources) else {
        return false;
    };
    let is_all = *actions == ["*"] && !is_not_resource && *resources == ["*"];
    is_about_everybody
        && match statement.effect {
            Some("Deny") => true,
            Some("Allow") => is_all && statement.conditions.is_empty(),
            _ => false,
        }
}

/// Organizations' one sentence, whatever is wrong.
pub(super) fn refusal(refusal: MalformedPolicy) -> MalformedPolicy {
    let message =
        "The provided policy document does not meet the requirements of the specified policy type.";
    MalformedPolicy::new(refusal.flaw(), message)
}

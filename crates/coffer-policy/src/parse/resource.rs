//! What services ask of the policies of their resources.

use super::draft::{Draft, DraftStatement};
use super::{identity, trust};
use crate::grammar::{Flaw, Grammar, MalformedPolicy};

/// Refuses what cannot be the policy of a resource.
pub(super) fn check(draft: &Draft<'_>, grammar: Grammar) -> Result<(), MalformedPolicy> {
    for statement in &draft.statements {
        trust::check_principal(statement, true)?;
        check_lists(statement, grammar)?;
    }
    identity::check_actions(draft)?;
    if super::are_sids_unique(draft) {
        Ok(())
    } else {
        let message = "The Statement Ids in the policy are not unique";
        Err(MalformedPolicy::new(Flaw::Sid, message))
    }
}

fn check_lists(statement: &DraftStatement<'_>, grammar: Grammar) -> Result<(), MalformedPolicy> {
    if statement.actions.as_ref().is_none_or(|(_, actions)| actions.is_empty()) {
        return Err(MalformedPolicy::new(Flaw::Action, "Missing required field Action"));
    }
    let is_lacking = match &statement.resources {
        // Where nothing is said, the resource is the one that has the policy.
        None => grammar == Grammar::Key,
        Some((_, resources)) => resources.is_empty(),
    };
    if is_lacking {
        return Err(MalformedPolicy::new(Flaw::Resource, "Missing required field Resource"));
    }
    Ok(())
}

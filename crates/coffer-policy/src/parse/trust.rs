//! What IAM asks of trust policies.

use super::draft::{Draft, DraftStatement};
use crate::grammar::{Flaw, MalformedPolicy};
use crate::json::Node;

/// Refuses what IAM refuses of a role's trust policy.
pub(super) fn check(draft: &Draft<'_>) -> Result<(), MalformedPolicy> {
    draft.statements.iter().try_for_each(check_statement)?;
    if super::are_sids_unique(draft) {
        Ok(())
    } else {
        refuse(Flaw::Sid, "The Statement Ids in the policy are not unique")
    }
}

fn check_statement(statement: &DraftStatement<'_>) -> Result<(), MalformedPolicy> {
    match statement.effect {
        Some("Allow" | "Deny") => {}
        Some(other) => {
            return Err(MalformedPolicy::new(Flaw::Syntax, format!("Invalid effect: {other}")));
        }
        None => return refuse(Flaw::Syntax, "Missing required field Effect"),
    }
    check_principal(statement, false)?;
    let Some((_, actions)) = statement.actions.as_ref().filter(|(_, all)| !all.is_empty()) else {
        return refuse(Flaw::Action, "Missing required field Action");
    };
    let is_of_sts = |action: &&str| action.to_ascii_lowercase().starts_with("sts:");
    if !actions.iter().all(is_of_sts) {
        return refuse(Flaw::Action, "AssumeRole policy may only specify STS AssumeRole actions.");
    }
    match statement.resources {
        Some((false, _)) => refuse(Flaw::Resource, "Has prohibited field Resource"),
        Some((true, _)) => refuse(Flaw::Resource, "Has prohibited field NotResource"),
        None => Ok(()),
    }
}

/// Refuses a statement without a principal, or with one excepted where that cannot be.
pub(super) fn check_principal(
    statement: &DraftStatement<'_>,
    may_except: bool,
) -> Result<(), MalformedPolicy> {
    match statement.principal {
        // AWS: `NotPrincipal` is not supported with Allow, nor in trust policies (IAM user guide,
        // "Policy elements: NotPrincipal").
        Some((true, _)) if statement.effect == Some("Allow") => {
            refuse(Flaw::Principal, "Allow with NotPrincipal is not allowed.")
        }
        Some((true, _)) if !may_except => {
            refuse(Flaw::Principal, "AssumeRole policy must not contain NotPrincipal field.")
        }
        Some((_, Node::Members(kinds))) if kinds.is_empty() => {
            refuse(Flaw::Principal, "Missing required field Principal cannot be empty!")
        }
        Some(_) => Ok(()),
        None => refuse(Flaw::Principal, "Missing required field Principal"),
    }
}

fn refuse(flaw: Flaw, message: &'static str) -> Result<(), MalformedPolicy> {
    Err(MalformedPolicy::new(flaw, message))
}

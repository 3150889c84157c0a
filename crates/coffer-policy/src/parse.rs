//! Reads documents: first their shape, then what their grammar asks for, then the compiled form.

mod draft;
mod identity;
mod organization;
mod principal;
mod resource;
mod trust;

use std::collections::HashSet;

use crate::action::Actions;
use crate::condition::Condition;
use crate::grammar::{Flaw, Grammar, MalformedPolicy};
use crate::json::Node;
use crate::policy::Policy;
use crate::span::{self, Span};
use crate::statement::{Effect, Resources, Statement};
use crate::template::{Template, Version, Wildcards};

use draft::{Draft, DraftStatement};

/// Reads a document.
pub(crate) fn document(text: &str, grammar: Grammar) -> Result<Policy, MalformedPolicy> {
    let policy = read(text, grammar);
    if matches!(grammar, Grammar::ServiceControl | Grammar::ResourceControl) {
        return policy.map_err(organization::refusal);
    }
    policy
}

fn read(text: &str, grammar: Grammar) -> Result<Policy, MalformedPolicy> {
    if text.len() > DOCUMENT_BYTES_MAX {
        return Err(MalformedPolicy::syntax());
    }
    let root = serde_json::from_str::<Node>(text).map_err(|_| no_json(grammar))?;
    let draft = Draft::read(&root, grammar)?;
    match grammar {
        Grammar::Identity | Grammar::Session => identity::check(&draft)?,
        Grammar::ServiceControl => organization::check_service_control(&draft)?,
        Grammar::ResourceControl => organization::check_resource_control(&draft)?,
        Grammar::Trust => trust::check(&draft)?,
        Grammar::Resource | Grammar::Key => resource::check(&draft, grammar)?,
    }
    let spans = span::of_statements(text);
    let statements = draft
        .statements
        .iter()
        .enumerate()
        .map(|(at, statement)| {
            let span = spans.get(at).copied().unwrap_or_default();
            compile(statement, draft.language(), grammar, span)
        })
        .collect::<Result<_, _>>()?;
    Ok(Policy { statements })
}

fn no_json(grammar: Grammar) -> MalformedPolicy {
    match grammar {
        Grammar::Trust | Grammar::Resource | Grammar::Key => {
            MalformedPolicy::new(Flaw::Syntax, "This policy contains invalid Json")
        }
        _ => MalformedPolicy::syntax(),
    }
}

fn compile(
    draft: &DraftStatement<'_>,
    version: Version,
    grammar: Grammar,
    span: Span,
) -> Result<Statement, MalformedPolicy> {
    let effect = match draft.effect {
        Some("Allow") => Effect::Allow,
        Some("Deny") => Effect::Deny,
        _ => return Err(MalformedPolicy::syntax()),
    };
    let principals = match draft.principal {
        Some((are_excepted, node)) if grammar.has_principals() => {
            Some(principal::read(node, are_excepted, grammar)?)
        }
        _ => None,
    };
    let (are_excepted, actions) = draft.actions.clone().unwrap_or_default();
    let resources = draft.resources.clone().map(|(are_excepted, texts)| Resources {
        are_excepted,
        templates: texts
            .into_iter()
            .map(|text| (text.into(), Template::new(text, version, Wildcards::Meant)))
            .collect(),
    });
    let conditions = draft
        .conditions
        .iter()
        .map(|condition| {
            Condition::new(condition.operator, condition.key, &condition.values, version)
        })
        .collect();
    Ok(Statement {
        sid: draft.sid.filter(|sid| !sid.is_empty()).map(Into::into),
        effect,
        principals,
        actions: Actions::new(are_excepted, &actions),
        resources,
        conditions,
        span,
    })
}

/// Whether every id of a statement is there once.
fn are_sids_unique(draft: &Draft<'_>) -> bool {
    let mut seen = HashSet::new();
    let sids = draft.statements.iter().filter_map(|statement| statement.sid);
    sids.filter(|sid| !sid.is_empty()).all(|sid| seen.insert(sid))
}

/// The largest document: IAM's model takes no more characters than this.
const DOCUMENT_BYTES_MAX: usize = 131_072;

//! Policy documents, compiled.

use std::collections::{BTreeMap, BTreeSet};

use crate::action::ActionName;
use crate::grammar::{Grammar, MalformedPolicy};
use crate::parse;
use crate::principal::PrincipalEntry;
use crate::statement::Statement;

/// A policy document, read once and cheap to evaluate.
#[derive(Debug, Clone)]
pub struct Policy {
    pub(crate) statements: Box<[Statement]>,
}

impl Policy {
    /// Reads a document.
    ///
    /// # Errors
    /// A text that is no document of this grammar.
    pub fn parse(text: &str, grammar: Grammar) -> Result<Self, MalformedPolicy> {
        parse::document(text, grammar)
    }

    /// The same, where these users and roles are meant by their unique ids, given by ARN: nobody
    /// else is, who may have an ARN by now.
    #[must_use]
    pub fn naming(mut self, ids: &BTreeMap<String, String>) -> Self {
        let named = self.statements.iter_mut().filter_map(|it| it.principals.as_mut());
        for entry in named.flat_map(|principals| principals.entries.iter_mut()) {
            if let PrincipalEntry::Arn(arn) = entry
                && let Some(id) = ids.get(&**arn)
            {
                *entry = PrincipalEntry::Id(id.as_str().into());
            }
        }
        self
    }

    /// Its statements in their order.
    pub fn statements(&self) -> &[Statement] {
        &self.statements
    }

    /// Those about an action, on whatever resource and condition, with their indices. Most are about
    /// others, and nothing tells so sooner.
    pub(crate) fn about<'p>(
        &'p self,
        action: &ActionName,
    ) -> impl Iterator<Item = (usize, &'p Statement)> {
        let statements = self.statements.iter().enumerate();
        statements.filter(|(_, statement)| statement.actions.are_about(action))
    }

    /// Whom its statements name.
    pub fn principals(&self) -> impl Iterator<Item = &PrincipalEntry> {
        self.statements.iter().flat_map(Statement::principals)
    }

    /// The actions that its statements name, as they are written.
    pub fn actions(&self) -> impl Iterator<Item = &str> {
        self.statements.iter().flat_map(Statement::actions)
    }

    /// The keys that its statements may ask a request for, in lower case, each once.
    pub fn context_keys(&self) -> BTreeSet<&str> {
        self.statements.iter().flat_map(Statement::context_keys).collect()
    }

    /// Whether any statement that allows is about an action, on whatever resource and condition.
    pub fn action_could_match(&self, action: &str) -> bool {
        let action = ActionName::of(action);
        self.statements.iter().any(|statement| statement.allows(&action))
    }

    /// The patterns of the resources on which statements allow an action, under whatever condition.
    /// Of a statement with `NotResource`, and of one without any, it is `*`.
    pub fn resources(&self, action: &str) -> Vec<&str> {
        let action = ActionName::of(action);
        let mut patterns = Vec::new();
        for statement in self.statements.iter().filter(|statement| statement.allows(&action)) {
            match &statement.resources {
                Some(resources) if !resources.are_excepted => {
                    patterns.extend(statement.resources())
                }
                _ => patterns.push("*"),
            }
        }
        patterns
    }
}

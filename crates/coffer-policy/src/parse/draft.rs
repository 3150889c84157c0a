//! The shape that documents of every grammar have.

use std::collections::BTreeMap;

use crate::condition::Operator;
use crate::grammar::{Grammar, MalformedPolicy};
use crate::json::Node;
use crate::template::Version;

/// A document with the shape of a policy.
pub(super) struct Draft<'a> {
    pub(super) version: Option<&'a str>,
    pub(super) statements: Vec<DraftStatement<'a>>,
}

/// A statement with the shape of one.
#[derive(Default)]
pub(super) struct DraftStatement<'a> {
    pub(super) sid: Option<&'a str>,
    pub(super) effect: Option<&'a str>,
    /// Of `Principal` (false) or `NotPrincipal` (true).
    pub(super) principal: Option<(bool, &'a Node)>,
    /// Of `Action` (false) or `NotAction` (true).
    pub(super) actions: Option<(bool, Vec<&'a str>)>,
    /// Of `Resource` (false) or `NotResource` (true).
    pub(super) resources: Option<(bool, Vec<&'a str>)>,
    pub(super) conditions: Vec<DraftCondition<'a>>,
}

/// A condition with the shape of one.
pub(super) struct DraftCondition<'a> {
    pub(super) operator: Operator,
    pub(super) key: &'a str,
    pub(super) values: Vec<&'a str>,
}

impl<'a> Draft<'a> {
    pub(super) fn read(root: &'a Node, grammar: Grammar) -> Result<Self, MalformedPolicy> {
        let Node::Members(members) = root else { return Err(MalformedPolicy::syntax()) };
        has_only(members, &["Version", "Id", "Statement"])?;
        text(members, "Id")?;
        let version = text(members, "Version")?;
        let statements = match members.get("Statement") {
            Some(Node::List(all)) => {
                all.iter().map(|node| statement(node, grammar)).collect::<Result<Vec<_>, _>>()?
            }
            Some(one) => vec![statement(one, grammar)?],
            None => Vec::new(),
        };
        let is_filled = (1..=STATEMENTS_MAX).contains(&statements.len());
        if !is_filled || version.is_some_and(|version| !VERSIONS.contains(&version)) {
            return Err(MalformedPolicy::syntax());
        }
        Ok(Self { version, statements })
    }

    /// The version of the language, which is the older where nothing is said.
    pub(super) fn language(&self) -> Version {
        if self.version == Some(VERSION_NEW) { Version::V2012 } else { Version::V2008 }
    }
}

fn statement(node: &Node, grammar: Grammar) -> Result<DraftStatement<'_>, MalformedPolicy> {
    let Node::Members(members) = node else { return Err(MalformedPolicy::syntax()) };
    has_only(members, &MEMBERS)?;
    let effect = text(members, "Effect")?;
    // The sentence for a trust policy without an effect is another.
    let is_effect = |text: &str| ["allow", "deny"].contains(&text.to_ascii_lowercase().as_str());
    if grammar != Grammar::Trust && !effect.is_some_and(is_effect) {
        return Err(MalformedPolicy::syntax());
    }
    Ok(DraftStatement {
        sid: text(members, "Sid")?,
        effect,
        principal: either(members, "Principal", "NotPrincipal", Some)?,
        actions: either(members, "Action", "NotAction", Node::texts)?,
        resources: either(members, "Resource", "NotResource", Node::texts)?,
        conditions: members.get("Condition").map_or(Ok(Vec::new()), conditions)?,
    })
}

/// One of two members, read; both are too many.
fn either<'a, T>(
    members: &'a BTreeMap<String, Node>,
    name: &str,
    not_name: &str,
    read: fn(&'a Node) -> Option<T>,
) -> Result<Option<(bool, T)>, MalformedPolicy> {
    let (is_not, node) = match (members.get(name), members.get(not_name)) {
        (Some(_), Some(_)) => return Err(MalformedPolicy::syntax()),
        (Some(node), None) => (false, node),
        (None, Some(node)) => (true, node),
        (None, None) => return Ok(None),
    };
    match read(node) {
        Some(value) => Ok(Some((is_not, value))),
        None => Err(MalformedPolicy::syntax()),
    }
}

fn conditions(node: &Node) -> Result<Vec<DraftCondition<'_>>, MalformedPolicy> {
    let Node::Members(operators) = node else { return Err(MalformedPolicy::syntax()) };
    let mut conditions = Vec::new();
    for (name, keys) in operators {
        let Node::Members(keys) = keys else { return Err(MalformedPolicy::syntax()) };
        for (key, values) in keys {
            let read = Operator::read(name).zip(values.scalars());
            let (operator, values) = read.ok_or_else(MalformedPolicy::syntax)?;
            conditions.push(DraftCondition { operator, key, values });
        }
    }
    Ok(conditions)
}

fn has_only(members: &BTreeMap<String, Node>, known: &[&str]) -> Result<(), MalformedPolicy> {
    let are_known = members.keys().all(|name| known.contains(&name.as_str()));
    if are_known { Ok(()) } else { Err(MalformedPolicy::syntax()) }
}

fn text<'a>(
    members: &'a BTreeMap<String, Node>,
    name: &str,
) -> Result<Option<&'a str>, MalformedPolicy> {
    match members.get(name) {
        None => Ok(None),
        Some(node) => node.text().map(Some).ok_or_else(MalformedPolicy::syntax),
    }
}

const MEMBERS: [&str; 9] = [
    "Sid",
    "Effect",
    "Principal",
    "NotPrincipal",
    "Action",
    "NotAction",
    "Resource",
    "NotResource",
    "Condition",
];
pub(super) const VERSION_NEW: &str = "2012-10-17";
const VERSIONS: [&str; 2] = [VERSION_NEW, "2008-10-17"];
/// More statements than any document of AWS's sizes can hold.
const STATEMENTS_MAX: usize = 4096;

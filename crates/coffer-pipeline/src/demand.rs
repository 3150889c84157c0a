//! What a call needs a permission for: an action on a resource, and all that policies may ask about
//! them.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use coffer_model::{AccountId, Arn};
use coffer_policy::ContextValues;

use crate::context::Scope;
use crate::identity::PolicyDocument;

/// A permission that a call needs.
pub struct Demand {
    /// The IAM action, such as `ssm:GetParameter`.
    pub action: &'static str,
    /// The resource's ARN, or `*` for actions that have none.
    pub resource: String,
    /// The resource as a refusal names it, where that is not its ARN.
    pub shown: Option<String>,
    /// The account that the resource belongs to; the caller's own where nothing is said.
    pub owner: Option<AccountId>,
    /// The policies that the resource itself has.
    pub guard: Guard,
    /// What is known of the resource itself: its tags, and keys of its service.
    pub facts: Option<Arc<dyn Facts>>,
    /// The service through which the caller does this, where it does not call for it itself:
    /// `secretsmanager` for the keys of secrets.
    pub via: Option<&'static str>,
    /// The reason that a refusal gives in place of the usual one.
    pub reason: Option<&'static str>,
    /// Who asks, where that is not the caller: somebody whom a token makes known.
    pub principal: Option<FederatedPrincipal>,
    /// Further condition keys, by lower-case name.
    pub keys: Vec<(Cow<'static, str>, KeyValues)>,
}

/// Somebody known by the token of an identity provider. Only a role's trust policy decides about
/// it: it has no policies of its own, and the keys of its demand are all that is known of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FederatedPrincipal {
    /// The ARN of the provider, which trust policies name as `Federated`.
    pub provider_arn: String,
    /// The account of provider and role.
    pub account: AccountId,
}

/// The policies of a resource, by how they are evaluated.
#[derive(Debug, Clone, Default)]
pub enum Guard {
    /// The resource has none.
    #[default]
    None,
    /// Ordinary resource policies: they allow beside identity policies within the account.
    Resource(Vec<PolicyDocument>),
    /// A KMS key policy: identity policies count only where it lets them; a grant may allow too.
    Key {
        /// The key policy.
        policy: PolicyDocument,
        /// Whether a grant allows it.
        is_granted: bool,
    },
    /// A role's trust policy.
    Trust(PolicyDocument),
}

/// The values of a condition key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeyValues {
    /// One value.
    One(String),
    /// Any number of values, for `ForAllValues` and `ForAnyValue`.
    Many(Vec<String>),
}

/// What is known of something, by condition key.
pub trait Facts: Send + Sync {
    /// The values of a condition key, by its name in lower case; nothing where it has none.
    fn fact(&self, key: &str) -> Option<ContextValues<'_>>;
}

/// Nothing is known.
#[derive(Debug, Clone, Copy)]
pub struct Nothing;

impl Facts for Nothing {
    fn fact(&self, _: &str) -> Option<ContextValues<'_>> {
        None
    }
}

/// Tags alone: `aws:ResourceTag/KEY`.
impl Facts for BTreeMap<String, String> {
    fn fact(&self, key: &str) -> Option<ContextValues<'_>> {
        tag_of(self, key.strip_prefix(RESOURCE_TAG)?).map(ContextValues::from)
    }
}

/// The tags that a request brings, for its condition keys: `aws:RequestTag/KEY`, `aws:TagKeys`.
pub fn requested_tags<'t>(
    key: &str,
    tags: impl IntoIterator<Item = (&'t str, &'t str)>,
) -> Option<ContextValues<'t>> {
    if let Some(name) = key.strip_prefix("aws:requesttag/") {
        let found = tags.into_iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        return found.map(|(_, value)| value.into());
    }
    (key == TAG_KEYS).then(|| tags.into_iter().map(|(name, _)| name).collect())
}

/// Finds a tag by its name without regard to case.
pub fn tag_of<'a>(tags: &'a BTreeMap<String, String>, name: &str) -> Option<&'a str> {
    let found = tags.iter().find(|(key, _)| key.eq_ignore_ascii_case(name));
    found.map(|(_, value)| value.as_str())
}

impl KeyValues {
    /// The values as policies compare them.
    pub fn values(&self) -> ContextValues<'_> {
        match self {
            Self::One(value) => value.as_str().into(),
            Self::Many(values) => values.iter().map(String::as_str).collect(),
        }
    }
}

impl Demand {
    /// An action on a resource by its ARN.
    pub fn of(action: &'static str, resource: impl Into<String>) -> Self {
        Self {
            action,
            resource: resource.into(),
            shown: None,
            owner: None,
            guard: Guard::None,
            facts: None,
            via: None,
            reason: None,
            principal: None,
            keys: Vec::new(),
        }
    }

    /// An action on all of what the caller's account has.
    pub fn any(action: &'static str) -> Vec<Self> {
        vec![Self::of(action, "*")]
    }

    /// An action on one resource of a scope.
    pub fn on(action: &'static str, scope: &Scope, service: &str, resource: &str) -> Vec<Self> {
        vec![Self::of(action, scope.arn_text(service, &[resource]))]
    }

    /// The same, with the resource named like this in a refusal.
    #[must_use]
    pub fn shown_as(mut self, shown: impl Into<String>) -> Self {
        self.shown = Some(shown.into());
        self
    }

    /// The same, with the resource belonging to this account.
    #[must_use]
    pub fn owned_by(mut self, owner: AccountId) -> Self {
        self.owner = Some(owner);
        self
    }

    /// The same, with the policies that the resource has.
    #[must_use]
    pub fn guarded_by(mut self, guard: Guard) -> Self {
        self.guard = guard;
        self
    }

    /// The same, asked for by somebody whom a token makes known.
    #[must_use]
    pub fn asked_by(mut self, principal: FederatedPrincipal) -> Self {
        self.principal = Some(principal);
        self
    }

    /// The same, with what is known of the resource.
    #[must_use]
    pub fn known_by(mut self, facts: Arc<dyn Facts>) -> Self {
        self.facts = Some(facts);
        self
    }

    /// The same, refused for this reason whatever it is.
    #[must_use]
    pub fn refused_because(mut self, reason: &'static str) -> Self {
        self.reason = Some(reason);
        self
    }

    /// The same, done through a service.
    #[must_use]
    pub fn through(mut self, service: &'static str) -> Self {
        self.via = Some(service);
        self
    }

    /// The same, with a condition key, by its lower-case name.
    #[must_use]
    pub fn with(mut self, key: impl Into<Cow<'static, str>>, value: impl Into<String>) -> Self {
        self.keys.push((key.into(), KeyValues::One(value.into())));
        self
    }

    /// The same, with a condition key where there is a value for it.
    #[must_use]
    pub fn with_some(
        self,
        key: impl Into<Cow<'static, str>>,
        value: Option<impl Into<String>>,
    ) -> Self {
        match value {
            Some(value) => self.with(key, value),
            None => self,
        }
    }

    /// The same, with a condition key of several values.
    #[must_use]
    pub fn with_many(mut self, key: impl Into<Cow<'static, str>>, values: Vec<String>) -> Self {
        self.keys.push((key.into(), KeyValues::Many(values)));
        self
    }

    /// The same, with the tags that the request brings: `aws:RequestTag/KEY` and `aws:TagKeys`.
    #[must_use]
    pub fn requesting_tags<'t>(
        mut self,
        tags: impl IntoIterator<Item = (&'t str, &'t str)>,
    ) -> Self {
        let mut names = Vec::new();
        for (name, value) in tags {
            let key = format!("aws:requesttag/{}", name.to_ascii_lowercase());
            self.keys.push((key.into(), KeyValues::One(value.to_owned())));
            names.push(name.to_owned());
        }
        match names.is_empty() {
            true => self,
            false => self.with_many(TAG_KEYS, names),
        }
    }

    /// The account that the resource belongs to, where that is said.
    pub fn owner(&self) -> Option<AccountId> {
        self.owner.or_else(|| Arn::owner_of(&self.resource).ok().flatten())
    }
}

impl fmt::Debug for Demand {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} on {}", self.action, self.resource)
    }
}

/// The condition key of the names of tags that a request sets or takes away.
pub const TAG_KEYS: &str = "aws:tagkeys";
/// What the condition keys of a resource's tags begin with.
pub const RESOURCE_TAG: &str = "aws:resourcetag/";

//! Statements of a policy, compiled.

use crate::action::{ActionName, Actions};
use crate::condition::Condition;
use crate::context::ContextKeys;
use crate::principal::{PrincipalEntry, Principals, Reach};
use crate::request::Request;
use crate::span::Span;
use crate::template::Template;

/// What a statement does to the requests that it is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Effect {
    /// Lets them through, if nothing else is against it.
    Allow,
    /// Stops them.
    Deny,
}

/// A statement of a policy.
#[derive(Debug, Clone)]
pub struct Statement {
    pub(crate) sid: Option<Box<str>>,
    pub(crate) effect: Effect,
    pub(crate) principals: Option<Principals>,
    pub(crate) actions: Actions,
    pub(crate) resources: Option<Resources>,
    pub(crate) conditions: Box<[Condition]>,
    pub(crate) span: Span,
}

/// The resources that a statement is about, or is not about.
#[derive(Debug, Clone)]
pub(crate) struct Resources {
    pub(crate) are_excepted: bool,
    pub(crate) templates: Box<[(Box<str>, Template)]>,
}

impl Resources {
    fn are_about(&self, resource: &str, keys: &dyn ContextKeys) -> bool {
        for (_, template) in &self.templates {
            match template.is_like(resource, keys) {
                Some(true) => return !self.are_excepted,
                Some(false) => {}
                // AWS: a variable that cannot be resolved may make the statement invalid (IAM user
                // guide, "Variables and tags"). An exception that is not known excepts everything.
                None if self.are_excepted => return false,
                None => {}
            }
        }
        self.are_excepted
    }
}

impl Statement {
    /// Its id.
    pub fn sid(&self) -> Option<&str> {
        self.sid.as_deref()
    }

    /// What it does.
    pub fn effect(&self) -> Effect {
        self.effect
    }

    /// Where it is in its document.
    pub fn span(&self) -> Span {
        self.span
    }

    /// Whom it names, in `Principal` or in `NotPrincipal`.
    pub fn principals(&self) -> &[PrincipalEntry] {
        self.principals.as_ref().map_or(&[], |principals| &principals.entries)
    }

    /// Whether it names in `NotPrincipal` those who are not meant.
    pub fn has_not_principal(&self) -> bool {
        self.principals.as_ref().is_some_and(|principals| principals.are_excepted)
    }

    /// Its actions as they are written, of `Action` or of `NotAction`.
    pub fn actions(&self) -> impl Iterator<Item = &str> {
        self.actions.texts()
    }

    /// Its resources as they are written, of `Resource` or of `NotResource`.
    pub fn resources(&self) -> impl Iterator<Item = &str> {
        self.resources.iter().flat_map(|resources| &resources.templates).map(|(text, _)| &**text)
    }

    /// The keys that it may ask a request for, in lower case: those of its conditions and of the
    /// variables in its values.
    pub fn context_keys(&self) -> impl Iterator<Item = &str> {
        let resources = self.resources.iter().flat_map(|resources| &resources.templates);
        let conditions = self.conditions.iter().flat_map(Condition::keys);
        resources.flat_map(|(_, template)| template.keys()).chain(conditions)
    }

    /// Whether it is about an action, on whatever resource and condition.
    pub fn is_about_action(&self, action: &str) -> bool {
        self.actions.are_about(&ActionName::of(action))
    }

    /// Whether it is about the action and the resource of a request, whatever its principals and
    /// conditions are.
    pub fn concerns(&self, request: &Request<'_>) -> bool {
        self.is_about_action(request.action) && self.is_about_resource(request)
    }

    /// Whether it allows an action, on whatever resource and condition.
    pub(crate) fn allows(&self, action: &ActionName) -> bool {
        self.effect == Effect::Allow && self.actions.are_about(action)
    }

    /// How closely it names the principal of a request whose action it is about; nothing where it is
    /// about others, other resources, or under other conditions.
    pub(crate) fn reach(&self, request: &Request<'_>, has_boundary: bool) -> Reach {
        if !self.is_about_resource(request) {
            return Reach::None;
        }
        match self.reach_of_principals(request, has_boundary) {
            Reach::None => Reach::None,
            reach if self.conditions.iter().all(|condition| condition.holds(request.keys)) => reach,
            _ => Reach::None,
        }
    }

    fn is_about_resource(&self, request: &Request<'_>) -> bool {
        let resources = self.resources.as_ref();
        resources.is_none_or(|all| all.are_about(request.resource, request.keys))
    }

    fn reach_of_principals(&self, request: &Request<'_>, has_boundary: bool) -> Reach {
        match (&self.principals, self.effect) {
            (None, _) => Reach::Direct,
            (Some(principals), Effect::Allow) => principals.reach(&request.principal),
            (Some(principals), Effect::Deny) => {
                if principals.denies(&request.principal, has_boundary) {
                    Reach::Direct
                } else {
                    Reach::None
                }
            }
        }
    }
}

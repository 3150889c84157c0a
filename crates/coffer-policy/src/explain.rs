//! Which statements a decision rests on.

use crate::decision::Place;
use crate::decision::{Decision, PolicyType};
use crate::evaluate::{Ways, evaluate, levels_of, type_of, ways};
use crate::policy::Policy;
use crate::principal::Reach;
use crate::request::{Policies, Question, Request};
use crate::statement::{Effect, Statement};

/// A decision with all the statements that are about its request.
#[derive(Debug, Clone)]
pub struct Explanation<'a> {
    /// The decision.
    pub decision: Decision,
    /// Every statement that is about the request, of whatever effect and kind of policy.
    pub matched: Vec<MatchedStatement<'a>>,
    ways: Ways,
}

/// A statement that is about a request.
#[derive(Debug, Clone, Copy)]
pub struct MatchedStatement<'a> {
    /// Where it is.
    pub place: Place,
    /// The statement, with its id and its place in its document.
    pub statement: &'a Statement,
    reach: Reach,
}

impl<'a> Explanation<'a> {
    /// The statements that made the outcome: the denying ones of what is denied explicitly, the
    /// allowing ones of what is allowed, none of what is denied for want of them.
    pub fn deciding(&self) -> impl Iterator<Item = &MatchedStatement<'a>> {
        use crate::decision::Outcome::{Allowed, ExplicitlyDenied, ImplicitlyDenied};
        let effect = match self.decision.outcome {
            Allowed => Some(Effect::Allow),
            ExplicitlyDenied(_) => Some(Effect::Deny),
            ImplicitlyDenied(_) => None,
        };
        self.matched.iter().filter(move |matched| Some(matched.statement.effect()) == effect)
    }

    /// The deciding statements that the outcome rests on. Not among them is what allows for nothing:
    /// where a grant or a key policy is enough, an identity-based policy that the key policy does not
    /// let decide, and what lets it where it does not allow.
    pub fn reasons(&self) -> impl Iterator<Item = &MatchedStatement<'a>> {
        self.deciding().filter(|matched| {
            matched.statement.effect() == Effect::Deny
                || match matched.place.policy_type {
                    PolicyType::ServiceControl | PolicyType::ResourceControl => true,
                    PolicyType::Resource | PolicyType::RoleTrust => {
                        self.ways.resource.is_some_and(|least| matched.reach >= least)
                    }
                    PolicyType::Identity => self.ways.by_identity,
                    PolicyType::Boundary | PolicyType::Session => self.ways.within_limits,
                }
        })
    }
}

/// Decides as `evaluate` does, and lists the statements that are about the request.
pub fn explain<'a>(request: &Request<'_>, policies: &Policies<'a>) -> Explanation<'a> {
    let question = Question::of(request);
    let mut matched = Vec::new();
    let has_boundary = policies.boundary.is_some();
    let mut look = |policy_type, level, policies: &[&'a Policy]| {
        for (policy, document) in policies.iter().enumerate() {
            for (statement, content) in document.about(&question.action) {
                let reach = content.reach(request, has_boundary);
                if reach > Reach::None {
                    let place = Place { policy_type, level, policy, statement };
                    matched.push(MatchedStatement { place, statement: content, reach });
                }
            }
        }
    };
    for policy_type in [PolicyType::ServiceControl, PolicyType::ResourceControl] {
        let levels = levels_of(request, policies, policy_type);
        for (level, policies) in levels.iter().enumerate() {
            look(policy_type, level, policies);
        }
    }
    if let Some(resource) = policies.resource {
        look(type_of(resource.kind), 0, resource.policies);
    }
    look(PolicyType::Identity, 0, policies.identity);
    if let Some(boundary) = policies.boundary {
        look(PolicyType::Boundary, 0, &[boundary]);
    }
    look(PolicyType::Session, 0, policies.session.unwrap_or_default());
    let of_resource = |matched: &&MatchedStatement<'_>| {
        let place = matched.place.policy_type;
        matches!(place, PolicyType::Resource | PolicyType::RoleTrust)
    };
    let reaches = matched.iter().filter(of_resource).map(|matched| matched.reach).collect();
    let ways = ways(&question, policies, &reaches);
    Explanation { decision: evaluate(request, policies), matched, ways }
}

//! Simulations: the evaluator that decides requests, on policies, callers and condition keys that
//! somebody makes up.

mod caller;
mod context;
mod principal;
mod result;
mod source;

pub(super) use caller::SimulatedCaller;
pub(super) use principal::{Subject, subject_of};
pub(super) use source::{Source, Sources, invalid};

use coffer_model::{AccountId, Arn};
use coffer_policy::{
    Explanation, Policies, Policy, PolicyType, Request, ResourceKind, ResourcePolicy, explain,
};
use coffer_protocol::Fault;

use super::pages::Page;
use super::wire_simulation::{ContextEntry, EvaluationResult};
use context::Entries;
use result::Verdict;

/// What is simulated, besides the policies.
pub(super) struct Question<'q> {
    /// The actions.
    pub(super) action_names: &'q [String],
    /// The resources; all of them where none are named.
    pub(super) resource_arns: Option<&'q Vec<String>>,
    /// Whose resources they are, where their ARNs do not say.
    pub(super) resource_owner: Option<&'q String>,
    /// The condition keys.
    pub(super) context_entries: Option<&'q Vec<ContextEntry>>,
    /// The scenario, which only actions of EC2 have.
    pub(super) scenario: Option<&'q str>,
    /// Where the page begins.
    pub(super) marker: Option<&'q String>,
    /// How many actions the page has at most.
    pub(super) items_max: Option<i32>,
}

/// Decides each action on each resource, a page of actions at a time.
///
/// # Errors
/// `InvalidInput` for actions, owners and keys that cannot be simulated.
pub(super) fn simulate(
    question: &Question<'_>,
    sources: &Sources,
    caller: &SimulatedCaller,
) -> Result<Page<EvaluationResult>, Fault> {
    let all = ["*".to_owned()];
    let given = question.resource_arns.filter(|arns| !arns.is_empty());
    let resources = given.map_or(all.as_slice(), Vec::as_slice);
    for action in question.action_names {
        must_be_action(action)?;
    }
    if question.scenario.is_some_and(|scenario| !SCENARIOS.contains(&scenario)) {
        return Err(invalid("Invalid resource handling option."));
    }
    let page = Page::by_place(question.action_names, question.marker, question.items_max)?;
    if page.items.len().saturating_mul(resources.len()) > EVALUATIONS_MAX {
        return Err(invalid("Too many combinations of actions and resources."));
    }
    let keys = Entries::new(question.context_entries, caller)?;
    let owner = question.resource_owner.map(|owner| account_of(owner)).transpose()?;
    let simulation = Simulation { sources, caller, keys: &keys, owner };
    let is_everything = resources.iter().all(|resource| resource == "*");
    Ok(page.map(|action| {
        let on = |resource: &String| simulation.verdict(action, resource);
        let verdicts: Vec<_> = resources.iter().map(on).collect();
        result::of_action(action, verdicts, is_everything)
    }))
}

struct Simulation<'s> {
    sources: &'s Sources,
    caller: &'s SimulatedCaller,
    keys: &'s Entries,
    owner: Option<AccountId>,
}

impl Simulation<'_> {
    fn verdict(&self, action: &str, resource: &str) -> Verdict {
        let owner = self.owner_of(resource);
        let request = Request {
            principal: self.caller.principal(),
            action,
            resource,
            resource_account: owner,
            keys: self.keys,
        };
        let sources = self.sources;
        let identity: Vec<&Policy> = sources.identity.iter().map(Source::policy).collect();
        let resource_policy: Vec<&Policy> = sources.resource.iter().map(Source::policy).collect();
        let levels: Vec<Vec<&Policy>> =
            sources.levels.iter().map(|level| level.iter().map(Source::policy).collect()).collect();
        let levels: Vec<&[&Policy]> = levels.iter().map(Vec::as_slice).collect();
        let guarding = ResourcePolicy { kind: ResourceKind::Ordinary, policies: &resource_policy };
        let policies = Policies {
            service_control: &levels,
            identity: &identity,
            boundary: sources.boundary.as_ref().map(Source::policy),
            resource: sources.resource.is_some().then_some(guarding),
            ..Policies::default()
        };
        let explanation = explain(&request, &policies);
        let is_cross_account = owner.is_some_and(|owner| owner != self.caller.account);
        self.told(&request, &explanation, is_cross_account)
    }

    fn told(
        &self,
        request: &Request<'_>,
        explanation: &Explanation<'_>,
        is_cross_account: bool,
    ) -> Verdict {
        let sources = self.sources;
        let mut verdict = Verdict::new(request.resource, explanation.decision.outcome.into());
        verdict.matched = result::statements(explanation, sources);
        verdict.missing = context::missing(request, sources, self.keys);
        verdict.boundary = sources
            .boundary
            .as_ref()
            .map(|_| result::part(explanation, PolicyType::Boundary, 0).is_allowed());
        if !sources.levels.is_empty() {
            let part = |level| result::part(explanation, PolicyType::ServiceControl, level);
            verdict.organizations =
                Some((0..sources.levels.len()).all(|level| part(level).is_allowed()));
        }
        if is_cross_account {
            for (name, policy_type) in
                [("IAM Policy", PolicyType::Identity), ("Resource Policy", PolicyType::Resource)]
            {
                let part = result::part(explanation, policy_type, 0);
                verdict.details.insert(name.to_owned(), part.decision());
            }
        }
        verdict
    }

    /// Who owns a resource. AWS: without a policy of the resource, identity policies alone decide,
    /// so that it does not matter there.
    fn owner_of(&self, resource: &str) -> Option<AccountId> {
        self.sources.resource.as_ref()?;
        Arn::owner_of(resource).ok().flatten().or(self.owner)
    }
}

/// The account that an id or the ARN of a root names.
fn account_of(owner: &str) -> Result<AccountId, Fault> {
    let id = owner.strip_prefix("arn:aws:iam::").and_then(|rest| rest.strip_suffix(":root"));
    id.unwrap_or(owner).parse().map_err(|_| invalid(&format!("Invalid resource owner: {owner}")))
}

fn must_be_action(action: &str) -> Result<(), Fault> {
    let is_action = action.split_once(':').is_some_and(|(service, name)| {
        !service.is_empty() && !name.is_empty() && !action.contains(['*', '?'])
    });
    if is_action { Ok(()) } else { Err(invalid(&format!("Invalid action name: {action}"))) }
}

/// AWS: the scenarios there are (IAM API reference, SimulateCustomPolicy).
const SCENARIOS: [&str; 4] =
    ["EC2-VPC-InstanceStore", "EC2-VPC-InstanceStore-Subnet", "EC2-VPC-EBS", "EC2-VPC-EBS-Subnet"];
/// How many decisions one simulation makes at most.
const EVALUATIONS_MAX: usize = 10_000;

#[cfg(test)]
mod tests;

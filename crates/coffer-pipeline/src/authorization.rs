//! Decides whether the caller of a request may do what a demand says.

mod keys;

use std::sync::Arc;

use coffer_model::AccountId;
use coffer_policy::{
    Decision, Grammar, Policies, Policy, Principal, PrincipalKind, Request, ResourceKind,
    ResourcePolicy, evaluate, explain,
};
use coffer_protocol::Fault;
use smallvec::SmallVec;

use self::keys::Keys;
use crate::context::{Caller, CallerKind, RequestContext};
use crate::demand::{Demand, Facts, FederatedPrincipal, Guard};
use crate::identity::SessionKind;
use crate::identity::organization::{OrganizationPolicyRecord, OrganizationView};
use crate::permissions::Permissions;

/// What is to be decided.
pub(crate) struct Asked<'a> {
    /// By whom, from where, when.
    pub(crate) context: &'a RequestContext,
    /// What.
    pub(crate) demand: &'a Demand,
    /// What the request says of condition keys.
    pub(crate) facts: &'a dyn Facts,
    /// The account that the resource belongs to, where that is said.
    pub(crate) resource_account: Option<AccountId>,
    /// The organization of the resource's owner, whose resource control policies count.
    pub(crate) owner: Option<&'a OrganizationView>,
}

/// Decides by all policies that apply.
///
/// # Errors
/// A policy that cannot be read: then nobody knows what it would deny.
pub(crate) fn decide(asked: &Asked<'_>) -> Result<Decision, Fault> {
    with_policies(asked, evaluate)
}

/// A decision, and what made it.
#[derive(Debug, Clone)]
pub struct Judgement {
    /// The decision.
    pub decision: Decision,
    /// The statements that it rests on: those that deny what is denied, or allow what is allowed.
    pub because: Vec<Because>,
}

/// A statement that made a decision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Because {
    /// The kind of its policy, in AWS's words.
    pub policy: &'static str,
    /// Its id, or its place in its policy, from 1.
    pub statement: String,
    /// The condition keys that it asks about: the decision holds as long as they have these values.
    pub conditions: Vec<String>,
}

/// Decides as [`decide`] does, and tells why.
///
/// # Errors
/// See [`decide`].
pub(crate) fn judge(asked: &Asked<'_>) -> Result<Judgement, Fault> {
    with_policies(asked, |request, policies| {
        let explanation = explain(request, policies);
        let because = explanation.reasons().map(|matched| Because {
            policy: matched.place.policy_type.name(),
            statement: match matched.statement.sid() {
                Some(sid) => sid.to_owned(),
                None => (matched.place.statement + 1).to_string(),
            },
            conditions: matched.statement.context_keys().map(str::to_owned).collect(),
        });
        Judgement { decision: explanation.decision, because: because.collect() }
    })
}

/// The policies of one kind: mostly so few that no memory is asked for.
type Few<'p> = SmallVec<[&'p Policy; 4]>;
/// Those of each level of an organization: its root, its units and the account.
type Levels<'p> = SmallVec<[Few<'p>; 4]>;

/// Lays out the request and the policies that apply to it.
fn with_policies<T>(
    asked: &Asked<'_>,
    look: impl FnOnce(&Request<'_>, &Policies<'_>) -> T,
) -> Result<T, Fault> {
    let Asked { context, demand, facts, resource_account, owner } = *asked;
    let keys = Keys { context, demand, facts, resource_account, owner };
    let request = Request {
        principal: match &demand.principal {
            Some(federated) => bearer(federated),
            None => principal_of(&context.caller),
        },
        action: demand.action,
        resource: &demand.resource,
        resource_account,
        keys: &keys,
    };
    // Who is known by a token brings no policies, whoever else may have signed the request.
    let none;
    let permissions = if demand.principal.is_some() {
        none = Permissions::unbounded();
        &none
    } else {
        &*context.permissions
    };
    let identity = compiled(permissions.identity.iter(), Grammar::Identity)?;
    let session = match &permissions.session {
        Some(documents) => Some(compiled(documents.iter(), Grammar::Identity)?),
        None => None,
    };
    let boundary = permissions.boundary.as_ref();
    let boundary = boundary.map(|document| document.policy(Grammar::Identity)).transpose()?;
    let (kind, guarding) = match &demand.guard {
        Guard::None => (ResourceKind::Ordinary, Few::new()),
        Guard::Resource(documents) => {
            (ResourceKind::Ordinary, compiled(documents.iter(), Grammar::Resource)?)
        }
        Guard::Key { policy, .. } => {
            (ResourceKind::KmsKey, Few::from_elem(policy.policy(Grammar::Key)?, 1))
        }
        Guard::Trust(policy) => {
            (ResourceKind::RoleTrust, Few::from_elem(policy.policy(Grammar::Trust)?, 1))
        }
    };
    let resource = match &demand.guard {
        Guard::None => None,
        _ => Some(ResourcePolicy { kind, policies: &guarding }),
    };
    let own = permissions.organization.as_deref();
    let service_control = levels_of(own.map(|view| &view.scp_levels), Grammar::ServiceControl)?;
    let resource_control = levels_of(owner.map(|view| &view.rcp_levels), Grammar::ResourceControl)?;
    let (service_control, resource_control) = (views(&service_control), views(&resource_control));
    let policies = Policies {
        service_control: &service_control,
        resource_control: &resource_control,
        identity: &identity,
        boundary,
        session: session.as_deref(),
        resource,
        grant_allows: matches!(demand.guard, Guard::Key { is_granted: true, .. }),
    };
    Ok(look(&request, &policies))
}

/// Whether a caller may do anything: coffer itself, carrying out what was asked for and allowed.
pub(crate) fn is_trusted(context: &RequestContext) -> bool {
    context.caller.kind == CallerKind::Service
}

/// The refusal, in AWS's sentence.
pub(crate) fn refusal(context: &RequestContext, demand: &Demand, decision: &Decision) -> Fault {
    let (caller, action) = (&context.caller.arn, demand.action);
    if demand.principal.is_some() {
        // AWS: whoever is known by a token only is not told of the role (observed in many reports
        // of AssumeRoleWithWebIdentity).
        return Fault::access_denied(format!("Not authorized to perform {action}"));
    }
    let on = match (&demand.shown, demand.resource.as_str()) {
        (Some(shown), _) => format!(" on resource: {shown}"),
        // AWS: an action that has no resource is refused without naming one (observed with
        // ListSecrets: Kralizek/AWSSecretsManagerConfigurationExtensions#78).
        (None, "*") => String::new(),
        (None, resource) => format!(" on resource: {resource}"),
    };
    let reason = match (demand.reason, &demand.guard) {
        (Some(reason), _) => format!(" {reason}"),
        // AWS: STS gives no reason, which would tell a role that is not there from one that does
        // not trust the caller.
        (None, Guard::Trust(_)) => String::new(),
        (None, _) => format!(" {}", decision.reason(action)),
    };
    Fault::access_denied(format!(
        "User: {caller} is not authorized to perform: {action}{on}{reason}"
    ))
}

/// The policies of each level of an organization, read; none where nothing is restricted.
fn levels_of<'p>(
    levels: Option<&'p Vec<Vec<Arc<OrganizationPolicyRecord>>>>,
    grammar: Grammar,
) -> Result<Levels<'p>, Fault> {
    let level = |level: &'p Vec<Arc<OrganizationPolicyRecord>>| {
        level.iter().map(|policy| policy.content.policy(grammar)).collect()
    };
    levels.into_iter().flatten().map(level).collect()
}

fn views<'a, 'p>(levels: &'a Levels<'p>) -> SmallVec<[&'a [&'p Policy]; 4]> {
    levels.iter().map(SmallVec::as_slice).collect()
}

fn compiled<'p>(
    documents: impl Iterator<Item = &'p crate::identity::PolicyDocument>,
    grammar: Grammar,
) -> Result<Few<'p>, Fault> {
    documents.map(|document| document.policy(grammar)).collect()
}

/// Who bears a token is of no account: the role's trust policy alone decides.
fn bearer(federated: &FederatedPrincipal) -> Principal<'_> {
    let provider = federated.provider_arn.as_str();
    let kind = PrincipalKind::Federated { provider };
    Principal { account: None, kind, arn: provider, id: None }
}

fn principal_of(caller: &Caller) -> Principal<'_> {
    let kind = match &caller.kind {
        CallerKind::Root => PrincipalKind::Root,
        CallerKind::User { .. } => PrincipalKind::User,
        CallerKind::AssumedRole { .. } => PrincipalKind::AssumedRole {
            role_arn: &caller.principal_arn,
            role_id: caller.user_id.split_once(':').map(|(role_id, _)| role_id),
        },
        CallerKind::FederatedUser => match caller.session.as_deref().map(|session| &session.kind) {
            Some(SessionKind::Federated { user_id, .. }) => PrincipalKind::FederatedUser {
                user_arn: &caller.principal_arn,
                user_id: user_id.as_deref(),
            },
            _ => PrincipalKind::Anonymous,
        },
        CallerKind::Anonymous => PrincipalKind::Anonymous,
        CallerKind::Service => PrincipalKind::Service(&caller.arn),
    };
    let account = match caller.kind {
        CallerKind::Anonymous | CallerKind::Service => None,
        _ => Some(caller.account),
    };
    Principal { account, kind, arn: &caller.arn, id: Some(&caller.user_id) }
}

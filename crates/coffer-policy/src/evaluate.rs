//! Decides whether all the policies that apply to a request allow it.
//!
//! The rules are those of the IAM user guide, "Policy evaluation logic", "Cross-account policy
//! evaluation logic", and of the KMS developer guide, "Key policies".

use std::collections::BTreeSet;

use crate::decision::{Decision, Place, PolicyType};
use crate::policy::Policy;
use crate::principal::{PrincipalKind, Reach};
use crate::request::{Policies, Question, Request, ResourceKind};
use crate::statement::Effect;

/// Decides whether a request is allowed.
///
/// An explicit deny anywhere wins. Where several kinds of policies would deny, the one that is named
/// is the first of: service control, resource control, resource, identity, boundary, session.
pub fn evaluate(request: &Request<'_>, policies: &Policies<'_>) -> Decision {
    match weigh(&Question::of(request), policies) {
        Ok(decision) => decision,
        Err(denial) => Decision::denied_by(denial),
    }
}

/// Decides, unless a statement denies explicitly.
fn weigh(question: &Question<'_>, policies: &Policies<'_>) -> Result<Decision, Place> {
    let request = question.request;
    let service_control = controls(question, policies, PolicyType::ServiceControl)?;
    let resource_control = controls(question, policies, PolicyType::ResourceControl)?;
    let resource = of_resource(question, policies)?;
    let caller = of_caller(question, policies)?;
    if !resource_control {
        return Ok(Decision::not_allowed(PolicyType::ResourceControl));
    }
    if !service_control {
        return Ok(Decision::not_allowed(PolicyType::ServiceControl));
    }
    let kind = policies.resource.map_or(ResourceKind::Ordinary, |resource| resource.kind);
    if policies.grant_allows && kind == ResourceKind::KmsKey {
        return Ok(Decision::allowed(None));
    }
    let resource_type = type_of(kind);
    let Some(account) = request.principal.account else {
        // Who has no account has no identity-based policies: the resource's owner alone decides.
        return Ok(match resource.reach {
            Reach::None => Decision::not_allowed(resource_type),
            _ => Decision::allowed(resource.place),
        });
    };
    if request.resource_account.is_some_and(|owner| owner != account) {
        return Ok(match (caller.limited(), resource.reach) {
            (Err(lacking), _) => Decision::not_allowed(lacking),
            (Ok(_), Reach::None) => Decision::not_allowed(resource_type),
            (Ok(_), _) => Decision::allowed(resource.place),
        });
    }
    Ok(match (resource.reach, kind) {
        (Reach::Direct, _) => Decision::allowed(resource.place),
        // AWS: what is granted to a role is limited by its boundary and its session's policies, and
        // so is what is granted to the user behind a federated user.
        (Reach::Entity, _) => match caller.limits() {
            Err(lacking) => Decision::not_allowed(lacking),
            Ok(()) => Decision::allowed(resource.place),
        },
        (Reach::None, ResourceKind::KmsKey | ResourceKind::RoleTrust) => {
            Decision::not_allowed(resource_type)
        }
        (Reach::Account | Reach::None, _) => match caller.limited() {
            Err(lacking) => Decision::not_allowed(lacking),
            Ok(place) => Decision::allowed(place),
        },
    })
}

/// What counts for a request that is allowed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ways {
    /// How close a statement of the resource's policies has to come to the caller.
    pub(crate) resource: Option<Reach>,
    /// Whether identity-based policies do.
    pub(crate) by_identity: bool,
    /// Whether what limits them has to allow, too.
    pub(crate) within_limits: bool,
}

/// Looks, by the rules of [`evaluate`], which statements count for a request that is allowed, given
/// how close the allowing ones of the resource's policies come to the caller.
pub(crate) fn ways(
    question: &Question<'_>,
    policies: &Policies<'_>,
    reaches: &BTreeSet<Reach>,
) -> Ways {
    let request = question.request;
    let kind = policies.resource.map_or(ResourceKind::Ordinary, |resource| resource.kind);
    if policies.grant_allows && kind == ResourceKind::KmsKey {
        return Ways { resource: None, by_identity: false, within_limits: false };
    }
    let any = Some(Reach::Account);
    let Some(account) = request.principal.account else {
        return Ways { resource: any, by_identity: false, within_limits: false };
    };
    if request.resource_account.is_some_and(|owner| owner != account) {
        return Ways { resource: any, by_identity: true, within_limits: true };
    }
    let caller = of_caller(question, policies).ok();
    let is_in_limits = caller.as_ref().is_some_and(|caller| caller.limits().is_ok());
    let is_ordinary = kind == ResourceKind::Ordinary;
    let by_identity = caller.is_some_and(|caller| caller.limited().is_ok())
        && (is_ordinary || reaches.contains(&Reach::Account));
    let resource = match is_in_limits {
        _ if by_identity && !is_ordinary => Reach::Account,
        true => Reach::Entity,
        false => Reach::Direct,
    };
    let by_entity = is_in_limits && reaches.contains(&Reach::Entity);
    Ways { resource: Some(resource), by_identity, within_limits: by_identity || by_entity }
}

/// Whether the policies of one kind, by themselves, let a request through: one of their statements
/// allows it and none denies it. Without a boundary, session policies or an organization, nothing of
/// that kind is in the way.
pub fn allows(request: &Request<'_>, policies: &Policies<'_>, policy_type: PolicyType) -> bool {
    let question = &Question::of(request);
    let allowed = match policy_type {
        PolicyType::ServiceControl | PolicyType::ResourceControl => {
            controls(question, policies, policy_type)
        }
        PolicyType::Resource | PolicyType::RoleTrust => {
            of_resource(question, policies).map(|allowance| allowance.reach > Reach::None)
        }
        PolicyType::Identity => {
            let only = Policies { boundary: None, session: None, ..*policies };
            of_caller(question, &only).map(|side| side.limited().is_ok())
        }
        PolicyType::Boundary => {
            let only = Policies { identity: &[], session: None, ..*policies };
            of_caller(question, &only).map(|side| side.boundary_allows)
        }
        PolicyType::Session => {
            let only = Policies { identity: &[], boundary: None, ..*policies };
            of_caller(question, &only).map(|side| side.session_allows)
        }
    };
    allowed.unwrap_or(false)
}

pub(crate) fn type_of(kind: ResourceKind) -> PolicyType {
    match kind {
        ResourceKind::Ordinary | ResourceKind::KmsKey => PolicyType::Resource,
        ResourceKind::RoleTrust => PolicyType::RoleTrust,
    }
}

/// Whether every level of an organization's policies allows.
fn controls(
    question: &Question<'_>,
    policies: &Policies<'_>,
    policy_type: PolicyType,
) -> Result<bool, Place> {
    let levels = levels_of(question.request, policies, policy_type);
    let mut allow_all = true;
    for (level, policies) in levels.iter().enumerate() {
        let place = Place { policy_type, level, policy: 0, statement: 0 };
        allow_all &= any(question, policies, place, false)?.reach > Reach::None;
    }
    Ok(allow_all)
}

/// The levels of an organization's policies that apply to a request.
pub(crate) fn levels_of<'a>(
    request: &Request<'_>,
    policies: &Policies<'a>,
    policy_type: PolicyType,
) -> &'a [&'a [&'a Policy]] {
    if policy_type == PolicyType::ResourceControl {
        return policies.resource_control;
    }
    let (levels, principal) = (policies.service_control, &request.principal);
    let is_exempt =
        !levels.is_empty() && (principal.account.is_none() || principal.is_of_service());
    if is_exempt { &[] } else { levels }
}

/// The closest that allowing statements come to the caller, and the first that comes so close.
struct Allowance {
    reach: Reach,
    place: Option<Place>,
}

/// What statements of some policies allow; the one that denies, if there is one.
fn any(
    question: &Question<'_>,
    policies: &[&Policy],
    at: Place,
    has_boundary: bool,
) -> Result<Allowance, Place> {
    let mut allowance = Allowance { reach: Reach::None, place: None };
    for (policy, document) in policies.iter().enumerate() {
        for (statement, content) in document.about(&question.action) {
            let place = Place { policy, statement, ..at };
            if content.effect() == Effect::Allow && allowance.reach == Reach::Direct {
                continue;
            }
            let reach = content.reach(question.request, has_boundary);
            if reach > Reach::None && content.effect() == Effect::Deny {
                return Err(place);
            }
            if reach > allowance.reach {
                allowance = Allowance { reach, place: Some(place) };
            }
        }
    }
    Ok(allowance)
}

fn of_resource(question: &Question<'_>, policies: &Policies<'_>) -> Result<Allowance, Place> {
    match policies.resource {
        None => Ok(Allowance { reach: Reach::None, place: None }),
        Some(resource) => {
            let at = place_of(type_of(resource.kind));
            any(question, resource.policies, at, policies.boundary.is_some())
        }
    }
}

fn place_of(policy_type: PolicyType) -> Place {
    Place { policy_type, level: 0, policy: 0, statement: 0 }
}

/// What the policies of the caller's side allow.
struct CallerSide {
    is_root: bool,
    identity: Option<Place>,
    boundary_allows: bool,
    session_allows: bool,
}

fn of_caller(question: &Question<'_>, policies: &Policies<'_>) -> Result<CallerSide, Place> {
    let identity = any(question, policies.identity, place_of(PolicyType::Identity), false)?;
    let boundary_allows = match &policies.boundary {
        None => true,
        Some(boundary) => {
            let boundary = std::slice::from_ref(boundary);
            let at = place_of(PolicyType::Boundary);
            any(question, boundary, at, false)?.reach > Reach::None
        }
    };
    let session_allows = match policies.session {
        None => true,
        Some(session) => {
            any(question, session, place_of(PolicyType::Session), false)?.reach > Reach::None
        }
    };
    Ok(CallerSide {
        is_root: matches!(question.request.principal.kind, PrincipalKind::Root),
        identity: identity.place,
        boundary_allows,
        session_allows,
    })
}

impl CallerSide {
    /// Whether identity-based policies allow and nothing limits them; which kind is lacking, if not.
    fn limited(&self) -> Result<Option<Place>, PolicyType> {
        // AWS: the root of an account needs no identity-based policy.
        if self.identity.is_none() && !self.is_root {
            return Err(PolicyType::Identity);
        }
        self.limits().map(|()| self.identity)
    }

    /// Whether nothing limits what is allowed.
    fn limits(&self) -> Result<(), PolicyType> {
        if !self.boundary_allows {
            Err(PolicyType::Boundary)
        } else if !self.session_allows {
            Err(PolicyType::Session)
        } else {
            Ok(())
        }
    }
}

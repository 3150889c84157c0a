//! What is evaluated: a request, and the policies that apply to it.

use coffer_model::AccountId;

use crate::action::ActionName;
use crate::context::ContextKeys;
use crate::policy::Policy;
use crate::principal::Principal;

/// A principal's wish to do something.
#[derive(Clone, Copy)]
pub struct Request<'a> {
    /// Who asks.
    pub principal: Principal<'a>,
    /// The action, such as `ssm:GetParameter`.
    pub action: &'a str,
    /// The resource's ARN, or `*` for an action that has none.
    pub resource: &'a str,
    /// The account that owns the resource; without one, it is the caller's own.
    pub resource_account: Option<AccountId>,
    /// The values of condition keys.
    pub keys: &'a dyn ContextKeys,
}

/// A request as statements look at it: what all of them compare is made ready once.
pub(crate) struct Question<'a> {
    pub(crate) request: &'a Request<'a>,
    pub(crate) action: ActionName,
}

impl<'a> Question<'a> {
    pub(crate) fn of(request: &'a Request<'a>) -> Self {
        Self { request, action: ActionName::of(request.action) }
    }
}

/// All policies that apply to a request.
#[derive(Debug, Clone, Copy, Default)]
pub struct Policies<'a> {
    /// Service control policies of the caller's account, a level each for the organization's root,
    /// its units and the account: each level must allow. Empty where there is no organization, and
    /// for its management account.
    pub service_control: &'a [&'a [&'a Policy]],
    /// Resource control policies of the resource's account, level by level too.
    pub resource_control: &'a [&'a [&'a Policy]],
    /// Policies of the user and its groups, or of the role.
    pub identity: &'a [&'a Policy],
    /// The permissions boundary of the user or the role.
    pub boundary: Option<&'a Policy>,
    /// The policies passed when the session was made. A session that has none is not limited; one
    /// of GetFederationToken without policies may do nothing by its user, which is an empty list.
    pub session: Option<&'a [&'a Policy]>,
    /// The policies of the resource.
    pub resource: Option<ResourcePolicy<'a>>,
    /// Whether a grant of the KMS key lets the caller do this.
    pub grant_allows: bool,
}

/// The policies of a resource.
#[derive(Debug, Clone, Copy)]
pub struct ResourcePolicy<'a> {
    /// What kind of resource it is.
    pub kind: ResourceKind,
    /// The policies.
    pub policies: &'a [&'a Policy],
}

/// What the policies of a resource mean for identity-based ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ResourceKind {
    /// Within an account, either kind of policy is enough.
    Ordinary,
    /// Identity-based policies count only where the key policy lets the account decide.
    KmsKey,
    /// Identity-based policies count only where the trust policy lets the account decide.
    RoleTrust,
}

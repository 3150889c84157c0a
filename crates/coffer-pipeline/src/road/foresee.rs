//! Foresee: what the policies say of a request, without anything being done.

use coffer_policy::Outcome;
use coffer_protocol::Fault;

use super::authorize::Asked;
use super::decode::input_of;
use super::{Received, Route};
use crate::call::Call;
use crate::context::RequestContext;
use crate::operation::{Access, Foreseeing, Operation};
use crate::world::World;

/// What the policies say of a permission that a request needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Foreseen {
    /// The IAM action.
    pub action: &'static str,
    /// The resource's ARN, or `*`.
    pub resource: String,
    /// Whether it is allowed, and what kind of policy decides.
    pub outcome: Outcome,
}

/// Decodes an input and asks the policies as the rooms of the road do. The call is dropped with all
/// that it may have noted.
pub(crate) fn foresee<'a, O: Operation>(
    world: &'a World,
    context: &'a RequestContext,
    route: Route,
    received: &Received,
) -> Foreseeing<'a> {
    let input = input_of::<O>(route, received);
    Box::pin(async move { foreseen::<O>(world, context, &input?).await })
}

async fn foreseen<O: Operation>(
    world: &World,
    context: &RequestContext,
    input: &O::Input,
) -> Result<Vec<Foreseen>, Fault> {
    let mut call = Call::begin(world, context, Access::Read, false);
    let mut all = Vec::new();
    for demand in O::demands(&mut call, input).await? {
        let decision = call.decision_on(&demand, &Asked::<O>(input)).await?;
        all.push(Foreseen {
            action: demand.action,
            resource: demand.resource,
            outcome: decision.map_or(Outcome::Allowed, |decision| decision.outcome),
        });
    }
    Ok(all)
}

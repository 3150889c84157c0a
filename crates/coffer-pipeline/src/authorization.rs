//! Decides whether the caller of a request may do what a demand says.

use coffer_model::Arn;
use coffer_protocol::Fault;

use crate::context::RequestContext;
use crate::demand::Demand;

/// Decides by all policies that apply.
pub(crate) fn decide(context: &RequestContext, demand: &Demand) -> Result<(), Fault> {
    if is_allowed(context, demand) { Ok(()) } else { Err(denied(context, demand)) }
}

fn is_allowed(context: &RequestContext, demand: &Demand) -> bool {
    if demand.resource == "*" {
        return true;
    }
    match Arn::owner_of(&demand.resource) {
        Ok(owner) => owner.is_none_or(|account| account == context.caller.account),
        Err(_) => false,
    }
}

fn denied(context: &RequestContext, demand: &Demand) -> Fault {
    // AWS: the sentence of a request that no policy of the resource's account allows
    // (IAM user guide, "Troubleshoot access denied error messages").
    Fault::access_denied(format!(
        "User: {} is not authorized to perform: {} on resource: {} because no resource-based \
         policy allows the {} action",
        context.caller.arn,
        demand.action,
        demand.shown.as_ref().unwrap_or(&demand.resource),
        demand.action
    ))
}

//! Throttle: has too much been asked already?

use coffer_model::Timestamp;
use coffer_protocol::Fault;

use super::decode::Unreadable;
use super::{Answer, Decoded, Road, record};
use crate::call::Call;
use crate::operation::{Access, Operation};
use crate::quota::Quotas;

/// Counts a request, whether or not it could be read; the answer to one that is too many, once it
/// is recorded as AWS does: without what was asked.
pub(super) async fn throttle<O: Operation>(
    road: &Road,
    quotas: &Quotas,
    decoded: &Result<Decoded<O>, Box<Unreadable>>,
    real_now: Timestamp,
) -> Result<(), Answer> {
    let (route, context) = match decoded {
        Ok(Decoded { route, context, .. }) => (*route, context),
        Err(unreadable) => (unreadable.route, &unreadable.context),
    };
    if !quotas.are_on(route) {
        return Ok(());
    }
    let (fault, is_throttled) = match kind_of(road, decoded).await {
        Ok(kind) if quotas.admit(route, context, kind, real_now) => return Ok(()),
        Ok(_) => ((route.service.throttled)(), true),
        Err(fault) => (fault, false),
    };
    let recorded = record::unreadable(road, route, context, &fault).await;
    let is_throttled = is_throttled && recorded.is_ok();
    let fault = recorded.err().unwrap_or(fault);
    let answer = Answer::fault(route, context.request_id.clone(), fault);
    Err(Answer { is_throttled, ..answer })
}

async fn kind_of<O: Operation>(
    road: &Road,
    decoded: &Result<Decoded<O>, Box<Unreadable>>,
) -> Result<Option<&'static str>, Fault> {
    let Ok(Decoded { context, input, .. }) = decoded else { return Ok(None) };
    let mut call = Call::begin(&road.world, context, Access::Read, false);
    O::quota_kind(&mut call, input).await
}

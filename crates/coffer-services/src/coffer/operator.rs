//! Who operates the server: the callers of the account that was made on first start.

use coffer_pipeline::Call;
use coffer_pipeline::identity::organization::FirstAccountRecord;
use coffer_protocol::Fault;

/// Refuses callers of another account than the first one. Under `coffer dev`, which has no first
/// account, everybody operates.
pub(crate) async fn must_operate(call: &mut Call<'_>, action: &str) -> Result<(), Fault> {
    let first = call.get::<FirstAccountRecord>(&FirstAccountRecord::row()).await?;
    let caller = &call.context().caller;
    if first.is_none_or(|first| first.account == caller.account) {
        return Ok(());
    }
    Err(Fault::access_denied(format!(
        "User: {} is not authorized to perform: {action} because only the server's first account \
         can allow it",
        caller.arn
    )))
}

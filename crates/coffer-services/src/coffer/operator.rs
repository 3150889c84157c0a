//! Who operates the server: the callers of the account that was made on first start.

use coffer_pipeline::Call;
use coffer_pipeline::identity::organization::FirstAccountRecord;
use coffer_protocol::Fault;

/// Refuses callers of another account than the first one.
pub(crate) async fn must_operate(call: &mut Call<'_>, action: &str) -> Result<(), Fault> {
    if operates(call).await? {
        return Ok(());
    }
    Err(Fault::access_denied(format!(
        "User: {} is not authorized to perform: {action} because only the server's first account \
         can allow it",
        call.context().caller.arn
    )))
}

/// Whether the caller is of the first account. Under `coffer dev`, which has none, everybody is.
pub(crate) async fn operates(call: &mut Call<'_>) -> Result<bool, Fault> {
    let first = call.get::<FirstAccountRecord>(&FirstAccountRecord::row()).await?;
    Ok(first.is_none_or(|first| first.account == call.context().caller.account))
}

//! Carry out: what a decision has ordered is done once it stands, outside of it; then it is
//! recorded.

use coffer_protocol::Fault;
use tracing::Instrument as _;

use super::{Decoded, Road, record};
use crate::call::Trace;
use crate::operation::Operation;
use crate::spans;

/// Runs the function that was ordered, and records the request with what the caller is told of it.
///
/// INVARIANT: all that a permission rests on has been decided; nothing is decided here any more.
///
/// # Errors
/// A function that was not run; a record that is not kept.
pub(super) async fn carry_out<O: Operation>(
    road: &Road,
    decoded: &Decoded<O>,
    output: O::Output,
    mut trace: Trace,
) -> Result<O::Output, Fault> {
    let completed = match trace.order.take() {
        Some(order) => O::carried_out(output, road.world.run_function(*order).await),
        None => Ok(output),
    };
    match completed {
        Ok(output) => {
            let kept = record::answered(road, decoded, &output, &trace).kept();
            kept.instrument(spans::record()).await?;
            Ok(output)
        }
        Err(fault) => {
            record::refused(road, decoded, &fault).await?;
            Err(fault)
        }
    }
}

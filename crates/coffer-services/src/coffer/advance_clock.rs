//! AdvanceClock: moves the clock of `coffer dev` forward.

use std::time::Duration;

use coffer_model::Timestamp;
use coffer_pipeline::{Access, Call, Demand, Operation};
use coffer_protocol::{ErrorRow, Fault, Input, Output};

use super::errors::CofferError;

/// Moves the clock of decisions forward; signatures go on being checked against the real time.
pub(super) struct AdvanceClock;

/// How far.
#[derive(Input, Debug)]
pub(super) struct AdvanceClockInput {
    #[shape(required, min = 0, max = 31_536_000_000)]
    seconds: i64,
}

/// Where the clock stands now.
#[derive(Output, Debug)]
pub(super) struct AdvanceClockOutput {
    now: Option<Timestamp>,
}

impl Operation for AdvanceClock {
    const NAME: &'static str = "AdvanceClock";
    const ACCESS: Access = Access::Read;
    const ERRORS: &'static [ErrorRow] = &[CofferError::ClockNotMovableException.row()];
    type Input = AdvanceClockInput;
    type Output = AdvanceClockOutput;

    async fn demands(_: &mut Call<'_>, _: &Self::Input) -> Result<Vec<Demand>, Fault> {
        Ok(Demand::any("coffer:AdvanceClock"))
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        let span = Duration::from_secs(u64::try_from(input.seconds).unwrap_or(0));
        let now = call.clock().advance(span).map_err(|_| {
            CofferError::ClockNotMovableException
                .with("Only the clock of `coffer dev` can be moved.")
        })?;
        Ok(AdvanceClockOutput { now: Some(now) })
    }
}

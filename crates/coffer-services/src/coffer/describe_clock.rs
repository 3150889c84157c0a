//! DescribeClock: where the clock of decisions stands, and whether jobs wait to be run.

use coffer_model::Timestamp;
use coffer_pipeline::{Access, Call, Demand, JobRecord, Operation};
use coffer_protocol::{ErrorRow, Fault, Input, Output};
use coffer_store::Direction;

/// Tells the time of decisions and whether all that had become due by then is done.
pub(super) struct DescribeClock;

/// Nothing is taken.
#[derive(Input, Debug)]
pub(super) struct DescribeClockInput {}

/// The clock and the jobs.
#[derive(Output, Debug)]
pub(super) struct DescribeClockOutput {
    now: Option<Timestamp>,
    jobs_are_due: Option<bool>,
}

impl Operation for DescribeClock {
    const NAME: &'static str = "DescribeClock";
    const ACCESS: Access = Access::Read;
    const ERRORS: &'static [ErrorRow] = &[];
    type Input = DescribeClockInput;
    type Output = DescribeClockOutput;

    async fn demands(_: &mut Call<'_>, _: &Self::Input) -> Result<Vec<Demand>, Fault> {
        Ok(Demand::any("coffer:DescribeClock"))
    }

    async fn run(call: &mut Call<'_>, _: &Self::Input) -> Result<Self::Output, Fault> {
        let prefix = JobRecord::waiting().prefix();
        let first = call.scan::<JobRecord>(&prefix, None, JOBS_MAX, Direction::Ascending).await?;
        let due = first.iter().any(|(_, job)| job.due <= call.now() || job.claimed);
        Ok(DescribeClockOutput { now: Some(call.now()), jobs_are_due: Some(due) })
    }
}

/// Claimed jobs are due at the end of their lease, a minute on, so they are among these.
const JOBS_MAX: usize = 1000;

//! The clock and the tasks of this program. Those of the server would bring all of it along, to be
//! built once more for a few lines.

use std::time::{SystemTime, UNIX_EPOCH};

use coffer_model::Timestamp;

/// The real time.
#[expect(clippy::disallowed_methods, reason = "the one place where the clock is read")]
pub(crate) fn real_now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_millis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

/// Spawns a task.
#[expect(clippy::disallowed_methods, reason = "the one place where tasks are spawned")]
pub(crate) fn spawn<F>(task: F) -> tokio::task::JoinHandle<F::Output>
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    tokio::spawn(task)
}

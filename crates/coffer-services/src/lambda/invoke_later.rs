//! A call that nobody waits for: it is kept with the decision that asked for it, and tried again
//! where the function fails.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use coffer_model::{Sensitive, Timestamp};
use coffer_pipeline::{
    Call, Errand, FunctionOrder, FunctionOutcome, NotRun, Prepared, Scope, Verdict, World,
};
use coffer_protocol::Fault;
use serde::{Deserialize, Serialize};

use super::function::Found;
use super::function_name::FunctionName;
use super::order::{Event, order};

/// Calls a function with an event. Its row, like every row, is sealed; it has no `Debug`.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct InvokeLater {
    name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    qualifier: Option<String>,
    request_id: String,
    /// In base64.
    payload: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    client_context: Option<String>,
    /// How often the function has failed so far.
    #[serde(default)]
    failures: u32,
}

impl InvokeLater {
    /// The call of a function with an event.
    pub(super) fn of(name: &FunctionName, event: &Event) -> Self {
        Self {
            name: name.name.clone(),
            qualifier: name.qualifier.clone(),
            request_id: event.request_id.clone(),
            payload: STANDARD.encode(event.payload.expose()),
            client_context: event.client_context.as_ref().map(|it| it.expose().clone()),
            failures: 0,
        }
    }

    /// Asks for the job.
    ///
    /// # Errors
    /// A row that cannot be written.
    pub(super) async fn schedule(
        &self,
        call: &mut Call<'_>,
        scope: &Scope,
        due: Timestamp,
    ) -> Result<(), Fault> {
        let id = call.uuid();
        call.schedule_errand(&id, scope.clone(), due, self).await
    }

    fn name(&self, call: &Call<'_>) -> FunctionName {
        let (name, qualifier) = (self.name.clone(), self.qualifier.clone());
        FunctionName { scope: call.scope().clone(), name, qualifier }
    }

    fn event(&self) -> Result<Event, Fault> {
        let payload = STANDARD.decode(&self.payload).map_err(Fault::internal)?;
        Ok(Event {
            request_id: self.request_id.clone(),
            payload: Sensitive::new(payload),
            client_context: self.client_context.clone().map(Sensitive::new),
        })
    }
}

impl Errand for InvokeLater {
    const KIND: &'static str = "lambda.invoke-later";
    type Order = Box<FunctionOrder>;
    type Report = Result<FunctionOutcome, NotRun>;

    async fn prepare(&self, call: &mut Call<'_>) -> Result<Prepared<Self::Order>, Fault> {
        let name = self.name(call);
        let found = match Found::find(call, &name).await {
            Ok(found) => found,
            // It was deleted since.
            Err(fault) if fault.status == NOT_FOUND => {
                return Ok(Prepared::Over(Verdict::Done));
            }
            Err(fault) => return Err(fault),
        };
        let ordered = order(call, &name, &found, self.event()?).await?;
        Ok(Prepared::Order(Box::new(ordered)))
    }

    async fn perform(world: &World, order: Self::Order) -> Self::Report {
        world.run_function(*order).await
    }

    async fn conclude(&self, call: &mut Call<'_>, report: &Self::Report) -> Result<Verdict, Fault> {
        let outcome = report.as_ref().map_err(|why| match why {
            // The function is not to blame, so this does not count as an attempt.
            NotRun::Busy => Fault::unavailable(why),
            why => Fault::internal(why),
        })?;
        if outcome.function_error.is_none() {
            return Ok(Verdict::Done);
        }
        let failures = self.failures.saturating_add(1);
        let (function, request_id) = (self.name(call).arn(), &self.request_id);
        if failures >= TRIES_MAX {
            tracing::warn!(
                function,
                request_id,
                failures,
                "a function failed, and is not tried again"
            );
            return Ok(Verdict::Done);
        }
        // AWS: a minute before the second try, two before the third.
        let due = call.now().plus(FIRST_PAUSE.saturating_mul(failures));
        Self { failures, ..self.clone() }.schedule(call, call.scope(), due).await?;
        Ok(Verdict::Done)
    }
}

const NOT_FOUND: u16 = 404;
/// AWS: two more tries after the first (Lambda developer guide, "Error handling for asynchronous
/// invocation").
const TRIES_MAX: u32 = 3;
const FIRST_PAUSE: Duration = Duration::from_secs(60);

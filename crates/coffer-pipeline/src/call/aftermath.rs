//! What a decision asks for beside its records: jobs that go on with it later, and events that tell
//! of it.

use coffer_model::Timestamp;
use coffer_protocol::Fault;

use super::Call;
use crate::audit::ServiceEvent;
use crate::context::Scope;
use crate::event::EventRecord;
use crate::job::{Errand, Job, JobRecord};

impl Call<'_> {
    /// Asks for a job at or after `due`, in the same commit.
    pub async fn schedule<J: Job>(&mut self, due: Timestamp, job: &J) -> Result<(), Fault> {
        self.schedule_in(self.context.scope.clone(), due, job).await
    }

    /// Asks for a job that works in another scope.
    pub async fn schedule_in<J: Job>(
        &mut self,
        scope: Scope,
        due: Timestamp,
        job: &J,
    ) -> Result<(), Fault> {
        let record = JobRecord::new(self.uuid(), &scope, due, job)?;
        self.put(record).await
    }

    /// Asks for a job under an id of its own choice, so that it can be taken back.
    pub async fn schedule_as<J: Job>(
        &mut self,
        id: &str,
        scope: Scope,
        due: Timestamp,
        job: &J,
    ) -> Result<(), Fault> {
        let record = JobRecord::new(id.to_owned(), &scope, due, job)?;
        self.put(record).await
    }

    /// Asks for an errand under an id of its own choice: there is one of that id and due time.
    pub async fn schedule_errand<E: Errand>(
        &mut self,
        id: &str,
        scope: Scope,
        due: Timestamp,
        errand: &E,
    ) -> Result<(), Fault> {
        let record = JobRecord::of_errand(id.to_owned(), &scope, due, errand)?;
        self.put(record).await
    }

    /// Takes back a job that was asked for under this id and due time. One that somebody is at, or
    /// that was put off, has moved and finds out by itself that it is no longer wanted.
    pub async fn unschedule(&mut self, id: &str, due: Timestamp) -> Result<(), Fault> {
        self.delete::<JobRecord>(&JobRecord::waiting_at(due, id)).await
    }

    /// Counts a rotation that is given up, once this decision stands.
    pub fn gives_rotation_up(&mut self) {
        self.rotations_given_up += 1;
    }

    /// Keeps an event of this scope, in the same commit; events of one decision are kept in the
    /// order in which it tells them.
    pub async fn emit(
        &mut self,
        source: &str,
        detail_type: &str,
        resources: Vec<String>,
        detail: serde_json::Value,
    ) -> Result<(), Fault> {
        self.emit_in(self.context.scope.clone(), source, detail_type, resources, detail).await
    }

    /// Tells what a service did by itself: a record of its own, and an event, in the same commit.
    pub async fn tell(&mut self, event: ServiceEvent) -> Result<(), Fault> {
        let record = event.to_record(self.context).to_cloudtrail();
        let detail = serde_json::from_str(&record).map_err(Fault::internal)?;
        let (scope, source) = (event.scope.clone(), format!("aws.{}", event.service));
        let resources = vec![event.resource.clone()];
        self.service_events.push(event);
        self.emit_in(scope, &source, SERVICE_EVENT, resources, detail).await
    }

    /// Keeps an event of another scope: of the owner of what a caller of another account changed.
    pub async fn emit_in(
        &mut self,
        scope: Scope,
        source: &str,
        detail_type: &str,
        resources: Vec<String>,
        detail: serde_json::Value,
    ) -> Result<(), Fault> {
        let record = EventRecord {
            id: EventRecord::id(self.events, &self.uuid()),
            account: scope.account,
            region: scope.region,
            time: self.now(),
            source: source.to_owned(),
            detail_type: detail_type.to_owned(),
            resources,
            detail,
        };
        self.events = self.events.saturating_add(1);
        self.put(record).await
    }
}

/// AWS: how EventBridge calls CloudTrail's records of what services do by themselves.
const SERVICE_EVENT: &str = "AWS Service Event via CloudTrail";

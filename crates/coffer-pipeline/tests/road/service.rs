//! A service of three operations and one job, on counters and lists.

use std::sync::Arc;

use coffer_pipeline::job::runner::JobEntry;
use coffer_pipeline::job::{Errand, Prepared};
use coffer_pipeline::{
    Access, Call, Demand, Entry, Job, Operation, Protocol, Scope, Service, Verdict, World,
};
use coffer_protocol::{ErrorRow, Fault, Input, Output, errors};
use coffer_store::{Key, Record};
use serde::{Deserialize, Serialize};

pub(crate) const SERVICES: &[Service] = &[Service {
    name: "ssm",
    protocol: Protocol::Json { target_prefix: "Test" },
    throttled: || Fault::throttling("Rate exceeded"),
    operations: &[
        Entry::of::<Add>(),
        Entry::of::<Append>(),
        Entry::of::<GetCounter>(),
        Entry::of::<Tell>(),
    ],
}];

pub(crate) const JOBS: &[JobEntry] = &[JobEntry::of::<Echo>(), JobEntry::of_errand::<Visit>()];

errors! {
    /// What the service refuses.
    TestError {
        AlreadyThereException => 400, Lower;
    }
}

#[derive(Serialize, Deserialize)]
pub(crate) struct Counter {
    scope: (coffer_model::AccountId, coffer_model::Region),
    name: String,
    pub(crate) value: i64,
}

impl Record for Counter {
    const TABLE: &'static str = "test.counter";

    fn key(&self) -> Key {
        let scope = Scope { account: self.scope.0, region: self.scope.1.clone() };
        scope.key(Self::TABLE, &[&self.name])
    }
}

#[derive(Serialize, Deserialize)]
pub(crate) struct List {
    scope: (coffer_model::AccountId, coffer_model::Region),
    name: String,
    pub(crate) items: Vec<String>,
}

impl Record for List {
    const TABLE: &'static str = "test.list";

    fn key(&self) -> Key {
        let scope = Scope { account: self.scope.0, region: self.scope.1.clone() };
        scope.key(Self::TABLE, &[&self.name])
    }
}

async fn append(call: &mut Call<'_>, name: &str, item: &str) -> Result<bool, Fault> {
    let key = call.scope().key(List::TABLE, &[name]);
    let list: Option<Arc<List>> = call.get(&key).await?;
    let mut items = list.map(|list| list.items.clone()).unwrap_or_default();
    let is_new = !items.iter().any(|known| known == item);
    items.push(item.to_owned());
    let scope = (call.account(), call.region().clone());
    call.put(List { scope, name: name.to_owned(), items }).await?;
    Ok(is_new)
}

/// Adds to a counter.
struct Add;

#[derive(Input)]
struct AddInput {
    #[shape(required, min = 1)]
    name: String,
    #[shape(required)]
    by: i64,
}

#[derive(Output)]
struct AddOutput {
    value: Option<i64>,
}

impl Operation for Add {
    const NAME: &'static str = "Add";
    const ACCESS: Access = Access::Write;
    const ERRORS: &'static [ErrorRow] = &[];
    type Input = AddInput;
    type Output = AddOutput;

    async fn demands(_: &mut Call<'_>, _: &AddInput) -> Result<Vec<Demand>, Fault> {
        Ok(Demand::any("test:Add"))
    }

    async fn run(call: &mut Call<'_>, input: &AddInput) -> Result<AddOutput, Fault> {
        let key = call.scope().key(Counter::TABLE, &[&input.name]);
        let counter: Option<Arc<Counter>> = call.get(&key).await?;
        let value = counter.map_or(0, |counter| counter.value) + input.by;
        let scope = (call.account(), call.region().clone());
        call.put(Counter { scope, name: input.name.clone(), value }).await?;
        Ok(AddOutput { value: Some(value) })
    }
}

/// Appends to a list what is not in it yet, and asks for a job that echoes it.
struct Append;

#[derive(Input)]
struct AppendInput {
    #[shape(required, min = 1)]
    name: String,
    #[shape(required, min = 1, max = 64)]
    item: String,
}

#[derive(Output)]
struct AppendOutput {}

impl Operation for Append {
    const NAME: &'static str = "Append";
    const ACCESS: Access = Access::Write;
    const ERRORS: &'static [ErrorRow] = &[TestError::AlreadyThereException.row()];
    type Input = AppendInput;
    type Output = AppendOutput;

    async fn demands(_: &mut Call<'_>, _: &AppendInput) -> Result<Vec<Demand>, Fault> {
        Ok(Demand::any("test:Append"))
    }

    async fn run(call: &mut Call<'_>, input: &AppendInput) -> Result<AppendOutput, Fault> {
        if !append(call, &input.name, &input.item).await? {
            return Err(TestError::AlreadyThereException.with("It is there already."));
        }
        let (item, now) = (input.item.clone(), call.now());
        if item.starts_with("visit") {
            let id = item.clone();
            call.schedule_errand(&id, call.scope().clone(), now, &Visit { item }).await?;
        } else {
            call.schedule(now, &Echo { item }).await?;
        }
        Ok(AppendOutput {})
    }
}

/// Keeps an event, whatever is there.
struct Tell;

impl Operation for Tell {
    const NAME: &'static str = "Tell";
    const ACCESS: Access = Access::Write;
    const ERRORS: &'static [ErrorRow] = &[];
    type Input = AppendInput;
    type Output = AppendOutput;

    async fn demands(_: &mut Call<'_>, _: &AppendInput) -> Result<Vec<Demand>, Fault> {
        Ok(Demand::any("test:Tell"))
    }

    async fn run(call: &mut Call<'_>, input: &AppendInput) -> Result<AppendOutput, Fault> {
        call.emit("test", &input.name, Vec::new(), input.item.clone().into()).await?;
        Ok(AppendOutput {})
    }
}

/// Reads a counter.
struct GetCounter;

#[derive(Input)]
struct GetCounterInput {
    #[shape(required, min = 1)]
    name: String,
}

impl Operation for GetCounter {
    const NAME: &'static str = "GetCounter";
    const ACCESS: Access = Access::Read;
    const ERRORS: &'static [ErrorRow] = &[];
    type Input = GetCounterInput;
    type Output = AddOutput;

    async fn demands(_: &mut Call<'_>, _: &GetCounterInput) -> Result<Vec<Demand>, Fault> {
        Ok(Demand::any("test:GetCounter"))
    }

    async fn run(call: &mut Call<'_>, input: &GetCounterInput) -> Result<AddOutput, Fault> {
        let key = call.scope().key(Counter::TABLE, &[&input.name]);
        let counter: Option<Arc<Counter>> = call.get(&key).await?;
        Ok(AddOutput { value: counter.map(|counter| counter.value) })
    }
}

/// Appends an item to the list `echo`. It does not look whether the item is there: a second run
/// would be seen. What it does besides stands at the item's beginning.
#[derive(Serialize, Deserialize)]
pub(crate) struct Echo {
    pub(crate) item: String,
}

impl Job for Echo {
    const KIND: &'static str = "test.echo";

    async fn run(&self, call: &mut Call<'_>) -> Result<Verdict, Fault> {
        append(call, "echo", &self.item).await?;
        match self.item.split('-').next() {
            Some("bad") => return Err(Fault::internal("a bad item")),
            // As a panic does, without the noise of its message.
            Some("panic") => std::panic::resume_unwind(Box::new("a job may panic")),
            Some("hang") => std::future::pending().await,
            Some("slow") => {
                for _ in 0..SLOW_YIELDS {
                    tokio::task::yield_now().await;
                }
            }
            Some("chain") => {
                let item = self.item.replacen("chain", "end", 1);
                call.schedule(call.now(), &Echo { item }).await?;
            }
            Some("again") if !has(call, "again-once").await? => {
                append(call, "seen", "again-once").await?;
                return Ok(Verdict::Again(coffer_model::Timestamp::EPOCH));
            }
            _ => {}
        }
        Ok(Verdict::Done)
    }
}

/// Goes out twice, then appends an item to the list `visited`, whatever is in it, and keeps an event.
#[derive(Serialize, Deserialize)]
pub(crate) struct Visit {
    item: String,
}

impl Errand for Visit {
    const KIND: &'static str = "test.visit";
    type Order = String;
    type Report = bool;

    async fn prepare(&self, _: &mut Call<'_>) -> Result<Prepared<String>, Fault> {
        Ok(Prepared::Order(self.item.clone()))
    }

    async fn perform(world: &World, item: String) -> bool {
        world.outside.get(&item).await.is_ok()
    }

    async fn conclude(&self, call: &mut Call<'_>, is_done: &bool) -> Result<Verdict, Fault> {
        if !is_done {
            return Err(Fault::internal("nobody was there"));
        }
        if !has(call, &self.item).await? {
            append(call, "seen", &self.item).await?;
            return Ok(Verdict::Again(call.now()));
        }
        append(call, "visited", &self.item).await?;
        call.emit("test", &self.item, Vec::new(), self.item.clone().into()).await?;
        Ok(Verdict::Done)
    }
}

async fn has(call: &mut Call<'_>, item: &str) -> Result<bool, Fault> {
    let key = call.scope().key(List::TABLE, &["seen"]);
    let list: Option<Arc<List>> = call.get(&key).await?;
    Ok(list.is_some_and(|list| list.items.iter().any(|known| known == item)))
}

pub(crate) const SLOW_YIELDS: usize = 200;

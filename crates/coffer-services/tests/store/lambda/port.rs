//! The road to a world whose host of functions is the test's.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use coffer_pipeline::job::runner::run_due;
use coffer_pipeline::road::{Decision, decide};
use coffer_pipeline::{
    Access, Answer, Call, FunctionCode, FunctionCodeSource, FunctionHost, FunctionOrder,
    FunctionOutcome, NamedCode, NextRootKey, NotRun, RequestContext, Road, RootKeySource,
};
use coffer_protocol::Fault;
use coffer_seal::RootKey;
use coffer_services::lambda::{NotInvoked, Source, order_for};
use coffer_services::{JOBS, SERVICES};
use coffer_store::{
    Batch, CommitError, Direction, Key, Observer, Revision, Row, Scan, Sim, Snapshot, Store,
    StoreError,
};
use serde_json::{Value, json};

use crate::port::{create_role, root_of, send};
use crate::world::{context, reopened};

/// Notes what is ordered, and answers what the test says.
#[derive(Default)]
pub(crate) struct Host {
    pub(crate) orders: Mutex<Vec<FunctionOrder>>,
    pub(crate) zips: Mutex<Vec<Vec<u8>>>,
    /// What comes of the orders, the next one last; a function without it succeeds.
    pub(crate) outcomes: Mutex<Vec<Result<FunctionOutcome, NotRun>>>,
}

#[async_trait]
impl FunctionHost for Host {
    fn is_enabled(&self) -> bool {
        true
    }

    fn allows(&self, code: &NamedCode) -> bool {
        *code == NamedCode::Command("rotate".to_owned())
    }

    async fn invoke(
        &self,
        order: FunctionOrder,
        code: &dyn FunctionCodeSource,
    ) -> Result<FunctionOutcome, NotRun> {
        if let FunctionCode::Zip(zip) = &order.code {
            let zip = code.zip(zip).await.map_err(NotRun::Unfit)?;
            self.zips.lock().unwrap().push(zip);
        }
        let version = order.version.clone();
        self.orders.lock().unwrap().push(order);
        let planned = self.outcomes.lock().unwrap().pop();
        planned.unwrap_or_else(|| Ok(outcome(&version, None)))
    }
}

pub(crate) fn outcome(version: &str, error: Option<&str>) -> FunctionOutcome {
    FunctionOutcome {
        payload: b"{\"ok\":true}".to_vec().into(),
        function_error: error.map(str::to_owned),
        log_tail: [b"x".repeat(5000), b"END".to_vec()].concat().into(),
        executed_version: version.to_owned(),
    }
}

pub(crate) struct Port {
    road: Road,
    pub(crate) host: Arc<Host>,
    pub(crate) store: Arc<dyn Store>,
}

impl Port {
    pub(crate) async fn open() -> Self {
        Self::on(Arc::new(Sim::new())).await
    }

    pub(crate) async fn on(store: Arc<dyn Store>) -> Self {
        let entropy = Arc::new(coffer_seal::SystemEntropy::new());
        let root_key = RootKey::generate(entropy.as_ref());
        let source = Arc::new(NoKey);
        let mut world = reopened(store.clone(), root_key, source).await.unwrap();
        let host = Arc::new(Host::default());
        world.functions = host.clone();
        Self { road: Road::new(Arc::new(world), SERVICES), host, store }
    }

    /// Asks as the root of the account.
    pub(crate) async fn asks(
        &self,
        method: &str,
        target: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Answer {
        let mut request =
            http::Request::builder().method(method).uri(format!("http://localhost{target}"));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        send(&self.road, &root_of(ACCOUNT), "lambda", request, body).await
    }

    /// Makes a role that Lambda may assume; its ARN.
    pub(crate) async fn role(&self, name: &str, service: &str) -> String {
        let (request, form) = create_role(name, service);
        let root = root_of(ACCOUNT);
        let answer = send(&self.road, &root, "iam", request, form.as_bytes()).await;
        assert_eq!(answer.status, 200, "{}", String::from_utf8_lossy(&answer.body));
        format!("arn:aws:iam::{ACCOUNT}:role/{name}")
    }

    /// Makes a function of this code.
    pub(crate) async fn make(&self, name: &str, code: Value) -> Answer {
        let role = self.role(&format!("{name}-role"), "lambda.amazonaws.com").await;
        self.make_with(name, code, &role).await
    }

    /// Makes a function of this code with this role.
    pub(crate) async fn make_with(&self, name: &str, code: Value, role: &str) -> Answer {
        let create = json!({"FunctionName": name, "Role": role, "Code": code,
            "Runtime": "provided.al2023", "Handler": "h", "Timeout": 5,
            "Environment": {"Variables": {"QUOTES": "\" \\ "}}});
        self.asks("POST", FUNCTIONS, &[], create.to_string().as_bytes()).await
    }

    /// Lets a service call a function, on behalf of one account.
    pub(crate) async fn permits(&self, name: &str, service: &str, account: &str) {
        let body = json!({"StatementId": "s", "Action": "lambda:InvokeFunction",
            "Principal": service, "SourceAccount": account});
        let target = format!("{FUNCTIONS}/{name}/policy");
        let answer = self.asks("POST", &target, &[], body.to_string().as_bytes()).await;
        assert_eq!(answer.status, 201, "{}", String::from_utf8_lossy(&answer.body));
    }

    /// Runs what is due a while from now; how many jobs that were.
    pub(crate) async fn run_jobs_after(&self, span: Duration) -> usize {
        self.road.world().clock.advance(span).unwrap();
        run_due(self.road.world(), JOBS, 100).await.unwrap().0
    }

    /// How many rows a table has.
    pub(crate) async fn rows_of(&self, table: &str) -> usize {
        let prefix = Key::of(table, &[]).prefix();
        let scan =
            Scan { prefix: &prefix, after: None, rows_max: 1000, direction: Direction::Ascending };
        self.store.scan(scan).await.unwrap().len()
    }

    /// The order that a service would be given.
    pub(crate) async fn order_for(
        &self,
        arn: &str,
        service: &'static str,
        account: &str,
    ) -> Result<FunctionOrder, NotInvoked> {
        let asked = Asked {
            context: context(self.road.world(), "us-east-1"),
            arn: arn.to_owned(),
            service,
            account: account.parse().unwrap(),
        };
        decide(self.road.world(), &asked).await.unwrap()
    }
}

struct Asked {
    context: RequestContext,
    arn: String,
    service: &'static str,
    account: coffer_model::AccountId,
}

impl Decision for Asked {
    type Outcome = Result<FunctionOrder, NotInvoked>;

    fn access(&self) -> Access {
        Access::Read
    }

    fn context(&self) -> &RequestContext {
        &self.context
    }

    fn names(&self) -> (&'static str, &str) {
        ("secretsmanager", "Rotate")
    }

    async fn run(&self, call: &mut Call<'_>) -> Result<Self::Outcome, Fault> {
        let arn = "arn:aws:secretsmanager:us-east-1:000000000000:secret:s-AbCdEf";
        let source = Source { arn, account: self.account };
        Ok(order_for(call, &self.arn, self.service, &source).await)
    }
}

struct NoKey;

#[async_trait]
impl RootKeySource for NoKey {
    async fn next(&self, _: &NextRootKey) -> Result<RootKey, String> {
        Err("the root key stays".to_owned())
    }

    async fn settle(&self, _: &str) -> Result<(), String> {
        Err("the root key stays".to_owned())
    }
}

/// A store that at some time takes no commit with a part of a zip any more.
pub(crate) struct Breakable {
    sim: Sim,
    parts_left: AtomicUsize,
}

impl Breakable {
    pub(crate) fn after(parts: usize) -> Self {
        Self { sim: Sim::new(), parts_left: AtomicUsize::new(parts) }
    }
}

#[async_trait]
impl Store for Breakable {
    async fn read(&self, keys: &[Key]) -> Result<Vec<Option<Row>>, StoreError> {
        self.sim.read(keys).await
    }

    async fn scan(&self, scan: Scan<'_>) -> Result<Vec<(Key, Row)>, StoreError> {
        self.sim.scan(scan).await
    }

    async fn snapshot(&self) -> Result<Box<dyn Snapshot>, StoreError> {
        self.sim.snapshot().await
    }

    async fn commit(&self, batch: Batch) -> Result<Revision, CommitError> {
        let prefix = Key::of(PARTS, &[]).prefix();
        let parts = batch.puts.iter().filter(|(key, _)| key.as_bytes().starts_with(&prefix));
        let (count, left) = (parts.count(), self.parts_left.load(Ordering::SeqCst));
        if count > left {
            return Err(CommitError::Unavailable("the disk is full".to_owned()));
        }
        self.parts_left.store(left - count, Ordering::SeqCst);
        self.sim.commit(batch).await
    }

    fn watch(&self, observer: Arc<dyn Observer>) {
        self.sim.watch(observer);
    }

    async fn close(&self) -> Result<(), StoreError> {
        self.sim.close().await
    }
}

/// The rows of zips.
pub(crate) const PARTS: &str = "lambda.code-part";
/// The account of `coffer dev`, whose root signs with its own id.
pub(crate) const ACCOUNT: &str = "000000000000";
pub(crate) const FUNCTIONS: &str = "/2015-03-31/functions";

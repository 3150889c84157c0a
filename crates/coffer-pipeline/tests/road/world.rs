//! A world on a given store, callers that sign, and what can be seen of the store afterwards.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use coffer_model::{AccountId, Timestamp};
use coffer_pipeline::audit::trail::AuditPlace;
use coffer_pipeline::sealing::SealedRows;
use coffer_pipeline::{
    Answer, AuditRecord, Clock, EventRecord, JobRecord, NoBackups, NoFunctions, NoOutside,
    NotMovable, Received, Road, RootKeyRing, Scope, Tallies, Turns, World,
};
use coffer_protocol::sigv4::{Credentials, Signer};
use coffer_seal::{Entropy, RootKey, RowSealer};
use coffer_store::{Direction, Key, Record, Store, Tables};
use serde_json::{Value, json};

use crate::service::{Counter, List, SERVICES};

/// Chance by a seed, so that a run can be repeated.
pub(crate) struct Seeded(Mutex<u64>);

impl Seeded {
    pub(crate) fn new(seed: u64) -> Self {
        Self(Mutex::new(seed))
    }

    pub(crate) fn below(&self, bound: u64) -> u64 {
        let mut bytes = [0; 8];
        self.fill(&mut bytes);
        u64::from_le_bytes(bytes) % bound
    }
}

impl Entropy for Seeded {
    fn fill(&self, buffer: &mut [u8]) {
        let mut state = self.0.lock().unwrap();
        for byte in buffer {
            *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mixed = (*state ^ (*state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            *byte = (mixed >> 40).to_le_bytes()[0];
        }
    }
}

/// A clock that stands still until it is moved.
pub(crate) struct Hand(AtomicI64);

impl Clock for Hand {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.0.load(Ordering::SeqCst))
    }

    fn real_now(&self) -> Timestamp {
        Timestamp::from_millis(START_MS)
    }

    fn advance(&self, span: Duration) -> Result<Timestamp, NotMovable> {
        self.0.fetch_add(i64::try_from(span.as_millis()).unwrap(), Ordering::SeqCst);
        Ok(self.now())
    }
}

pub(crate) struct Harness {
    pub(crate) road: Road,
    pub(crate) clock: Arc<Hand>,
}

impl Harness {
    pub(crate) fn new(store: Arc<dyn Store>, seed: u64) -> Self {
        Self::with_audit(store, seed, AuditPlace::default())
    }

    pub(crate) fn with_audit(store: Arc<dyn Store>, seed: u64, audit: AuditPlace) -> Self {
        let clock = Arc::new(Hand(AtomicI64::new(START_MS)));
        let entropy: Arc<dyn Entropy> = Arc::new(Seeded::new(seed));
        let world = world_on(store, entropy.as_ref(), entropy.clone(), clock.clone());
        Self { road: Road::new(Arc::new(World { audit, ..world }), SERVICES), clock }
    }

    pub(crate) fn world(&self) -> &World {
        self.road.world()
    }

    pub(crate) async fn call(&self, operation: &str, input: Value) -> Answer {
        self.road.travel(Box::new(received(self.clock.as_ref(), operation, &input))).await
    }

    pub(crate) async fn add(&self, name: &str, by: u64) -> Answer {
        self.call("Add", json!({"Name": name, "By": by})).await
    }

    pub(crate) async fn append(&self, name: &str, item: &str) -> Answer {
        self.call("Append", json!({"Name": name, "Item": item})).await
    }

    pub(crate) async fn counter(&self, name: &str) -> i64 {
        let key = scope().key(Counter::TABLE, &[name]);
        let found = self.world().tables.get_fresh::<Counter>(&key).await.unwrap();
        found.record.map_or(0, |counter| counter.value)
    }

    pub(crate) async fn list(&self, name: &str) -> Vec<String> {
        let key = scope().key(List::TABLE, &[name]);
        let found = self.world().tables.get_fresh::<List>(&key).await.unwrap();
        found.record.map(|list| list.items.clone()).unwrap_or_default()
    }

    /// The request ids that have a record of this event; each has only one.
    pub(crate) async fn audited(&self, event_name: &str) -> BTreeSet<String> {
        let records = self.rows::<AuditRecord>(&Key::of(AuditRecord::TABLE, &[])).await;
        let of_event = records.iter().filter(|record| record.event_name == event_name);
        let ids: Vec<String> = of_event.map(|record| record.request_id.clone()).collect();
        let distinct: BTreeSet<String> = ids.iter().cloned().collect();
        assert_eq!(distinct.len(), ids.len());
        distinct
    }

    pub(crate) async fn events(&self) -> usize {
        self.rows::<EventRecord>(&EventRecord::prefix_of(&scope())).await.len()
    }

    pub(crate) async fn waiting(&self) -> Vec<Arc<JobRecord>> {
        self.rows(&JobRecord::waiting()).await
    }

    pub(crate) async fn given_up(&self) -> Vec<Arc<JobRecord>> {
        self.rows(&JobRecord::given_up()).await
    }

    async fn rows<R: Record>(&self, under: &Key) -> Vec<Arc<R>> {
        let tables = &self.world().tables;
        let rows = tables.scan::<R>(&under.prefix(), None, 10_000, Direction::Ascending).await;
        rows.unwrap().into_iter().map(|(_, record, _)| record).collect()
    }
}

/// A world on a store; who has the same keys knows the same rows.
pub(crate) fn world_on(
    store: Arc<dyn Store>,
    keys: &dyn Entropy,
    entropy: Arc<dyn Entropy>,
    clock: Arc<dyn Clock>,
) -> World {
    let root_key = RootKey::generate(keys);
    let (sealer, _) = RowSealer::generate(keys, &root_key);
    let sessions = sealer.session_sealer();
    World {
        tables: Tables::new(store, Arc::new(SealedRows::new(sealer, entropy.clone()))),
        root_key: RootKeyRing::in_memory(root_key, entropy.clone()),
        sessions,
        backups: Arc::new(NoBackups),
        outside: Arc::new(NoOutside),
        functions: Arc::new(NoFunctions),
        entropy,
        clock,
        dev: true,
        turns: Turns::default(),
        tallies: Tallies::default(),
        claims: Default::default(),
        message_keys: Default::default(),
        audit: AuditPlace::default(),
    }
}

pub(crate) fn scope() -> Scope {
    Scope { account: AccountId::dev(), region: "us-east-1".parse().unwrap() }
}

fn received(clock: &dyn Clock, operation: &str, input: &Value) -> Received {
    received_of("test", "us-east-1", (clock.now(), clock.real_now()), operation, input)
}

/// A request of an account's root, by its access key in `coffer dev`.
pub(crate) fn received_of(
    access_key_id: &str,
    region: &str,
    (now, real_now): (Timestamp, Timestamp),
    operation: &str,
    input: &Value,
) -> Received {
    let body = input.to_string();
    let request = http::Request::post("http://localhost/")
        .header("x-amz-target", format!("Test.{operation}"))
        .body(())
        .unwrap();
    let (mut head, ()) = request.into_parts();
    let credentials = Credentials {
        access_key_id: access_key_id.to_owned(),
        secret_access_key: "test".to_owned().into(),
        session_token: None,
    };
    let signer = Signer { credentials: &credentials, region, service: "ssm", now: real_now };
    signer.sign_request(&mut head, body.as_bytes()).unwrap();
    Received { head, body: body.into(), source_ip: "127.0.0.1".into(), tls: None, now, real_now }
}

pub(crate) const START_MS: i64 = 1_700_000_000_000;

//! Two worlds, and what carries messages from the one to the other, or does not.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use coffer_model::{AccountId, Sensitive};
use coffer_pipeline::identity::organization::FirstAccountRecord;
use coffer_pipeline::job::runner::run_due;
use coffer_pipeline::{
    JobRecord, NewValue, NotRotated, NotTold, Outside, PeerRights, ReplicaPlace, RotatorKind,
    RotatorStep, Unreachable, World,
};
use coffer_services::JOBS;
use coffer_services::secretsmanager::peers::receive::receive;
use coffer_store::{Direction, Faults, Key, Row, Scan, Sim, Store, Transaction};
use serde_json::{Value, json};

use crate::port::Port;
use crate::world::world_on;

pub(super) const EAST: &str = "eu-central-1";
const WEST: &str = "us-east-1";
const ACCOUNT: &str = "000000000000";

/// What becomes of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    Arrives,
    /// It does not arrive.
    LostBefore,
    /// It arrives, and its answer does not.
    LostAfter,
    /// It arrives long after its sender has given it up.
    Late,
    /// It arrives twice.
    Twice,
    /// It arrives with a much greater number, as from a primary whose store is set back afterwards.
    Ahead,
}

/// The way between the worlds.
#[derive(Default)]
pub(super) struct Bridge {
    east: Mutex<Option<Arc<World>>>,
    fates: Mutex<VecDeque<Fate>>,
    late: Mutex<Vec<Vec<u8>>>,
    all: Mutex<Vec<Vec<u8>>>,
}

impl Bridge {
    pub(super) fn fates(&self, fates: impl IntoIterator<Item = Fate>) {
        self.fates.lock().unwrap().extend(fates);
    }

    /// How many messages were sent.
    pub(super) fn sent(&self) -> usize {
        self.all.lock().unwrap().len()
    }

    /// Lets what is late arrive.
    pub(super) async fn deliver_late(&self, east: &Port) -> usize {
        let late = std::mem::take(&mut *self.late.lock().unwrap());
        for message in &late {
            drop(receive(east.world(), &rights(), message).await);
        }
        late.len()
    }

    /// Lets all messages of before arrive once more.
    pub(super) async fn repeat_all(&self, east: &Port) -> usize {
        let all = self.all.lock().unwrap().clone();
        for message in &all {
            receive(east.world(), &rights(), message).await.unwrap();
        }
        all.len()
    }
}

fn rights() -> PeerRights {
    PeerRights {
        name: "west".to_owned(),
        regions: [EAST.parse().unwrap()].into(),
        primary_regions: [WEST.parse().unwrap()].into(),
        primary_accounts: [].into(),
    }
}

#[async_trait]
impl Outside for Bridge {
    async fn get(&self, _: &str) -> Result<Vec<u8>, Unreachable> {
        Err(Unreachable("it is a bridge".to_owned()))
    }

    async fn rotate(&self, _: RotatorStep) -> Result<Option<NewValue>, NotRotated> {
        Err(Unreachable("it is a bridge".to_owned()).into())
    }

    fn rotator(&self, _: &str) -> Result<RotatorKind, Unreachable> {
        Err(Unreachable("it is a bridge".to_owned()))
    }

    fn check_values(
        &self,
        _: &str,
        _: &Sensitive<String>,
        _: Option<&Sensitive<String>>,
    ) -> Result<(), Unreachable> {
        Ok(())
    }

    fn is_plain(&self, _: &str) -> bool {
        false
    }

    fn peer_of(&self, place: &ReplicaPlace) -> Option<String> {
        let is_east = *place == ReplicaPlace::Region(EAST.parse().unwrap());
        is_east.then(|| "east".to_owned())
    }

    async fn tell_peer(&self, _: &str, message: Sensitive<Vec<u8>>) -> Result<Vec<u8>, NotTold> {
        let east = self.east.lock().unwrap().clone().unwrap();
        let fate = self.fates.lock().unwrap().pop_front().unwrap_or(Fate::Arrives);
        let message = message.expose().clone();
        self.all.lock().unwrap().push(message.clone());
        let lost = |why: &str| NotTold { why: why.to_owned(), is_busy: false };
        match fate {
            Fate::LostBefore => return Err(lost("the message is lost")),
            Fate::Late => {
                self.late.lock().unwrap().push(message);
                return Err(lost("the message is late"));
            }
            Fate::Twice => drop(receive(&east, &rights(), &message).await),
            Fate::Ahead => {
                receive(&east, &rights(), &ahead(&message)).await.unwrap();
                return Err(lost("the answer is lost"));
            }
            Fate::Arrives | Fate::LostAfter => {}
        }
        let received = receive(&east, &rights(), &message).await;
        match fate {
            Fate::LostAfter => Err(lost("the answer is lost")),
            _ => received.map(|it| it.reply).map_err(|error| lost(&format!("{error:?}"))),
        }
    }
}

/// A deployment with primaries, and one with their replicas.
pub(super) struct Both {
    pub(super) bridge: Arc<Bridge>,
    west: Port,
    pub(super) east: Port,
    stores: [Arc<Sim>; 2],
}

impl Both {
    pub(super) async fn new(faults: Option<(u64, Faults)>) -> Self {
        let sim = || {
            Arc::new(
                faults.map_or_else(Sim::new, |(seed, _)| Sim::with_faults(seed, Faults::default())),
            )
        };
        let stores = [sim(), sim()];
        let bridge = Arc::new(Bridge::default());
        let [west, east] = stores.each_ref().map(|sim| world_on(sim.clone() as Arc<dyn Store>));
        let east = Arc::new(east);
        *bridge.east.lock().unwrap() = Some(Arc::clone(&east));
        let mut first = Transaction::new();
        let account = AccountId::dev();
        let record = FirstAccountRecord { account, access_key_id: "key".to_owned() };
        first.put::<FirstAccountRecord>(record, None);
        east.tables.commit(first).await.unwrap();
        let west = World { outside: Arc::clone(&bridge) as Arc<dyn Outside>, ..west };
        let both = Self {
            bridge,
            west: Port::shared(Arc::new(west), WEST),
            east: Port::shared(east, EAST),
            stores,
        };
        if let Some((_, faults)) = faults {
            both.stores.iter().for_each(|sim| sim.set_faults(faults));
        }
        both
    }

    /// No store fails any more.
    pub(super) fn heal(&self) {
        self.stores.iter().for_each(|sim| sim.set_faults(Faults::default()));
        self.bridge.fates.lock().unwrap().clear();
    }

    pub(super) fn advance(&self, span: Duration) {
        for port in [&self.west, &self.east] {
            port.world().clock.advance(span).unwrap();
        }
    }

    pub(super) async fn west(&self, operation: &str, input: Value) -> Result<Value, String> {
        ask(&self.west, operation, input).await
    }

    pub(super) async fn east(&self, operation: &str, input: Value) -> Result<Value, String> {
        ask(&self.east, operation, input).await
    }

    /// Calls in the west; what the state of things refuses is no matter.
    pub(super) async fn secret(&self, operation: &str, mut input: Value) {
        let token = coffer_seal::random_uuid(self.west.world().entropy.as_ref());
        input["ClientRequestToken"] = json!(token);
        drop(self.west(operation, input).await);
        self.advance(Duration::from_millis(3));
    }

    pub(super) async fn create(&self, value: &str) {
        let regions = json!([{ "Region": EAST }]);
        let create = json!({"Name": "db", "SecretString": value, "AddReplicaRegions": regions});
        self.secret("CreateSecret", create).await;
    }

    pub(super) async fn put(&self, value: &str) {
        self.secret("PutSecretValue", json!({"SecretId": "db", "SecretString": value})).await;
    }

    pub(super) async fn tag(&self, value: &str) {
        let tags = json!([{"Key": "step", "Value": value}]);
        drop(self.west("TagResource", json!({"SecretId": "db", "Tags": tags})).await);
    }

    pub(super) async fn move_label(&self) {
        let versions = self.described().await["VersionIdsToStages"].clone();
        let with = |label: &str| {
            let has = |stages: &Value| stages.as_array().unwrap().contains(&json!(label));
            let versions = versions.as_object().unwrap();
            versions.iter().find(|(_, stages)| has(stages)).map(|(id, _)| id.clone())
        };
        let (Some(from), Some(to)) = (with("AWSCURRENT"), with("AWSPREVIOUS")) else { return };
        let moved = json!({"SecretId": "db", "VersionStage": "AWSCURRENT",
            "RemoveFromVersionId": from, "MoveToVersionId": to});
        drop(self.west("UpdateSecretVersionStage", moved).await);
    }

    pub(super) async fn add(&self, overwrite: bool) {
        let regions = json!([{ "Region": EAST }]);
        let input = json!({"SecretId": "db", "AddReplicaRegions": regions,
            "ForceOverwriteReplicaSecret": overwrite});
        drop(self.west("ReplicateSecretToRegions", input).await);
    }

    pub(super) async fn remove(&self) {
        let input = json!({"SecretId": "db", "RemoveReplicaRegions": [EAST]});
        drop(self.west("RemoveRegionsFromReplication", input).await);
    }

    /// Runs what is due now in the west.
    pub(super) async fn work(&self) {
        for _ in 0..1_000 {
            match run_due(self.west.world(), JOBS, 1).await {
                Ok((0, _)) => return,
                Ok(_) | Err(_) => self.advance(Duration::from_millis(1)),
            }
        }
        unreachable!("jobs never end");
    }

    /// Runs all there is to do, however far away it is.
    pub(super) async fn settle(&self) {
        for _ in 0..200 {
            self.work().await;
            if self.waiting_jobs().await == 0 {
                return;
            }
            self.advance(Duration::from_secs(30));
        }
        unreachable!("jobs are never all done");
    }

    /// How many errands wait in the west; KMS has jobs that wait for years.
    pub(super) async fn waiting_jobs(&self) -> usize {
        let prefix = JobRecord::waiting().prefix();
        let tables = &self.west.world().tables;
        for _ in 0..100 {
            let found = tables.scan::<JobRecord>(&prefix, None, 1000, Direction::Ascending).await;
            let Ok(found) = found else { continue };
            let is_errand = |job: &JobRecord| job.kind == "secretsmanager.deliver-replica";
            return found.iter().filter(|(_, job, _)| is_errand(job)).count();
        }
        unreachable!("the store is never there");
    }

    pub(super) async fn described(&self) -> Value {
        self.west("DescribeSecret", json!({"SecretId": "db"})).await.unwrap()
    }

    pub(super) async fn status(&self) -> Option<String> {
        let told = self.described().await;
        told["ReplicationStatus"][0]["Status"].as_str().map(str::to_owned)
    }

    pub(super) async fn east_value(&self) -> Option<String> {
        let answer = self.east("GetSecretValue", json!({"SecretId": "db"})).await.ok()?;
        answer["SecretString"].as_str().map(str::to_owned)
    }

    /// Compares all that both ends tell, values included.
    pub(super) async fn must_be_equal(&self) {
        let (west, east) = (
            self.described().await,
            self.east("DescribeSecret", json!({"SecretId": "db"})).await.unwrap(),
        );
        for member in ["Description", "Tags", "VersionIdsToStages", "LastChangedDate"] {
            assert_eq!(west[member], east[member], "{member}");
        }
        let list = json!({"SecretId": "db", "IncludeDeprecated": true, "MaxResults": 100});
        let ids = |answer: Value| -> Vec<Value> {
            let versions = answer["Versions"].as_array().unwrap().clone();
            versions.iter().map(|version| version["VersionId"].clone()).collect()
        };
        let mut here = ids(self.west("ListSecretVersionIds", list.clone()).await.unwrap());
        let mut there = ids(self.east("ListSecretVersionIds", list).await.unwrap());
        for ids in [&mut here, &mut there] {
            ids.sort_by_key(Value::to_string);
        }
        assert_eq!(here, there);
        for id in here {
            let which = json!({"SecretId": "db", "VersionId": id});
            let here = self.west("GetSecretValue", which.clone()).await.unwrap();
            let there = self.east("GetSecretValue", which).await.unwrap();
            assert_eq!(here["SecretString"], there["SecretString"]);
        }
    }

    /// Makes sure that there are values of no version, and notes of no use, in the east.
    pub(super) async fn must_have_no_rests(&self) {
        let versions = self.rows("secretsmanager.value").await;
        let list = json!({"SecretId": "db", "IncludeDeprecated": true, "MaxResults": 100});
        let known = self.east("ListSecretVersionIds", list).await.unwrap();
        assert_eq!(versions, known["Versions"].as_array().unwrap().len());
        assert_eq!(self.rows("secretsmanager.arriving").await, 0);
    }

    async fn rows(&self, table: &'static str) -> usize {
        rows(&self.stores[1], table).await.len()
    }

    /// How many events of this name the east has kept.
    pub(super) async fn events(&self, name: &str) -> usize {
        let prefix = Key::of("event", &[]).prefix();
        let tables = &self.east.world().tables;
        let found = tables
            .scan::<coffer_pipeline::EventRecord>(&prefix, None, 1000, Direction::Ascending)
            .await
            .unwrap();
        found.iter().filter(|(_, event, _)| event.detail["eventName"] == name).count()
    }

    /// Removes the replica from the east behind everybody's back, as a backup that is older does.
    pub(super) async fn lose_the_replica(&self) {
        for table in ["secretsmanager.secret", "secretsmanager.value"] {
            let rows = rows(&self.stores[1], table).await;
            let mut lost = Transaction::new();
            rows.iter().for_each(|(key, _)| lost.delete_key(key));
            self.east.world().tables.commit(lost).await.unwrap();
        }
    }
}

async fn rows(store: &Sim, table: &'static str) -> Vec<(Key, Row)> {
    let prefix = Key::of(table, &[]).prefix();
    let scan =
        Scan { prefix: &prefix, after: None, rows_max: 1000, direction: Direction::Ascending };
    store.scan(scan).await.unwrap()
}

/// The message with a greater number.
fn ahead(message: &[u8]) -> Vec<u8> {
    let (length, rest) = message.split_first_chunk::<4>().unwrap();
    let (head, values) = rest.split_at(u32::from_be_bytes(*length).try_into().unwrap());
    let mut head: Value = serde_json::from_slice(head).unwrap();
    head["sequence"] = json!(head["sequence"].as_u64().unwrap() + 1_000_000_000);
    let head = head.to_string().into_bytes();
    let length = u32::try_from(head.len()).unwrap().to_be_bytes();
    [&length[..], &head, values].concat()
}

/// Calls until the store lets it.
async fn ask(port: &Port, operation: &str, input: Value) -> Result<Value, String> {
    for _ in 0..100 {
        match port.call(ACCOUNT, "secretsmanager", operation, &input).await {
            Err((code, _)) if code == "ServiceUnavailable" => {
                port.world().clock.advance(Duration::from_millis(1)).unwrap();
            }
            Err((code, cause)) => return Err(format!("{code}: {cause}")),
            Ok(answer) => return Ok(answer),
        }
    }
    unreachable!("{operation} failed a hundred times")
}

//! A server in memory with an audit journal, callers that sign, and what can be seen of the store.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use coffer_journal::{Entry, Portion, Position, Reader};
use coffer_model::{AccountId, Timestamp};
use coffer_pipeline::audit::trail::{AuditPlace, OnFailure, Sync, Trail, TrailOptions};
use coffer_pipeline::road::Route;
use coffer_pipeline::sealing::SealedRows;
use coffer_pipeline::{
    Answer, AuditRecord, Clock, FunctionCodeSource, FunctionHost, FunctionOrder, FunctionOutcome,
    NamedCode, NoBackups, NoOutside, NotMovable, NotRun, Protocol, Received, Road, RootKeyRing,
    Tallies, TlsSession, Turns, World,
};
use coffer_protocol::sigv4::{Credentials, Signer};
use coffer_seal::{Entropy, RootKey, RowSealer, SystemEntropy};
use coffer_services::SERVICES;
use coffer_store::{Direction, Key, Record as _, Scan, Sim, Store, Tables};
use serde_json::Value;

use crate::input::{rest_head, written};

/// A clock of decisions that is moved by hand; the real time stands still.
struct Hand(AtomicI64);

impl Clock for Hand {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.0.load(Ordering::SeqCst))
    }

    fn real_now(&self) -> Timestamp {
        NOW
    }

    fn advance(&self, span: Duration) -> Result<Timestamp, NotMovable> {
        let after = self.now().plus(span);
        self.0.store(after.as_millis(), Ordering::SeqCst);
        Ok(after)
    }
}

/// Runs functions that give back what they are given.
struct Echo;

#[async_trait]
impl FunctionHost for Echo {
    fn is_enabled(&self) -> bool {
        true
    }

    fn allows(&self, _: &NamedCode) -> bool {
        false
    }

    async fn invoke(
        &self,
        order: FunctionOrder,
        _: &dyn FunctionCodeSource,
    ) -> Result<FunctionOutcome, NotRun> {
        Ok(FunctionOutcome {
            payload: order.payload,
            function_error: None,
            log_tail: Vec::new().into(),
            executed_version: order.version,
        })
    }
}

/// A server in memory.
pub(crate) struct Port {
    pub(crate) road: Road,
    sim: Arc<Sim>,
    folder: tempfile::TempDir,
}

impl Port {
    pub(crate) fn open() -> Self {
        let entropy: Arc<dyn Entropy> = Arc::new(SystemEntropy::new());
        let root_key = RootKey::generate(entropy.as_ref());
        let (sealer, _) = RowSealer::generate(entropy.as_ref(), &root_key);
        let sim = Arc::new(Sim::new());
        let sessions = sealer.session_sealer();
        let tables = Tables::new(sim.clone(), Arc::new(SealedRows::new(sealer, entropy.clone())));
        let folder = tempfile::tempdir().unwrap();
        let exports = folder.path().join("exports");
        std::fs::create_dir_all(exports.join(BUCKET)).unwrap();
        let (trail, found) = Trail::open(&TrailOptions {
            folder: &folder.path().join(JOURNAL),
            key: &[7; 32],
            fresh_node: "node",
            sync: Sync::Soon,
            on_failure: OnFailure::Refuse,
            now: NOW,
        })
        .unwrap();
        assert!(found.is_empty(), "{found:?}");
        let root_key = RootKeyRing::in_memory(root_key, entropy.clone());
        let world = World {
            tables,
            root_key,
            sessions,
            backups: Arc::new(NoBackups),
            outside: Arc::new(NoOutside),
            functions: Arc::new(Echo),
            entropy,
            clock: Arc::new(Hand(AtomicI64::new(NOW.as_millis()))),
            dev: true,
            turns: Turns::default(),
            tallies: Tallies::default(),
            claims: Default::default(),
            message_keys: Default::default(),
            audit: AuditPlace { trail: Some(trail), exports: Some(exports) },
        };
        Self { road: Road::new(Arc::new(world), SERVICES), sim, folder }
    }

    /// The route to an operation.
    pub(crate) fn route(&self, service: &str, operation: &str) -> Route {
        let mut all = self.road.routes().all().iter();
        let found = all.find(|it| it.service.name == service && it.entry.name == operation);
        *found.unwrap_or_else(|| panic!("there is no {service} {operation}"))
    }

    /// A request as somebody signs it.
    pub(crate) fn request(&self, who: &Credentials, route: &Route, input: &Value) -> Received {
        let body = written(route, input);
        self.received(signed(route, &Hands::of(who), &body), &body)
    }

    pub(crate) fn received(&self, head: http::request::Parts, body: &[u8]) -> Received {
        Received {
            head,
            body: body.to_vec().into(),
            source_ip: "127.0.0.1".into(),
            tls: Some(Arc::new(TlsSession {
                version: "TLSv1.3".to_owned(),
                cipher_suite: "TLS_AES_128_GCM_SHA256".to_owned(),
            })),
            now: self.road.world().clock.now(),
            real_now: NOW,
        }
    }

    pub(crate) async fn sends(&self, request: Received) -> Answer {
        let answer = self.road.travel(Box::new(request)).await;
        assert_eq!(answer.request_id.len(), 36);
        let is_told = match answer.content_type {
            "text/xml" => answer.body.starts_with(b"<"),
            // What has nothing to give says nothing.
            _ if answer.fault.is_none() && answer.body.is_empty() => true,
            _ => serde_json::from_slice::<Value>(&answer.body).is_ok(),
        };
        assert!(is_told, "{:?}", String::from_utf8_lossy(&answer.body));
        answer
    }

    pub(crate) async fn asks(
        &self,
        who: &Credentials,
        service: &str,
        operation: &str,
        input: &Value,
    ) -> Answer {
        let route = self.route(service, operation);
        self.sends(self.request(who, &route, input)).await
    }

    /// Asks for what has to be given.
    pub(crate) async fn gets(
        &self,
        who: &Credentials,
        service: &str,
        operation: &str,
        input: &Value,
    ) -> Given {
        let answer = self.asks(who, service, operation, input).await;
        let fault = answer.fault.as_ref().map(|fault| (fault.code, &fault.message));
        assert_eq!(fault, None, "{service} {operation} {input}");
        Given(String::from_utf8(answer.body).unwrap())
    }

    /// All rows, byte by byte.
    pub(crate) async fn rows(&self) -> BTreeMap<Key, Vec<u8>> {
        let mut rows = BTreeMap::new();
        let mut after = None;
        loop {
            let scan = Scan {
                prefix: &[],
                after: after.as_ref(),
                rows_max: 500,
                direction: Direction::Ascending,
            };
            let page = self.sim.scan(scan).await.unwrap();
            let Some((last, _)) = page.last() else { return rows };
            after = Some(last.clone());
            rows.extend(page.into_iter().map(|(key, row)| (key, row.value.to_vec())));
        }
    }

    /// All rows but those that note when keys and roles were last used: whoever signs rightly has
    /// used one, also where the request is then refused.
    pub(crate) async fn rows_besides_uses(&self) -> BTreeMap<Key, Vec<u8>> {
        let mut rows = self.rows().await;
        rows.retain(|key, _| !key.as_bytes().starts_with(USES.as_bytes()));
        rows
    }

    /// The audit records of answers, by request: how many the journal has and how many commits
    /// have, and the code of the fault that they tell.
    pub(crate) async fn records(&self) -> BTreeMap<String, Kept> {
        let mut kept: BTreeMap<String, Kept> = BTreeMap::new();
        let mut reader = Reader::new(&self.folder.path().join(JOURNAL), Position::START);
        let portion =
            Portion { records_max: 10_000_000, bytes_max: usize::MAX, sequence_max: u64::MAX };
        let each = |entry: &Entry<'_>| {
            let record = AuditRecord::from_journal(entry.record).unwrap();
            if record.part == 0 {
                let kept = kept.entry(record.request_id).or_default();
                kept.in_journal += 1;
                kept.code = record.error_code;
                kept.name = format!("{} {}", record.event_source, record.event_name);
            }
        };
        assert!(reader.read(portion, each).unwrap());
        let prefix = Key::of(AuditRecord::TABLE, &[]).prefix();
        let mut after = None;
        loop {
            let tables = &self.road.world().tables;
            let page = tables
                .scan::<AuditRecord>(&prefix, after.as_ref(), 500, Direction::Ascending)
                .await
                .unwrap();
            let Some((last, _, _)) = page.last() else { return kept };
            after = Some(last.clone());
            for (_, record, _) in page.iter().filter(|(_, record, _)| record.part == 0) {
                let kept = kept.entry(record.request_id.clone()).or_default();
                kept.in_commit += 1;
                kept.code.clone_from(&record.error_code);
                kept.name = format!("{} {}", record.event_source, record.event_name);
            }
        }
    }
}

/// What is kept about one answer.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Kept {
    pub(crate) in_journal: usize,
    pub(crate) in_commit: usize,
    pub(crate) code: Option<String>,
    pub(crate) name: String,
}

/// What an operation gave.
pub(crate) struct Given(String);

impl Given {
    /// The first member of this name that is a text, however deep.
    pub(crate) fn text(&self, name: &str) -> String {
        let found = match self.0.starts_with('<') {
            true => element(&self.0, name).map(str::to_owned),
            false => member(&serde_json::from_str(&self.0).unwrap(), name),
        };
        found.unwrap_or_else(|| panic!("no {name} in {}", self.0))
    }

    pub(crate) fn credentials(&self) -> Credentials {
        let token = element(&self.0, "SessionToken");
        Credentials {
            access_key_id: self.text("AccessKeyId"),
            secret_access_key: self.text("SecretAccessKey").into(),
            session_token: token.map(|token| token.to_owned().into()),
        }
    }
}

fn element<'t>(text: &'t str, name: &str) -> Option<&'t str> {
    let (_, rest) = text.split_once(&format!("<{name}>"))?;
    rest.split_once(&format!("</{name}>")).map(|(value, _)| value)
}

fn member(value: &Value, name: &str) -> Option<String> {
    match value {
        Value::Object(members) => match members.get(name) {
            Some(Value::String(text)) => Some(text.clone()),
            _ => members.values().find_map(|value| member(value, name)),
        },
        Value::Array(items) => items.iter().find_map(|value| member(value, name)),
        _ => None,
    }
}

/// The root of an account.
pub(crate) fn root_of(account: &str) -> Credentials {
    let _: AccountId = account.parse().unwrap();
    Credentials {
        access_key_id: account.to_owned(),
        secret_access_key: "test".to_owned().into(),
        session_token: None,
    }
}

/// Who signs, for what, and when.
#[derive(Clone)]
pub(crate) struct Hands<'a> {
    pub(crate) credentials: Credentials,
    pub(crate) service: Option<&'a str>,
    pub(crate) now: Timestamp,
}

impl Hands<'_> {
    pub(crate) fn of(who: &Credentials) -> Self {
        Self { credentials: who.clone(), service: None, now: NOW }
    }
}

pub(crate) fn unsigned(route: &Route, body: &[u8]) -> http::request::Parts {
    let request = http::Request::post("http://localhost/");
    let request = match route.service.protocol {
        Protocol::RestJson => {
            let input = serde_json::from_slice(body).unwrap_or_default();
            let (target, headers) = rest_head(route, &input);
            let request = http::Request::builder()
                .method(route.entry.http.unwrap().method)
                .uri(format!("http://localhost{target}"));
            headers.into_iter().fold(request, |request, (name, value)| request.header(name, value))
        }
        Protocol::Json { target_prefix } => {
            request.header("x-amz-target", format!("{target_prefix}.{}", route.entry.name))
        }
        Protocol::Query { .. } => {
            request.header("content-type", "application/x-www-form-urlencoded")
        }
    };
    request.header("content-length", body.len()).body(()).unwrap().into_parts().0
}

pub(crate) fn signed(route: &Route, hands: &Hands<'_>, body: &[u8]) -> http::request::Parts {
    let mut head = unsigned(route, body);
    let Hands { credentials, service, now } = hands;
    let service = service.unwrap_or(route.service.name);
    let signer = Signer { credentials, region: "us-east-1", service, now: *now };
    signer.sign_request(&mut head, body).unwrap();
    head
}

pub(crate) fn name(route: &Route) -> String {
    format!("{} {}", route.service.name, route.entry.name)
}

/// The bucket that there is for log files.
pub(crate) const BUCKET: &str = "trail-bucket";
const JOURNAL: &str = "journal";
/// What the tables of last uses begin with.
const USES: &str = "iam-used.";
/// When everything happens that is signed.
pub(crate) const NOW: Timestamp = Timestamp::EPOCH;

//! Whatever is committed and scanned, an engine answers as an ordered map would.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use coffer_store::{
    Batch, CommitError, Direction, Embedded, Key, Reads, Revision, Row, Scan, Sim, Store,
};
use coffer_test_servers::{Etcd, EtcdOptions, Postgresql};
use proptest::prelude::{Just, ProptestConfig, Strategy, any, prop};
use proptest::prop_oneof;
use proptest::sample::Index;
use tokio::runtime::Runtime;

use crate::nodes::{open, open_etcd, prefix, schema};

/// One step. Revisions to expect are picked among those that the key has had.
#[derive(Clone, Debug)]
enum Step {
    Commit { expectations: Vec<(Key, Expected)>, puts: Vec<(Key, Vec<u8>)>, deletes: Vec<Key> },
    Scan { prefix: Vec<u8>, after: Option<Key>, rows_max: usize, direction: Direction },
    Read(Vec<Key>),
}

#[derive(Clone, Debug)]
enum Expected {
    Present,
    Absent,
    Earlier(Index),
}

/// Keys of few bytes, among them the least and the greatest, so that they often meet.
fn key() -> impl Strategy<Value = Key> {
    bytes().prop_map(|bytes| Key::from_bytes(&bytes))
}

fn bytes() -> impl Strategy<Value = Vec<u8>> {
    let byte = prop_oneof![Just(0), Just(1), Just(b'a'), Just(0xfe), Just(0xff)];
    prop::collection::vec(byte, 0..4)
}

fn expected() -> impl Strategy<Value = Expected> {
    prop_oneof![
        6 => Just(Expected::Present),
        1 => Just(Expected::Absent),
        1 => any::<Index>().prop_map(Expected::Earlier),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    let commit = (
        prop::collection::vec((key(), expected()), 0..3),
        prop::collection::vec((key(), prop::collection::vec(any::<u8>(), 0..4)), 0..5),
        prop::collection::vec(key(), 0..3),
    )
        .prop_map(|(expectations, puts, deletes)| Step::Commit { expectations, puts, deletes });
    let direction = prop_oneof![Just(Direction::Ascending), Just(Direction::Descending)];
    let scan = (bytes(), prop::option::of(key()), 0..9_usize, direction).prop_map(
        |(prefix, after, rows_max, direction)| Step::Scan { prefix, after, rows_max, direction },
    );
    let read = prop::collection::vec(key(), 0..6).prop_map(Step::Read);
    prop_oneof![3 => commit, 2 => scan, 1 => read]
}

/// What the store should hold, done as simply as possible.
#[derive(Default)]
struct Model {
    rows: BTreeMap<Key, Row>,
    last: u64,
    earlier: Vec<Revision>,
}

impl Model {
    fn revision_of(&self, key: &Key) -> Option<Revision> {
        self.rows.get(key).map(|row| row.revision)
    }

    fn expected(&self, key: &Key, expected: &Expected) -> Option<Revision> {
        match expected {
            Expected::Present => self.revision_of(key),
            Expected::Absent => None,
            Expected::Earlier(_) if self.earlier.is_empty() => Some(Revision::new(1)),
            Expected::Earlier(index) => Some(*index.get(&self.earlier)),
        }
    }

    fn check_commit(&mut self, batch: &Batch, outcome: Result<Revision, CommitError>) {
        let holds = |(key, expected): &(Key, _)| self.revision_of(key) == *expected;
        if !batch.expectations.iter().all(holds) {
            assert_eq!(outcome, Err(CommitError::Conflict));
            return;
        }
        let revision = outcome.unwrap();
        if batch.is_read_only() {
            assert_eq!(revision.number(), self.last);
            return;
        }
        assert!(revision.number() > self.last);
        self.last = revision.number();
        self.earlier.push(revision);
        for key in &batch.deletes {
            self.rows.remove(key);
        }
        for (key, value) in &batch.puts {
            self.rows.insert(key.clone(), Row { value: value.clone(), revision });
        }
    }

    fn scan(&self, scan: &Scan<'_>) -> Vec<(Key, Row)> {
        let is_in = |key: &Key| {
            let is_after = scan.after.is_none_or(|after| match scan.direction {
                Direction::Ascending => key > after,
                Direction::Descending => key < after,
            });
            is_after && key.as_bytes().starts_with(scan.prefix)
        };
        let mut rows: Vec<_> = self.rows.iter().filter(|(key, _)| is_in(key)).collect();
        if scan.direction == Direction::Descending {
            rows.reverse();
        }
        rows.truncate(scan.rows_max);
        rows.into_iter().map(|(key, row)| (key.clone(), row.clone())).collect()
    }
}

fn check(store: &dyn Store, steps: Vec<Step>) {
    let runtime = runtime();
    let mut model = Model::default();
    for step in steps {
        match step {
            Step::Commit { expectations, puts, deletes } => {
                let expected =
                    |(key, expected): (Key, _)| (key.clone(), model.expected(&key, &expected));
                let batch = Batch {
                    expectations: expectations.into_iter().map(expected).collect(),
                    puts: puts.into_iter().map(|(key, value)| (key, value.into())).collect(),
                    deletes,
                };
                let outcome = runtime.block_on(store.commit(batch.clone()));
                model.check_commit(&batch, outcome);
            }
            Step::Scan { prefix, after, rows_max, direction } => {
                let after = after.as_ref();
                let scan = Scan { prefix: &prefix, after, rows_max, direction };
                let rows = runtime.block_on(store.scan(scan)).unwrap();
                assert_eq!(rows, model.scan(&scan), "{scan:?}");
            }
            Step::Read(keys) => {
                let rows = runtime.block_on(store.read(&keys)).unwrap();
                let expected: Vec<_> =
                    keys.iter().map(|key| model.rows.get(key).cloned()).collect();
                assert_eq!(rows, expected);
            }
        }
    }
    let scan = Scan { prefix: b"", after: None, rows_max: 1_000, direction: Direction::Ascending };
    assert_eq!(runtime.block_on(store.scan(scan)).unwrap(), model.scan(&scan));
}

fn runtime() -> Runtime {
    tokio::runtime::Builder::new_current_thread().build().unwrap()
}

fn cases(cases: u32) -> ProptestConfig {
    ProptestConfig { failure_persistence: None, cases, ..ProptestConfig::default() }
}

proptest::proptest! {
    #![proptest_config(cases(256))]

    #[test]
    fn sim_is_an_ordered_map(steps in prop::collection::vec(step(), 1..60)) {
        check(&Sim::new(), steps);
    }
}

proptest::proptest! {
    #![proptest_config(cases(64))]

    #[test]
    fn embedded_is_an_ordered_map_that_stays(steps in prop::collection::vec(step(), 1..60)) {
        let directory = tempfile::tempdir().unwrap();
        let store = Embedded::open(directory.path()).unwrap();
        check(&store, steps);
        let all = Scan { prefix: b"", after: None, rows_max: 1_000, direction: Direction::Ascending };
        let before = runtime().block_on(store.scan(all)).unwrap();
        drop(store);
        let store = Embedded::open(directory.path()).unwrap();
        assert_eq!(runtime().block_on(store.scan(all)).unwrap(), before);
    }
}

proptest::proptest! {
    #![proptest_config(cases(48))]

    #[test]
    fn postgres_is_an_ordered_map_that_stays(steps in prop::collection::vec(step(), 1..60)) {
        static SERVER: LazyLock<Postgresql> = LazyLock::new(|| Postgresql::start(false));
        let url = schema(&SERVER);
        let store = open(&url, Reads::Strong);
        check(&store, steps);
        let all = Scan { prefix: b"", after: None, rows_max: 1_000, direction: Direction::Ascending };
        let before = runtime().block_on(store.scan(all)).unwrap();
        drop(store);
        let store = open(&url, Reads::Strong);
        assert_eq!(runtime().block_on(store.scan(all)).unwrap(), before);
    }
}

proptest::proptest! {
    #![proptest_config(cases(48))]

    #[test]
    fn etcd_is_an_ordered_map_whoever_asks(steps in prop::collection::vec(step(), 1..60)) {
        static CLUSTER: LazyLock<Etcd> = LazyLock::new(|| Etcd::start(1, EtcdOptions::default()));
        let url = prefix(&CLUSTER);
        let store = open_etcd(&url, Reads::Strong).unwrap();
        check(&store, steps);
        let all = Scan { prefix: b"", after: None, rows_max: 1_000, direction: Direction::Ascending };
        let before = runtime().block_on(store.scan(all)).unwrap();
        let store = open_etcd(&url, Reads::Strong).unwrap();
        assert_eq!(runtime().block_on(store.scan(all)).unwrap(), before);
    }
}

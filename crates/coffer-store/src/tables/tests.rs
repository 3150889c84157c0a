//! Records through both engines: round trips, indexes, upgrades, the cipher, the cache.

use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use bytes::Bytes;
use proptest::prelude::{ProptestConfig, Strategy, prop};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::*;
use crate::{Batch, Embedded, Faults, Sim};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Note {
    name: String,
    tags: Vec<String>,
    text: String,
}

impl Record for Note {
    const TABLE: &'static str = "note";
    const VERSION: u8 = 3;

    fn key(&self) -> Key {
        note_key(&self.name)
    }

    fn indexes(&self) -> Vec<Key> {
        self.tags.iter().map(|tag| Key::of("note-by-tag", &[tag, &self.name])).collect()
    }

    fn upgrade(version: u8, mut json: Value) -> Result<Value, DecodeError> {
        let fields = json.as_object_mut().ok_or_else(|| DecodeError::new("not an object"))?;
        match version {
            1 => drop(fields.insert("tags".to_owned(), json!([]))),
            2 => {
                let body = fields.remove("body").ok_or_else(|| DecodeError::new("no body"))?;
                fields.insert("text".to_owned(), body);
            }
            _ => return Err(DecodeError::version(version, Self::VERSION)),
        }
        Ok(json)
    }
}

fn note(name: &str, tags: &[&str], text: &str) -> Note {
    let tags = tags.iter().map(|tag| (*tag).to_owned()).collect();
    Note { name: name.to_owned(), tags, text: text.to_owned() }
}

fn note_key(name: &str) -> Key {
    Key::of("note", &[name])
}

/// No cipher, but as particular about the key as one: it flips the bytes, after the key's.
struct Flip;

impl RowCipher for Flip {
    fn seal(&self, key: &Key, plain: &[u8]) -> Result<Vec<u8>, CipherError> {
        Ok(key.as_bytes().iter().copied().chain(plain.iter().map(|byte| !byte)).collect())
    }

    fn open(&self, key: &Key, sealed: &[u8]) -> Result<Vec<u8>, CipherError> {
        let plain = sealed.strip_prefix(key.as_bytes()).ok_or_else(|| CipherError::new("moved"))?;
        Ok(plain.iter().map(|byte| !byte).collect())
    }
}

fn wait<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}

fn tables() -> Tables {
    Tables::new(Arc::new(Sim::new()), Arc::new(Flip))
}

fn put(tables: &Tables, note: Note, old: Option<&Note>) -> Revision {
    let mut transaction = Transaction::new();
    transaction.put(note, old);
    wait(tables.commit(transaction)).unwrap()
}

fn get(tables: &Tables, name: &str) -> Option<Note> {
    wait(tables.get::<Note>(&note_key(name))).unwrap().record.map(|note| (*note).clone())
}

fn put_raw(tables: &Tables, key: &Key, plain: &[u8]) {
    let value = Bytes::from(Flip.seal(key, plain).unwrap());
    let batch = Batch { puts: vec![(key.clone(), value)], ..Batch::default() };
    wait(tables.store().commit(batch)).unwrap();
}

#[test]
fn a_record_comes_back_as_it_was_put() {
    let tables = tables();
    assert_eq!(get(&tables, "a"), None);
    let first = note("a", &["x"], "one");
    let revision = put(&tables, first.clone(), None);
    for _ in 0..2 {
        let versioned = wait(tables.get::<Note>(&note_key("a"))).unwrap();
        assert_eq!(
            (versioned.record.as_deref(), versioned.revision),
            (Some(&first), Some(revision))
        );
    }
    let fresh = wait(tables.get_fresh::<Note>(&note_key("a"))).unwrap();
    assert_eq!((fresh.record.as_deref(), fresh.revision), (Some(&first), Some(revision)));
    let mut transaction = Transaction::new();
    transaction.delete(&first);
    wait(tables.commit(transaction)).unwrap();
    assert_eq!(get(&tables, "a"), None);
}

#[test]
fn the_cache_counts_what_it_had_and_what_it_had_not() {
    let tables = tables();
    put(&tables, note("a", &[], "one"), None);
    assert_eq!((tables.cache_counts().hits, tables.cache_counts().misses), (0, 0));
    for _ in 0..3 {
        get(&tables, "a");
    }
    get(&tables, "none");
    let counts = tables.cache_counts();
    assert_eq!((counts.hits, counts.misses, counts.records), (2, 2, 2));
    assert!(counts.bytes > 0);
}

#[test]
fn many_records_come_in_the_order_they_are_asked_for() {
    let tables = tables();
    for name in ["a", "b", "c"] {
        put(&tables, note(name, &[], name), None);
    }
    get(&tables, "b");
    get(&tables, "none");
    let keys = ["c", "none", "b", "absent", "a", "c"].map(note_key);
    let check = || {
        let found = wait(tables.get_many::<Note>(&keys)).unwrap();
        let texts: Vec<_> =
            found.iter().map(|found| found.record.as_ref().map(|n| &*n.text)).collect();
        assert_eq!(texts, [Some("c"), None, Some("b"), None, Some("a"), Some("c")]);
        let has_revision = found.iter().map(|found| found.revision.is_some());
        assert!(has_revision.eq(texts.iter().map(Option::is_some)));
    };
    check();
    check();
}

#[test]
fn a_scan_sees_records_cached_or_not() {
    let tables = tables();
    for name in ["a", "b", "c"] {
        put(&tables, note(name, &[], "1"), None);
    }
    get(&tables, "a");
    put(&tables, note("b", &[], "2"), None);
    let prefix = Key::build("note").prefix();
    let scan = |after: Option<&Key>| {
        let rows = wait(tables.scan::<Note>(&prefix, after, 10, Direction::Ascending)).unwrap();
        rows.iter().map(|(_, note, _)| note.name.clone() + &note.text).collect::<Vec<_>>()
    };
    assert_eq!(scan(None), ["a1", "b2", "c1"]);
    assert_eq!(scan(None), ["a1", "b2", "c1"]);
    assert_eq!(scan(Some(&note_key("a"))), ["b2", "c1"]);
    assert_eq!(get(&tables, "c").unwrap().text, "1");
}

#[test]
fn rows_of_every_older_version_are_read() {
    let tables = tables();
    let check = |plain: &[u8], expected: Result<Note, ()>| {
        put_raw(&tables, &note_key("a"), plain);
        let read = wait(tables.get_fresh::<Note>(&note_key("a")));
        assert_eq!(read.map(|read| (*read.record.unwrap()).clone()).map_err(drop), expected);
    };
    check(b"\x01{\"name\":\"a\",\"body\":\"t\"}", Ok(note("a", &[], "t")));
    check(b"\x02{\"name\":\"a\",\"tags\":[\"x\"],\"body\":\"t\"}", Ok(note("a", &["x"], "t")));
    check(b"\x03{\"name\":\"a\",\"tags\":[\"x\"],\"text\":\"t\"}", Ok(note("a", &["x"], "t")));
    check(b"\x04{\"name\":\"a\",\"tags\":[\"x\"],\"text\":\"t\"}", Err(()));
    check(b"\x00{}", Err(()));
    check(b"", Err(()));
}

#[test]
fn an_error_never_quotes_a_value() {
    let tables = tables();
    put_raw(&tables, &note_key("a"), b"\x03{\"name\":\"a\",\"tags\":\"hunter2\"}");
    let error = wait(tables.get::<Note>(&note_key("a"))).unwrap_err();
    assert!(matches!(error, TableError::Decode(..)));
    let printed = format!("{error} {error:?}");
    assert!(printed.contains("note|a") && !printed.contains("hunter2"), "{printed}");
}

#[test]
fn the_engine_sees_sealed_bytes_and_a_moved_row_does_not_open() {
    let tables = tables();
    put(&tables, note("a", &["tag"], "hunter2"), None);
    let scan = Scan { prefix: b"", after: None, rows_max: 10, direction: Direction::Ascending };
    let rows = wait(tables.store().scan(scan)).unwrap();
    assert_eq!(rows.len(), 2);
    assert!(rows.iter().all(|(_, row)| !row.value.windows(7).any(|bytes| bytes == b"hunter2")));
    let (_, row) = rows.first().unwrap();
    let puts = vec![(note_key("b"), row.value.clone())];
    wait(tables.store().commit(Batch { puts, ..Batch::default() })).unwrap();
    let error = wait(tables.get::<Note>(&note_key("b"))).unwrap_err();
    assert!(matches!(error, TableError::Cipher(..)), "{error}");
}

#[test]
fn a_transaction_reads_its_own_writes() {
    let mut transaction = Transaction::new();
    assert!(transaction.is_empty());
    assert!(matches!(transaction.staged_get::<Note>(&note_key("a")), Staged::Untouched));
    transaction.expect(&note_key("a"), None);
    assert!(transaction.is_read_only() && !transaction.is_empty());
    assert!(transaction.expects(&note_key("a")) && !transaction.expects(&note_key("b")));
    let first = note("a", &["x", "y"], "1");
    transaction.put(first.clone(), None);
    let Staged::Put(staged) = transaction.staged_get::<Note>(&note_key("a")) else { panic!() };
    assert_eq!(*staged, first);
    transaction.delete(&*staged);
    assert!(matches!(transaction.staged_get::<Note>(&note_key("a")), Staged::Deleted));
}

#[test]
fn a_key_seen_in_two_revisions_makes_the_commit_conflict() {
    let tables = tables();
    let first = put(&tables, note("a", &[], "1"), None);
    let second = put(&tables, note("a", &[], "2"), None);
    let mut transaction = Transaction::new();
    transaction.expect(&note_key("a"), Some(first));
    transaction.expect(&note_key("a"), Some(second));
    assert_eq!(wait(tables.commit(transaction)), Err(CommitError::Conflict));
}

#[test]
fn bytes_that_are_no_record_are_sealed_too() {
    let tables = tables();
    let key = Key::of("batch", &["1"]);
    let mut transaction = Transaction::new();
    transaction.put_bytes(&key, b"\0\x01".to_vec());
    let revision = wait(tables.commit(transaction)).unwrap();
    assert_eq!(wait(tables.get_bytes(&key)).unwrap(), Some((b"\0\x01".to_vec(), revision)));
    let prefix = Key::build("batch").prefix();
    let rows = wait(tables.scan_bytes(&prefix, None, 10, Direction::Descending)).unwrap();
    assert_eq!(rows, [(key.clone(), b"\0\x01".to_vec(), revision)]);
    let mut transaction = Transaction::new();
    transaction.delete_key(&key);
    wait(tables.commit(transaction)).unwrap();
    assert_eq!(wait(tables.get_bytes(&key)).unwrap(), None);
}

#[test]
fn a_second_try_after_a_conflict_sees_what_the_first_one_missed() {
    /// An engine that never tells its observers, as one far away might be late to.
    struct Untold(Sim);
    #[async_trait::async_trait]
    impl Store for Untold {
        async fn read(&self, keys: &[Key]) -> Result<Vec<Option<Row>>, StoreError> {
            self.0.read(keys).await
        }
        async fn scan(&self, scan: Scan<'_>) -> Result<Vec<(Key, Row)>, StoreError> {
            self.0.scan(scan).await
        }
        async fn snapshot(&self) -> Result<Box<dyn crate::Snapshot>, StoreError> {
            self.0.snapshot().await
        }
        async fn commit(&self, batch: Batch) -> Result<Revision, CommitError> {
            self.0.commit(batch).await
        }
        fn watch(&self, _observer: Arc<dyn crate::Observer>) {}
        async fn close(&self) -> Result<(), StoreError> {
            self.0.close().await
        }
    }
    let store: Arc<dyn Store> = Arc::new(Untold(Sim::new()));
    let [here, elsewhere] = [(); 2].map(|()| Tables::new(Arc::clone(&store), Arc::new(Flip)));
    put(&here, note("a", &[], "1"), None);
    assert_eq!(get(&here, "a").unwrap().text, "1");
    put(&elsewhere, note("a", &[], "2"), None);
    let try_once = || {
        let read = wait(here.get::<Note>(&note_key("a"))).unwrap();
        let mut transaction = Transaction::new();
        transaction.expect(&note_key("a"), read.revision);
        transaction.put(note("a", &[], "3"), read.record.as_deref());
        wait(here.commit(transaction))
    };
    assert_eq!(try_once(), Err(CommitError::Conflict));
    assert!(try_once().is_ok());
    assert_eq!(get(&here, "a").unwrap().text, "3");
}

#[test]
fn after_an_unknown_outcome_the_engine_is_asked() {
    let sim = Arc::new(Sim::new());
    let tables = Tables::new(Arc::<Sim>::clone(&sim), Arc::new(Flip));
    for round in 0..20 {
        let text = round.to_string();
        get(&tables, "a");
        sim.set_faults(Faults { unknowns_per_mille: 1_000, ..Faults::default() });
        let mut transaction = Transaction::new();
        transaction.put(note("a", &[], &text), None);
        assert_eq!(wait(tables.commit(transaction)), Err(CommitError::Unknown));
        sim.set_faults(Faults::default());
        let fresh = wait(tables.get_fresh::<Note>(&note_key("a"))).unwrap().record;
        assert_eq!(get(&tables, "a").as_ref(), fresh.as_deref());
    }
}

/// Reads through the cache, while others write, are never older than what was acknowledged.
fn check_that_reads_are_never_stale(store: Arc<dyn Store>) {
    let limits = CacheLimits { bytes_max: 1 << 20, records_max: 64 };
    let tables = Tables::with_cache(store, Arc::new(Flip), limits);
    let names: Vec<String> = (0..4).map(|number| number.to_string()).collect();
    let told: Vec<AtomicU64> = names.iter().map(|_| AtomicU64::new(0)).collect();
    let running = AtomicU64::new(2);
    let write = |half: usize| {
        for number in 1..=WRITES {
            for (name, told) in names.iter().zip(&told).skip(half).step_by(2) {
                put(&tables, note(name, &[], &number.to_string()), None);
                told.store(number, Ordering::SeqCst);
            }
        }
        running.fetch_sub(1, Ordering::SeqCst);
    };
    let text = |note: &Note| note.text.parse::<u64>().unwrap();
    thread::scope(|threads| {
        threads.spawn(|| write(0));
        threads.spawn(|| write(1));
        for _ in 0..2 {
            threads.spawn(|| {
                while running.load(Ordering::SeqCst) > 0 {
                    for (name, told) in names.iter().zip(&told) {
                        let least = told.load(Ordering::SeqCst);
                        let seen = get(&tables, name).as_ref().map_or(0, text);
                        assert!(seen >= least, "saw {seen} after {least} was acknowledged");
                    }
                }
            });
        }
    });
    for name in &names {
        assert_eq!(get(&tables, name).as_ref().map(text), Some(WRITES));
        assert!(tables.cached::<Note>(&note_key(name)).is_some());
    }
}

#[test]
fn cached_reads_are_never_stale_above_embedded() {
    let directory = tempfile::tempdir().unwrap();
    check_that_reads_are_never_stale(Arc::new(Embedded::open(directory.path()).unwrap()));
}

#[test]
fn cached_reads_are_never_stale_above_sim() {
    let faults = Faults { yields_max: 3, ..Faults::default() };
    check_that_reads_are_never_stale(Arc::new(Sim::with_faults(1, faults)));
}

/// One change of a note: its name, and its new tags, or `None` to delete it.
fn change() -> impl Strategy<Value = (String, Option<Vec<String>>)> {
    ("[ab]", prop::option::weighted(0.7, prop::collection::vec("[xyz]", 0..3)))
}

proptest::proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn index_rows_always_lead_to_the_records_that_are_there(
        transactions in prop::collection::vec(prop::collection::vec(change(), 1..4), 1..12)
    ) {
        let tables = tables();
        for changes in transactions {
            let mut transaction = Transaction::new();
            for (name, tags) in changes {
                let old = match transaction.staged_get::<Note>(&note_key(&name)) {
                    Staged::Untouched => wait(tables.get::<Note>(&note_key(&name))).unwrap().record,
                    Staged::Put(note) => Some(note),
                    Staged::Deleted => None,
                };
                match (tags, old) {
                    (Some(tags), old) => {
                        let new = Note { name, tags, text: String::new() };
                        transaction.put(new, old.as_deref());
                    }
                    (None, Some(old)) => transaction.delete(&*old),
                    (None, None) => {}
                }
            }
            wait(tables.commit(transaction)).unwrap();
        }
        let all = Direction::Ascending;
        let notes = wait(tables.scan::<Note>(&Key::build("note").prefix(), None, 100, all)).unwrap();
        let mut expected: Vec<(Key, Key)> = notes
            .iter()
            .flat_map(|(key, note, _)| note.indexes().into_iter().map(|index| (index, key.clone())))
            .collect();
        expected.sort();
        expected.dedup();
        let prefix = Key::build("note-by-tag").prefix();
        let indexes = wait(tables.scan_keys(&prefix, None, 100, all)).unwrap();
        proptest::prop_assert_eq!(indexes, expected);
    }
}

const WRITES: u64 = 100;

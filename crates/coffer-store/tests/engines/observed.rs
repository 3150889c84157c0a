//! What tests of engines for several nodes write, and how they see what became of it.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

use coffer_store::{Batch, CommitError, Key, Observer, Revision, Store, StoreError};

use crate::nodes::{eventually, wait};

pub(crate) fn key(name: &str) -> Key {
    Key::of("t", &[name])
}

pub(crate) fn put(key: &Key, value: &str) -> Batch {
    Batch { puts: vec![(key.clone(), value.to_owned().into())], ..Batch::default() }
}

pub(crate) fn value_of(store: &dyn Store, key: &Key) -> Result<Option<String>, StoreError> {
    let row = wait(store.read(std::slice::from_ref(key)))?.remove(0);
    Ok(row.map(|row| String::from_utf8(row.value.to_vec()).unwrap()))
}

#[derive(Default)]
pub(crate) struct Heard {
    pub(crate) keys: Mutex<HashMap<Key, Revision>>,
    pub(crate) missed: AtomicU64,
}

impl Observer for Heard {
    fn changed(&self, keys: &[Key], revision: Revision) {
        let mut heard = self.keys.lock().unwrap();
        heard.extend(keys.iter().map(|key| (key.clone(), revision)));
    }

    fn missed(&self) {
        self.missed.fetch_add(1, Ordering::SeqCst);
    }
}

impl Heard {
    pub(crate) fn of(store: &dyn Store) -> Arc<Self> {
        let heard = Arc::new(Self::default());
        store.watch(Arc::<Self>::clone(&heard));
        heard
    }

    pub(crate) fn last(&self, key: &Key) -> Option<Revision> {
        self.keys.lock().unwrap().get(key).copied()
    }
}

/// Counts rows up from several threads while `faults` does its work, which is given a way to wait for
/// further commits; what was acknowledged is there afterwards.
pub(crate) fn counted_through(store: &dyn Store, faults: impl FnOnce(&dyn Fn(&str))) {
    let is_done = AtomicBool::new(false);
    let acknowledged: Vec<AtomicU64> = (0..4).map(|_| AtomicU64::new(0)).collect();
    thread::scope(|threads| {
        for (writer, acknowledged) in acknowledged.iter().enumerate() {
            let is_done = &is_done;
            threads.spawn(move || {
                count_up(store, &key(&writer.to_string()), acknowledged, is_done);
            });
        }
        let sum = || acknowledged.iter().map(|it| it.load(Ordering::SeqCst)).sum::<u64>();
        faults(&|when: &str| {
            let before = sum();
            eventually(when, || sum() > before + 40);
        });
        is_done.store(true, Ordering::SeqCst);
    });
    for (writer, acknowledged) in acknowledged.iter().enumerate() {
        let value = value_of(store, &key(&writer.to_string())).unwrap().unwrap();
        assert_eq!(value, acknowledged.load(Ordering::SeqCst).to_string());
    }
}

/// Counts a row up by one and one, whatever happens: each number is written once.
fn count_up(store: &dyn Store, key: &Key, acknowledged: &AtomicU64, is_done: &AtomicBool) {
    while !is_done.load(Ordering::SeqCst) {
        let Ok(mut rows) = wait(store.read(std::slice::from_ref(key))) else { continue };
        let row = rows.remove(0);
        let known = acknowledged.load(Ordering::SeqCst);
        let number = row
            .as_ref()
            .map_or(0, |row| std::str::from_utf8(&row.value).unwrap().parse::<u64>().unwrap());
        // One more than was acknowledged was written by a commit of unknown outcome.
        assert!(number == known || number == known + 1, "{number} is there, {known} was told");
        acknowledged.store(number, Ordering::SeqCst);
        let batch = Batch {
            expectations: vec![(key.clone(), row.map(|row| row.revision))],
            ..put(key, &(number + 1).to_string())
        };
        match wait(store.commit(batch)) {
            Ok(_) => acknowledged.store(number + 1, Ordering::SeqCst),
            Err(CommitError::Unavailable(_) | CommitError::Conflict | CommitError::Unknown) => {}
            Err(error) => panic!("{error}"),
        }
    }
}

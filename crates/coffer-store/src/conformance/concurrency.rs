//! Promises that hold while several threads read and write.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

use super::{Subject, batch, key, wait};
use crate::{CommitError, Direction, Key, Observer, Revision, Scan};

/// A read or a scan sees all of a commit or nothing of it.
pub fn readers_see_whole_commits_only(subject: &Subject) {
    let pair = [key("left"), key("right")];
    let store = &subject.store;
    let is_done = AtomicBool::new(false);
    thread::scope(|threads| {
        threads.spawn(|| {
            for number in 0..COMMITS {
                let value = number.to_string();
                let both = batch().put(&pair[0], value.clone()).put(&pair[1], value);
                wait(store.commit(both.done())).unwrap();
            }
            is_done.store(true, Ordering::SeqCst);
        });
        for _ in 0..2 {
            threads.spawn(|| {
                let prefix = Key::of("t", &[]).prefix();
                let direction = Direction::Ascending;
                while !is_done.load(Ordering::SeqCst) {
                    let rows = wait(store.read(&pair)).unwrap();
                    assert_eq!(rows[0], rows[1]);
                    let scan = Scan { prefix: &prefix, after: None, rows_max: 10, direction };
                    let rows = wait(store.scan(scan)).unwrap();
                    assert!(rows.is_empty() || rows.len() == 2 && rows[0].1 == rows[1].1);
                }
            });
        }
    });
    assert_eq!(subject.get(&pair[0]).unwrap().value, (COMMITS - 1).to_string());
}

/// What one thread was told is written, every thread sees from then on.
pub fn acknowledged_writes_are_visible_to_every_thread(subject: &Subject) {
    let store = &subject.store;
    let acknowledged: Vec<AtomicU64> = (0..WRITERS).map(|_| AtomicU64::new(0)).collect();
    let names: Vec<Key> = (0..WRITERS).map(|writer| key(&writer.to_string())).collect();
    let running = AtomicU64::new(WRITERS);
    thread::scope(|threads| {
        for (told, name) in acknowledged.iter().zip(&names) {
            let running = &running;
            threads.spawn(move || {
                for number in 1..=COMMITS {
                    let put = batch().put(name, number.to_string());
                    wait(store.commit(put.done())).unwrap();
                    told.store(number, Ordering::SeqCst);
                }
                running.fetch_sub(1, Ordering::SeqCst);
            });
        }
        for _ in 0..2 {
            threads.spawn(|| {
                while running.load(Ordering::SeqCst) > 0 {
                    let least: Vec<u64> =
                        acknowledged.iter().map(|told| told.load(Ordering::SeqCst)).collect();
                    let rows = wait(store.read(&names)).unwrap();
                    for (row, least) in rows.iter().zip(least) {
                        let seen = row.as_ref().map_or(0, |row| number(&row.value));
                        assert!(seen >= least, "saw {seen} after {least} was acknowledged");
                    }
                }
            });
        }
    });
}

/// An observer has heard the keys of a commit, each once, when the commit answers, and can by
/// then read the new rows.
pub fn observers_hear_of_every_change_before_its_answer(subject: &Subject) {
    #[derive(Default)]
    struct Heard(Mutex<BTreeMap<Revision, Vec<Key>>>);
    impl Observer for Heard {
        fn changed(&self, keys: &[Key], revision: Revision) {
            let before = self.0.lock().unwrap().insert(revision, keys.to_vec());
            assert_eq!(before, None, "told twice of {revision}");
        }

        fn missed(&self) {}
    }
    let heard = Arc::new(Heard::default());
    subject.store.watch(Arc::<Heard>::clone(&heard));
    let revision_of = |name: &str| subject.get(&key(name)).map(|row| row.revision);
    let check = |changes, expected: &[&str]| {
        let revision = subject.commit(changes).unwrap();
        let keys: Vec<Key> = expected.iter().copied().map(key).collect();
        assert_eq!(heard.0.lock().unwrap().get(&revision), Some(&keys));
    };
    check(batch().put(&key("b"), "1").put(&key("a"), "1").put(&key("b"), "2"), &["a", "b"]);
    check(batch().expect(&key("a"), revision_of("a")).put(&key("c"), "1"), &["c"]);
    check(batch().delete(&key("a")).put(&key("a"), "2").delete(&key("b")), &["a", "b"]);
    let count = heard.0.lock().unwrap().len();
    let conflicting = batch().expect(&key("a"), None).put(&key("a"), "3");
    assert_eq!(subject.commit(conflicting), Err(CommitError::Conflict));
    subject.commit(batch().expect(&key("b"), None)).unwrap();
    assert_eq!(heard.0.lock().unwrap().len(), count);
    thread::scope(|threads| {
        for _ in 0..WRITERS {
            threads.spawn(|| {
                for _ in 0..COMMITS {
                    let put = batch().put(&key("a"), "4").done();
                    let revision = wait(subject.store.commit(put)).unwrap();
                    assert!(heard.0.lock().unwrap().contains_key(&revision));
                }
            });
        }
    });
    let commits = usize::try_from(WRITERS * COMMITS).unwrap();
    assert_eq!(heard.0.lock().unwrap().len(), count + commits);
}

/// Increments that are made by reading, adding and committing conditionally all count.
pub fn concurrent_counters_lose_no_increment(subject: &Subject) {
    let store = &subject.store;
    let (counter, total) = (key("counter"), key("total"));
    let increment = || {
        for _ in 0..ATTEMPTS_MAX {
            let rows = wait(store.read(&[counter.clone(), total.clone()])).unwrap();
            assert_eq!(rows[0], rows[1]);
            let revision = rows[0].as_ref().map(|row| row.revision);
            let next = rows[0].as_ref().map_or(0, |row| number(&row.value)) + 1;
            let add = batch()
                .expect(&counter, revision)
                .put(&counter, next.to_string())
                .put(&total, next.to_string());
            match wait(store.commit(add.done())) {
                Ok(_) => return,
                Err(error) => assert_eq!(error, CommitError::Conflict),
            }
        }
        unreachable!("{ATTEMPTS_MAX} conflicts in a row");
    };
    thread::scope(|threads| {
        for _ in 0..WRITERS {
            threads.spawn(|| (0..COMMITS / 4).for_each(|_| increment()));
        }
    });
    let counted = number(&subject.get(&counter).unwrap().value);
    assert_eq!(counted, WRITERS * (COMMITS / 4));
}

/// Commits that arrive together are decided one after the other.
pub fn of_many_that_create_one_row_one_succeeds(subject: &Subject) {
    let store = &subject.store;
    for round in 0..20 {
        let name = key(&format!("round {round}"));
        let made = AtomicU64::new(0);
        thread::scope(|threads| {
            for writer in 0..WRITERS * 2 {
                let (name, made) = (&name, &made);
                threads.spawn(move || {
                    let make = batch().expect(name, None).put(name, writer.to_string());
                    match wait(store.commit(make.done())) {
                        Ok(_) => drop(made.fetch_add(1, Ordering::SeqCst)),
                        Err(error) => assert_eq!(error, CommitError::Conflict),
                    }
                });
            }
        });
        assert_eq!(made.load(Ordering::SeqCst), 1);
    }
}

fn number(value: &[u8]) -> u64 {
    std::str::from_utf8(value).unwrap().parse().unwrap()
}

const WRITERS: u64 = 4;
const COMMITS: u64 = 60;
const ATTEMPTS_MAX: usize = 10_000;

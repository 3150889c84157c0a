//! Promises about snapshots.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use super::{Subject, batch, key, wait};
use crate::{Key, Row, Snapshot, StoreError};

async fn rest(snapshot: &mut dyn Snapshot) -> Vec<(Key, Row)> {
    let mut rows = Vec::new();
    loop {
        let page = snapshot.next().await.unwrap();
        if page.is_empty() {
            return rows;
        }
        rows.extend(page);
    }
}

/// Every row is in it once, in order, whole, with its revision.
pub fn a_snapshot_holds_every_row_in_order(subject: &Subject) {
    wait(async {
        let mut empty = subject.store.snapshot().await.unwrap();
        assert_eq!(rest(&mut *empty).await, []);
        let mut expected = Vec::new();
        for number in 0..700 {
            let long = if number % 100 == 0 { 300_000 } else { number };
            let key = Key::from_bytes(format!("{number:03}").repeat(1 + number % 900).as_bytes());
            let put = batch().put(&key, "v".repeat(long)).done();
            let revision = subject.store.commit(put).await.unwrap();
            expected.push((key, "v".repeat(long), revision));
        }
        expected.sort();
        let mut snapshot = subject.store.snapshot().await.unwrap();
        let rows = rest(&mut *snapshot).await;
        assert_eq!(rows.len(), expected.len());
        for ((key, row), (expected_key, value, revision)) in rows.iter().zip(&expected) {
            assert_eq!((key, row.revision), (expected_key, *revision));
            assert!(row.value == *value, "the value of {key}");
        }
    });
}

/// What is committed while it is read changes nothing in it, and is not kept waiting.
pub fn a_snapshot_is_of_one_moment(subject: &Subject) {
    let keys: Vec<Key> = (0..600).map(|number| key(&format!("{number:03}"))).collect();
    wait(async {
        for key in &keys {
            subject.store.commit(batch().put(key, "before").done()).await.unwrap();
        }
        let mut snapshot = subject.store.snapshot().await.unwrap();
        let mut rows = snapshot.next().await.unwrap();
        assert!(!rows.is_empty() && rows.len() < keys.len(), "{} rows at once", rows.len());
        for key in &keys {
            let changed = batch().put(key, "after").put(&key.child("new"), "after").done();
            subject.store.commit(changed).await.unwrap();
        }
        let deleted = batch().delete(&keys[0]).delete(&keys[599]).done();
        subject.store.commit(deleted).await.unwrap();
        rows.extend(rest(&mut *snapshot).await);
        assert_eq!(
            rows.iter().map(|(key, _)| key).collect::<Vec<_>>(),
            keys.iter().collect::<Vec<_>>()
        );
        assert!(rows.iter().all(|(_, row)| row.value == "before"));
        // The next one sees it all.
        let mut snapshot = subject.store.snapshot().await.unwrap();
        let rows = rest(&mut *snapshot).await;
        assert_eq!(rows.len(), 2 * 600 - 2);
        assert!(rows.iter().all(|(_, row)| row.value == "after"));
    });
}

/// A commit is in it whole or not at all, and is in it if it was acknowledged before.
pub fn snapshots_hold_whole_commits_only(subject: &Subject) {
    let ends = [key("a"), key("z")];
    let between: Vec<Key> = (0..200).map(|number| key(&format!("m{number:03}"))).collect();
    let fill = between.iter().fold(batch(), |fill, key| fill.put(key, "between"));
    subject.commit(fill).unwrap();
    let is_over = AtomicBool::new(false);
    thread::scope(|threads| {
        let writer = threads.spawn(|| {
            let mut number = 0;
            // Bounded, so that a test that fails comes to its end.
            while !is_over.load(Ordering::SeqCst) && number < COMMITS_MAX {
                number += 1;
                let put = ends.iter().fold(batch(), |put, end| put.put(end, number.to_string()));
                subject.commit(put).unwrap();
            }
        });
        let mut last = 0;
        for _ in 0..20 {
            let known = subject.get(&ends[1]).map_or(0, |row| number_in(&row));
            let rows = wait(async {
                let mut snapshot = subject.store.snapshot().await.unwrap();
                rest(&mut *snapshot).await
            });
            let of = |key: &Key| rows.iter().find(|row| row.0 == *key).map(|row| number_in(&row.1));
            let (first, second) = (of(&ends[0]).unwrap_or(0), of(&ends[1]).unwrap_or(0));
            assert_eq!(first, second);
            assert!(first >= known && first >= last, "{first} after {known} and {last}");
            last = first;
        }
        is_over.store(true, Ordering::SeqCst);
        writer.join().unwrap();
    });
}

fn number_in(row: &Row) -> u64 {
    std::str::from_utf8(&row.value).unwrap().parse().unwrap()
}

/// A closed store takes none.
pub fn a_closed_store_takes_no_snapshot(subject: &Subject) {
    subject.put(&key("a"), "1");
    wait(subject.store.close()).unwrap();
    let taken = wait(async {
        match subject.store.snapshot().await {
            Ok(mut snapshot) => snapshot.next().await.map(drop),
            Err(error) => Err(error),
        }
    });
    assert!(matches!(taken, Err(StoreError::Unavailable(_))), "{taken:?}");
}

const COMMITS_MAX: u64 = 50_000;

//! What every engine promises, as one suite that each of them runs.
//!
//! An engine calls [`conformance_suite!`](crate::conformance_suite) with a function that opens an
//! empty store, and gets one test for each promise.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "this is test code, exported so that engines elsewhere can run it"
)]

mod concurrency;
mod rows;
mod scans;
mod snapshots;

use std::any::Any;
use std::sync::Arc;

use bytes::Bytes;

pub use self::concurrency::{
    acknowledged_writes_are_visible_to_every_thread, concurrent_counters_lose_no_increment,
    observers_hear_of_every_change_before_its_answer, of_many_that_create_one_row_one_succeeds,
    readers_see_whole_commits_only,
};
pub use self::rows::{
    a_batch_of_expectations_writes_nothing, a_closed_store_refuses,
    a_conflicting_batch_changes_nothing, deletes_come_before_puts_and_the_last_put_stays,
    expectations_are_about_the_present_revision, limits_are_kept, revisions_increase,
    what_is_put_is_read_back,
};
pub use self::scans::{
    long_keys_are_kept_whole_and_in_order, prefixes_may_end_in_any_byte, scans_go_on_after_any_key,
    scans_go_through_keys_in_order,
};
pub use self::snapshots::{
    a_closed_store_takes_no_snapshot, a_snapshot_holds_every_row_in_order,
    a_snapshot_is_of_one_moment, snapshots_hold_whole_commits_only,
};
use crate::{Batch, CommitError, Direction, Key, Revision, Row, Scan, Store};

/// An empty store, and what has to live as long as it does.
pub struct Subject {
    /// The store.
    pub store: Arc<dyn Store>,
    /// Dropped after the store: a directory, a server.
    pub keep: Box<dyn Any + Send + Sync>,
}

impl Subject {
    fn put(&self, key: &Key, value: &str) -> Revision {
        wait(self.store.commit(batch().put(key, value).done())).unwrap()
    }

    fn get(&self, key: &Key) -> Option<Row> {
        self.read(std::slice::from_ref(key)).remove(0)
    }

    fn read(&self, keys: &[Key]) -> Vec<Option<Row>> {
        wait(self.store.read(keys)).unwrap()
    }

    fn commit(&self, batch: Build) -> Result<Revision, CommitError> {
        wait(self.store.commit(batch.done()))
    }

    fn keys(&self, prefix: &[u8], after: Option<&Key>, direction: Direction) -> Vec<Key> {
        let scan = Scan { prefix, after, rows_max: 100, direction };
        wait(self.store.scan(scan)).unwrap().into_iter().map(|(key, _)| key).collect()
    }
}

/// Runs a future to its end on this thread.
fn wait<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}

fn key(name: &str) -> Key {
    Key::of("t", &[name])
}

fn batch() -> Build {
    Build(Batch::default())
}

struct Build(Batch);

impl Build {
    fn expect(mut self, key: &Key, revision: impl Into<Option<Revision>>) -> Self {
        self.0.expectations.push((key.clone(), revision.into()));
        self
    }

    fn put(mut self, key: &Key, value: impl Into<String>) -> Self {
        self.0.puts.push((key.clone(), Bytes::from(value.into())));
        self
    }

    fn delete(mut self, key: &Key) -> Self {
        self.0.deletes.push(key.clone());
        self
    }

    fn done(self) -> Batch {
        self.0
    }
}

/// Makes a module of tests, one for each promise, out of a function that opens a [`Subject`].
#[macro_export]
macro_rules! conformance_suite {
    ($engine:ident, $open:ident) => {
        $crate::conformance_suite!(@tests $engine, $open:
            what_is_put_is_read_back,
            expectations_are_about_the_present_revision,
            a_conflicting_batch_changes_nothing,
            a_batch_of_expectations_writes_nothing,
            deletes_come_before_puts_and_the_last_put_stays,
            revisions_increase,
            limits_are_kept,
            a_closed_store_refuses,
            scans_go_through_keys_in_order,
            scans_go_on_after_any_key,
            prefixes_may_end_in_any_byte,
            long_keys_are_kept_whole_and_in_order,
            a_snapshot_holds_every_row_in_order,
            a_snapshot_is_of_one_moment,
            snapshots_hold_whole_commits_only,
            a_closed_store_takes_no_snapshot,
            readers_see_whole_commits_only,
            acknowledged_writes_are_visible_to_every_thread,
            observers_hear_of_every_change_before_its_answer,
            concurrent_counters_lose_no_increment,
            of_many_that_create_one_row_one_succeeds,
        );
    };
    (@tests $engine:ident, $open:ident: $($promise:ident),* $(,)?) => {
        mod $engine {
            $(
                #[test]
                fn $promise() {
                    $crate::conformance::$promise(&super::$open());
                }
            )*
        }
    };
}

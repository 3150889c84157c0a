//! A store whose verbs are spans: what is waited for in a request that is traced.

use std::sync::Arc;

use async_trait::async_trait;
use coffer_pipeline::spans::TARGET;
use coffer_store::{
    Batch, CommitError, Key, Observer, Revision, Row, Scan, Snapshot, Store, StoreError,
};
use tracing::{Instrument as _, Level, trace_span};

/// The same store with spans, where anything is traced.
pub(crate) fn traced(store: Arc<dyn Store>) -> Arc<dyn Store> {
    match tracing::span_enabled!(target: TARGET, Level::TRACE) {
        true => Arc::new(Traced(store)),
        false => store,
    }
}

struct Traced(Arc<dyn Store>);

#[async_trait]
impl Store for Traced {
    async fn read(&self, keys: &[Key]) -> Result<Vec<Option<Row>>, StoreError> {
        let span = trace_span!(target: TARGET, "store read", coffer.store.keys = keys.len());
        self.0.read(keys).instrument(span).await
    }

    async fn scan(&self, scan: Scan<'_>) -> Result<Vec<(Key, Row)>, StoreError> {
        let span = trace_span!(target: TARGET, "store scan", coffer.store.rows = scan.rows_max);
        self.0.scan(scan).instrument(span).await
    }

    async fn commit(&self, batch: Batch) -> Result<Revision, CommitError> {
        let rows = batch.puts.len() + batch.deletes.len();
        let span = trace_span!(target: TARGET, "store commit", coffer.store.rows = rows);
        self.0.commit(batch).instrument(span).await
    }

    async fn snapshot(&self) -> Result<Box<dyn Snapshot>, StoreError> {
        self.0.snapshot().instrument(trace_span!(target: TARGET, "store snapshot")).await
    }

    fn watch(&self, observer: Arc<dyn Observer>) {
        self.0.watch(observer);
    }

    fn is_fresh(&self) -> bool {
        self.0.is_fresh()
    }

    fn is_exclusive(&self) -> bool {
        self.0.is_exclusive()
    }

    async fn close(&self) -> Result<(), StoreError> {
        self.0.close().await
    }
}

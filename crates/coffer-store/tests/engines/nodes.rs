//! Several processes on one store, each as its own engine.

use std::collections::HashSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use coffer_store::{
    Batch, CommitError, Etcd, Key, Observer, Postgres, Reads, Revision, Row, Scan, Snapshot, Store,
    StoreError,
};
use coffer_test_servers::{Etcd as Cluster, Postgresql};

/// The URL of a place in the database where there is no store yet.
pub(crate) fn schema(server: &Postgresql) -> String {
    static SCHEMAS: AtomicUsize = AtomicUsize::new(0);
    let schema = format!("store_{}", SCHEMAS.fetch_add(1, Ordering::SeqCst));
    server.admin(&format!("CREATE SCHEMA {schema}"));
    server.url(&format!("options=-csearch_path%3D{schema}"))
}

/// A node on the store at this URL.
pub(crate) fn open(url: &str, reads: Reads) -> Postgres {
    wait(Postgres::open(url.parse().unwrap(), reads)).unwrap()
}

/// The URL of a place in the cluster where there is no store yet.
pub(crate) fn prefix(cluster: &Cluster) -> String {
    static PREFIXES: AtomicUsize = AtomicUsize::new(0);
    cluster.url(&format!("store-{}/", PREFIXES.fetch_add(1, Ordering::SeqCst)))
}

/// A node on the store at this URL.
pub(crate) fn open_etcd(url: &str, reads: Reads) -> Result<Etcd, StoreError> {
    wait(Etcd::open(url.parse().unwrap(), reads))
}

pub(crate) fn wait<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}

/// Asks until it is so, for a minute.
pub(crate) fn eventually(what: &str, is_so: impl Fn() -> bool) {
    for _ in 0..6_000 {
        if is_so() {
            return;
        }
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    panic!("not within a minute: {what}");
}

/// Nodes that serve by turns, as behind a load balancer.
pub(crate) struct ByTurns {
    nodes: Vec<Arc<dyn Store>>,
    turn: AtomicUsize,
}

impl ByTurns {
    pub(crate) fn new(nodes: Vec<Arc<dyn Store>>) -> Self {
        Self { nodes, turn: AtomicUsize::new(0) }
    }

    fn next(&self) -> &dyn Store {
        &*self.nodes[self.turn.fetch_add(1, Ordering::SeqCst) % self.nodes.len()]
    }
}

#[async_trait]
impl Store for ByTurns {
    async fn read(&self, keys: &[Key]) -> Result<Vec<Option<Row>>, StoreError> {
        self.next().read(keys).await
    }

    async fn scan(&self, scan: Scan<'_>) -> Result<Vec<(Key, Row)>, StoreError> {
        self.next().scan(scan).await
    }

    async fn snapshot(&self) -> Result<Box<dyn Snapshot>, StoreError> {
        self.next().snapshot().await
    }

    async fn commit(&self, batch: Batch) -> Result<Revision, CommitError> {
        self.next().commit(batch).await
    }

    fn watch(&self, observer: Arc<dyn Observer>) {
        // Each node hears of each commit; the observer hears of it from the first one.
        let once: Arc<dyn Observer> = Arc::new(Once { observer, heard: Mutex::default() });
        self.nodes.iter().for_each(|node| node.watch(Arc::clone(&once)));
    }

    async fn close(&self) -> Result<(), StoreError> {
        for node in &self.nodes {
            node.close().await?;
        }
        Ok(())
    }
}

struct Once {
    observer: Arc<dyn Observer>,
    heard: Mutex<HashSet<Revision>>,
}

impl Observer for Once {
    fn changed(&self, keys: &[Key], revision: Revision) {
        // Held until the observer knows: another node must not go on before.
        let mut heard = self.heard.lock().unwrap();
        if heard.insert(revision) {
            self.observer.changed(keys, revision);
        }
    }

    fn missed(&self) {
        self.observer.missed();
    }
}

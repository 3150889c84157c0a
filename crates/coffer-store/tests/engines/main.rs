//! Every engine keeps every promise of the conformance suite.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests may unwrap"
)]

mod apart;
mod etcd;
mod faults;
mod history;
mod model;
mod nodes;
mod observed;
mod partitions;
mod partitions_of_etcd;
mod postgres;

use std::sync::{Arc, LazyLock};

use coffer_store::conformance::Subject;
use coffer_store::{Embedded, EmbeddedOptions, Faults, Reads, Sim, Store, conformance_suite};
use coffer_test_servers::{Etcd, EtcdOptions, Postgresql};

use self::nodes::{ByTurns, open, open_etcd, prefix, schema};

static POSTGRESQL: LazyLock<Postgresql> = LazyLock::new(|| Postgresql::start(false));
static ETCD: LazyLock<Etcd> = LazyLock::new(|| Etcd::start(3, EtcdOptions::default()));

fn open_embedded() -> Subject {
    let directory = tempfile::tempdir().unwrap();
    let store = Arc::new(Embedded::open(directory.path()).unwrap());
    Subject { store, keep: Box::new(directory) }
}

/// A log so short that it is folded all the time, and fewer connections than readers.
fn open_embedded_that_always_folds() -> Subject {
    let directory = tempfile::tempdir().unwrap();
    let options = EmbeddedOptions {
        log_bytes_max: 16 * 1_024,
        readers_max: 1,
        ..EmbeddedOptions::new(directory.path())
    };
    let store = Arc::new(Embedded::open_with(&options).unwrap());
    Subject { store, keep: Box::new(directory) }
}

fn open_sim() -> Subject {
    Subject { store: Arc::new(Sim::new()), keep: Box::new(()) }
}

fn open_sim_that_delays() -> Subject {
    let faults = Faults { yields_max: 5, ..Faults::default() };
    Subject { store: Arc::new(Sim::with_faults(1, faults)), keep: Box::new(()) }
}

fn open_postgres(reads: Reads, nodes: usize) -> Vec<Arc<dyn Store>> {
    let address = schema(&POSTGRESQL);
    let open = |_| Arc::new(open(&address, reads)) as Arc<dyn Store>;
    (0..nodes).map(open).collect()
}

fn open_postgres_cached() -> Subject {
    Subject { store: open_postgres(Reads::Cached, 1).remove(0), keep: Box::new(()) }
}

fn open_postgres_strong() -> Subject {
    Subject { store: open_postgres(Reads::Strong, 1).remove(0), keep: Box::new(()) }
}

fn open_postgres_by_three_nodes() -> Subject {
    let store = ByTurns::new(open_postgres(Reads::Cached, 3));
    Subject { store: Arc::new(store), keep: Box::new(()) }
}

fn open_etcd_nodes(reads: Reads, nodes: usize) -> Vec<Arc<dyn Store>> {
    let address = prefix(&ETCD);
    let open = |_| Arc::new(open_etcd(&address, reads).unwrap()) as Arc<dyn Store>;
    (0..nodes).map(open).collect()
}

fn open_etcd_cached() -> Subject {
    Subject { store: open_etcd_nodes(Reads::Cached, 1).remove(0), keep: Box::new(()) }
}

fn open_etcd_strong() -> Subject {
    Subject { store: open_etcd_nodes(Reads::Strong, 1).remove(0), keep: Box::new(()) }
}

fn open_etcd_by_three_nodes() -> Subject {
    let store = ByTurns::new(open_etcd_nodes(Reads::Cached, 3));
    Subject { store: Arc::new(store), keep: Box::new(()) }
}

conformance_suite!(embedded, open_embedded);
conformance_suite!(embedded_that_always_folds, open_embedded_that_always_folds);
conformance_suite!(sim, open_sim);
conformance_suite!(sim_that_delays, open_sim_that_delays);
conformance_suite!(postgres_cached, open_postgres_cached);
conformance_suite!(postgres_by_three_nodes, open_postgres_by_three_nodes);
conformance_suite!(postgres_strong, open_postgres_strong);
conformance_suite!(etcd_cached, open_etcd_cached);
conformance_suite!(etcd_by_three_nodes, open_etcd_by_three_nodes);
conformance_suite!(etcd_strong, open_etcd_strong);

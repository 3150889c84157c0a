//! Histories through faults: no update is lost, no read is stale, nothing is done twice.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use coffer_store::{Faults, Postgres, Reads, Sim, Store};
use coffer_test_servers::{Etcd, EtcdOptions, Postgresql};

use crate::history::{Count, round};
use crate::nodes::{open, open_etcd, wait};

/// Seeds of the simulation.
const SEEDS: u64 = 3_000;

#[test]
fn simulated_nodes_have_one_history_whatever_the_seed() {
    let mut all = Count::default();
    for seed in 0..SEEDS {
        let faults = Faults {
            conflicts_per_mille: 50,
            unknowns_per_mille: 60,
            unavailable_per_mille: 40,
            yields_max: 7,
        };
        let sim = Arc::new(Sim::with_faults(seed, faults));
        let nodes: Vec<Arc<dyn Store>> = vec![Arc::<Sim>::clone(&sim); 3];
        all += wait(async {
            let crashes = async {
                for _ in 0..seed % 3 {
                    for _ in 0..20 {
                        tokio::task::yield_now().await;
                    }
                    sim.crash();
                }
            };
            tokio::join!(round(&nodes, seed), crashes).0
        });
    }
    assert!(all.unknown > 1_000 && all.not_done > 1_000 && all.conflicts > 1_000, "{all:?}");
}

/// Runs rounds at nodes while `fault` does its work, and some before and after it.
pub(crate) fn through(nodes: &[Arc<dyn Store>], fault: impl FnOnce() + Send) -> Count {
    let is_over = AtomicBool::new(false);
    let mut all = Count::default();
    thread::scope(|threads| {
        threads.spawn(|| {
            fault();
            is_over.store(true, Ordering::SeqCst);
        });
        let mut seed = 0;
        let mut after = 0;
        while after < 20 {
            all += wait(round(nodes, seed));
            seed += 1;
            after += u32::from(is_over.load(Ordering::SeqCst));
        }
    });
    assert!(all.answered > 200, "{all:?}");
    all
}

fn nodes(url: &str) -> Vec<Arc<dyn Store>> {
    (0..3).map(|_| Arc::new(open(url, Reads::Strong)) as Arc<dyn Store>).collect()
}

#[test]
fn a_postgresql_that_crashes_again_and_again_has_one_history() {
    let server = Postgresql::start(false);
    let nodes = nodes(&server.url(""));
    let all = through(&nodes, || {
        for _ in 0..6 {
            thread::sleep(std::time::Duration::from_millis(300));
            server.crash();
        }
    });
    assert!(all.unknown + all.not_done > 0, "{all:?}");
}

#[test]
fn a_standby_that_takes_over_from_a_killed_primary_goes_on_with_the_history() {
    for _ in 0..3 {
        let primary = Postgresql::start(false);
        let standby = primary.standby();
        let nodes = nodes(&primary.url_with(&standby));
        let all = through(&nodes, || {
            thread::sleep(std::time::Duration::from_millis(500));
            primary.kill();
            standby.promote();
        });
        assert!(all.unknown + all.not_done > 0, "{all:?}");
        let address = standby.url("").parse().unwrap();
        drop(wait(Postgres::open(address, Reads::Strong)).unwrap());
    }
}

#[test]
fn an_etcd_cluster_that_loses_its_leader_again_and_again_has_one_history() {
    let cluster = Etcd::start(3, EtcdOptions::default());
    let open = |_| Arc::new(open_etcd(&cluster.url(""), Reads::Strong).unwrap()) as Arc<dyn Store>;
    let nodes: Vec<Arc<dyn Store>> = (0..3).map(open).collect();
    let all = through(&nodes, || {
        for signal in ["KILL", "STOP", "KILL"] {
            thread::sleep(std::time::Duration::from_millis(300));
            let leader = &cluster.members[cluster.leader()].process;
            leader.signal(signal);
            thread::sleep(std::time::Duration::from_secs(3));
            match signal {
                "KILL" => leader.start_again(),
                _ => leader.signal("CONT"),
            }
        }
    });
    assert!(all.unknown + all.not_done > 0, "{all:?}");
}

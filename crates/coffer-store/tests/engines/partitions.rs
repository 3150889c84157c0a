//! Partitions of a database: the tests run again in a network namespace of their own, where a route to
//! the database can be taken away and given back.

use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use coffer_store::{Batch, Key, Reads, Store};
use coffer_test_servers::{Postgresql, run};

use crate::apart::is_inside;
use crate::history::{Count, round};
use crate::nodes::{eventually, open, wait};

/// Where one of the nodes finds the database.
const FAR: &str = "127.0.0.2";

fn route(what: &str) {
    let target = format!("{FAR}/32");
    run(Command::new("ip").args(["route", what, "blackhole", &target, "table", "local"]));
}

/// Nobody comes through to the far address, and no answer from it, until this is dropped.
struct Partition;

impl Partition {
    fn begin() -> Self {
        route("add");
        Self
    }
}

impl Drop for Partition {
    fn drop(&mut self) {
        route("del");
    }
}

fn far(server: &Postgresql) -> String {
    server.url("").replace("127.0.0.1", FAR)
}

fn put(store: &dyn Store, value: &str) -> bool {
    let puts = vec![(Key::of("t", &["a"]), value.to_owned().into())];
    wait(store.commit(Batch { puts, ..Batch::default() })).is_ok()
}

fn get(store: &dyn Store) -> Option<String> {
    let rows = wait(store.read(&[Key::of("t", &["a"])])).ok()?;
    let row = rows.into_iter().next().flatten()?;
    Some(String::from_utf8(row.value.to_vec()).unwrap())
}

#[test]
fn nodes_of_which_one_is_cut_off_have_one_history() {
    if !is_inside("partitions::nodes_of_which_one_is_cut_off_have_one_history") {
        return;
    }
    let server = Postgresql::start(false);
    let near = || Arc::new(open(&server.url(""), Reads::Strong)) as Arc<dyn Store>;
    let cut = Arc::new(open(&far(&server), Reads::Strong)) as Arc<dyn Store>;
    let nodes = [near(), cut, near()];
    let is_over = AtomicBool::new(false);
    let mut all = Count::default();
    thread::scope(|threads| {
        threads.spawn(|| {
            for _ in 0..2 {
                thread::sleep(Duration::from_millis(300));
                let partition = Partition::begin();
                // Long enough for the node to give its connections up.
                thread::sleep(Duration::from_secs(17));
                drop(partition);
            }
            is_over.store(true, Ordering::SeqCst);
        });
        let mut seed = 0;
        while !is_over.load(Ordering::SeqCst) {
            all += wait(round(&nodes, seed));
            seed += 1;
        }
        for _ in 0..20 {
            all += wait(round(&nodes, seed));
            seed += 1;
        }
    });
    // What was under way when the node was cut off is not known to have been done.
    assert!(all.answered > 100 && all.not_done + all.unknown > 0, "{all:?}");
    eventually("the node is back", || put(&*nodes[1], "back"));
    assert_eq!(get(&*nodes[0]).as_deref(), Some("back"));
}

#[test]
fn a_node_that_is_cut_off_does_not_use_what_it_knew() {
    if !is_inside("partitions::a_node_that_is_cut_off_does_not_use_what_it_knew") {
        return;
    }
    let server = Postgresql::start(false);
    let near = open(&server.url(""), Reads::Cached);
    let cut = open(&far(&server), Reads::Cached);
    eventually("both are fresh", || near.is_fresh() && cut.is_fresh());
    assert!(put(&near, "before"));
    assert_eq!(get(&cut).as_deref(), Some("before"));
    let partition = Partition::begin();
    assert!(put(&near, "after"), "the other node serves");
    eventually("it is no longer fresh", || !cut.is_fresh());
    assert!(near.is_fresh());
    assert_eq!(get(&cut), None, "it refuses rather than to tell what was");
    assert!(!put(&cut, "lost"));
    drop(partition);
    eventually("it is fresh again", || cut.is_fresh());
    assert_eq!(get(&cut).as_deref(), Some("after"));
}

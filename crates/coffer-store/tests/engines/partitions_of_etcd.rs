//! Partitions of an etcd cluster, each of whose members has a network namespace of its own: a node is
//! cut off from all of them, from the one that leads, or is with a member that is cut off from the others.

use std::sync::Arc;
use std::thread;
use std::time::Duration;

use coffer_store::{CommitError, Etcd, Reads, Store};
use coffer_test_servers::network::far;
use coffer_test_servers::{Etcd as Cluster, EtcdOptions, Network};

use crate::apart::is_inside;
use crate::etcd::clock;
use crate::faults::through;
use crate::nodes::{eventually, open_etcd, wait};
use crate::observed::{Heard, key, put, value_of};

fn start() -> (Network, Cluster) {
    let network = Network::make(3);
    let options = EtcdOptions { is_apart: true, ..EtcdOptions::default() };
    (network, Cluster::start(3, options))
}

/// The URL of these members, the first of which is asked as long as it answers.
fn url(cluster: &Cluster, members: impl IntoIterator<Item = usize>, is_far: bool) -> String {
    let host = |index: usize| {
        let member = &cluster.members[index];
        let host = if is_far { far(index) } else { member.host.clone() };
        format!("{host}:{}", member.port)
    };
    let hosts: Vec<String> = members.into_iter().map(host).collect();
    format!("etcd://{}/?tls=off", hosts.join(","))
}

fn open(url: &str, reads: Reads) -> Etcd {
    open_etcd(url, reads).unwrap()
}

#[test]
fn nodes_and_members_that_are_cut_off_have_one_history() {
    if !is_inside("partitions_of_etcd::nodes_and_members_that_are_cut_off_have_one_history") {
        return;
    }
    let (network, cluster) = start();
    let leader = cluster.leader();
    let from_leader = || (0..3).map(|index| (leader + index) % 3);
    let node = |url: String| Arc::new(open(&url, Reads::Strong)) as Arc<dyn Store>;
    let nodes = [
        node(url(&cluster, 0..3, false)),
        node(url(&cluster, from_leader(), true)),
        node(url(&cluster, [leader], false)),
    ];
    let all = through(&nodes, || {
        let hold = |seconds| thread::sleep(Duration::from_secs(seconds));
        hold(1);
        // A node loses all members, then the one that leads alone.
        let cut = network.cut_far(&[0, 1, 2]);
        hold(11);
        drop(cut);
        let cut = network.cut_far(&[leader]);
        hold(6);
        drop(cut);
        // The others choose another leader, which a node that knows the old one alone does not see.
        let cut = network.cut_off(leader);
        hold(9);
        drop(cut);
        hold(1);
    });
    assert!(all.not_done + all.unknown > 0, "{all:?}");
    for (index, store) in nodes.iter().enumerate() {
        let value = index.to_string();
        let is_back = || wait(store.commit(put(&key("back"), &value))).is_ok();
        eventually("the node is back", is_back);
        let told = nodes.iter().map(|node| value_of(&**node, &key("back")).unwrap());
        assert!(told.into_iter().all(|told| told.as_deref() == Some(&value)), "node {index}");
    }
}

#[test]
fn a_node_with_a_member_that_is_cut_off_does_not_use_what_it_knew() {
    if !is_inside(
        "partitions_of_etcd::a_node_with_a_member_that_is_cut_off_does_not_use_what_it_knew",
    ) {
        return;
    }
    let (network, cluster) = start();
    for member in [cluster.leader(), (cluster.leader() + 1) % 3] {
        let others = (0..3).filter(|other| *other != member);
        let there = open(&url(&cluster, others, false), Reads::Cached);
        let cut = open(&url(&cluster, [member], false), Reads::Cached);
        let heard = Heard::of(&cut);
        eventually("both are fresh", || there.is_fresh() && cut.is_fresh());
        let before = wait(there.commit(put(&key("a"), "before"))).unwrap();
        assert_eq!(value_of(&cut, &key("a")).unwrap().as_deref(), Some("before"));
        let partition = network.cut_off(member);
        eventually("the others go on", || wait(there.commit(put(&key("a"), "after"))).is_ok());
        let written = clock();
        while cut.is_fresh() {
            // What was not heard of within a second is not taken for known.
            let is_late = written.elapsed() > Duration::from_millis(1_500);
            assert!(!is_late || heard.last(&key("a")) > Some(before), "taken for fresh");
            thread::sleep(Duration::from_millis(1));
        }
        assert!(value_of(&cut, &key("a")).is_err(), "it refuses rather than to tell what was");
        let refused = wait(cut.commit(put(&key("a"), "late"))).unwrap_err();
        assert!(!cut.is_fresh() && there.is_fresh());
        drop(partition);
        eventually("it is fresh again", || cut.is_fresh());
        let value = value_of(&cut, &key("a")).unwrap().unwrap();
        // What the member could not pass on it may have passed on now, unless it said that it did not.
        assert!(
            value == "after" || (value == "late" && refused == CommitError::Unknown),
            "{value}"
        );
    }
}

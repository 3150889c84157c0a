//! What an etcd cluster does to a store: members that die, others who write, users, TLS, limits.

use std::collections::HashMap;
use std::sync::LazyLock;
use std::sync::atomic::Ordering;
use std::thread;
use std::time::{Duration, Instant};

use bytes::Bytes;
use coffer_store::{
    Batch, CommitError, Direction, Etcd, EtcdAddress, Key, Reads, Revision, Row, Scan, Store,
    StoreError,
};
use coffer_test_servers::{Etcd as Cluster, EtcdOptions, free_port};

use crate::nodes::{eventually, open_etcd as open, prefix, wait};
use crate::observed::{Heard, counted_through, key, put, value_of};

/// For tests that leave the members alone.
static CLUSTER: LazyLock<Cluster> = LazyLock::new(|| Cluster::start(1, EtcdOptions::default()));

#[test]
fn crashes_of_members_lose_nothing_that_was_acknowledged() {
    let cluster = Cluster::start(3, EtcdOptions::default());
    let store = open(&cluster.url(""), Reads::Cached).unwrap();
    counted_through(&store, |go_on| {
        go_on("commits are acknowledged");
        for _ in 0..2 {
            let leader = &cluster.members[cluster.leader()].process;
            leader.signal("KILL");
            go_on("commits are acknowledged without the leader");
            leader.start_again();
        }
        // Any one member is enough for a majority with another one.
        cluster.members.iter().for_each(|member| member.process.signal("KILL"));
        cluster.members.iter().skip(1).for_each(|member| member.process.start_again());
        go_on("commits are acknowledged after the last crash");
    });
    eventually("caches are used again", || store.is_fresh());
}

#[test]
fn without_a_majority_nothing_is_done_and_nothing_hangs() {
    let cluster = Cluster::start(3, EtcdOptions::default());
    let store = open(&cluster.url(""), Reads::Cached).unwrap();
    wait(store.commit(put(&key("a"), "1"))).unwrap();
    eventually("caches are used", || store.is_fresh());
    cluster.members.iter().skip(1).for_each(|member| member.process.signal("KILL"));
    let began = clock();
    let refused = value_of(&store, &key("a")).unwrap_err();
    assert!(matches!(refused, StoreError::Unavailable(_)), "{refused}");
    assert!(!store.is_fresh());
    let refused = wait(store.commit(put(&key("a"), "2"))).unwrap_err();
    assert!(matches!(refused, CommitError::Unavailable(_) | CommitError::Unknown), "{refused}");
    assert!(began.elapsed() < Duration::from_secs(24), "{:?}", began.elapsed());
    cluster.members.iter().skip(1).for_each(|member| member.process.start_again());
    eventually("it is read again", || value_of(&store, &key("a")).is_ok());
}

#[test]
fn a_member_that_falls_silent_is_left() {
    let cluster = Cluster::start(3, EtcdOptions::default());
    let store = open(&cluster.url(""), Reads::Cached).unwrap();
    let heard = Heard::of(&store);
    eventually("the node is fresh", || store.is_fresh());
    let missed = heard.missed.load(Ordering::SeqCst);
    wait(store.commit(put(&key("a"), "1"))).unwrap();
    // The connections stand, and nobody answers on them.
    cluster.members[0].process.signal("STOP");
    eventually("the node is no longer fresh", || !store.is_fresh());
    let began = clock();
    assert_eq!(value_of(&store, &key("a")), Ok(Some("1".to_owned())));
    assert!(began.elapsed() < Duration::from_secs(9), "{:?}", began.elapsed());
    eventually("the node is fresh again", || store.is_fresh());
    assert!(heard.missed.load(Ordering::SeqCst) > missed, "what was missed is not known");
    let there = open(&cluster.url(""), Reads::Strong).unwrap();
    let revision = wait(there.commit(put(&key("a"), "2"))).unwrap();
    eventually("the change is heard of", || heard.last(&key("a")) == Some(revision));
}

#[test]
fn nodes_hear_of_each_others_changes_while_they_are_fresh() {
    let url = prefix(&CLUSTER);
    let (one, other) = (open(&url, Reads::Strong).unwrap(), open(&url, Reads::Cached).unwrap());
    let elsewhere = open(&prefix(&CLUSTER), Reads::Strong).unwrap();
    let heard = Heard::of(&other);
    eventually("the node is fresh", || other.is_fresh());
    for round in 0..20 {
        // Another store of the cluster changes what the same key is there.
        wait(elsewhere.commit(put(&key("a"), "1"))).unwrap();
        let revision = wait(one.commit(put(&key("a"), &round.to_string()))).unwrap();
        let written = clock();
        while heard.last(&key("a")) != Some(revision) {
            // What was not heard of within a second is not taken for known.
            let is_late = written.elapsed() > Duration::from_millis(1_100);
            assert!(!(is_late && other.is_fresh()), "not heard of, and taken for fresh");
            thread::sleep(Duration::from_millis(1));
        }
        eventually("the node is fresh", || other.is_fresh());
    }
    let delete = || Batch { deletes: vec![key("a"), key("none")], ..Batch::default() };
    let revision = wait(one.commit(delete())).unwrap();
    eventually("the deletion is heard of", || heard.last(&key("a")) == Some(revision));
    // What changes nothing is a commit as well, and keeps nobody waiting.
    assert!(wait(one.commit(delete())).unwrap() > revision);
    thread::sleep(Duration::from_millis(1_500));
    assert!(other.is_fresh() && !one.is_fresh());
}

#[test]
fn no_change_is_missed_while_many_are_made() {
    let url = prefix(&CLUSTER);
    let (one, other) = (open(&url, Reads::Cached).unwrap(), open(&url, Reads::Cached).unwrap());
    let heard = Heard::of(&other);
    eventually("the node is fresh", || other.is_fresh());
    let missed = heard.missed.load(Ordering::SeqCst);
    let mut committed = HashMap::new();
    thread::scope(|threads| {
        let writers: Vec<_> = (0..8)
            .map(|writer| {
                let store = if writer % 4 == 0 { &other } else { &one };
                threads.spawn(move || (0..50).map(|number| write(store, writer, number)).collect())
            })
            .collect::<Vec<thread::ScopedJoinHandle<'_, Vec<_>>>>();
        writers.into_iter().for_each(|writer| committed.extend(writer.join().unwrap()));
    });
    assert_eq!(committed.len(), 400);
    eventually("all changes are heard of", || *heard.keys.lock().unwrap() == committed);
    assert_eq!(heard.missed.load(Ordering::SeqCst), missed);
}

fn write(store: &Etcd, writer: usize, number: usize) -> (Key, Revision) {
    let key = key(&format!("{writer} {number}"));
    let revision = wait(store.commit(put(&key, &"long".repeat(10_000)))).unwrap();
    (key, revision)
}

#[test]
fn changes_that_are_compacted_before_they_were_heard_of_are_told_as_missed() {
    let cluster = Cluster::start(3, EtcdOptions::default());
    let url = cluster.url("");
    let (one, other) = (open(&url, Reads::Strong).unwrap(), open(&url, Reads::Cached).unwrap());
    let heard = Heard::of(&other);
    eventually("the node is fresh", || other.is_fresh());
    let missed = heard.missed.load(Ordering::SeqCst);
    for round in 0..10 {
        let revision = wait(one.commit(put(&key("a"), &round.to_string()))).unwrap();
        cluster.call("", "/v3/kv/compaction", &format!(r#"{{"revision":"{revision}"}}"#));
    }
    cluster.members[0].process.signal("KILL");
    eventually("it is told", || heard.missed.load(Ordering::SeqCst) > missed && other.is_fresh());
    let revision = wait(one.commit(put(&key("a"), "after"))).unwrap();
    eventually("the change is heard of", || heard.last(&key("a")) == Some(revision));
    assert_eq!(value_of(&other, &key("a")), Ok(Some("after".to_owned())));
}

#[test]
fn large_scans_and_reads_are_of_one_moment() {
    let store = open(&prefix(&CLUSTER), Reads::Strong).unwrap();
    let names: Vec<Key> = (0..1_000).map(|number| key(&format!("{number:04}"))).collect();
    let values = |value: &str| {
        let value = Bytes::from(value.repeat(4_000));
        let puts = names.iter().map(|name| (name.clone(), value.clone())).collect();
        Batch { puts, ..Batch::default() }
    };
    wait(store.commit(values("0"))).unwrap();
    thread::scope(|threads| {
        threads.spawn(|| {
            for number in 1..10 {
                wait(store.commit(values(&number.to_string()))).unwrap();
            }
        });
        for direction in [Direction::Ascending, Direction::Descending].repeat(3) {
            let scan = Scan { prefix: b"", after: None, rows_max: 10_000, direction };
            let rows = wait(store.scan(scan)).unwrap();
            let mut expected = names.clone();
            if direction == Direction::Descending {
                expected.reverse();
            }
            assert!(rows.iter().map(|(key, _)| key).eq(&expected));
            assert!(rows.iter().all(|(_, row)| Some(row) == rows.first().map(|(_, row)| row)));
            let rows: Vec<Row> = wait(store.read(&names)).unwrap().into_iter().flatten().collect();
            assert_eq!(rows.len(), names.len());
            assert!(rows.iter().all(|row| Some(row) == rows.first()));
        }
    });
}

#[test]
fn a_cluster_with_limits_that_are_too_low_is_refused() {
    let options = EtcdOptions { has_default_limits: true, ..EtcdOptions::default() };
    let cluster = Cluster::start(1, options);
    let refused = open(&cluster.url(""), Reads::Cached).err().unwrap().to_string();
    assert!(refused.contains("--max-txn-ops=2048 --max-request-bytes=9437184"), "{refused}");
}

#[test]
fn a_cluster_without_space_refuses_commits_and_is_read() {
    let options = EtcdOptions { quota_bytes: Some(8 * 1_024 * 1_024), ..EtcdOptions::default() };
    let cluster = Cluster::start(1, options);
    let store = open(&cluster.url(""), Reads::Cached).unwrap();
    let value = "long".repeat(64 * 1_024);
    let refused = (0..100).find_map(|number: usize| {
        let refused = wait(store.commit(put(&key(&number.to_string()), &value))).err()?;
        Some((number, refused))
    });
    let (number, refused) = refused.unwrap();
    let CommitError::Unavailable(cause) = refused else { panic!("{refused}") };
    assert!(cause.contains("database space exceeded; compact"), "{cause}");
    assert_eq!(value_of(&store, &key(&number.to_string())), Ok(None));
    assert_eq!(value_of(&store, &key("0")), Ok(Some(value)));
    eventually("the node is fresh", || store.is_fresh());
}

#[test]
fn both_sides_have_to_prove_who_they_are_where_tls_is_on() {
    let options = EtcdOptions { has_tls: true, ..EtcdOptions::default() };
    let cluster = Cluster::start(1, options);
    let file = |name: &str| cluster.members[0].process.directory.join(name).display().to_string();
    let trusting = cluster.url(&format!("?cacert={}", file("cert.pem")));
    let trusted = format!("{trusting}&cert={}&key={}", file("cert.pem"), file("key.pem"));
    let store = open(&trusted, Reads::Cached).unwrap();
    wait(store.commit(put(&key("a"), "1"))).unwrap();
    eventually("the node is fresh", || store.is_fresh());
    // Without an authority that vouches, without a certificate, under another name, and without TLS.
    let elsewhere = trusted.replace("localhost", "127.0.0.1");
    let plain = cluster.url("?tls=off").replace("etcds", "etcd");
    for (url, told) in [
        (&cluster.url(""), "certificate"),
        (&trusting, "cannot open"),
        (&elsewhere, "certificate"),
        (&plain, "cannot open"),
    ] {
        let refused = open(url, Reads::Cached).err().unwrap().to_string();
        assert!(refused.contains(told), "{url}: {refused}");
    }
}

#[test]
fn a_store_of_a_newer_release_and_a_cluster_that_is_not_there_are_refused() {
    let cluster = Cluster::start(1, EtcdOptions::default());
    drop(open(&cluster.url("p"), Reads::Strong).unwrap());
    // `p/format` and `2`, in base64.
    cluster.call("", "/v3/kv/put", r#"{"key":"cC9mb3JtYXQ=","value":"Mg=="}"#);
    let told = |url: &str| open(url, Reads::Strong).err().unwrap().to_string();
    let refused = told(&cluster.url("p"));
    assert!(refused.contains("format is version 2"), "{refused}");
    let refused = told(&format!("etcd://coffer:hunter2@127.0.0.1:{}", free_port()));
    assert!(refused.contains("refused") && !refused.contains("hunter2"), "{refused}");
}

#[test]
fn a_store_is_there_for_those_who_open_it_at_the_same_time() {
    let url = prefix(&CLUSTER);
    thread::scope(|threads| {
        for writer in 0..6 {
            let url = &url;
            threads.spawn(move || {
                let store = open(url, Reads::Strong).unwrap();
                wait(store.commit(put(&key(&writer.to_string()), "1"))).unwrap();
            });
        }
    });
    let scan = Scan { prefix: b"", after: None, rows_max: 10, direction: Direction::Ascending };
    assert_eq!(wait(open(&url, Reads::Strong).unwrap().scan(scan)).unwrap().len(), 6);
}

#[test]
fn a_user_needs_the_prefix_alone() {
    let cluster = Cluster::start(1, EtcdOptions::default());
    make_users(&cluster);
    let login = |login: &str, rest: &str| open(&cluster.url_as(login, rest), Reads::Cached);
    for (user, rest, told) in [
        ("", "", "user name"),
        ("coffer:hunter3@", "", "authentication failed"),
        ("coffer:hunter2@", "elsewhere/", "permission denied"),
    ] {
        let refused = login(user, rest).err().unwrap().to_string();
        assert!(refused.contains(told) && !refused.contains("hunter"), "{refused}");
    }
    let store = login("coffer:hunter2@", "").unwrap();
    wait(store.commit(put(&key("a"), "1"))).unwrap();
    assert_eq!(value_of(&store, &key("a")), Ok(Some("1".to_owned())));
    eventually("the node is fresh", || store.is_fresh());
    // All logins run out by it.
    call_as_root(&cluster, "/v3/auth/disable", "{}");
    cluster.call("", "/v3/auth/enable", "{}");
    wait(store.commit(put(&key("a"), "2"))).unwrap();
    assert_eq!(value_of(&store, &key("a")), Ok(Some("2".to_owned())));
    eventually("the node is fresh again", || store.is_fresh());
    let mut address: EtcdAddress = cluster.url_as("coffer@", "").parse().unwrap();
    address.set_password("hunter2").unwrap();
    let store = wait(Etcd::open(address, Reads::Strong)).unwrap();
    assert_eq!(value_of(&store, &key("a")), Ok(Some("2".to_owned())));
}

fn make_users(cluster: &Cluster) {
    // The range from `coffer/` to `coffer0`, in base64.
    let permission = r#"{"permType":"READWRITE","key":"Y29mZmVyLw==","range_end":"Y29mZmVyMA=="}"#;
    for (path, json) in [
        ("/v3/auth/user/add", r#"{"name":"root","password":"root"}"#),
        ("/v3/auth/user/grant", r#"{"user":"root","role":"root"}"#),
        ("/v3/auth/role/add", r#"{"name":"coffer"}"#),
        ("/v3/auth/role/grant", &format!(r#"{{"name":"coffer","perm":{permission}}}"#)),
        ("/v3/auth/user/add", r#"{"name":"coffer","password":"hunter2"}"#),
        ("/v3/auth/user/grant", r#"{"user":"coffer","role":"coffer"}"#),
        ("/v3/auth/enable", "{}"),
    ] {
        cluster.call("", path, json);
    }
}

fn call_as_root(cluster: &Cluster, path: &str, json: &str) {
    let login = r#"{"name":"root","password":"root"}"#;
    let answer = cluster.call("", "/v3/auth/authenticate", login);
    let (_, token) = answer.split_once(r#""token":""#).unwrap();
    cluster.call(token.split('"').next().unwrap(), path, json);
}

#[expect(clippy::disallowed_methods, reason = "a test measures how long something takes")]
pub(crate) fn clock() -> Instant {
    Instant::now()
}

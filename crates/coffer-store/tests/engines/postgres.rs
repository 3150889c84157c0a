//! What the PostgreSQL engine promises beyond what all engines do.

use std::collections::HashMap;
use std::sync::atomic::Ordering;
use std::sync::{LazyLock, Mutex};
use std::thread;

use coffer_store::{Batch, Direction, Postgres, Reads, Scan, Store};
use coffer_test_servers::{Postgresql, free_port};

use crate::nodes::{eventually, open, schema, wait};
use crate::observed::{Heard, counted_through, key, put, value_of};

static SERVER: LazyLock<Postgresql> = LazyLock::new(|| Postgresql::start(false));

#[test]
fn nodes_hear_of_each_others_changes_while_they_are_fresh() {
    let url = schema(&SERVER);
    let (one, other) = (open(&url, Reads::Cached), open(&url, Reads::Cached));
    let heard = Heard::of(&other);
    eventually("the node is fresh", || other.is_fresh());
    for round in 0..20 {
        let revision = wait(one.commit(put(&key("a"), &round.to_string()))).unwrap();
        eventually("the change is heard of", || heard.last(&key("a")) == Some(revision));
        assert!(other.is_fresh(), "round {round}");
    }
    let deleted = Batch { deletes: vec![key("a")], ..Batch::default() };
    let revision = wait(one.commit(deleted)).unwrap();
    eventually("the deletion is heard of", || heard.last(&key("a")) == Some(revision));
}

#[test]
fn no_change_is_missed_whatever_the_order_in_which_transactions_end() {
    let url = schema(&SERVER);
    let (one, other) = (open(&url, Reads::Cached), open(&url, Reads::Cached));
    let heard = Heard::of(&other);
    eventually("the node is fresh", || other.is_fresh());
    let missed = heard.missed.load(Ordering::SeqCst);
    let committed = Mutex::new(HashMap::new());
    thread::scope(|threads| {
        for writer in 0..8 {
            let (one, committed) = (&one, &committed);
            threads.spawn(move || {
                for number in 0..100 {
                    let key = key(&format!("{writer} {number}"));
                    let revision = wait(one.commit(put(&key, "1"))).unwrap();
                    committed.lock().unwrap().insert(key, revision);
                }
            });
        }
    });
    let committed = committed.into_inner().unwrap();
    assert_eq!(committed.len(), 800);
    eventually("all changes are heard of", || *heard.keys.lock().unwrap() == committed);
    assert_eq!(heard.missed.load(Ordering::SeqCst), missed);
}

#[test]
fn strong_reads_are_never_taken_from_what_was_read_before() {
    let url = schema(&SERVER);
    let (one, other) = (open(&url, Reads::Strong), open(&url, Reads::Strong));
    for round in 0..50 {
        let value = round.to_string();
        wait(one.commit(put(&key("a"), &value))).unwrap();
        assert_eq!(value_of(&other, &key("a")), Ok(Some(value)));
        assert!(!other.is_fresh());
    }
}

#[test]
fn a_database_that_falls_silent_ends_freshness_and_reads_and_commits() {
    let server = Postgresql::start(false);
    let store = open(&server.url(""), Reads::Cached);
    let heard = Heard::of(&store);
    eventually("the node is fresh", || store.is_fresh());
    wait(store.commit(put(&key("a"), "1"))).unwrap();
    // The connections stand, and nobody answers on them.
    let processes =
        server.admin("SELECT pid FROM pg_stat_activity WHERE application_name = 'coffer'");
    let signal = |name: &str| {
        for process in processes.split_whitespace() {
            coffer_test_servers::run(std::process::Command::new("kill").args([name, process]));
        }
    };
    signal("-STOP");
    eventually("the node is no longer fresh", || !store.is_fresh());
    signal("-CONT");
    eventually("the node is fresh again", || store.is_fresh());
    assert!(heard.missed.load(Ordering::SeqCst) > 0, "what was missed meanwhile is not known");
    assert_eq!(value_of(&store, &key("a")), Ok(Some("1".to_owned())));
}

#[test]
fn crashes_of_the_database_lose_nothing_that_was_acknowledged() {
    let server = Postgresql::start(false);
    let store = open(&server.url(""), Reads::Cached);
    counted_through(&store, |go_on| {
        for _ in 0..4 {
            go_on("commits are acknowledged");
            server.crash();
        }
        go_on("commits are acknowledged after the last crash");
    });
}

#[test]
fn a_store_is_there_for_those_who_open_it_at_the_same_time_and_after() {
    let url = schema(&SERVER);
    thread::scope(|threads| {
        for writer in 0..6 {
            let url = &url;
            threads.spawn(move || {
                let store = open(url, Reads::Strong);
                wait(store.commit(put(&key(&writer.to_string()), "1"))).unwrap();
            });
        }
    });
    let scan = Scan { prefix: b"", after: None, rows_max: 10, direction: Direction::Ascending };
    assert_eq!(wait(open(&url, Reads::Strong).scan(scan)).unwrap().len(), 6);
}

#[test]
fn a_store_of_a_newer_release_and_a_database_that_is_not_there_are_refused() {
    let url = schema(&SERVER);
    drop(open(&url, Reads::Strong));
    let name = url.rsplit("%3D").next().unwrap();
    SERVER.admin(&format!("UPDATE {name}.coffer_format SET version = 2"));
    let told = |url: &str| {
        wait(Postgres::open(url.parse().unwrap(), Reads::Strong)).err().unwrap().to_string()
    };
    let refused = told(&url);
    assert!(refused.contains("format is version 2"), "{refused}");
    for (url, why) in [
        (SERVER.url("").replace("own", "0wn"), "password authentication failed"),
        (SERVER.url("").replace("/postgres", "/nowhere"), "does not exist"),
        (format!("postgres://coffer:hunter2@127.0.0.1:{}/x", free_port()), "refused"),
    ] {
        let refused = told(&url);
        assert!(refused.contains(why), "{refused}");
        assert!(!refused.contains("hunter2"), "{refused}");
    }
}

#[test]
fn a_database_that_does_not_prove_its_name_is_not_spoken_to() {
    let server = Postgresql::start(true);
    let file = server.process.directory.join("cert.pem");
    let trusted = server.url(&format!("sslrootcert={}", file.display()));
    let store = open(&trusted.replace("127.0.0.1", "localhost"), Reads::Strong);
    wait(store.commit(put(&key("a"), "1"))).unwrap();
    let seen = server.admin(
        "SELECT bool_and(ssl) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid)
         WHERE application_name = 'coffer'",
    );
    assert_eq!(seen.trim(), "t");
    for url in [trusted, server.url("sslmode=verify-full").replace("127.0.0.1", "localhost")] {
        let opened = wait(Postgres::open(url.parse().unwrap(), Reads::Strong));
        let refused = opened.err().unwrap().to_string();
        assert!(refused.contains("certificate"), "{refused}");
    }
}

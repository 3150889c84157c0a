//! The root key is changed while the server serves, and whatever moment the process ends at.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use coffer_pipeline::{NextRootKey, RootKeySource, StoreKeyRow};
use coffer_seal::{RootKey, SystemEntropy};
use coffer_services::kms::key::{KeyManager, KeyRecord};
use coffer_store::{Faults, Sim, Store};
use futures_util::future::join_all;
use serde_json::{Value, json};
use tokio::sync::Notify;

use crate::kms::on;
use crate::port::Port;
use crate::world::reopened;

/// Gives one key, in its written form, or none.
struct Source {
    key: Option<String>,
    asked: AtomicUsize,
    settled: AtomicUsize,
}

#[async_trait]
impl RootKeySource for Source {
    async fn next(&self, _: &NextRootKey) -> Result<RootKey, String> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        self.key.as_deref().map(read).ok_or_else(|| "no root key at `/none`".to_owned())
    }

    async fn settle(&self, _: &str) -> Result<(), String> {
        self.settled.fetch_add(1, Ordering::SeqCst);
        Ok(())
    }
}

/// A store, the keys before and after, and what was put into it.
struct Change {
    sim: Arc<Sim>,
    old: String,
    new: String,
    source: Arc<Source>,
}

impl Change {
    fn new() -> Self {
        let drawn = || RootKey::generate(&SystemEntropy::new()).to_text().to_string();
        let (old, new) = (drawn(), drawn());
        let key = Some(new.clone());
        let source = Source { key, asked: AtomicUsize::new(0), settled: AtomicUsize::new(0) };
        Self { sim: Arc::new(Sim::alone()), old, new, source: Arc::new(source) }
    }

    /// Starts a server with this root key; nothing where that does not open the store.
    async fn start(&self, root_key: &str) -> Option<Port> {
        let store: Arc<dyn Store> = self.sim.clone();
        reopened(store, read(root_key), self.source.clone()).await.ok().map(Port::new)
    }

    async fn row(&self) -> StoreKeyRow {
        StoreKeyRow::read(self.sim.as_ref()).await.unwrap().unwrap().0
    }
}

fn read(text: &str) -> RootKey {
    RootKey::parse(text).unwrap()
}

async fn kms(port: &Port, operation: &str, input: Value) -> Value {
    port.call(ACCOUNT, "kms", operation, &input).await.unwrap()
}

/// Makes a key, and seals something under it.
async fn sealed(port: &Port) -> String {
    let made = kms(port, "CreateKey", json!({})).await;
    let key_id = made["KeyMetadata"]["KeyId"].as_str().unwrap();
    let sealed = kms(port, "Encrypt", json!({"KeyId": key_id, "Plaintext": PLAIN})).await;
    sealed["CiphertextBlob"].as_str().unwrap().to_owned()
}

async fn opens(port: &Port, blob: &str) -> bool {
    kms(port, "Decrypt", json!({"CiphertextBlob": blob})).await["Plaintext"] == PLAIN
}

async fn rekey(port: &Port) -> Result<Value, (String, String)> {
    port.call(ACCOUNT, "coffer", "Rekey", &json!({})).await
}

async fn state(port: &Port) -> Value {
    port.call(ACCOUNT, "coffer", "DescribeRekey", &json!({})).await.unwrap()
}

#[tokio::test]
async fn whatever_step_the_process_ends_after_one_key_opens_the_store_and_the_change_goes_on() {
    let mut steps = 0;
    loop {
        let change = Change::new();
        let port = change.start(&change.old).await.unwrap();
        let mut blobs = Vec::new();
        for _ in 0..3 {
            blobs.push(sealed(&port).await);
        }
        rekey(&port).await.unwrap();
        let mut is_done = false;
        for _ in 0..steps {
            is_done = !port.run_job().await;
        }
        drop(port);

        // One of the two keys opens the store, and the other one does not.
        let is_changed = change.row().await.root_key_id == read(&change.new).id();
        let (right, wrong) = match is_changed {
            true => (&change.new, &change.old),
            false => (&change.old, &change.new),
        };
        assert!(change.start(wrong).await.is_none(), "after {steps} steps");
        let port = change.start(right).await.unwrap();
        for blob in &blobs {
            assert!(opens(&port, blob).await, "after {steps} steps");
        }
        blobs.push(sealed(&port).await);

        // A lease that the process left behind ends by itself.
        port.world().clock.advance(Duration::from_secs(120)).unwrap();
        while port.run_job().await {}
        assert_eq!(state(&port).await["State"], "DONE", "after {steps} steps");
        assert!(!change.row().await.is_changing());
        assert_eq!(change.source.settled.load(Ordering::SeqCst), 1);
        drop(port);

        assert!(change.start(&change.old).await.is_none(), "after {steps} steps");
        let port = change.start(&change.new).await.unwrap();
        assert!(port.world().root_key.keys().former().is_none());
        for blob in &blobs {
            assert!(opens(&port, blob).await, "after {steps} steps");
        }
        if is_done {
            break;
        }
        steps += 1;
    }
    assert!(steps > 4, "a change has more than {steps} steps");
}

#[tokio::test]
async fn what_is_sealed_while_the_key_is_changed_opens_with_the_new_key_alone() {
    for seed in 0..24 {
        let change =
            Change { sim: Arc::new(Sim::with_faults(seed, Faults::default())), ..Change::new() };
        let port = change.start(&change.old).await.unwrap();
        let mut blobs = vec![sealed(&port).await];
        change.sim.set_faults(Faults {
            yields_max: 12,
            conflicts_per_mille: 30,
            ..Faults::default()
        });
        rekey(&port).await.unwrap();
        let writer = || async {
            let mut blobs = Vec::new();
            for _ in 0..6 {
                blobs.push(sealed(&port).await);
            }
            blobs
        };
        let changed = async {
            while state(&port).await["State"] != "DONE" {
                port.run_job().await;
                tokio::task::yield_now().await;
            }
        };
        let (written, ()) = tokio::join!(join_all((0..4).map(|_| writer())), changed);
        blobs.extend(written.into_iter().flatten());
        change.sim.set_faults(Faults::default());
        drop(port);

        let port = change.start(&change.new).await.unwrap();
        assert!(port.world().root_key.keys().former().is_none());
        for blob in &blobs {
            assert!(opens(&port, blob).await, "seed {seed}");
        }
        assert_eq!(change.source.asked.load(Ordering::SeqCst), 1, "seed {seed}");
    }
}

#[tokio::test]
async fn a_slow_writer_that_has_sealed_under_the_old_key_is_waited_for() {
    let change = Change::new();
    let port = change.start(&change.old).await.unwrap();
    rekey(&port).await.unwrap();
    let gate = Arc::new(Notify::new());
    let held = gate.clone();
    let slow = on(port.world(), "us-east-1", move |call| {
        let gate = held.clone();
        Box::pin(async move {
            // Made in another account than the one that uses it afterwards.
            let policy = json!({"Version": "2012-10-17", "Statement": {"Effect": "Allow",
                "Principal": "*", "Action": "kms:*", "Resource": "*"}});
            let key = KeyRecord::generate(call, KeyManager::Customer, "", policy.to_string());
            let arn = key.arn();
            call.put(key).await?;
            gate.notified().await;
            Ok(arn)
        })
    });
    let changed = async {
        for _ in 0..20 {
            port.run_job().await;
        }
        let waiting = change.row().await;
        assert!(waiting.is_changing() && waiting.root_key_id == read(&change.new).id());
        assert_eq!(state(&port).await["State"], "IN_PROGRESS");
        gate.notify_one();
    };
    let (arn, ()) = tokio::join!(slow, changed);
    while port.run_job().await {}
    assert_eq!(state(&port).await["State"], "DONE");
    drop(port);
    let port = change.start(&change.new).await.unwrap();
    let input = json!({"KeyId": arn.unwrap(), "Plaintext": PLAIN});
    let sealed = kms(&port, "Encrypt", input).await;
    assert!(opens(&port, sealed["CiphertextBlob"].as_str().unwrap()).await);
}

#[tokio::test]
async fn more_keys_than_one_commit_takes_are_all_sealed_anew() {
    let change = Change::new();
    let port = change.start(&change.old).await.unwrap();
    let mut blobs = Vec::new();
    for _ in 0..150 {
        blobs.push(sealed(&port).await);
    }
    rekey(&port).await.unwrap();
    while port.run_job().await {}
    assert_eq!(state(&port).await["KeysResealed"], 150);
    drop(port);
    let port = change.start(&change.new).await.unwrap();
    for blob in &blobs {
        assert!(opens(&port, blob).await);
    }
}

#[tokio::test]
async fn a_key_that_cannot_be_obtained_changes_nothing() {
    for (is_same, told) in [(false, "no root key at"), (true, "is in force already")] {
        let change = Change::new();
        let key = is_same.then(|| change.old.clone());
        let source = Source { key, asked: AtomicUsize::new(0), settled: AtomicUsize::new(0) };
        let change = Change { source: Arc::new(source), ..change };
        let port = change.start(&change.old).await.unwrap();
        let blob = sealed(&port).await;
        rekey(&port).await.unwrap();
        let (code, _) = rekey(&port).await.unwrap_err();
        assert_eq!(code, "RekeyInProgressException");
        while port.run_job().await {}
        let state = state(&port).await;
        assert_eq!(state["State"], "FAILED");
        assert!(state["Failure"].as_str().unwrap().contains(told), "{state}");
        drop(port);
        let port = change.start(&change.old).await.unwrap();
        assert!(opens(&port, &blob).await);
        assert!(rekey(&port).await.is_ok());
    }
}

const ACCOUNT: &str = "111122223333";
/// `plain`, in base64.
const PLAIN: &str = "cGxhaW4=";

/// Two servers on one store, and a change of the root key at the first of them.
async fn two_servers() -> (Change, Port, Port) {
    let change = Change { sim: Arc::new(Sim::new()), ..Change::new() };
    let one = change.start(&change.old).await.unwrap();
    let other = change.start(&change.old).await.unwrap();
    (change, one, other)
}

async fn follows(change: &Change, port: &Port) -> Result<(), String> {
    port.world().root_key.follow(change.sim.as_ref()).await
}

/// Runs what is due at a server, and what is once the others had their time.
async fn run_all(port: &Port) {
    while port.run_job().await {}
    port.world().clock.advance(Duration::from_secs(11)).unwrap();
    while port.run_job().await {}
}

#[tokio::test]
async fn a_server_that_looks_in_time_goes_along_with_a_change_at_another() {
    let (change, one, other) = two_servers().await;
    let mut blobs = vec![sealed(&one).await, sealed(&other).await];
    rekey(&one).await.unwrap();
    assert!(one.run_job().await, "the key is obtained");
    assert!(!one.run_job().await, "others are given time");
    blobs.push(sealed(&other).await);
    follows(&change, &other).await.unwrap();
    assert_eq!(other.world().root_key.keys().id(), read(&change.new).id());
    blobs.push(sealed(&other).await);
    run_all(&one).await;
    assert_eq!(state(&other).await["State"], "DONE");
    follows(&change, &other).await.unwrap();
    for port in [&one, &other] {
        assert!(port.world().root_key.keys().former().is_none());
        blobs.push(sealed(port).await);
    }
    let anew = change.start(&change.new).await.unwrap();
    for port in [&one, &other, &anew] {
        for blob in &blobs {
            assert!(opens(port, blob).await);
        }
    }
    assert!(change.start(&change.old).await.is_none());
}

#[tokio::test]
async fn what_a_server_seals_that_has_not_looked_opens_with_the_new_key_or_is_not_kept() {
    // After how many steps of the change the other server seals something.
    for steps in 0..8 {
        let (change, one, other) = two_servers().await;
        let before = sealed(&other).await;
        rekey(&one).await.unwrap();
        for _ in 0..steps {
            if !one.run_job().await {
                one.world().clock.advance(Duration::from_secs(11)).unwrap();
                one.run_job().await;
            }
        }
        let made = other.call(ACCOUNT, "kms", "CreateKey", &json!({})).await;
        let is_over = !change.row().await.is_changing() && steps > 0;
        assert_eq!(made.is_err(), is_over, "after {steps} steps: {made:?}");
        assert_eq!(other.world().root_key.is_lost(), is_over, "after {steps} steps");
        run_all(&one).await;
        assert_eq!(state(&one).await["State"], "DONE", "after {steps} steps");
        let anew = change.start(&change.new).await.unwrap();
        assert!(opens(&anew, &before).await);
        if let Ok(made) = made {
            let key_id = &made["KeyMetadata"]["KeyId"];
            kms(&anew, "Encrypt", json!({"KeyId": key_id, "Plaintext": PLAIN})).await;
        }
        if is_over {
            return;
        }
    }
    unreachable!("the change is over after a few steps");
}

#[tokio::test]
async fn a_change_goes_on_at_another_server_when_the_first_ends() {
    for steps in 0..8 {
        let (change, one, other) = two_servers().await;
        let blob = sealed(&one).await;
        rekey(&one).await.unwrap();
        for _ in 0..steps {
            if !one.run_job().await {
                one.world().clock.advance(Duration::from_secs(11)).unwrap();
                one.run_job().await;
            }
            follows(&change, &other).await.unwrap();
        }
        drop(one);
        // The claim of the one that ended, and the time that others have.
        for _ in 0..3 {
            other.world().clock.advance(Duration::from_secs(120)).unwrap();
            while other.run_job().await {
                follows(&change, &other).await.unwrap();
            }
        }
        assert_eq!(state(&other).await["State"], "DONE", "after {steps} steps");
        assert!(opens(&other, &blob).await);
        let anew = change.start(&change.new).await.unwrap();
        assert!(opens(&anew, &blob).await, "after {steps} steps");
    }
}

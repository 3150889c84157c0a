//! Backups are asked for, made one at a time, and told of.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use coffer_pipeline::{BackupMade, BackupOrder, Backups, NextRootKey, RootKeySource, Unreachable};
use coffer_seal::{RootKey, SystemEntropy};
use coffer_services::coffer::{last_backup, plan_backup};
use coffer_store::Sim;
use serde_json::{Value, json};

use crate::port::Port;
use crate::world::reopened;

/// Makes as many backups as it has room for.
#[derive(Default)]
struct Shelf {
    room: Mutex<usize>,
    orders: Mutex<Vec<BackupOrder>>,
}

#[async_trait]
impl Backups for Shelf {
    async fn make(&self, order: BackupOrder) -> Result<BackupMade, Unreachable> {
        let mut room = self.room.lock().unwrap();
        self.orders.lock().unwrap().push(order.clone());
        *room = room.checked_sub(1).ok_or_else(|| Unreachable("there is no room".to_owned()))?;
        Ok(BackupMade {
            host: "host".to_owned(),
            file: format!("/shelf/{}", order.id),
            rows: 3,
            bytes: 400,
            sha256: "ab".repeat(32),
            unreadable_rows: 1,
        })
    }
}

/// The root key stays as it is.
struct NoOther;

#[async_trait]
impl RootKeySource for NoOther {
    async fn next(&self, _: &NextRootKey) -> Result<RootKey, String> {
        Err("there is no other root key".to_owned())
    }

    async fn settle(&self, _: &str) -> Result<(), String> {
        Ok(())
    }
}

async fn port(room: usize) -> (Port, Arc<Shelf>) {
    let shelf = Arc::new(Shelf { room: Mutex::new(room), ..Shelf::default() });
    let drawn = RootKey::generate(&SystemEntropy::new());
    let mut world = reopened(Arc::new(Sim::new()), drawn, Arc::new(NoOther)).await.unwrap();
    world.backups = shelf.clone();
    (Port::new(world), shelf)
}

async fn call(port: &Port, operation: &str) -> Result<Value, (String, String)> {
    port.call("111122223333", "coffer", operation, &json!({})).await
}

async fn all_jobs(port: &Port) -> usize {
    let mut jobs = 0;
    while port.run_job().await {
        jobs += 1;
    }
    jobs
}

#[tokio::test]
async fn a_backup_is_made_by_a_job_and_told_of() {
    let (port, shelf) = port(1).await;
    assert_eq!(call(&port, "DescribeBackup").await.unwrap(), json!({}));
    let asked = call(&port, "CreateBackup").await.unwrap();
    assert!(shelf.orders.lock().unwrap().is_empty(), "a request makes none");
    let told = call(&port, "DescribeBackup").await.unwrap();
    assert_eq!((&told["State"], &told["BackupId"]), (&json!("IN_PROGRESS"), &asked["BackupId"]));
    let (code, _) = call(&port, "CreateBackup").await.unwrap_err();
    assert_eq!(code, "BackupInProgressException");
    all_jobs(&port).await;
    let told = call(&port, "DescribeBackup").await.unwrap();
    let order = shelf.orders.lock().unwrap()[0].clone();
    let expected = json!({"BackupId": order.id, "State": "DONE", "Host": "host", "Rows": 3,
        "File": format!("/shelf/{}", order.id), "Bytes": 400, "Sha256": "ab".repeat(32),
        "UnreadableRows": 1, "RootKeyId": order.root_key_id});
    for (name, value) in expected.as_object().unwrap() {
        assert_eq!(told[name], *value, "{name}");
    }
    assert_eq!(told["LastDone"], told["Started"]);
    assert!(call(&port, "CreateBackup").await.is_ok());
}

#[tokio::test]
async fn one_that_fails_says_why_and_the_last_good_one_is_remembered() {
    let (port, shelf) = port(1).await;
    for _ in 0..2 {
        call(&port, "CreateBackup").await.unwrap();
        all_jobs(&port).await;
    }
    let told = call(&port, "DescribeBackup").await.unwrap();
    assert_eq!((&told["State"], &told["Failure"]), (&json!("FAILED"), &json!("there is no room")));
    assert!(told["LastDone"].as_f64().unwrap() < told["Started"].as_f64().unwrap());
    assert!(told.get("File").is_none());
    assert_eq!(shelf.orders.lock().unwrap().len(), 2);
    assert!(last_backup(port.world()).await.unwrap().is_some());
}

#[tokio::test]
async fn one_that_nobody_hears_of_any_more_keeps_others_away_for_a_day_only() {
    let (port, shelf) = port(9).await;
    let lost = call(&port, "CreateBackup").await.unwrap();
    port.world().clock.advance(Duration::from_secs(86_399)).unwrap();
    assert!(call(&port, "CreateBackup").await.is_err());
    port.world().clock.advance(Duration::from_secs(1)).unwrap();
    let next = call(&port, "CreateBackup").await.unwrap();
    all_jobs(&port).await;
    let orders = shelf.orders.lock().unwrap();
    let made: Vec<_> = orders.iter().map(|order| json!(order.id)).collect();
    assert_eq!(made, [next["BackupId"].clone()], "and not {}", lost["BackupId"]);
}

#[tokio::test]
async fn backups_that_nobody_asks_for_are_made_as_often_as_the_operator_says() {
    let (port, shelf) = port(3).await;
    let (world, day) = (port.world(), Duration::from_secs(86_400));
    let region = "eu-west-1".parse().unwrap();
    let made = || shelf.orders.lock().unwrap().len();
    for days in 1..4 {
        // Any number of servers look, any number of times.
        for _ in 0..3 {
            plan_backup(world, day, &region).await.unwrap();
        }
        all_jobs(&port).await;
        for _ in 0..3 {
            plan_backup(world, day, &region).await.unwrap();
            world.clock.advance(day / 4).unwrap();
        }
        assert_eq!((all_jobs(&port).await, made()), (0, days));
        world.clock.advance(day / 4).unwrap();
    }
}

#[tokio::test]
async fn a_planned_backup_that_fails_is_tried_again_after_ten_minutes() {
    let (port, shelf) = port(0).await;
    let (world, day) = (port.world(), Duration::from_secs(86_400));
    let region = "eu-west-1".parse().unwrap();
    let made = || shelf.orders.lock().unwrap().len();
    for tries in 1..4 {
        plan_backup(world, day, &region).await.unwrap();
        all_jobs(&port).await;
        assert_eq!(made(), tries);
        world.clock.advance(Duration::from_secs(500)).unwrap();
        plan_backup(world, day, &region).await.unwrap();
        assert_eq!((all_jobs(&port).await, made()), (0, tries), "not all the time");
        world.clock.advance(Duration::from_secs(100)).unwrap();
    }
    *shelf.room.lock().unwrap() = 1;
    plan_backup(world, day, &region).await.unwrap();
    all_jobs(&port).await;
    assert_eq!(call(&port, "DescribeBackup").await.unwrap()["State"], "DONE");
}

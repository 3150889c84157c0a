//! Whoever asks too often is refused for as long as that lasts, and holds up nobody else.

use std::sync::Arc;
use std::time::Duration;

use coffer_model::Timestamp;
use coffer_pipeline::{Answer, Quota, QuotaScope, Quotas, RequestRate, Road};
use coffer_store::Sim;
use serde_json::{Value, json};

use crate::service::SERVICES;
use crate::world::{Harness, START_MS, received_of};

struct Throttled {
    road: Road,
}

impl Throttled {
    fn by(quotas: Vec<Quota>) -> Self {
        let Harness { road, .. } = Harness::new(Arc::new(Sim::new()), 1);
        Self { road: road.with_quotas(Some(Quotas::new(SERVICES, quotas))) }
    }

    /// One request at a time after the start, by an account's root.
    async fn ask(&self, who: (&str, &str), after_ms: i64, operation: &str, input: Value) -> Answer {
        let (access_key_id, region) = who;
        let real_now = Timestamp::from_millis(START_MS + after_ms);
        // Decisions stand still.
        let times = (Timestamp::from_millis(START_MS), real_now);
        let request = received_of(access_key_id, region, times, operation, &input);
        self.road.travel(Box::new(request)).await
    }

    async fn add(&self, who: (&str, &str), after_ms: i64) -> Answer {
        self.ask(who, after_ms, "Add", json!({"Name": "n", "By": 1})).await
    }

    async fn value(&self, who: (&str, &str)) -> Value {
        let answer = self.ask(who, 0, "GetCounter", json!({"Name": "n"})).await;
        serde_json::from_slice(&answer.body).unwrap()
    }
}

fn is_throttled(answer: &Answer) -> bool {
    assert!(answer.status == 200 || answer.is_throttled, "{:?}", answer.fault);
    if answer.is_throttled {
        let body: Value = serde_json::from_slice(&answer.body).unwrap();
        assert_eq!(body, json!({"__type": "ThrottlingException", "message": "Rate exceeded"}));
        assert_eq!(answer.status, 400);
    }
    answer.is_throttled
}

const ME: (&str, &str) = ("test", "us-east-1");
const OTHER: (&str, &str) = ("111122223333", "us-east-1");
const ELSEWHERE: (&str, &str) = ("test", "eu-west-1");

fn two_adds_a_second() -> Vec<Quota> {
    vec![Quota::new("ssm", &["Add"], 2)]
}

#[tokio::test]
async fn what_is_throttled_is_not_done_and_real_time_ends_it() {
    let throttled = Throttled::by(two_adds_a_second());
    assert!(!is_throttled(&throttled.add(ME, 0).await));
    assert!(!is_throttled(&throttled.add(ME, 1).await));
    assert!(is_throttled(&throttled.add(ME, 2).await));
    assert!(is_throttled(&throttled.add(ME, 499).await));
    assert_eq!(throttled.value(ME).await, json!({"Value": 2}));
    assert!(!is_throttled(&throttled.add(ME, 500).await));
    assert!(is_throttled(&throttled.add(ME, 501).await));
    assert_eq!(throttled.value(ME).await, json!({"Value": 3}));
}

#[tokio::test]
async fn other_accounts_and_regions_and_operations_go_on() {
    let throttled = Throttled::by(two_adds_a_second());
    for who in [ME, OTHER, ELSEWHERE] {
        assert!(!is_throttled(&throttled.add(who, 0).await), "{who:?}");
        assert!(!is_throttled(&throttled.add(who, 0).await), "{who:?}");
        assert!(is_throttled(&throttled.add(who, 0).await), "{who:?}");
        let other = throttled.ask(who, 0, "Append", json!({"Name": "n", "Item": "a"})).await;
        assert!(!is_throttled(&other), "{who:?}");
    }
}

#[tokio::test]
async fn what_cannot_be_read_or_may_not_be_done_counts_too() {
    let throttled = Throttled::by(two_adds_a_second());
    for _ in 0..2 {
        let answer = throttled.ask(ME, 0, "Add", json!({"Name": 1})).await;
        assert!(answer.status == 400 && !answer.is_throttled);
    }
    assert!(is_throttled(&throttled.ask(ME, 0, "Add", json!({"Name": 1})).await));
    assert!(is_throttled(&throttled.add(ME, 0).await));
}

#[tokio::test]
async fn a_stranger_uses_nothing_up() {
    let throttled = Throttled::by(two_adds_a_second());
    for _ in 0..5 {
        let answer = throttled.add(("AKIANOBODYKNOWS00001", "us-east-1"), 0).await;
        assert!(answer.status != 200 && !answer.is_throttled);
    }
    assert!(!is_throttled(&throttled.add(ME, 0).await));
}

#[tokio::test]
async fn a_request_that_one_quota_refuses_counts_to_no_other() {
    let shared = Quota::new("ssm", &[], RequestRate::each(Duration::from_secs(60), 3));
    let alone = Quota::new("ssm", &["Add"], RequestRate::each(Duration::from_secs(60), 1));
    let throttled = Throttled::by(vec![shared, alone]);
    assert!(!is_throttled(&throttled.add(ME, 0).await));
    for _ in 0..5 {
        assert!(is_throttled(&throttled.add(ME, 0).await));
    }
    for (item, is_too_many) in [("a", false), ("b", false), ("c", true)] {
        let answer = throttled.ask(ME, 0, "Append", json!({"Name": "n", "Item": item})).await;
        assert_eq!(is_throttled(&answer), is_too_many);
    }
}

#[tokio::test]
async fn a_quota_of_some_accounts_or_principals_is_no_other_s() {
    let account = vec!["111122223333".parse().unwrap()];
    let principal = vec!["arn:aws:iam::111122223333:root".to_owned()];
    for (accounts, principals) in [(account, Vec::new()), (Vec::new(), principal)] {
        for scope in [QuotaScope::Account, QuotaScope::Principal] {
            let only = Quota::new("ssm", &["Add"], 1).of(scope);
            let only = only.only(accounts.clone(), principals.clone());
            let throttled = Throttled::by(vec![only]);
            for _ in 0..5 {
                assert!(!is_throttled(&throttled.add(ME, 0).await));
            }
            assert!(!is_throttled(&throttled.add(OTHER, 0).await));
            assert!(is_throttled(&throttled.add(OTHER, 0).await));
        }
    }
}

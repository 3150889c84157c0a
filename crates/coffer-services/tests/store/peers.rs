//! Replicas at a peer, with messages that are lost, late and doubled, and stores that fail.

mod bridge;

use std::time::Duration;

use coffer_store::Faults;
use serde_json::{Value, json};

use self::bridge::{Both, EAST, Fate};

#[tokio::test]
async fn a_state_that_was_long_on_its_way_never_takes_the_place_of_a_newer_one() {
    let both = Both::new(None).await;
    both.create("first").await;
    both.settle().await;
    both.put("second").await;
    // Its message never comes back, and is kept to come later.
    both.bridge.fates([Fate::Late]);
    both.work().await;
    both.put("third").await;
    both.settle().await;
    assert_eq!(both.east_value().await.unwrap(), "third");
    assert_eq!(both.bridge.deliver_late(&both.east).await, 1);
    assert_eq!(both.east_value().await.unwrap(), "third");
    both.must_be_equal().await;
}

#[tokio::test]
async fn a_message_whose_answer_is_lost_is_sent_again_and_changes_nothing() {
    let both = Both::new(None).await;
    both.create("first").await;
    both.bridge.fates([Fate::LostAfter, Fate::LostBefore, Fate::LostAfter]);
    both.settle().await;
    both.must_be_equal().await;
    assert_eq!(both.events("ReplicationSucceeded").await, 1);
}

#[tokio::test]
async fn a_replica_that_was_promoted_unknown_to_its_primary_is_never_taken_back() {
    for overwrite in [false, true] {
        let both = Both::new(None).await;
        both.secret(
            "CreateSecret",
            json!({"Name": "db", "SecretString": "first",
            "AddReplicaRegions": [{"Region": EAST}], "ForceOverwriteReplicaSecret": overwrite}),
        )
        .await;
        // It is made, but nobody in the west knows.
        both.bridge.fates([Fate::LostAfter]);
        both.work().await;
        both.east("StopReplicationToReplica", json!({"SecretId": "db"})).await.unwrap();
        both.put("second").await;
        both.settle().await;
        assert_eq!(both.east_value().await.unwrap(), "first");
        assert_eq!(both.status().await, None);
        // Messages of before change nothing either.
        assert_eq!(both.bridge.repeat_all(&both.east).await, 2);
        assert_eq!(both.east_value().await.unwrap(), "first");
    }
}

#[tokio::test]
async fn an_overwriting_replication_takes_the_promoted_secret_only_when_asked_for_anew() {
    let both = Both::new(None).await;
    both.create("first").await;
    both.settle().await;
    both.east("StopReplicationToReplica", json!({"SecretId": "db"})).await.unwrap();
    both.put("second").await;
    both.settle().await;
    assert_eq!(both.status().await, None);
    both.add(true).await;
    both.settle().await;
    both.must_be_equal().await;
}

#[tokio::test]
async fn a_replica_that_its_peer_has_lost_is_made_anew() {
    let both = Both::new(None).await;
    both.create("first").await;
    both.put("second").await;
    both.settle().await;
    both.lose_the_replica().await;
    both.put("third").await;
    both.settle().await;
    both.must_be_equal().await;
}

#[tokio::test]
async fn a_primary_whose_store_was_set_back_leads_again() {
    let both = Both::new(None).await;
    both.create("first").await;
    both.settle().await;
    both.put("second").await;
    both.bridge.fates([Fate::Ahead]);
    both.work().await;
    // What the replica has is later than all that the primary knows of.
    both.put("third").await;
    both.settle().await;
    both.must_be_equal().await;
    // It is so for removals, too.
    both.put("fourth").await;
    both.bridge.fates([Fate::Ahead]);
    both.work().await;
    both.remove().await;
    both.settle().await;
    assert_eq!(both.east_value().await, None);
}

#[tokio::test]
async fn many_changes_while_a_peer_is_away_make_one_message() {
    let both = Both::new(None).await;
    both.create("first").await;
    both.settle().await;
    let before = both.bridge.sent();
    for number in 0..20 {
        both.put(&format!("value {number}")).await;
    }
    assert_eq!(both.waiting_jobs().await, 1);
    both.settle().await;
    assert_eq!(both.bridge.sent() - before, 1);
    both.must_be_equal().await;
}

#[tokio::test]
async fn a_removal_that_waits_is_overtaken_by_a_new_replication() {
    let both = Both::new(None).await;
    both.create("first").await;
    both.settle().await;
    both.bridge.fates([Fate::LostBefore]);
    both.remove().await;
    both.work().await;
    both.put("second").await;
    both.add(false).await;
    both.settle().await;
    both.must_be_equal().await;
    // The other way round: what was to be made is to be removed.
    both.put("third").await;
    both.bridge.fates([Fate::Late]);
    both.work().await;
    both.remove().await;
    both.settle().await;
    assert_eq!(both.east_value().await, None);
    assert_eq!(both.waiting_jobs().await, 0);
    // A state that comes behind the removal has nothing to follow.
    assert_eq!(both.bridge.deliver_late(&both.east).await, 1);
    assert_eq!(both.east_value().await, None);
}

#[tokio::test]
async fn a_first_state_that_comes_behind_the_removal_makes_nothing() {
    let both = Both::new(None).await;
    both.bridge.fates([Fate::Late, Fate::LostAfter]);
    both.create("first").await;
    both.work().await;
    both.remove().await;
    both.settle().await;
    assert_eq!(both.bridge.deliver_late(&both.east).await, 1);
    assert_eq!(both.east_value().await, None);
    // It is not remembered for ever, and stands in nobody's way.
    both.add(false).await;
    both.settle().await;
    both.must_be_equal().await;
    both.must_have_no_rests().await;
}

#[tokio::test]
async fn whatever_is_lost_a_replica_becomes_what_its_primary_is() {
    let seeds = 40;
    for seed in 0..seeds {
        let faults = Faults {
            conflicts_per_mille: 60,
            unknowns_per_mille: 30,
            unavailable_per_mille: 20,
            yields_max: 0,
        };
        let both = Both::new(Some((seed, faults))).await;
        let mut chance = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
        let mut draw = |below: u64| {
            chance ^= chance << 13;
            chance ^= chance >> 7;
            chance ^= chance << 17;
            chance % below
        };
        both.create("first").await;
        for step in 0..30 {
            match draw(9) {
                0..=2 => both.put(&format!("value {step}")).await,
                3 => both.tag(&step.to_string()).await,
                4 => both.move_label().await,
                5 => both.remove().await,
                6 => both.add(draw(2) == 0).await,
                7 => {
                    both.bridge.deliver_late(&both.east).await;
                }
                _ => {
                    let fate = |number| match number {
                        0 => Fate::LostBefore,
                        1 => Fate::LostAfter,
                        2 => Fate::Late,
                        3 => Fate::Twice,
                        _ => Fate::Arrives,
                    };
                    both.bridge.fates((0..3).map(|_| fate(draw(6))));
                    both.work().await;
                }
            }
        }
        both.heal();
        both.add(false).await;
        both.settle().await;
        // What is still on its way comes last of all.
        both.bridge.deliver_late(&both.east).await;
        both.settle().await;
        assert_eq!(both.status().await.as_deref(), Some("InSync"), "seed {seed}");
        both.must_be_equal().await;
        both.must_have_no_rests().await;
    }
}

#[tokio::test]
async fn a_secret_of_a_hundred_values_comes_in_parts_and_whole() {
    let both = Both::new(None).await;
    let create = json!({"Name": "db", "SecretString": "first"});
    both.secret("CreateSecret", create).await;
    for number in 0..99 {
        both.put(&format!("value {number}")).await;
    }
    both.add(false).await;
    both.bridge.fates([Fate::Arrives, Fate::Arrives, Fate::LostAfter]);
    both.work().await;
    // As long as it is not whole there is nothing to read.
    assert_eq!(both.east_value().await, None);
    both.settle().await;
    both.must_be_equal().await;
    both.must_have_no_rests().await;
}

#[tokio::test]
async fn the_patience_with_a_peer_has_no_end() {
    let both = Both::new(None).await;
    both.create("first").await;
    for _ in 0..60 {
        both.bridge.fates([Fate::LostBefore]);
        both.work().await;
        both.advance(Duration::from_secs(121));
    }
    let told: Value = both.described().await;
    let told = &told["ReplicationStatus"][0];
    assert_eq!(told["Status"], "InProgress");
    assert!(told["StatusMessage"].as_str().unwrap().contains("can't be reached"), "{told}");
    assert_eq!(both.waiting_jobs().await, 1);
    both.settle().await;
    both.must_be_equal().await;
}

//! The history is whole and in order, wherever its records are: in commits, in shipped batches, in
//! the journal.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use coffer_model::{AccountId, Timestamp};
use coffer_pipeline::audit::catch_up::catch_up;
use coffer_pipeline::audit::history::{self, Query};
use coffer_pipeline::audit::ship::{Shipped, ship};
use coffer_pipeline::audit::trail::{AuditPlace, OnFailure, Sync, Trail, TrailOptions};
use coffer_pipeline::audit::{AuditBatchRecord, AuditDraft, ShippedRecord, slice};
use coffer_pipeline::retention::drop_old;
use coffer_pipeline::{AuditRecord, Caller, Clock, Scope};
use coffer_store::{Direction, Record, Sim, Transaction};
use tempfile::TempDir;

use crate::audit_records::context;
use crate::world::{Harness, START_MS};

fn trail(folder: &Path) -> Trail {
    let options = TrailOptions {
        folder,
        key: &[7; 32],
        fresh_node: "node-1",
        sync: Sync::Soon,
        on_failure: OnFailure::Refuse,
        now: Timestamp::from_millis(START_MS),
    };
    let (trail, found) = Trail::open(&options).unwrap();
    assert_eq!(found, []);
    trail
}

fn harness(folder: &TempDir) -> Harness {
    let audit = AuditPlace { trail: Some(trail(folder.path())), exports: None };
    Harness::with_audit(Arc::new(Sim::new()), 9, audit)
}

fn account(number: u64) -> AccountId {
    AccountId::from_number(number)
}

async fn read_one(harness: &Harness, account: AccountId, number: i64) {
    let request_id = format!("read-{number}/{account}");
    let context = context(Caller::root(account, "AKIA"), START_MS + number, &request_id);
    let draft = AuditDraft { read_only: true, ..AuditDraft::of(&context, "ssm", "GetParameter") };
    let mut bytes = Vec::new();
    draft.write(|asked| asked.member("name", "/a"), |_| (), &mut bytes);
    let trail = harness.world().audit.trail.as_ref().unwrap();
    let ticket = trail.append(context.now, draft.slot(), &bytes).unwrap();
    trail.settle(ticket).await.unwrap();
}

async fn change_one(harness: &Harness, account: AccountId, number: i64) {
    let request_id = format!("change-{number}/{account}");
    let context = context(Caller::root(account, "AKIA"), START_MS + number, &request_id);
    let record = AuditRecord::new(&context, "ssm", "PutParameter", Vec::new());
    let mut transaction = Transaction::new();
    transaction.put::<AuditRecord>(record, None);
    harness.world().tables.commit(transaction).await.unwrap();
}

async fn ship_all(harness: &Harness) -> usize {
    let trail = harness.world().audit.trail.as_ref().unwrap();
    let mut records = 0;
    for _ in 0..100 {
        let shipped: Shipped = ship(harness.world(), trail).await.unwrap();
        records += shipped.records;
        if !shipped.has_more {
            return records;
        }
    }
    panic!("it never ends");
}

/// The part of a request's id that is not its account.
fn name_of(record: &Arc<AuditRecord>) -> String {
    record.request_id.split('/').next().unwrap().to_owned()
}

/// The request ids of a history, page by page.
async fn told(harness: &Harness, account: AccountId, records_max: usize) -> Vec<String> {
    let scope = Scope { account, region: "us-east-1".parse().unwrap() };
    let mut ids = Vec::new();
    let mut before = None;
    loop {
        let query = Query {
            scope: &scope,
            start: Timestamp::EPOCH,
            end: Timestamp::from_millis(i64::MAX),
            before,
            records_max,
        };
        let page = history::page(harness.world(), &query, |_| true).await.unwrap();
        assert!(page.records.len() <= records_max);
        ids.extend(page.records.iter().map(name_of));
        before = page.next;
        if before.is_none() {
            return ids;
        }
    }
}

#[tokio::test]
async fn every_record_is_told_once_newest_first_wherever_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let harness = harness(&folder);
    let (ours, other) = (account(1), account(2));
    for number in 0..90 {
        if number % 3 == 0 {
            change_one(&harness, ours, number).await;
            change_one(&harness, other, number).await;
        } else {
            read_one(&harness, ours, number).await;
            read_one(&harness, other, number).await;
        }
        if number == 30 || number == 31 || number == 60 {
            ship_all(&harness).await;
        }
    }
    let name =
        |number: &i64| format!("{}-{number}", if number % 3 == 0 { "change" } else { "read" });
    let expected: Vec<String> = (0..90).rev().map(|number| name(&number)).collect();
    for records_max in [1, 7, 50, 1000] {
        assert_eq!(told(&harness, ours, records_max).await, expected, "{records_max}");
    }
    // And when all of it has come to the store, the same.
    assert!(ship_all(&harness).await > 0);
    assert_eq!(ship_all(&harness).await, 0);
    assert_eq!(told(&harness, ours, 50).await, expected);
    assert_eq!(told(&harness, other, 50).await, expected);
    assert!(told(&harness, account(3), 50).await.is_empty());
    let regions = history::regions(&harness.world().tables, ours).await.unwrap();
    assert_eq!(regions, BTreeSet::from(["us-east-1".parse().unwrap()]));
}

#[tokio::test]
async fn a_change_that_a_crash_left_untold_is_told_to_the_journal_once() {
    let folder = tempfile::tempdir().unwrap();
    let harness = harness(&folder);
    let trail = harness.world().audit.trail.as_ref().unwrap();
    let (ours, other) = (account(1), account(2));
    assert_eq!(catch_up(harness.world(), trail).await.unwrap(), 0);
    for number in 0..200 {
        change_one(&harness, if number % 2 == 0 { ours } else { other }, number * 100).await;
        read_one(&harness, ours, number * 100).await;
    }
    ship_all(&harness).await;
    // Those of the last ten seconds; the earlier ones had been told before.
    assert_eq!(catch_up(harness.world(), trail).await.unwrap(), 101);
    ship_all(&harness).await;
    assert_eq!(catch_up(harness.world(), trail).await.unwrap(), 0);
    for (account, records) in [(ours, 300), (other, 100)] {
        let told = told(&harness, account, 50).await;
        assert_eq!(told.len(), records);
        assert_eq!(told.iter().collect::<BTreeSet<_>>().len(), records);
    }
    // As long as the row is there it is what is told; without it the journal still tells of it.
    assert_eq!(abridged(&harness, other).await, 0);
    let rows = AuditRecord::receipt_of(&context(
        Caller::root(other, "AKIA"),
        START_MS + 19_900,
        &format!("change-19900/{other}"),
    ));
    let mut transaction = Transaction::new();
    transaction.delete_key(&rows);
    harness.world().tables.commit(transaction).await.unwrap();
    assert_eq!(abridged(&harness, other).await, 1);
    assert_eq!(told(&harness, other, 50).await.len(), 100);
}

/// How many records of an account are told without what was asked and answered.
async fn abridged(harness: &Harness, account: AccountId) -> usize {
    let scope = Scope { account, region: "us-east-1".parse().unwrap() };
    let end = Timestamp::from_millis(i64::MAX);
    let query =
        Query { scope: &scope, start: Timestamp::EPOCH, end, before: None, records_max: 1000 };
    let page = history::page(harness.world(), &query, |record| record.is_abridged).await.unwrap();
    let tables = &harness.world().tables;
    let slice = slice(tables, &scope, Timestamp::EPOCH, end).await.unwrap();
    let in_slice = slice.records.iter().filter(|record| record.is_abridged).count();
    assert_eq!(page.records.len(), in_slice);
    in_slice
}

#[tokio::test]
async fn records_of_one_time_are_told_once_each_on_pages_of_any_length() {
    let folder = tempfile::tempdir().unwrap();
    let harness = harness(&folder);
    let ours = account(1);
    for number in 0..30 {
        let request_id = format!("same-{number}");
        let context = context(Caller::root(ours, "AKIA"), START_MS, &request_id);
        let mut bytes = Vec::new();
        let draft = AuditDraft::of(&context, "ssm", "GetParameter");
        draft.write(|_| (), |_| (), &mut bytes);
        let trail = harness.world().audit.trail.as_ref().unwrap();
        let ticket = trail.append(context.now, draft.slot(), &bytes).unwrap();
        trail.settle(ticket).await.unwrap();
        if number == 9 {
            ship_all(&harness).await;
        }
    }
    for records_max in [1, 4, 29, 30, 31] {
        let told = told(&harness, ours, records_max).await;
        assert_eq!(told.len(), 30, "{records_max}");
        assert_eq!(told.iter().collect::<BTreeSet<_>>().len(), 30);
    }
}

#[tokio::test]
async fn a_range_of_times_is_kept_to_and_unwanted_records_make_no_page() {
    let folder = tempfile::tempdir().unwrap();
    let harness = harness(&folder);
    let ours = account(1);
    for number in 0..20 {
        read_one(&harness, ours, number).await;
        change_one(&harness, ours, number).await;
        if number == 10 {
            ship_all(&harness).await;
        }
    }
    let scope = Scope { account: ours, region: "us-east-1".parse().unwrap() };
    let at = |number| Timestamp::from_millis(START_MS + number);
    let query = Query { scope: &scope, start: at(5), end: at(12), before: None, records_max: 50 };
    let is_change = |record: &AuditRecord| !record.read_only;
    let page = history::page(harness.world(), &query, is_change).await.unwrap();
    let ids: Vec<_> = page.records.iter().map(name_of).collect();
    let expected: Vec<String> = (5..=12).rev().map(|number| format!("change-{number}")).collect();
    assert_eq!(ids, expected);
    assert_eq!(page.next, None);
}

#[tokio::test]
async fn a_node_that_starts_again_ships_on_from_where_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let store = Arc::new(Sim::new());
    let ours = account(1);
    for start in 0..3 {
        let audit = AuditPlace { trail: Some(trail(folder.path())), exports: None };
        let harness = Harness::with_audit(store.clone(), 9, audit);
        for number in 0..10 {
            read_one(&harness, ours, start * 10 + number).await;
        }
        if start != 1 {
            let expected = if start == 0 { 10 } else { 20 };
            assert_eq!(ship_all(&harness).await, expected);
            let key = ShippedRecord::key_of("node-1");
            let shipped = harness.world().tables.get_fresh::<ShippedRecord>(&key).await.unwrap();
            let known = shipped.record.unwrap().known().unwrap();
            let key = coffer_journal::JournalKey::new(&[7; 32]);
            let report = coffer_journal::verify(folder.path(), &key, Some(known)).unwrap();
            assert_eq!(report.first_broken, None);
            assert_eq!(report.last, known);
        }
    }
}

#[tokio::test]
async fn records_of_several_accounts_go_into_batches_of_their_own_as_long_as_those_have_room() {
    let folder = tempfile::tempdir().unwrap();
    let harness = harness(&folder);
    let accounts = [account(1), account(2), account(3)];
    // More time than a batch spans; one account comes in late, another one seldom.
    for second in 0..30 {
        read_one(&harness, accounts[0], second * 1000).await;
        if second % 7 == 0 {
            read_one(&harness, accounts[1], second * 1000 + 1).await;
        }
        if second > 12 {
            read_one(&harness, accounts[2], second * 1000 + 2).await;
        }
    }
    assert_eq!(ship_all(&harness).await, 30 + 5 + 17);
    let prefix = AuditBatchRecord::all().prefix();
    let tables = &harness.world().tables;
    let rows = tables.scan::<AuditBatchRecord>(&prefix, None, 100, Direction::Ascending).await;
    let mut records = [0; 3];
    for (_, batch, _) in rows.unwrap() {
        assert!(batch.last.since(batch.first) <= Duration::from_secs(10));
        let opened = batch.open().unwrap();
        assert_eq!(opened.len(), usize::try_from(batch.records).unwrap());
        for record in opened {
            assert_eq!(record.recipient_account_id, batch.account);
            assert!(record.event_time >= batch.first && record.event_time <= batch.last);
        }
        let of = accounts.iter().position(|account| *account == batch.account).unwrap();
        records[of] += batch.records;
    }
    assert_eq!(records, [30, 5, 17]);
}

#[tokio::test]
async fn more_lists_than_a_commit_has_rows_are_shipped_in_several() {
    let folder = tempfile::tempdir().unwrap();
    let harness = harness(&folder);
    let lists = u64::try_from(coffer_store::BATCH_ROWS_MAX).unwrap() + 100;
    for number in 1..=lists {
        read_one(&harness, account(number), i64::try_from(number).unwrap()).await;
    }
    let trail = harness.world().audit.trail.as_ref().unwrap();
    let first = ship(harness.world(), trail).await.unwrap();
    assert!(first.has_more, "{first:?}");
    assert_eq!(first.records + ship_all(&harness).await, usize::try_from(lists).unwrap());
    let prefix = AuditBatchRecord::all().prefix();
    let tables = &harness.world().tables;
    let rows = tables.scan::<AuditBatchRecord>(&prefix, None, 10_000, Direction::Ascending).await;
    assert_eq!(rows.unwrap().len(), usize::try_from(lists).unwrap());
}

#[tokio::test]
async fn batches_go_after_ninety_days_in_every_account_and_region() {
    let folder = tempfile::tempdir().unwrap();
    let harness = harness(&folder);
    for number in 0..3 {
        read_one(&harness, account(number), 0).await;
        ship_all(&harness).await;
    }
    let day = 86_400_000;
    for number in 0..2 {
        read_one(&harness, account(number), 60 * day).await;
    }
    ship_all(&harness).await;
    let batches = async || {
        let prefix = AuditBatchRecord::all().prefix();
        let tables = &harness.world().tables;
        let rows = tables.scan::<AuditBatchRecord>(&prefix, None, 100, Direction::Ascending).await;
        rows.unwrap().len()
    };
    assert_eq!(batches().await, 5);
    harness.clock.advance(Duration::from_secs(91 * 86_400)).unwrap();
    assert_eq!(drop_old(harness.world()).await.unwrap().dropped, 3);
    assert_eq!(batches().await, 2);
    assert_eq!(AuditBatchRecord::TABLE, "audit.batch");
}

#[tokio::test]
async fn slices_of_time_hold_each_record_of_a_history_once_oldest_first() {
    let folder = tempfile::tempdir().unwrap();
    let harness = harness(&folder);
    let (ours, other) = (account(1), account(2));
    for number in 0..60 {
        for whose in [ours, other] {
            match number % 3 {
                0 => change_one(&harness, whose, number).await,
                _ => read_one(&harness, whose, number).await,
            }
        }
        if number % 7 == 0 {
            ship_all(&harness).await;
        }
    }
    ship_all(&harness).await;
    let scope = Scope { account: ours, region: "us-east-1".parse().unwrap() };
    let mut whole = told(&harness, ours, 50).await;
    whole.reverse();
    assert_eq!(whole.len(), 60);
    for step in [1, 7, 1000] {
        let (mut ids, mut after) = (Vec::new(), START_MS - 1);
        while after < START_MS + 60 {
            let (from, to) = (Timestamp::from_millis(after), Timestamp::from_millis(after + step));
            let found = slice(&harness.world().tables, &scope, from, to).await.unwrap();
            assert_eq!(found.through, to);
            ids.extend(found.records.iter().map(name_of));
            after += step;
        }
        assert_eq!(ids, whole, "{step}");
    }
}

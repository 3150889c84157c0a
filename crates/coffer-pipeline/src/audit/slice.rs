//! What decisions may see of the audit records: pages of a history, and slices of time for jobs that
//! export them.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use coffer_model::{Region, Timestamp};
use coffer_protocol::Fault;
use coffer_store::{Direction, Key, Record, Tables};

use super::batch::SPAN_MAX;
use super::history::{self, Page, Query};
use super::{AuditBatchRecord, AuditRecord};
use crate::call::Call;
use crate::context::{Scope, sortable};

/// All records of an account and region in a slice of time, oldest first.
#[derive(Debug)]
pub struct Slice {
    /// The records.
    pub records: Vec<Arc<AuditRecord>>,
    /// Where the slice ends: earlier than was asked for, where there is too much for one.
    pub through: Timestamp,
}

impl Call<'_> {
    /// A page of the history, of the records that are wanted.
    ///
    /// # Errors
    /// A store or journal that cannot be read.
    pub async fn audit_page(
        &self,
        query: &Query<'_>,
        is_wanted: impl Fn(&AuditRecord) -> bool,
    ) -> Result<Page, Fault> {
        history::page(self.world(), query, is_wanted).await
    }

    /// All regions in which the account has shipped records.
    ///
    /// # Errors
    /// A store that cannot be read.
    pub async fn audit_regions(&self) -> Result<BTreeSet<Region>, Fault> {
        history::regions(&self.world().tables, self.account()).await
    }

    /// The records later than `after`, and no later than `through`, that are in the store.
    ///
    /// # Errors
    /// A store that cannot be read.
    pub async fn audit_slice(
        &self,
        scope: &Scope,
        after: Timestamp,
        through: Timestamp,
    ) -> Result<Slice, Fault> {
        slice(&self.world().tables, scope, after, through).await
    }

    /// The time up to which all records are in the store, as far as this node knows.
    pub fn audit_complete_through(&self) -> Timestamp {
        match &self.world().audit.trail {
            Some(trail) => trail.shipped_through().unwrap_or(Timestamp::EPOCH),
            None => self.now(),
        }
    }

    /// The folder that log files are exported to, where the operator has named one.
    pub fn exports(&self) -> Option<&Path> {
        self.world().audit.exports.as_deref()
    }
}

/// See [`Call::audit_slice`].
///
/// # Errors
/// A store that cannot be read.
pub async fn slice(
    tables: &Tables,
    scope: &Scope,
    after: Timestamp,
    through: Timestamp,
) -> Result<Slice, Fault> {
    let mut records = Vec::new();
    let rows_through = rows(tables, scope, after, through, &mut records).await?;
    let through = batches(tables, scope, after, rows_through, &mut records).await?;
    records.retain(|record| record.event_time > after && record.event_time <= through);
    // Of two records of one event the whole one comes first, and stays.
    records.sort_by_cached_key(|record| (record.event_time, record.event_id(), record.is_abridged));
    records.dedup_by(|one, other| one.event_id() == other.event_id());
    Ok(Slice { records, through })
}

/// Adds the records of commits; gives how far it came.
async fn rows(
    tables: &Tables,
    scope: &Scope,
    after: Timestamp,
    through: Timestamp,
    records: &mut Vec<Arc<AuditRecord>>,
) -> Result<Timestamp, Fault> {
    let table = Key::of(AuditRecord::TABLE, &[]);
    let prefix = table.prefix();
    let mut from = Some(table.child(sortable(next_after(after))));
    let mut reached = after;
    let mut seen = 0;
    loop {
        let order = Direction::Ascending;
        let found = tables.scan_each::<AuditRecord>(&prefix, from.as_ref(), ROWS_AT_ONCE, order);
        let found = found.await.map_err(Fault::unavailable)?;
        let is_end = found.len() < ROWS_AT_ONCE;
        from = found.last().map(|(key, _)| key.clone());
        for (key, row) in found {
            seen += 1;
            let record = match row {
                Ok((record, _)) => record,
                Err(error) => {
                    tracing::warn!(%error, %key, "an audit record cannot be read");
                    continue;
                }
            };
            if record.event_time > through {
                return Ok(through);
            }
            // Not in the middle of an instant.
            if seen > ROWS_MAX && record.event_time > reached {
                return Ok(reached);
            }
            reached = record.event_time;
            if is_of(&record, scope) {
                records.push(record);
            }
        }
        if is_end {
            return Ok(through);
        }
    }
}

/// Adds the records of batches; gives how far it came.
pub(super) async fn batches(
    tables: &Tables,
    scope: &Scope,
    after: Timestamp,
    through: Timestamp,
    records: &mut Vec<Arc<AuditRecord>>,
) -> Result<Timestamp, Fault> {
    let all = AuditBatchRecord::of(scope.account, &scope.region);
    let prefix = all.prefix();
    let mut from = Some(all.child(sortable(next_after(after))));
    let mut opened = 0;
    loop {
        let order = Direction::Ascending;
        let found =
            tables.scan_each::<AuditBatchRecord>(&prefix, from.as_ref(), BATCHES_AT_ONCE, order);
        let found = found.await.map_err(Fault::unavailable)?;
        let is_end = found.len() < BATCHES_AT_ONCE;
        from = found.last().map(|(key, _)| key.clone());
        for (key, row) in found {
            let Some((last, first)) = AuditBatchRecord::times_of(&key) else { continue };
            // Batches are kept by their latest record, and none spans more than so much.
            let earliest_left = last.minus(SPAN_MAX);
            if earliest_left > through {
                return Ok(through);
            }
            if opened >= BATCHES_MAX && earliest_left > next_after(after) {
                return Ok(through.min(before(earliest_left)));
            }
            if first > through {
                continue;
            }
            opened += 1;
            match row.map(|(batch, _)| batch.open()) {
                Ok(Ok(batch)) => records.extend(batch.into_iter().map(Arc::new)),
                Ok(Err(error)) => tracing::warn!(%error, %key, "an audit batch cannot be read"),
                Err(error) => tracing::warn!(%error, %key, "an audit batch cannot be read"),
            }
        }
        if is_end {
            return Ok(through);
        }
    }
}

fn is_of(record: &AuditRecord, scope: &Scope) -> bool {
    record.recipient_account_id == scope.account && record.aws_region == scope.region
}

fn next_after(time: Timestamp) -> Timestamp {
    Timestamp::from_millis(time.as_millis().saturating_add(1))
}

pub(super) fn before(time: Timestamp) -> Timestamp {
    Timestamp::from_millis(time.as_millis().saturating_sub(1))
}

/// Records of commits, of all accounts, that are looked at for one slice, and batches that are
/// opened for it.
const ROWS_MAX: usize = 20_000;
const ROWS_AT_ONCE: usize = 512;
const BATCHES_MAX: usize = 64;
const BATCHES_AT_ONCE: usize = 16;

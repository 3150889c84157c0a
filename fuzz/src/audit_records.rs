//! Audit records as the journal has them, and batches of them as the store has them: what is opened is
//! bounded, whatever a batch says of its length.

use coffer_pipeline::AuditRecord;
use coffer_pipeline::audit::AuditBatchRecord;

use crate::Target;

pub(crate) const TARGET: Target = Target { name: "audit_records", bytes_max: 16 * 1024, run };

/// A record of the journal, or the JSON of a batch.
fn run(input: &[u8]) {
    if let Ok(record) = AuditRecord::from_journal(input) {
        assert!(!record.told_apart().is_empty());
    }
    if let Ok(batch) = serde_json::from_slice::<AuditBatchRecord>(input)
        && let Ok(records) = batch.open()
    {
        assert!(records.len() <= BATCH_RECORDS_MAX);
    }
}

const BATCH_RECORDS_MAX: usize = 1 << 20;

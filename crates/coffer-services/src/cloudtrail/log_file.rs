//! Log files: a region's records in CloudTrail's layout, gzipped.

use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;

use coffer_model::{Region, Timestamp};
use coffer_pipeline::AuditRecord;
use coffer_protocol::Fault;
use coffer_seal::sha256_hex;
use flate2::Compression;
use flate2::write::GzEncoder;
use serde::{Deserialize, Serialize};

use super::place;
use super::trail::TrailRecord;

/// A log file that was delivered, as the next digest tells of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct LogFile {
    pub(super) bucket: String,
    pub(super) object: String,
    /// The SHA-256 hash of its contents before they were compressed.
    pub(super) hash: String,
    pub(super) oldest: Timestamp,
    pub(super) newest: Timestamp,
}

/// Writes the records of a region into one file. The same records up to the same time always go to
/// the same file, so that a delivery that is done again leaves no second one.
pub(super) fn deliver(
    exports: &Path,
    trail: &TrailRecord,
    region: &Region,
    through: Timestamp,
    records: &[Arc<AuditRecord>],
) -> Result<Option<LogFile>, Fault> {
    let times = || records.iter().map(|record| record.event_time);
    let (Some(oldest), Some(newest)) = (times().min(), times().max()) else { return Ok(None) };
    let mut contents = Vec::from(b"{\"Records\":[".as_slice());
    for record in records {
        contents.extend_from_slice(record.to_cloudtrail().as_bytes());
        contents.push(b',');
    }
    coffer_protocol::encode::close(b']', &mut contents);
    contents.push(b'}');
    let hash = sha256_hex(&contents);
    let unique = sha256_hex(format!("{}/{region}/{}", trail.arn(), through.as_millis()).as_bytes());
    let unique: String = unique.chars().take(UNIQUE_CHARACTERS).collect();
    let (account, at) = (trail.account, through.to_jiff());
    let (day, minute) = (at.strftime("%Y/%m/%d"), at.strftime("%Y%m%dT%H%MZ"));
    let object = place::object(
        trail,
        &format!(
            "AWSLogs/{account}/CloudTrail/{region}/{day}/\
             {account}_CloudTrail_{region}_{minute}_{unique}.json.gz"
        ),
    );
    place::write(exports, &trail.bucket, &object, &gzipped(&contents)?)?;
    Ok(Some(LogFile { bucket: trail.bucket.clone(), object, hash, oldest, newest }))
}

/// Compresses a file's contents.
pub(super) fn gzipped(contents: &[u8]) -> Result<Vec<u8>, Fault> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(contents).and_then(|()| encoder.finish()).map_err(Fault::internal)
}

const UNIQUE_CHARACTERS: usize = 16;

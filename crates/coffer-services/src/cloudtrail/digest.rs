//! Digest files: what was delivered in a region within an hour, signed, each chained to the one
//! before it (CloudTrail user guide, "CloudTrail digest file structure" and "Custom implementations
//! of CloudTrail log file integrity validation").

use std::path::Path;

use coffer_model::{Region, Timestamp};
use coffer_pipeline::Call;
use coffer_protocol::Fault;
use coffer_seal::{hex, sha256_hex};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::log_file::{LogFile, gzipped};
use super::trail::TrailRecord;
use super::{place, signing_key};

/// A region's chain of digests.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct DigestChain {
    /// Where the next one begins.
    pub(super) start: Timestamp,
    /// The last one; none before the first since logging or validation began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    previous: Option<Previous>,
    /// What was delivered since.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) files: Vec<LogFile>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Previous {
    bucket: String,
    object: String,
    hash: String,
    signature: String,
}

impl DigestChain {
    pub(super) fn from(start: Timestamp) -> Self {
        Self { start, previous: None, files: Vec::new() }
    }
}

/// Writes the digest of what was delivered up to `end`, and moves the chain on.
pub(super) async fn deliver(
    call: &mut Call<'_>,
    exports: &Path,
    trail: &TrailRecord,
    region: &Region,
    chain: &mut DigestChain,
    end: Timestamp,
) -> Result<(), Fault> {
    let key = signing_key::present(call, region).await?;
    let object = object_of(trail, region, end);
    let contents = contents_of(trail, chain, end, &object, &key.fingerprint).to_string();
    let hash = sha256_hex(contents.as_bytes());
    let previous = chain.previous.as_ref().map_or("null", |previous| &previous.signature);
    let to_sign = format!("{}\n{}/{object}\n{hash}\n{previous}", to_seconds(end), trail.bucket);
    let signature = key.signer()?.sign(to_sign.as_bytes());
    let signature = signature.map_err(|_| Fault::internal("a digest could not be signed"))?;
    let signature = hex(&signature);
    // What S3 would keep as the object's metadata; first, so that no digest is without it.
    let metadata = json!({"signature": signature, "signature-algorithm": SIGNATURE_ALGORITHM});
    let beside = format!("{object}{METADATA_END}");
    place::write(exports, &trail.bucket, &beside, metadata.to_string().as_bytes())?;
    place::write(exports, &trail.bucket, &object, &gzipped(contents.as_bytes())?)?;
    *chain = DigestChain {
        start: end,
        previous: Some(Previous { bucket: trail.bucket.clone(), object, hash, signature }),
        files: Vec::new(),
    };
    Ok(())
}

fn object_of(trail: &TrailRecord, region: &Region, end: Timestamp) -> String {
    let (account, name, home) = (trail.account, &trail.name, &trail.region);
    let at = end.to_jiff();
    let (day, second) = (at.strftime("%Y/%m/%d"), at.strftime("%Y%m%dT%H%M%SZ"));
    place::object(
        trail,
        &format!(
            "AWSLogs/{account}/CloudTrail-Digest/{region}/{day}/\
             {account}_CloudTrail-Digest_{region}_{name}_{home}_{second}.json.gz"
        ),
    )
}

fn contents_of(
    trail: &TrailRecord,
    chain: &DigestChain,
    end: Timestamp,
    object: &str,
    fingerprint: &str,
) -> Value {
    let previous = chain.previous.as_ref();
    let files: Vec<Value> = chain
        .files
        .iter()
        .map(|file| {
            json!({
                "s3Bucket": file.bucket,
                "s3Object": file.object,
                "hashValue": file.hash,
                "hashAlgorithm": HASH_ALGORITHM,
                "newestEventTime": to_seconds(file.newest),
                "oldestEventTime": to_seconds(file.oldest),
            })
        })
        .collect();
    json!({
        "awsAccountId": trail.account,
        "digestStartTime": to_seconds(chain.start),
        "digestEndTime": to_seconds(end),
        "digestS3Bucket": trail.bucket,
        "digestS3Object": object,
        "digestPublicKeyFingerprint": fingerprint,
        "digestSignatureAlgorithm": SIGNATURE_ALGORITHM,
        "newestEventTime": chain.files.iter().map(|file| file.newest).max().map(to_seconds),
        "oldestEventTime": chain.files.iter().map(|file| file.oldest).min().map(to_seconds),
        "previousDigestS3Bucket": previous.map(|previous| &previous.bucket),
        "previousDigestS3Object": previous.map(|previous| &previous.object),
        "previousDigestHashValue": previous.map(|previous| &previous.hash),
        "previousDigestHashAlgorithm": previous.map(|_| HASH_ALGORITHM),
        "previousDigestSignature": previous.map(|previous| &previous.signature),
        "logFiles": files,
    })
}

fn to_seconds(instant: Timestamp) -> String {
    instant.to_jiff().strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

const HASH_ALGORITHM: &str = "SHA-256";
const SIGNATURE_ALGORITHM: &str = "SHA256withRSA";
/// The end of the name of the file beside a digest that holds its signature.
const METADATA_END: &str = ".metadata.json";

//! The code of functions: zips, kept in parts, and what is named instead.
//!
//! A zip is larger than a commit, so it is laid down before the commit that refers to it. Its record
//! says who holds it; a job takes away what nobody holds.

use std::collections::BTreeSet;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use coffer_model::{AccountId, Region};
use coffer_pipeline::{Call, FunctionCode, Job, NamedCode, Scope, Verdict, ZipCode};
use coffer_protocol::Fault;
use coffer_store::{Key, Record, Transaction};
use serde::{Deserialize, Serialize};

use super::errors::LambdaError;
use super::wire::S3ObjectStorageMode;

/// The code of a version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Code {
    /// A zip.
    Zip {
        /// The id of its record.
        id: String,
        /// Its SHA-256, in base64.
        sha256: String,
        bytes: u64,
        parts: u32,
    },
    /// A command of the operator's, by the name that it has there.
    Command(String),
    /// The URL of an HTTP function.
    Url(String),
}

impl Code {
    /// The size that is shown.
    pub(super) fn bytes(&self) -> u64 {
        match self {
            Self::Zip { bytes, .. } => *bytes,
            Self::Command(_) | Self::Url(_) => 0,
        }
    }

    /// The hash that is shown: of what is named, the hash of its name.
    pub(super) fn sha256(&self) -> String {
        match self {
            Self::Zip { sha256, .. } => sha256.clone(),
            Self::Command(name) | Self::Url(name) => sha256(name.as_bytes()),
        }
    }

    /// The code as the host of functions wants it.
    pub(super) fn for_host(&self, scope: &Scope) -> FunctionCode {
        match self {
            Self::Zip { id, sha256, bytes, parts } => {
                let rows = (0..*parts).map(|part| part_key(scope, id, part)).collect();
                FunctionCode::Zip(ZipCode::new(sha256.clone(), *bytes, rows))
            }
            Self::Command(name) => FunctionCode::Named(NamedCode::Command(name.clone())),
            Self::Url(url) => FunctionCode::Named(NamedCode::Url(url.clone())),
        }
    }

    /// The bucket and key that name it, where it is no zip.
    pub(super) fn place(&self) -> Option<(&'static str, &str)> {
        match self {
            Self::Zip { .. } => None,
            Self::Command(name) => Some((COMMAND_BUCKET, name)),
            Self::Url(url) => Some((URL_BUCKET, url)),
        }
    }
}

/// Code as a request gives it.
pub(super) struct Given<'i> {
    pub(super) zip: Option<&'i [u8]>,
    pub(super) bucket: Option<&'i str>,
    pub(super) key: Option<&'i str>,
    pub(super) object_version: Option<&'i str>,
    pub(super) storage_mode: Option<S3ObjectStorageMode>,
    pub(super) image_uri: Option<&'i str>,
    pub(super) kms_key: Option<&'i str>,
}

/// Code that has been checked, and is not kept yet.
pub(super) enum Checked<'i> {
    Zip(&'i [u8]),
    Named(Code),
}

impl Checked<'_> {
    /// The code as it would be kept, for who only wants to know.
    pub(super) fn foreseen(&self) -> Code {
        match self {
            Self::Named(code) => code.clone(),
            Self::Zip(zip) => Code::Zip {
                id: String::new(),
                sha256: sha256(zip),
                bytes: zip.len() as u64,
                parts: 0,
            },
        }
    }
}

impl<'i> Given<'i> {
    /// Checks that it is one thing, and one that can be run here.
    ///
    /// # Errors
    /// `InvalidParameterValueException`.
    pub(super) fn checked(&self, call: &Call<'_>) -> Result<Checked<'i>, Fault> {
        let refused =
            |message: &str| Err(LambdaError::InvalidParameterValueException.with(message));
        if self.image_uri.is_some() {
            return refused("coffer runs no container images; give a ZipFile.");
        }
        if self.kms_key.is_some_and(|key| !key.is_empty()) {
            return refused("coffer keeps all code sealed; leave SourceKMSKeyArn out.");
        }
        if self.storage_mode == Some(S3ObjectStorageMode::Reference) {
            return refused("coffer reads no code from S3; leave S3ObjectStorageMode out.");
        }
        match (self.zip, self.bucket, self.key) {
            (Some(zip), None, None) => {
                must_be_zip(zip)?;
                Ok(Checked::Zip(zip))
            }
            (None, Some(bucket), Some(key)) if self.object_version.is_none() => {
                named(call, bucket, key).map(Checked::Named)
            }
            (None, Some(_), Some(_)) => refused("What is named has no S3ObjectVersion."),
            (None, None, None) => refused("Please provide a source for function code."),
            _ => refused(
                "Please do not provide other FunctionCode parameters when providing a ZipFile.",
            ),
        }
    }
}

fn named(call: &Call<'_>, bucket: &str, key: &str) -> Result<Code, Fault> {
    let (code, named) = match bucket {
        COMMAND_BUCKET => (Code::Command(key.to_owned()), NamedCode::Command(key.to_owned())),
        URL_BUCKET => (Code::Url(key.to_owned()), NamedCode::Url(key.to_owned())),
        _ => {
            return Err(LambdaError::InvalidParameterValueException.with(format!(
                "coffer reads no code from S3. Give a ZipFile; or name what the operator allows by \
                 the bucket {COMMAND_BUCKET} or {URL_BUCKET} and its name as the key."
            )));
        }
    };
    if !call.allows_code(&named) {
        return Err(LambdaError::InvalidParameterValueException
            .with(format!("The operator of this server does not allow {key} as a function.")));
    }
    Ok(code)
}

fn must_be_zip(zip: &[u8]) -> Result<(), Fault> {
    let refused = |message: String| Err(LambdaError::InvalidParameterValueException.with(message));
    if zip.len() > ZIP_BYTES_MAX {
        return refused(format!("Zipped size must be smaller than {ZIP_BYTES_MAX} bytes"));
    }
    let Ok(archive) = zip::ZipArchive::new(std::io::Cursor::new(zip)) else {
        return refused(
            "Could not unzip uploaded file. Please check your file, then try to upload again."
                .to_owned(),
        );
    };
    if archive.is_empty() {
        return refused("Uploaded file must be a non-empty zip".to_owned());
    }
    // What an archive says of itself may be wrong; who unpacks it counts for itself.
    if archive.decompressed_size().is_none_or(|bytes| bytes > UNZIPPED_BYTES_MAX) {
        return refused(format!("Unzipped size must be smaller than {UNZIPPED_BYTES_MAX} bytes"));
    }
    Ok(())
}

/// A zip that is kept, and the versions that it is the code of.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct CodeRecord {
    pub(super) account: AccountId,
    pub(super) region: Region,
    pub(super) id: String,
    pub(super) parts: u32,
    /// Functions and versions, as `NAME:VERSION`. Nobody holds it before the commit that refers to
    /// it.
    pub(super) holders: BTreeSet<String>,
}

impl CodeRecord {
    fn scope(&self) -> Scope {
        Scope { account: self.account, region: self.region.clone() }
    }

    pub(super) fn key_of(scope: &Scope, id: &str) -> Key {
        scope.key(Self::TABLE, &[id])
    }
}

impl Record for CodeRecord {
    const TABLE: &'static str = "lambda.code";

    fn key(&self) -> Key {
        Self::key_of(&self.scope(), &self.id)
    }
}

/// Keeps code, so that a commit can refer to it.
///
/// # Errors
/// A store that cannot be written.
pub(super) async fn keep(
    call: &mut Call<'_>,
    scope: &Scope,
    checked: Checked<'_>,
) -> Result<Code, Fault> {
    let zip = match checked {
        Checked::Named(code) => return Ok(code),
        Checked::Zip(zip) => zip,
    };
    // The same in every run of this request's decision, so that it is laid down once.
    let id = call.context().request_id.clone();
    let chunks: Vec<&[u8]> = zip.chunks(PART_BYTES).collect();
    let parts = u32::try_from(chunks.len()).map_err(Fault::internal)?;
    let key = CodeRecord::key_of(scope, &id);
    if call.look::<CodeRecord>(&key).await?.is_none() {
        let unheld = CodeRecord {
            account: scope.account,
            region: scope.region.clone(),
            id: id.clone(),
            parts,
            holders: BTreeSet::new(),
        };
        lay_down(call, scope, unheld, &chunks).await?;
    }
    Ok(Code::Zip { id, sha256: sha256(zip), bytes: zip.len() as u64, parts })
}

/// Lays a zip down: first its record, which says what there will be, with the job that takes it away
/// unless it is held by then.
async fn lay_down(
    call: &Call<'_>,
    scope: &Scope,
    unheld: CodeRecord,
    chunks: &[&[u8]],
) -> Result<(), Fault> {
    let id = unheld.id.clone();
    let mut transaction = Transaction::new();
    let job = ForgetCode { id: id.clone() };
    call.schedule_with(&mut transaction, scope, call.now().plus(LAID_DOWN_FOR), &job)?;
    transaction.put::<CodeRecord>(unheld, None);
    let mut part = 0;
    for group in chunks.chunks(PARTS_IN_COMMIT) {
        for chunk in group {
            transaction.put_bytes(&part_key(scope, &id, part), chunk.to_vec());
            part += 1;
        }
        call.lay_down(std::mem::take(&mut transaction)).await?;
    }
    Ok(())
}

/// The SHA-256 of bytes, in base64.
fn sha256(bytes: &[u8]) -> String {
    STANDARD.encode(coffer_seal::sha256(bytes))
}

/// The row of a part of a zip.
fn part_key(scope: &Scope, id: &str, part: u32) -> Key {
    scope.key(PART_TABLE, &[id]).builder().number(u64::from(part)).key()
}

/// Says that a version holds its code.
///
/// # Errors
/// A store that cannot be read.
pub(super) async fn hold(
    call: &mut Call<'_>,
    scope: &Scope,
    code: &Code,
    holder: String,
) -> Result<(), Fault> {
    let Code::Zip { id, .. } = code else { return Ok(()) };
    let mut record = of(call, scope, id).await?;
    record.holders.insert(holder);
    call.put(record).await
}

/// Says that a version does not hold its code any more; what nobody holds is taken away.
///
/// # Errors
/// A store that cannot be read.
pub(super) async fn release(
    call: &mut Call<'_>,
    scope: &Scope,
    code: &Code,
    holder: &str,
) -> Result<(), Fault> {
    let Code::Zip { id, .. } = code else { return Ok(()) };
    let mut record = of(call, scope, id).await?;
    record.holders.remove(holder);
    if record.holders.is_empty() {
        call.schedule_in(scope.clone(), call.now(), &ForgetCode { id: id.clone() }).await?;
    }
    call.put(record).await
}

async fn of(call: &mut Call<'_>, scope: &Scope, id: &str) -> Result<CodeRecord, Fault> {
    let found = call.get::<CodeRecord>(&CodeRecord::key_of(scope, id)).await?;
    let gone = || Fault::unavailable("the code of a function was taken away while it was put");
    found.map(|found| found.as_ref().clone()).ok_or_else(gone)
}

/// Takes the zip away that no version holds: one that was replaced, or that was laid down by a
/// request that then came to nothing.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct ForgetCode {
    id: String,
}

impl Job for ForgetCode {
    const KIND: &'static str = "lambda.forget-code";

    async fn run(&self, call: &mut Call<'_>) -> Result<Verdict, Fault> {
        let scope = call.scope().clone();
        let key = CodeRecord::key_of(&scope, &self.id);
        let Some(record) = call.get::<CodeRecord>(&key).await? else { return Ok(Verdict::Done) };
        if record.holders.is_empty() {
            for part in 0..record.parts {
                call.delete_row(&part_key(&scope, &self.id, part))?;
            }
            call.delete::<CodeRecord>(&key).await?;
        }
        Ok(Verdict::Done)
    }
}

/// Whether a text is a bucket's name, as the model's pattern has it: it does not end in a full stop.
pub(super) fn is_bucket(text: &str) -> bool {
    let is_one = |byte: u8| byte.is_ascii_alphanumeric() || b".-_".contains(&byte);
    text.bytes().all(is_one) && !text.ends_with('.')
}

/// The bucket whose keys are commands that the operator allows.
pub(super) const COMMAND_BUCKET: &str = "coffer-command";
/// The bucket whose keys are URLs of HTTP functions.
pub(super) const URL_BUCKET: &str = "coffer-url";
const PART_TABLE: &str = "lambda.code-part";
/// A part and its seal are less than the largest value of a row.
const PART_BYTES: usize = 768 << 10;
/// So many parts are less than the largest commit.
const PARTS_IN_COMMIT: usize = 8;
/// AWS: a zip that is sent with the request (Lambda developer guide, quotas).
const ZIP_BYTES_MAX: usize = 50 << 20;
/// AWS: what it unpacks to.
const UNZIPPED_BYTES_MAX: u128 = 262_144_000;
/// Longer than any request takes.
const LAID_DOWN_FOR: Duration = Duration::from_secs(3600);

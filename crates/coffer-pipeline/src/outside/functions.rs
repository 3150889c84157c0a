//! Functions: code that callers bring, run outside of the decisions that order it.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use coffer_model::{AccountId, Region, Sensitive, Timestamp};
use coffer_store::Key;

/// What runs functions.
#[async_trait]
pub trait FunctionHost: Send + Sync + 'static {
    /// Whether the operator lets functions be made and run at all.
    fn is_enabled(&self) -> bool;

    /// Whether the operator lets this command or URL be run as a function.
    fn allows(&self, code: &NamedCode) -> bool;

    /// How many processes of functions there are now.
    fn instances(&self) -> usize {
        0
    }

    /// Runs a function once, within the time that its order gives it. Where its code is a zip, the
    /// host asks `code` for it when it has none of that hash yet.
    ///
    /// # Errors
    /// Why it was not run; what happens within a function that runs is an outcome.
    async fn invoke(
        &self,
        order: FunctionOrder,
        code: &dyn FunctionCodeSource,
    ) -> Result<FunctionOutcome, NotRun>;
}

/// Where a host gets the zips of functions from.
#[async_trait]
pub trait FunctionCodeSource: Send + Sync {
    /// Reads a zip whole.
    ///
    /// # Errors
    /// Why there is none, for the operator.
    async fn zip(&self, code: &ZipCode) -> Result<Vec<u8>, String>;
}

/// All that is to be known to run a function once. What of it may be secret shows no value.
#[derive(Debug, Clone)]
pub struct FunctionOrder {
    /// The id of this invocation: a UUID.
    pub request_id: String,
    /// The function's ARN, without a version.
    pub function_arn: String,
    /// The ARN that it was asked for by, which may have a version.
    pub invoked_arn: String,
    /// Its name.
    pub name: String,
    /// The version that is run: `$LATEST`, or a number.
    pub version: String,
    /// Changes with code and configuration: an instance of another revision is not to be used.
    pub revision_id: String,
    /// The account that it belongs to.
    pub account: AccountId,
    /// The region that it is in.
    pub region: Region,
    /// Its runtime, such as `python3.13` or `provided.al2023`.
    pub runtime: String,
    /// Its handler; nothing where the runtime needs none.
    pub handler: Option<String>,
    /// Its code.
    pub code: FunctionCode,
    /// The variables of its environment, byte for byte.
    pub environment: BTreeMap<String, Sensitive<String>>,
    /// How long it may take.
    pub timeout: Duration,
    /// How much memory it may use, in MB.
    pub memory_mb: u32,
    /// How many megabytes of files it may have.
    pub storage_mb: u32,
    /// Credentials of a session of its execution role, made for this order. A host may use those of
    /// an earlier order of the same function and revision until they are about to expire.
    pub credentials: FunctionCredentials,
    /// The event that it is given.
    pub payload: Sensitive<Vec<u8>>,
    /// What the client says of itself: base64, as it came.
    pub client_context: Option<Sensitive<String>>,
}

/// The code of a function.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FunctionCode {
    /// A zip that the store has.
    Zip(ZipCode),
    /// Something of the operator's.
    Named(NamedCode),
}

/// Code that is named, not given: it is the operator's, who allows it to be run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NamedCode {
    /// A command, by the name that the operator gave it.
    Command(String),
    /// The URL of an HTTP function.
    Url(String),
}

/// A zip, and the rows that it is kept in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ZipCode {
    /// Its SHA-256, in base64.
    pub sha256: String,
    /// How many bytes it has.
    pub bytes: u64,
    /// The rows of its parts, in order.
    pub(crate) rows: Vec<Key>,
}

impl ZipCode {
    /// A zip that is kept in these rows.
    pub fn new(sha256: String, bytes: u64, rows: Vec<Key>) -> Self {
        Self { sha256, bytes, rows }
    }
}

/// Temporary credentials.
#[derive(Debug, Clone)]
pub struct FunctionCredentials {
    /// The access key's id.
    pub access_key_id: String,
    /// Its secret.
    pub secret_access_key: Sensitive<String>,
    /// The session's token.
    pub session_token: Sensitive<String>,
    /// When they expire.
    pub expires: Timestamp,
}

/// What came of a function that was run.
#[derive(Debug, Clone)]
pub struct FunctionOutcome {
    /// What it answered; where it failed, AWS's description of the error.
    pub payload: Sensitive<Vec<u8>>,
    /// `Unhandled` where it failed.
    pub function_error: Option<String>,
    /// The end of its log.
    pub log_tail: Sensitive<Vec<u8>>,
    /// The version that was run.
    pub executed_version: String,
}

/// Why a function was not run; the texts are for the operator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotRun {
    /// The operator has not turned functions on.
    Off,
    /// As many run as may at one time.
    Busy,
    /// Its code is not allowed any more, or cannot be used.
    Unfit(String),
    /// The host could not start it.
    Failed(String),
}

impl fmt::Display for NotRun {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Off => out.write_str("functions are off on this server"),
            Self::Busy => out.write_str("as many functions run as may at one time"),
            Self::Unfit(why) => write!(out, "the code of the function cannot be run: {why}"),
            Self::Failed(why) => write!(out, "the function could not be started: {why}"),
        }
    }
}

impl std::error::Error for NotRun {}

/// A process that runs no functions.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoFunctions;

#[async_trait]
impl FunctionHost for NoFunctions {
    fn is_enabled(&self) -> bool {
        false
    }

    fn allows(&self, _: &NamedCode) -> bool {
        false
    }

    async fn invoke(
        &self,
        _: FunctionOrder,
        _: &dyn FunctionCodeSource,
    ) -> Result<FunctionOutcome, NotRun> {
        Err(NotRun::Off)
    }
}

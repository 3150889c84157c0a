//! A function as its records describe it, and one invocation of it.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use coffer_model::{Sensitive, Timestamp};

/// A version of a function, with all that is needed to run it.
#[derive(Clone)]
pub struct Function {
    /// The ARN that it is invoked by.
    pub arn: String,
    /// Its name.
    pub name: String,
    /// Its version: `$LATEST` or a number.
    pub version: String,
    /// Changes whenever code or configuration change; instances of another revision are not used.
    pub revision: String,
    /// What is run.
    pub code: Code,
    /// Its own variables, byte for byte.
    pub environment: Vec<(String, Sensitive<String>)>,
    /// How long an invocation may take.
    pub timeout: Duration,
    /// How much memory its processes may use.
    pub memory_mb: u32,
    /// How much there may be in its scratch folder.
    pub storage_mb: u32,
    /// The region that it is in.
    pub region: String,
    /// The URL that its AWS clients are to use.
    pub endpoint_url: String,
    /// Where its archive and its credentials come from.
    pub supply: Arc<dyn Supply>,
}

/// What is run as a function.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Code {
    /// An archive, which the supply gives when it is not yet unpacked.
    Zip {
        /// The name of its runtime, such as `python3.13` or `provided.al2023`.
        runtime: String,
        /// What of it is called.
        handler: String,
        /// The SHA-256 of the archive.
        sha256: [u8; 32],
    },
    /// A command that the operator has named in the settings; it speaks the Runtime API.
    Command(String),
    /// A service that answers the Invoke API at a URL that the operator has listed.
    Url(String),
}

/// Gives what is too large, or too secret, to be kept with a function.
#[async_trait]
pub trait Supply: Send + Sync {
    /// The archive of the function's code.
    ///
    /// # Errors
    /// A sentence for the operator.
    async fn archive(&self) -> Result<Bytes, String>;

    /// A new session of the execution role. An instance keeps it all its life, so the instance ends
    /// before its session does, and the next one asks again.
    ///
    /// # Errors
    /// A sentence for the operator.
    async fn credentials(&self) -> Result<Credentials, String>;
}

/// A session of a function's execution role.
#[derive(Debug, Clone)]
pub struct Credentials {
    /// The access key's id.
    pub access_key_id: String,
    /// The secret access key.
    pub secret_access_key: Sensitive<String>,
    /// The session token.
    pub session_token: Sensitive<String>,
    /// When the session ends, by the server's time.
    pub expires: Timestamp,
}

/// One call of a function.
#[derive(Clone)]
pub struct Invocation {
    /// The id of the request, a UUID, which the function and its log show.
    pub request_id: String,
    /// The event.
    pub payload: Bytes,
    /// The client context as JSON, if the caller has sent one.
    pub client_context: Option<String>,
    /// The trace header, if there is one.
    pub trace_id: Option<String>,
    /// How long the caller waits at most; the function's own timeout holds as well.
    pub patience: Option<Duration>,
}

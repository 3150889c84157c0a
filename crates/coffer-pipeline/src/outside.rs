//! The world outside the process, which jobs reach, and orders that follow a decision.

mod functions;

use std::fmt;

use async_trait::async_trait;

pub use functions::{
    FunctionCode, FunctionCodeSource, FunctionCredentials, FunctionHost, FunctionOrder,
    FunctionOutcome, NamedCode, NoFunctions, NotRun, ZipCode,
};

/// What answers to requests that go out.
#[async_trait]
pub trait Outside: Send + Sync + 'static {
    /// Gets a document. Time and size are bounded, redirections are not followed, and a URL that is
    /// not `https` is refused unless [`Outside::is_plain`] holds for its host.
    ///
    /// # Errors
    /// Why there is none; for the log of the operator, who may be the only one to learn of it.
    async fn get(&self, url: &str) -> Result<Vec<u8>, Unreachable>;

    /// Whether a host is spoken to without TLS: on loopback only, and where the operator lets it.
    fn is_plain(&self, host: &str) -> bool;
}

/// A document could not be had; the text says why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unreachable(pub String);

impl fmt::Display for Unreachable {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

impl std::error::Error for Unreachable {}

/// A process that nothing goes out of.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoOutside;

#[async_trait]
impl Outside for NoOutside {
    async fn get(&self, _: &str) -> Result<Vec<u8>, Unreachable> {
        Err(Unreachable("nothing goes out of this process".to_owned()))
    }

    fn is_plain(&self, _: &str) -> bool {
        false
    }
}

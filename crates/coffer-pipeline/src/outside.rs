//! The world outside the process, which only jobs reach.

use std::fmt;

use async_trait::async_trait;
use coffer_model::Sensitive;

/// What answers to requests that go out.
#[async_trait]
pub trait Outside: Send + Sync + 'static {
    /// Gets a document. Time and size are bounded, redirections are not followed, and a URL that is
    /// not `https` is refused unless [`Outside::is_plain`] holds for its host.
    ///
    /// # Errors
    /// Why there is none; for the log of the operator, who may be the only one to learn of it.
    async fn get(&self, url: &str) -> Result<Vec<u8>, Unreachable>;

    /// Does a step of a rotation that needs no function: at a database, or at whatever else the
    /// rotator knows. Time is bounded. A step that was done before may be asked for again.
    ///
    /// # Errors
    /// Why it was not done; the text holds no secret.
    async fn rotate(&self, step: RotatorStep) -> Result<Option<Sensitive<String>>, Unreachable>;

    /// Whether a host is spoken to without TLS: on loopback only, and where the operator lets it.
    fn is_plain(&self, host: &str) -> bool;
}

/// A step of a rotation, with the values that it works at.
#[derive(Debug)]
pub struct RotatorStep {
    /// The rotator's name, such as `postgresql-single-user`.
    pub rotator: String,
    /// What is to be done.
    pub action: RotatorAction,
    /// The value with the label AWSCURRENT.
    pub current: Sensitive<String>,
    /// The one with AWSPREVIOUS.
    pub previous: Option<Sensitive<String>>,
    /// The value of the secret of somebody who may change the password of others.
    pub superuser: Option<Sensitive<String>>,
}

/// What a rotator is to do.
#[derive(Debug)]
pub enum RotatorAction {
    /// Makes the next value, with this new password; gives it, and changes nothing outside.
    Create(Sensitive<String>),
    /// Makes this next value hold.
    Set(Sensitive<String>),
    /// Finds out whether this next value holds.
    Test(Sensitive<String>),
}

/// A document could not be had, or a step not be done; the text says why.
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

    async fn rotate(&self, _: RotatorStep) -> Result<Option<Sensitive<String>>, Unreachable> {
        Err(Unreachable("nothing goes out of this process".to_owned()))
    }

    fn is_plain(&self, _: &str) -> bool {
        false
    }
}

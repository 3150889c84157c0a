//! The world outside the process, which jobs reach, and orders that follow a decision.

mod backups;
mod functions;
mod peers;

use std::fmt;

use async_trait::async_trait;
use coffer_model::Sensitive;

pub use backups::{BackupMade, BackupOrder, Backups, NoBackups};
pub use functions::{
    FunctionCode, FunctionCodeSource, FunctionCredentials, FunctionHost, FunctionOrder,
    FunctionOutcome, NamedCode, NoFunctions, NotRun, ZipCode,
};
pub use peers::{NotTold, PeerRights, ReplicaPlace};

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
    async fn rotate(&self, step: RotatorStep) -> Result<Option<NewValue>, NotRotated>;

    /// What the rotator of this name is like. Nothing outside is asked.
    ///
    /// # Errors
    /// Why there is none of this name, as a sentence for callers.
    fn rotator(&self, name: &str) -> Result<RotatorKind, Unreachable>;

    /// Whether a rotator could rotate this value, together with the one of somebody who may do more,
    /// as far as the values alone tell. Nothing outside is asked.
    ///
    /// # Errors
    /// Why not; the text holds no secret.
    fn check_values(
        &self,
        rotator: &str,
        current: &Sensitive<String>,
        superuser: Option<&Sensitive<String>>,
    ) -> Result<(), Unreachable>;

    /// Whether a host is spoken to without TLS: on loopback only, and where the operator lets it.
    fn is_plain(&self, host: &str) -> bool;

    /// The name of the peer that holds the replicas of a place; nothing where that is this very
    /// deployment. Nothing outside is asked.
    fn peer_of(&self, place: &ReplicaPlace) -> Option<String> {
        let _ = place;
        None
    }

    /// Tells a peer of a primary, and gives its answer. Time and sizes are bounded, both ends prove who
    /// they are.
    ///
    /// # Errors
    /// Why there is no answer.
    async fn tell_peer(&self, peer: &str, message: Sensitive<Vec<u8>>) -> Result<Vec<u8>, NotTold> {
        let _ = message;
        Err(NotTold { why: format!("there is no peer `{peer}`"), is_busy: false })
    }
}

/// What a rotation has to know of its rotator.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RotatorKind {
    /// Whether it works with the secret that `masterarn` names.
    pub needs_superuser: bool,
    /// Whether making the next value makes something outside, which would be made a second time.
    pub creates_outside: bool,
    /// Whether it has something to do when the next value was tested, before that is current.
    pub finishes: bool,
}

/// The next value of a secret.
#[derive(Debug)]
pub struct NewValue {
    /// The value.
    pub text: Sensitive<String>,
    /// What was made outside for it, such as ``the key `12` ``, for whoever has to take it away where
    /// the value is not kept.
    pub made: Option<String>,
}

/// A step of a rotation, with the values that it works at.
#[derive(Debug)]
pub struct RotatorStep {
    /// The rotator's name, such as `postgresql-single-user`.
    pub rotator: String,
    /// The id of the version that the rotation makes.
    pub version_id: String,
    /// What is to be done.
    pub action: RotatorAction,
    /// The value with the label AWSCURRENT.
    pub current: Sensitive<String>,
    /// The one with AWSPREVIOUS.
    pub previous: Option<Sensitive<String>>,
    /// Whether this rotator has made that one: nobody put it by hand, and no other rotator made it.
    pub is_previous_rotated: bool,
    /// The value of the secret of somebody who may change the password of others.
    pub superuser: Option<Sensitive<String>>,
}

/// What a rotator is to do.
#[derive(Debug)]
pub enum RotatorAction {
    /// Makes the next value, with this new password where it needs one, and gives it. Changes nothing
    /// outside, unless [`RotatorKind::creates_outside`] holds.
    Create(Sensitive<String>),
    /// Makes this next value hold.
    Set(Sensitive<String>),
    /// Finds out whether this next value holds.
    Test(Sensitive<String>),
    /// Does what is left to do before this next value is current.
    Finish(Sensitive<String>),
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

/// A step of a rotation was not done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotRotated {
    /// Why not; without a secret.
    pub why: String,
    /// Whether the rotation is not to be tried again by itself, as each attempt does harm.
    pub is_final: bool,
}

impl From<Unreachable> for NotRotated {
    fn from(unreachable: Unreachable) -> Self {
        Self { why: unreachable.0, is_final: false }
    }
}

/// A process that nothing goes out of.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoOutside;

#[async_trait]
impl Outside for NoOutside {
    async fn get(&self, _: &str) -> Result<Vec<u8>, Unreachable> {
        Err(Unreachable("nothing goes out of this process".to_owned()))
    }

    async fn rotate(&self, _: RotatorStep) -> Result<Option<NewValue>, NotRotated> {
        Err(Unreachable("nothing goes out of this process".to_owned()).into())
    }

    fn rotator(&self, _: &str) -> Result<RotatorKind, Unreachable> {
        Err(Unreachable("There are no rotators in this process.".to_owned()))
    }

    fn check_values(
        &self,
        _: &str,
        _: &Sensitive<String>,
        _: Option<&Sensitive<String>>,
    ) -> Result<(), Unreachable> {
        Ok(())
    }

    fn is_plain(&self, _: &str) -> bool {
        false
    }
}

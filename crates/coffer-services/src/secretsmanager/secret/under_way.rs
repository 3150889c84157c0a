//! A rotation at work, as its secret knows it.

use coffer_model::Timestamp;
use serde::{Deserialize, Serialize};

/// A rotation that has begun and not ended. It is in the secret's own record, so that there is never
/// a second one, and each step is one commit with what it did to the secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct UnderWay {
    /// Tells it from every other one; also the id of its job.
    pub(crate) id: String,
    /// The id of the version that it makes current.
    pub(crate) version_id: String,
    /// The step that is next, or being done.
    pub(crate) step: RotationStep,
    /// Whether this only tests that the secret can be rotated.
    #[serde(default)]
    pub(crate) is_test: bool,
    /// The version that was current when it began: once it is another one, nothing is left to rotate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) from_version: Option<String>,
    /// When it began.
    pub(crate) begun: Timestamp,
    /// The end of its window, after which no further attempt is made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) closes: Option<Timestamp>,
    /// How many attempts have failed.
    #[serde(default)]
    pub(crate) attempts: u32,
    /// When the next attempt is made; nothing while one is being made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) retry_at: Option<Timestamp>,
}

/// The steps of a rotation (user guide, "Lambda rotation functions").
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) enum RotationStep {
    /// Make a new value.
    #[serde(rename = "createSecret")]
    Create,
    /// Make it hold where it is used.
    #[serde(rename = "setSecret")]
    Set,
    /// Find out whether it holds.
    #[serde(rename = "testSecret")]
    Test,
    /// Make it current.
    #[serde(rename = "finishSecret")]
    Finish,
}

/// How an attempt failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct RotationFailure {
    /// When.
    pub(crate) at: Timestamp,
    /// At which step.
    pub(crate) step: RotationStep,
    /// The attempts of that rotation until then.
    pub(crate) attempts: u32,
    /// Why; it holds no secret.
    pub(crate) reason: String,
}

impl RotationStep {
    /// AWS's name of it.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Create => "createSecret",
            Self::Set => "setSecret",
            Self::Test => "testSecret",
            Self::Finish => "finishSecret",
        }
    }

    /// The step after it; nothing after the last.
    pub(crate) const fn next(self) -> Option<Self> {
        match self {
            Self::Create => Some(Self::Set),
            Self::Set => Some(Self::Test),
            Self::Test => Some(Self::Finish),
            Self::Finish => None,
        }
    }
}

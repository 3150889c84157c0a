//! A change of the root key as a record: how far it has come.

use coffer_model::Timestamp;
use coffer_pipeline::NextRootKey;
use coffer_store::{Key, Record};
use serde::{Deserialize, Serialize};

/// The change of the root key that is going on, or the last one that was.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct RootKeyChangeRecord {
    /// Its id: a UUID.
    pub(super) id: String,
    /// Where the new key comes from.
    pub(super) source: NextRootKey,
    /// How far it has come.
    pub(super) state: ChangeState,
    /// When it was asked for.
    pub(super) started: Timestamp,
    /// When it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) ended: Option<Timestamp>,
    /// The id of the root key before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) from: Option<String>,
    /// The id of the new root key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) to: Option<String>,
    /// How many KMS keys have been sealed anew.
    pub(super) keys_resealed: u64,
    /// The row of the last one that was looked at, in base64.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) after: Option<String>,
    /// Why it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) failure: Option<String>,
}

/// The steps of a change, each of which ends in a commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum ChangeState {
    /// The new key is to be obtained. The old key opens the store.
    Obtaining,
    /// The new key opens the store, and the old one is in it, sealed under the new one. Nothing is
    /// to be sealed under the old one any more.
    Switching,
    /// What is sealed under the old key is sealed anew.
    Resealing,
    /// The old key is in the store no more, and is to be forgotten.
    Settling,
    /// The change is done.
    Done,
    /// The new key could not be obtained; nothing was changed.
    Failed,
}

impl RootKeyChangeRecord {
    /// The one row there is.
    pub(super) fn row() -> Key {
        Key::of(Self::TABLE, &["last"])
    }

    /// Whether it has come to an end.
    pub(super) fn has_ended(&self) -> bool {
        matches!(self.state, ChangeState::Done | ChangeState::Failed)
    }
}

impl Record for RootKeyChangeRecord {
    const TABLE: &'static str = "coffer.root-key-change";

    fn key(&self) -> Key {
        Self::row()
    }
}

//! Access keys: whose signature is whose.

pub mod organization;

use std::sync::{Arc, OnceLock};

use coffer_model::{AccountId, Sensitive};
use coffer_store::{Key, Record};
use serde::{Deserialize, Serialize};

use crate::context::Caller;
use crate::world::World;

/// An access key of an account's root.
#[derive(Serialize, Deserialize)]
pub struct AccessKeyRecord {
    /// The public id, such as `AKIA…`.
    pub access_key_id: String,
    /// The account whose root this key belongs to.
    pub account: AccountId,
    #[serde(with = "secret_text")]
    secret_access_key: Sensitive<String>,
    #[serde(skip)]
    caller: OnceLock<Arc<Caller>>,
}

impl AccessKeyRecord {
    /// Makes the record of a root access key.
    pub fn new(access_key_id: &str, account: AccountId, secret: Sensitive<String>) -> Self {
        Self {
            access_key_id: access_key_id.to_owned(),
            account,
            secret_access_key: secret,
            caller: OnceLock::new(),
        }
    }

    /// The secret that signatures are checked with.
    pub fn secret(&self) -> &Sensitive<String> {
        &self.secret_access_key
    }

    /// Whoever signs with this key.
    pub fn caller(&self) -> Arc<Caller> {
        let root = || Arc::new(Caller::root(self.account, &self.access_key_id));
        self.caller.get_or_init(root).clone()
    }

    /// The row of an access key.
    pub fn key_of(access_key_id: &str) -> Key {
        Key::of(Self::TABLE, &[access_key_id])
    }
}

impl Record for AccessKeyRecord {
    const TABLE: &'static str = "iam.access-key";

    fn key(&self) -> Key {
        Self::key_of(&self.access_key_id)
    }
}

/// The access key that `coffer dev` accepts for any account, as LocalStack's users expect: the
/// account id itself, or `test` for account 000000000000; the secret is `test`.
pub fn dev_access_key(world: &World, access_key_id: &str) -> Option<AccessKeyRecord> {
    if !world.dev {
        return None;
    }
    let account = match access_key_id {
        DEV_ACCESS_KEY_ID => AccountId::DEV,
        digits => digits.parse().ok()?,
    };
    Some(AccessKeyRecord::new(access_key_id, account, DEV_SECRET.to_owned().into()))
}

/// The access key of `coffer dev`.
pub const DEV_ACCESS_KEY_ID: &str = "test";
/// The secret of every access key of `coffer dev`.
pub const DEV_SECRET: &str = "test";

/// The written form of a secret inside a sealed row, the only place it is written to.
mod secret_text {
    use coffer_model::Sensitive;
    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(
        secret: &Sensitive<String>,
        out: S,
    ) -> Result<S::Ok, S::Error> {
        out.serialize_str(secret.expose())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        input: D,
    ) -> Result<Sensitive<String>, D::Error> {
        String::deserialize(input).map(Sensitive::new)
    }
}

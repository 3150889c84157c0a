//! The root keys that a server holds, how it comes by the next one, and the row by which a store
//! tells which one opens it.
//!
//! A change of the root key is one commit: the store key's row says the new key from then on, and
//! holds the old one sealed under the new one until no key material is sealed under the old one.
//! So a store opens with the old key before that commit and with the new one after it, whenever
//! the process ends.

use std::sync::{Arc, Mutex, PoisonError, RwLock, Weak};

use async_trait::async_trait;
use coffer_seal::{Entropy, OpenError, RootKey, RootKeys, RowSealer, SealedStoreKey};
use coffer_store::{Key, Revision, Store};
use serde::{Deserialize, Serialize};

/// The root keys of a running server: the ones in use, and the one to change to.
pub struct RootKeyRing {
    keys: RwLock<Arc<RootKeys>>,
    replaced: Mutex<Vec<Weak<RootKeys>>>,
    next: Mutex<Option<(String, Arc<RootKey>)>>,
    source: Arc<dyn RootKeySource>,
}

/// Where the next root key comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum NextRootKey {
    /// It is drawn and kept where the present one is, which only a file allows.
    Drawn,
    /// It is in this file on the server's host.
    File(String),
    /// It is what the configured source gives by now.
    Reread,
}

/// How a server comes by root keys while it serves. The only part of a change that reaches
/// outside, so it is asked by a job alone.
#[async_trait]
pub trait RootKeySource: Send + Sync + 'static {
    /// Gives the next root key. Asked again, it gives the same one until that is settled: a key
    /// that may be in force already is never drawn over.
    ///
    /// # Errors
    /// A sentence for the operator, which shows nothing of what was read.
    async fn next(&self, from: &NextRootKey) -> Result<RootKey, String>;

    /// Puts the key of this id, which is in force now, where the next start looks for it.
    ///
    /// # Errors
    /// A sentence for the operator.
    async fn settle(&self, id: &str) -> Result<(), String>;
}

/// A server whose root key is in memory alone: the next one is drawn, and kept nowhere.
struct InMemory(Arc<dyn Entropy>);

#[async_trait]
impl RootKeySource for InMemory {
    async fn next(&self, from: &NextRootKey) -> Result<RootKey, String> {
        match from {
            NextRootKey::Drawn => Ok(RootKey::generate(self.0.as_ref())),
            NextRootKey::File(_) | NextRootKey::Reread => {
                Err("this server keeps its root key in memory; let it draw the next one".to_owned())
            }
        }
    }

    async fn settle(&self, _: &str) -> Result<(), String> {
        Ok(())
    }
}

impl RootKeyRing {
    /// Holds these keys; the next one comes from this source.
    pub fn new(keys: RootKeys, source: Arc<dyn RootKeySource>) -> Self {
        Self {
            keys: RwLock::new(Arc::new(keys)),
            replaced: Mutex::default(),
            next: Mutex::default(),
            source,
        }
    }

    /// Holds a key of a server that keeps nothing, and draws the next one.
    pub fn in_memory(keys: impl Into<RootKeys>, entropy: Arc<dyn Entropy>) -> Self {
        Self::new(keys.into(), Arc::new(InMemory(entropy)))
    }

    /// The keys in use. Who seals with them holds on to them until what it sealed is committed.
    pub fn keys(&self) -> Arc<RootKeys> {
        self.keys.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The source of the next key.
    pub fn source(&self) -> &dyn RootKeySource {
        self.source.as_ref()
    }

    /// Remembers the key that a change is to: it is obtained once, however often the change's
    /// first step is run again.
    pub fn remember_next(&self, change: &str, next: Arc<RootKey>) {
        let next = Some((change.to_owned(), next));
        *self.next.lock().unwrap_or_else(PoisonError::into_inner) = next;
    }

    /// The key that a change is to, if it has been obtained.
    pub fn next_of(&self, change: &str) -> Option<Arc<RootKey>> {
        let next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        next.as_ref().filter(|(of, _)| of == change).map(|(_, next)| next.clone())
    }

    /// Seals with these keys from now on.
    pub fn install(&self, keys: RootKeys) {
        let mut held = self.keys.write().unwrap_or_else(PoisonError::into_inner);
        let old = std::mem::replace(&mut *held, Arc::new(keys));
        drop(held);
        let mut replaced = self.replaced.lock().unwrap_or_else(PoisonError::into_inner);
        replaced.push(Arc::downgrade(&old));
        *self.next.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// Whether nobody is at something any more that it may have sealed with keys since replaced.
    pub fn is_settled(&self) -> bool {
        let mut replaced = self.replaced.lock().unwrap_or_else(PoisonError::into_inner);
        replaced.retain(|keys| keys.strong_count() > 0);
        replaced.is_empty()
    }
}

/// The one row that the store's key does not seal, since it holds that key.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct StoreKeyRow {
    format: u8,
    /// The root key that opens the store.
    pub root_key_id: String,
    sealed_store_key: Vec<u8>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    former: Option<FormerRootKey>,
}

/// The root key before, while key material may be sealed under it.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct FormerRootKey {
    root_key_id: String,
    sealed_root_key: Vec<u8>,
}

impl StoreKeyRow {
    /// Draws a store's key.
    pub fn generate(entropy: &dyn Entropy, root_key: &RootKey) -> (RowSealer, Self) {
        let (sealer, sealed) = RowSealer::generate(entropy, root_key);
        (sealer, Self::new(root_key, sealed, None))
    }

    fn new(root_key: &RootKey, sealed: SealedStoreKey, former: Option<FormerRootKey>) -> Self {
        // A release that does not know of former keys is kept from opening half of a store.
        let format = if former.is_some() { FORMAT_OF_TWO_KEYS } else { FORMAT };
        let root_key_id = root_key.id().to_owned();
        Self { format, root_key_id, sealed_store_key: sealed.0, former }
    }

    /// The row's key.
    pub fn row() -> Key {
        Key::of("meta.store-key", &[])
    }

    /// Reads the row.
    ///
    /// # Errors
    /// A sentence for the operator.
    pub async fn read(store: &dyn Store) -> Result<Option<(Self, Revision)>, String> {
        let rows = store.read(&[Self::row()]).await.map_err(|error| error.to_string())?;
        let Some(row) = rows.into_iter().next().flatten() else { return Ok(None) };
        let read: Self = serde_json::from_slice(&row.value)
            .map_err(|error| format!("cannot read the store's sealed key: {error}"))?;
        match read.format {
            FORMAT | FORMAT_OF_TWO_KEYS => Ok(Some((read, row.revision))),
            format => {
                Err(format!("the store's sealed key has format {format}; start a newer coffer"))
            }
        }
    }

    /// The row's bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        // Numbers and texts are always written.
        serde_json::to_vec(self).unwrap_or_default()
    }

    /// Opens the store's key, and the root key before this one if it is still needed.
    ///
    /// # Errors
    /// A root key that is not the store's.
    pub fn open(&self, root_key: RootKey) -> Result<(RowSealer, RootKeys), OpenError> {
        let sealed = SealedStoreKey(self.sealed_store_key.clone());
        let sealer = RowSealer::open_key(&root_key, &sealed)?;
        let former = match &self.former {
            Some(former) => Some(Arc::new(root_key.open_former(&former.sealed_root_key)?)),
            None => None,
        };
        Ok((sealer, RootKeys::new(root_key, former)))
    }

    /// Whether the root key before this one is still needed.
    pub fn is_changing(&self) -> bool {
        self.former.is_some()
    }

    /// The row that another root key opens, and that holds this one for as long as it is needed.
    ///
    /// # Errors
    /// A store's key that `from` does not open.
    pub fn changed(
        &self,
        entropy: &dyn Entropy,
        from: &RootKey,
        to: &RootKey,
    ) -> Result<Self, OpenError> {
        let sealed = SealedStoreKey(self.sealed_store_key.clone()).under(entropy, from, to)?;
        let former = FormerRootKey {
            root_key_id: from.id().to_owned(),
            sealed_root_key: to.seal_former(entropy, from),
        };
        Ok(Self::new(to, sealed, Some(former)))
    }

    /// The row of a change that is done: the root key before is in it no more.
    pub fn settled(&self) -> Self {
        Self { format: FORMAT, former: None, ..self.clone() }
    }
}

const FORMAT: u8 = 1;
const FORMAT_OF_TWO_KEYS: u8 = 2;

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use coffer_seal::{RootKey, RootKeys, SystemEntropy};

    use super::{RootKeyRing, StoreKeyRow};

    #[test]
    fn a_row_opens_with_one_root_key_before_and_after_a_change() {
        let entropy = SystemEntropy::new();
        let drawn = || RootKey::generate(&entropy);
        let again = |key: &RootKey| RootKey::parse(&key.to_text()).unwrap();
        let (old, new) = (drawn(), drawn());
        let (_, row) = StoreKeyRow::generate(&entropy, &old);
        assert!(row.open(again(&old)).is_ok() && row.open(again(&new)).is_err());
        let row = row.changed(&entropy, &old, &new).unwrap();
        assert!(row.is_changing() && row.open(again(&old)).is_err());
        let (_, keys) = row.open(again(&new)).unwrap();
        assert_eq!((keys.id(), keys.former().unwrap().id()), (new.id(), old.id()));
        let row = row.settled();
        let (_, keys) = row.open(again(&new)).unwrap();
        assert!(!row.is_changing() && keys.former().is_none() && row.open(old).is_err());
    }

    #[test]
    fn replaced_keys_are_settled_when_nobody_holds_them() {
        let entropy = Arc::new(SystemEntropy::new());
        let keys = || RootKeys::new(RootKey::generate(entropy.as_ref()), None);
        let root_key = RootKey::generate(entropy.as_ref());
        let ring = RootKeyRing::in_memory(root_key, entropy.clone());
        let held = ring.keys();
        assert!(ring.is_settled());
        ring.install(keys());
        assert!(!ring.is_settled() && ring.keys().id() != held.id());
        drop(held);
        assert!(ring.is_settled());
    }
}

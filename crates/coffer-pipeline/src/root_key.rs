//! The root keys that a server holds, how it comes by the next one, and the row by which a store
//! tells which one opens it.
//!
//! A change of the root key is one commit: the store key's row says the new key from then on, and
//! holds the old one sealed under the new one until no key material is sealed under the old one.
//! So a store opens with the old key before that commit and with the new one after it, whenever
//! the process ends.

use std::sync::atomic::{AtomicBool, Ordering};
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
    is_lost: AtomicBool,
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

    /// Takes a key that another server of the store has drawn, to where the next start looks for it.
    ///
    /// # Errors
    /// A sentence for the operator.
    async fn adopt(&self, _next: &RootKey) -> Result<(), String> {
        Ok(())
    }
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
            is_lost: AtomicBool::new(false),
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

    /// Goes along with a change of the root key that another server of the store has made.
    ///
    /// # Errors
    /// A sentence for the operator: the change was missed, or the new key can't be kept.
    pub async fn follow(&self, store: &dyn Store) -> Result<(), String> {
        let Some((row, _)) = StoreKeyRow::read(store).await? else { return Ok(()) };
        let held = self.keys();
        let followed = row.followed_by(&held);
        self.is_lost.store(followed.is_err(), Ordering::Relaxed);
        let Some(keys) = followed? else { return Ok(()) };
        if row.is_drawn() && keys.id() != held.id() {
            self.source.adopt(keys.current()).await?;
        }
        if !row.is_changing() {
            self.source.settle(keys.id()).await?;
        }
        tracing::info!(root_key.id = keys.id(), "root key {} is in force", keys.id());
        self.install(keys);
        Ok(())
    }

    /// Whether the store has a root key that is not known here.
    pub fn is_lost(&self) -> bool {
        self.is_lost.load(Ordering::Relaxed)
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
    #[serde(default, skip_serializing_if = "Option::is_none")]
    successor: Option<Successor>,
    /// Whether nothing may be sealed under the former root key any more.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    is_switched: bool,
}

/// The root key in force, for servers that have the one before it.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Successor {
    sealed_root_key: Vec<u8>,
    is_drawn: bool,
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
        let row = Self {
            format: FORMAT,
            root_key_id: root_key.id().to_owned(),
            sealed_store_key: sealed.0,
            former: None,
            successor: None,
            is_switched: false,
        };
        (sealer, row)
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
        Ok(Some((Self::parse(&row.value)?, row.revision)))
    }

    /// Reads the row's bytes.
    ///
    /// # Errors
    /// A sentence for the operator.
    pub fn parse(bytes: &[u8]) -> Result<Self, String> {
        let read: Self = serde_json::from_slice(bytes)
            .map_err(|error| format!("cannot read the store's sealed key: {error}"))?;
        if !matches!(read.format, FORMAT | FORMAT_OF_TWO_KEYS) {
            let format = read.format;
            return Err(format!(
                "the store's sealed key has format {format}; start a newer coffer"
            ));
        }
        // Operators are shown it before anything is opened: a backup may be from anybody.
        let is_name = |id: &str| id.bytes().all(|byte| byte.is_ascii_graphic());
        let is_former_name = read.former.as_ref().is_none_or(|it| is_name(&it.root_key_id));
        if !is_name(&read.root_key_id) || !is_former_name {
            return Err("the store's sealed key names no root key; it is damaged".to_owned());
        }
        Ok(read)
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

    /// The row that another root key opens, and that holds this one for as long as it is needed. It
    /// holds the other one for servers that have this one, too: whoever has the row and this key could
    /// read everything before. `is_drawn` says whether they have to keep it where theirs is.
    ///
    /// # Errors
    /// A store's key that `from` does not open.
    pub fn changed(
        &self,
        entropy: &dyn Entropy,
        from: &RootKey,
        to: &RootKey,
        is_drawn: bool,
    ) -> Result<Self, OpenError> {
        let sealed = SealedStoreKey(self.sealed_store_key.clone()).under(entropy, from, to)?;
        let former = FormerRootKey {
            root_key_id: from.id().to_owned(),
            sealed_root_key: to.seal_former(entropy, from),
        };
        let successor = Successor { sealed_root_key: from.seal_former(entropy, to), is_drawn };
        Ok(Self {
            // A release that does not know of former keys is kept from opening half of a store.
            format: FORMAT_OF_TWO_KEYS,
            root_key_id: to.id().to_owned(),
            sealed_store_key: sealed.0,
            former: Some(former),
            successor: Some(successor),
            is_switched: false,
        })
    }

    /// The row of a change from which on nothing is sealed under the root key before.
    pub fn switched(&self) -> Self {
        Self { is_switched: true, ..self.clone() }
    }

    /// The row of a change that is done: the root key before is in it no more.
    pub fn settled(&self) -> Self {
        let row = self.clone();
        Self { format: FORMAT, former: None, successor: None, is_switched: false, ..row }
    }

    /// Whether what is sealed under this root key now will be found by a change that goes on.
    pub fn takes_seals_of(&self, root_key_id: &str) -> bool {
        let is_former =
            self.former.as_ref().is_some_and(|former| former.root_key_id == root_key_id);
        self.root_key_id == root_key_id || (is_former && !self.is_switched)
    }

    fn is_drawn(&self) -> bool {
        self.successor.as_ref().is_some_and(|successor| successor.is_drawn)
    }

    /// The keys to go on with, of a server that has these; nothing where they are still the ones.
    ///
    /// # Errors
    /// A sentence for the operator, where they do not lead to the ones in force.
    pub fn followed_by(&self, held: &RootKeys) -> Result<Option<RootKeys>, String> {
        let unknown = |_: OpenError| {
            format!(
                "the store is sealed with root key {} by now, and this server has {}; start it anew \
                 with the new one",
                self.root_key_id,
                held.id()
            )
        };
        if held.id() == self.root_key_id {
            return match (&self.former, held.former()) {
                (None, Some(_)) => Ok(Some(RootKeys::new(held.current().clone(), None))),
                (Some(former), None) => {
                    let opened = held.current().open_former(&former.sealed_root_key);
                    let former = Arc::new(opened.map_err(unknown)?);
                    Ok(Some(RootKeys::new(held.current().clone(), Some(former))))
                }
                _ => Ok(None),
            };
        }
        let is_next = self.former.as_ref().is_some_and(|it| it.root_key_id == held.id());
        let successor = self.successor.as_ref().filter(|_| is_next).ok_or(OpenError);
        let opened = successor.and_then(|it| held.current().open_former(&it.sealed_root_key));
        let next = opened.map_err(unknown)?;
        if next.id() != self.root_key_id {
            return Err(unknown(OpenError));
        }
        Ok(Some(RootKeys::new(next, Some(held.current().clone()))))
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
        let row = row.changed(&entropy, &old, &new, true).unwrap();
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

    #[test]
    fn a_server_with_the_key_before_goes_along_while_the_change_lasts() {
        let entropy = SystemEntropy::new();
        let drawn = || RootKey::generate(&entropy);
        let again = |key: &RootKey| RootKey::parse(&key.to_text()).unwrap();
        let (old, new) = (drawn(), drawn());
        let (_, first) = StoreKeyRow::generate(&entropy, &old);
        let held = RootKeys::from(again(&old));
        assert!(first.followed_by(&held).unwrap().is_none());
        assert!(first.takes_seals_of(old.id()) && !first.takes_seals_of(new.id()));

        let changed = first.changed(&entropy, &old, &new, true).unwrap();
        assert!(changed.takes_seals_of(old.id()) && changed.takes_seals_of(new.id()));
        let both = changed.followed_by(&held).unwrap().unwrap();
        assert_eq!((both.id(), both.former().unwrap().id()), (new.id(), old.id()));
        assert!(changed.followed_by(&both).unwrap().is_none());
        let started_anew = RootKeys::from(again(&new));
        let opened = changed.followed_by(&started_anew).unwrap().unwrap();
        assert_eq!(opened.former().unwrap().id(), old.id());

        let switched = changed.switched();
        assert!(!switched.takes_seals_of(old.id()) && switched.takes_seals_of(new.id()));
        assert!(switched.followed_by(&held).unwrap().is_some());

        let settled = switched.settled();
        let alone = settled.followed_by(&both).unwrap().unwrap();
        assert!(alone.id() == new.id() && alone.former().is_none());
        for stranger in [held, RootKeys::from(drawn())] {
            assert!(settled.followed_by(&stranger).is_err(), "the old key opens nothing any more");
        }
        let stranger = RootKeys::from(drawn());
        assert!(changed.followed_by(&stranger).is_err());
    }

    #[test]
    fn a_row_whose_root_key_has_no_name_that_can_be_shown_is_refused() {
        let entropy = SystemEntropy::new();
        let (old, new) = (RootKey::generate(&entropy), RootKey::generate(&entropy));
        let (_, first) = StoreKeyRow::generate(&entropy, &old);
        let changed = first.changed(&entropy, &old, &new, true).unwrap();
        assert!(StoreKeyRow::parse(&changed.to_bytes()).is_ok());
        for name in [old.id(), new.id()] {
            let text = String::from_utf8(changed.to_bytes()).unwrap();
            let hostile = text.replace(name, "\\u001b[2J");
            let said = StoreKeyRow::parse(hostile.as_bytes()).unwrap_err();
            assert!(said.contains("names no root key"), "{said}");
        }
    }
}

//! What observers are told: of this node's commits before they are answered, of all nodes' by a feed.

use std::sync::{Arc, Mutex, PoisonError, RwLock};

use super::freshness::Freshness;
use super::told::Told;
use crate::{Key, Observer, Revision};

/// The observers, and how far what they know can be relied on.
pub(crate) struct Tidings {
    /// The number of this process, which no other one has in the same store.
    pub(crate) node: i64,
    pub(crate) freshness: Freshness,
    observers: RwLock<Vec<Arc<dyn Observer>>>,
    told: Mutex<Told>,
}

impl Tidings {
    pub(crate) fn new(node: i64) -> Self {
        Self {
            node,
            freshness: Freshness::new(),
            observers: RwLock::default(),
            told: Mutex::default(),
        }
    }

    pub(crate) fn watch(&self, observer: Arc<dyn Observer>) {
        self.observers.write().unwrap_or_else(PoisonError::into_inner).push(observer);
    }

    /// Tells the observers of a commit of this node, before it is answered.
    pub(crate) fn tell(&self, keys: &[Key], revision: Revision) {
        if self.told.lock().unwrap_or_else(PoisonError::into_inner).answered(revision) {
            self.changed(keys, revision);
        }
    }

    /// Tells the observers of a commit that the feed came by, unless they know.
    pub(crate) fn hear(&self, node: i64, keys: &[Key], revision: Revision) {
        let is_news = node != self.node
            || self.told.lock().unwrap_or_else(PoisonError::into_inner).heard(revision);
        if is_news {
            self.changed(keys, revision);
        }
    }

    fn changed(&self, keys: &[Key], revision: Revision) {
        let observers = self.observers.read().unwrap_or_else(PoisonError::into_inner);
        observers.iter().for_each(|observer| observer.changed(keys, revision));
    }

    /// Forgets the revisions that the feed, which is about to begin anew, may never come by.
    pub(crate) fn forget_told(&self) {
        *self.told.lock().unwrap_or_else(PoisonError::into_inner) = Told::default();
    }

    /// Tells the observers that changes may have been missed.
    pub(crate) fn forget_all(&self) {
        let observers = self.observers.read().unwrap_or_else(PoisonError::into_inner);
        observers.iter().for_each(|observer| observer.missed());
    }
}

//! A world in memory whose clock the test moves.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use coffer_model::{AccountId, Timestamp};
use coffer_pipeline::sealing::SealedRows;
use coffer_pipeline::{
    Caller, Clock, NoBackups, NoFunctions, NoOutside, NotMovable, Permissions, RequestContext,
    RootKeyRing, RootKeySource, Scope, StoreKeyRow, Tallies, Turns, World,
};
use coffer_seal::{OpenError, RootKey, RootKeys, RowSealer, SystemEntropy};
use coffer_store::{Batch, Sim, Store, Tables};

struct Hands(AtomicI64);

impl Clock for Hands {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.0.load(Ordering::SeqCst))
    }

    fn real_now(&self) -> Timestamp {
        self.now()
    }

    fn advance(&self, span: Duration) -> Result<Timestamp, NotMovable> {
        let after = self.now().plus(span);
        self.0.store(after.as_millis(), Ordering::SeqCst);
        Ok(after)
    }
}

/// An empty world.
pub(crate) fn world() -> World {
    world_on(Arc::new(Sim::new()))
}

/// A world on an empty store.
pub(crate) fn world_on(store: Arc<dyn Store>) -> World {
    let entropy = Arc::new(SystemEntropy::new());
    let root_key = RootKey::generate(entropy.as_ref());
    let (sealer, _) = RowSealer::generate(entropy.as_ref(), &root_key);
    let sessions = sealer.session_sealer();
    let cipher = Arc::new(SealedRows::new(sealer, entropy.clone()));
    World {
        turns: Turns::default(),
        tallies: Tallies::default(),
        claims: Default::default(),
        message_keys: Default::default(),
        audit: Default::default(),
        tables: Tables::new(store, cipher),
        root_key: RootKeyRing::in_memory(root_key, entropy.clone()),
        sessions,
        backups: Arc::new(NoBackups),
        outside: Arc::new(NoOutside),
        functions: Arc::new(NoFunctions),
        entropy,
        clock: Arc::new(Hands(AtomicI64::new(1_800_000_000_000))),
        dev: true,
    }
}

/// A world on a store that may have been used before; the operator's root key has to open it.
pub(crate) async fn reopened(
    store: Arc<dyn Store>,
    root_key: RootKey,
    source: Arc<dyn RootKeySource>,
) -> Result<World, OpenError> {
    let entropy = Arc::new(SystemEntropy::new());
    let (sealer, keys) = match StoreKeyRow::read(store.as_ref()).await.unwrap() {
        Some((row, _)) => row.open(root_key)?,
        None => {
            let (sealer, row) = StoreKeyRow::generate(entropy.as_ref(), &root_key);
            let puts = vec![(StoreKeyRow::row(), row.to_bytes().into())];
            store.commit(Batch { puts, ..Batch::default() }).await.unwrap();
            (sealer, RootKeys::new(root_key, None))
        }
    };
    let sessions = sealer.session_sealer();
    let cipher = Arc::new(SealedRows::new(sealer, entropy.clone()));
    Ok(World {
        turns: Turns::default(),
        tallies: Tallies::default(),
        claims: Default::default(),
        message_keys: Default::default(),
        audit: Default::default(),
        backups: Arc::new(NoBackups),
        outside: Arc::new(NoOutside),
        functions: Arc::new(NoFunctions),
        tables: Tables::new(store, cipher),
        root_key: RootKeyRing::new(keys, source),
        sessions,
        entropy,
        clock: Arc::new(Hands(AtomicI64::new(1_800_000_000_000))),
        dev: true,
    })
}

/// The root of the dev account, calling in a region just now.
pub(crate) fn context(world: &World, region: &str) -> RequestContext {
    RequestContext {
        request_id: coffer_seal::random_uuid(world.entropy.as_ref()),
        caller: Arc::new(Caller::root(AccountId::dev(), "test")),
        identity: None,
        permissions: Arc::new(Permissions::unbounded()),
        scope: scope(region),
        now: world.clock.now(),
        source_ip: "127.0.0.1".into(),
        user_agent: "test".to_owned(),
        is_secure: false,
        tls: None,
    }
}

/// A region of the dev account.
pub(crate) fn scope(region: &str) -> Scope {
    Scope { account: AccountId::dev(), region: region.parse().unwrap() }
}

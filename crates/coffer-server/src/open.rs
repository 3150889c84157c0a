//! Opens the world of a server: root key, store, store key; on first start also the account and
//! its root access key.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use coffer_model::{AccountId, Sensitive};
use coffer_pipeline::identity::AccessKeyRecord;
use coffer_pipeline::identity::organization::{
    FirstAccountRecord, draw_account, draw_root_access_key,
};
use coffer_pipeline::sealing::SealedRows;
use coffer_pipeline::{Clock, NoFunctions, NoOutside, RootKeyRing, StoreKeyRow, Turns, World};
use coffer_seal::{Entropy, RootKey, RootKeys, RowSealer};
use coffer_store::{Batch, Direction, Embedded, Scan, Sim, Store, Tables, Transaction};

use crate::config::{AuditSettings, Config};
use crate::files::{holds_credentials, make_folder, write_credentials};
use crate::root_key::NextKeys;
use crate::{runtime, trail};

/// A world that is open, its engine for closing it, and how its first caller signs.
pub(crate) struct Opened {
    pub(crate) world: World,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) first: FirstAccount,
}

/// The first account and what may be told of its access key.
#[derive(Debug)]
pub(crate) enum FirstAccount {
    /// It was made just now, with a drawn access key: shown this once, and kept in a file.
    Made { account: AccountId, access_key_id: String, secret: Sensitive<String>, file: PathBuf },
    /// It has been there, or its access key was preset by the operator.
    Known { account: AccountId, access_key_id: String, file: Option<PathBuf> },
}

/// Opens a data directory with the embedded engine.
///
/// # Errors
/// A sentence for the operator: what failed, why, and what to do.
pub(crate) async fn open(config: &Config, clock: Arc<dyn Clock>) -> Result<Opened, String> {
    let entropy = runtime::entropy();
    make_folder(&config.data)?;
    let store = Embedded::open(&config.data).map_err(|error| error.to_string())?;
    let store: Arc<dyn Store> = Arc::new(store);
    let row = StoreKeyRow::read(store.as_ref()).await?.map(|(row, _)| row);
    let provider = config.root_key.clone();
    let root_key = match provider.read(row.as_ref().map(|row| row.root_key_id.as_str()))? {
        Some(root_key) => root_key,
        None if row.is_some() => {
            return Err(format!(
                "no root key at {provider}, and the store in `{}` is sealed with one; bring it \
                 back, or say where it is by --root-key-file or another of the --root-key settings",
                config.data.display()
            ));
        }
        None => {
            must_be_empty(store.as_ref()).await?;
            provider.make(entropy.as_ref())?
        }
    };
    let keys = store_keys(&store, row, root_key, &entropy).await?;
    let source = Some(NextKeys { provider, entropy: entropy.clone() });
    let place = Place { data: &config.data, audit: &config.audit, source };
    let world = world(store.clone(), keys, entropy, clock, place)?;
    let first = first_account(&world, config).await?;
    Ok(Opened { world, store, first })
}

/// Opens a throw-away world in memory; its audit journal alone is in a folder, which the caller
/// throws away.
///
/// # Errors
/// See [`open`].
pub(crate) async fn open_dev(
    data: &Path,
    exports: Option<PathBuf>,
    clock: Arc<dyn Clock>,
) -> Result<Opened, String> {
    let entropy = runtime::entropy();
    let store: Arc<dyn Store> = Arc::new(Sim::new());
    let root_key = RootKey::generate(entropy.as_ref());
    let settings = AuditSettings { exports, ..AuditSettings::default() };
    let keys = store_keys(&store, None, root_key, &entropy).await?;
    let place = Place { data, audit: &settings, source: None };
    let world = world(store.clone(), keys, entropy, clock, place)?;
    let access_key_id = coffer_pipeline::identity::DEV_ACCESS_KEY_ID.to_owned();
    let first = FirstAccount::Known { account: AccountId::dev(), access_key_id, file: None };
    Ok(Opened { world, store, first })
}

/// Opens the store's key; a store without one is given one.
async fn store_keys(
    store: &Arc<dyn Store>,
    row: Option<StoreKeyRow>,
    root_key: RootKey,
    entropy: &Arc<dyn Entropy>,
) -> Result<(RowSealer, RootKeys), String> {
    match row {
        Some(row) => {
            let id = root_key.id().to_owned();
            row.open(root_key).map_err(|_| {
                format!(
                    "root key {id} does not open this store, which is sealed with root key {}; give \
                     the right one with --root-key-file or another of the --root-key settings",
                    row.root_key_id
                )
            })
        }
        None => {
            must_be_empty(store.as_ref()).await?;
            let sealer = make_store_key(store.as_ref(), &root_key, entropy.as_ref()).await?;
            Ok((sealer, RootKeys::new(root_key, None)))
        }
    }
}

/// Where a world keeps its files, and how.
struct Place<'a> {
    data: &'a Path,
    audit: &'a AuditSettings,
    /// Where the next root key comes from; `coffer dev`, which keeps none, has no such place.
    source: Option<NextKeys>,
}

fn world(
    store: Arc<dyn Store>,
    (sealer, keys): (RowSealer, RootKeys),
    entropy: Arc<dyn Entropy>,
    clock: Arc<dyn Clock>,
    place: Place<'_>,
) -> Result<World, String> {
    let sessions = sealer.session_sealer();
    let audit = trail::open(place.data, &sealer, entropy.as_ref(), place.audit)?;
    let cipher = Arc::new(SealedRows::new(sealer, entropy.clone()));
    let tables = Tables::new(store, cipher);
    let dev = place.source.is_none();
    let root_key = match place.source {
        Some(source) => RootKeyRing::new(keys, Arc::new(source)),
        None => RootKeyRing::in_memory(keys, entropy.clone()),
    };
    let turns = Turns::default();
    let outside = Arc::new(NoOutside);
    let functions = Arc::new(NoFunctions);
    Ok(World { tables, root_key, sessions, outside, functions, entropy, clock, dev, turns, audit })
}

/// Refuses rows that no key in the store opens: a new key would shut them away for good.
async fn must_be_empty(store: &dyn Store) -> Result<(), String> {
    let scan = Scan { prefix: &[], after: None, rows_max: 1, direction: Direction::Ascending };
    let rows = store.scan(scan).await.map_err(|error| error.to_string())?;
    if rows.is_empty() {
        Ok(())
    } else {
        Err("the store has rows and its sealed key is gone; restore it from a backup".to_owned())
    }
}

async fn make_store_key(
    store: &dyn Store,
    root_key: &RootKey,
    entropy: &dyn Entropy,
) -> Result<RowSealer, String> {
    let (sealer, row) = StoreKeyRow::generate(entropy, root_key);
    let batch = Batch {
        expectations: vec![(StoreKeyRow::row(), None)],
        puts: vec![(StoreKeyRow::row(), row.to_bytes().into())],
        deletes: Vec::new(),
    };
    store.commit(batch).await.map_err(|error| format!("cannot write the store's key: {error}"))?;
    Ok(sealer)
}

async fn first_account(world: &World, config: &Config) -> Result<FirstAccount, String> {
    let found = world.tables.get::<FirstAccountRecord>(&FirstAccountRecord::row()).await;
    let found = found.map_err(|error| error.to_string())?.record;
    if let (Some(found), Some(preset)) = (&found, config.account)
        && found.account != preset
    {
        return Err(format!(
            "the store's account is {}, and COFFER_ACCOUNT_ID says {preset}; leave it out, or \
             choose another --data",
            found.account
        ));
    }
    let known = found.as_ref().map(|found| found.account);
    let account = known.or(config.account).unwrap_or_else(|| draw_account(world.entropy.as_ref()));
    match (&config.access_key, found) {
        (Some((id, secret)), found) => {
            keep_access_key(world, account, id, secret, found.as_deref()).await?;
            Ok(FirstAccount::Known { account, access_key_id: id.clone(), file: None })
        }
        (None, Some(found)) => {
            let file = credentials_of(world, config, &found.access_key_id).await?;
            let access_key_id = found.access_key_id.clone();
            Ok(FirstAccount::Known { account, access_key_id, file })
        }
        (None, None) => {
            let (access_key_id, secret) = draw_root_access_key(world.entropy.as_ref());
            // The file first: a start that dies in between leaves a file that the next one
            // replaces, rather than an account that nobody can enter.
            let file = config.data.join(CREDENTIALS_FILE);
            write_credentials(&file, &access_key_id, &secret)?;
            let file = std::path::absolute(&file).unwrap_or(file);
            keep_access_key(world, account, &access_key_id, &secret, None).await?;
            Ok(FirstAccount::Made { account, access_key_id, secret, file })
        }
    }
}

/// The credentials file, where it holds the access key as it is now: a preset key may have taken
/// the place of the one in the file.
async fn credentials_of(
    world: &World,
    config: &Config,
    access_key_id: &str,
) -> Result<Option<PathBuf>, String> {
    let key = AccessKeyRecord::key_of(access_key_id);
    let found = world.tables.get::<AccessKeyRecord>(&key).await;
    let Some(found) = found.map_err(|error| error.to_string())?.record else {
        return Err(format!(
            "the first account's access key {access_key_id} is gone from the store; preset one \
             with COFFER_ROOT_ACCESS_KEY_ID and COFFER_ROOT_SECRET_ACCESS_KEY"
        ));
    };
    let file = config.data.join(CREDENTIALS_FILE);
    let is_current = holds_credentials(&file, access_key_id, found.secret());
    Ok(std::path::absolute(&file).ok().filter(|_| is_current))
}

/// Writes the access key where it is not there as it should be, and forgets the one it replaces.
async fn keep_access_key(
    world: &World,
    account: AccountId,
    id: &str,
    secret: &Sensitive<String>,
    first: Option<&FirstAccountRecord>,
) -> Result<(), String> {
    let tables = &world.tables;
    let told = |error: &dyn std::fmt::Display| format!("cannot keep the access key: {error}");
    let old = tables.get::<AccessKeyRecord>(&AccessKeyRecord::key_of(id)).await;
    let old = old.map_err(|error| told(&error))?.record;
    let is_kept = old
        .as_ref()
        .is_some_and(|old| old.account == account && old.secret().expose() == secret.expose());
    if is_kept && first.is_some_and(|first| first.access_key_id == id) {
        return Ok(());
    }
    let mut transaction = Transaction::default();
    let record = AccessKeyRecord::new(id, account, secret.clone());
    transaction.put(record, old.as_deref());
    let record = FirstAccountRecord { account, access_key_id: id.to_owned() };
    transaction.put(record, first);
    if let Some(replaced) = first.map(|first| &first.access_key_id).filter(|old| *old != id) {
        let key = AccessKeyRecord::key_of(replaced);
        let replaced = tables.get::<AccessKeyRecord>(&key).await.map_err(|error| told(&error))?;
        if let Some(replaced) = replaced.record {
            transaction.delete(replaced.as_ref());
        }
    }
    tables.commit(transaction).await.map(drop).map_err(|error| told(&error))
}

const CREDENTIALS_FILE: &str = "credentials";

#[cfg(test)]
mod tests {
    use coffer_store::{Batch, Key, Sim, Store};

    use super::must_be_empty;

    #[tokio::test]
    async fn a_store_with_rows_is_not_given_a_new_key() {
        let store = Sim::new();
        must_be_empty(&store).await.unwrap();
        let puts = vec![(Key::of("any", &["row"]), "sealed".into())];
        store.commit(Batch { puts, ..Batch::default() }).await.unwrap();
        assert!(must_be_empty(&store).await.unwrap_err().contains("its sealed key is gone"));
    }
}

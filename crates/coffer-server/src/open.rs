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
use coffer_pipeline::{
    Clock, NoFunctions, NoOutside, RootKeyRing, StoreKeyRow, Tallies, Turns, World,
};
use coffer_seal::{Entropy, MessageKeys, RootKey, RootKeys, RowSealer};
use coffer_store::{
    Batch, CommitError, Direction, DirectoryLock, Embedded, Etcd, OpenError, Postgres, Reads, Scan,
    Sim, Store, StoreError, Tables, Transaction, Versioned,
};

use crate::backups::{BackupFolder, FolderBackups};
use crate::config::{AuditSettings, Config, FOLDER_DEFAULT, KEEP_DEFAULT, StoreChoice};
use crate::files::{holds_credentials, make_folder, write_credentials};
use crate::metrics::{Measured, StoreMetrics};
use crate::root_key::NextKeys;
use crate::traces::traced;
use crate::{restore, runtime, trail};

/// A world that is open, its engine for closing it, and how its first caller signs.
pub(crate) struct Opened {
    pub(crate) world: World,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) first: FirstAccount,
    /// Held as long as the store is.
    pub(crate) lock: Option<DirectoryLock>,
    pub(crate) store_metrics: StoreMetrics,
}

/// The first account and what may be told of its access key.
#[derive(Debug)]
pub(crate) enum FirstAccount {
    /// It was made just now, with a drawn access key: shown this once, and kept in a file.
    Made { account: AccountId, access_key_id: String, secret: Sensitive<String>, file: PathBuf },
    /// It has been there, or its access key was preset by the operator.
    Known { account: AccountId, access_key_id: String, file: Option<PathBuf> },
}

/// Opens the store of a configuration.
///
/// # Errors
/// A sentence for the operator: what failed, why, and what to do.
pub(crate) async fn open(config: &Config, clock: Arc<dyn Clock>) -> Result<Opened, String> {
    let entropy = runtime::entropy();
    make_folder(&config.data)?;
    let folder = BackupFolder::new(config.backups.folder.clone(), config.backups.backups_max);
    folder.prepare()?;
    let (store, lock) = engine(config).await?;
    let (store, store_metrics) = measured(store)?;
    let provider = config.root_key.clone();
    let keys = keys(&store, config, &entropy).await?;
    let source = Some(NextKeys { provider, entropy: entropy.clone() });
    let place = Place { data: &config.data, audit: &config.audit, backups: folder, source };
    let world = world(store.clone(), keys, entropy, clock, place)?;
    let first = first_account(&world, config).await?;
    Ok(Opened { world, store, first, lock, store_metrics })
}

/// The store with its metrics.
fn measured(store: Arc<dyn Store>) -> Result<(Arc<dyn Store>, StoreMetrics), String> {
    let metrics = StoreMetrics::new();
    let metrics = metrics.map_err(|error| format!("cannot set metrics up: {error}"))?;
    Ok((Arc::new(Measured::new(store, &metrics)), metrics))
}

/// The engine that the configuration chooses, and the right to the data directory where the engine
/// does not see to that itself.
async fn engine(config: &Config) -> Result<(Arc<dyn Store>, Option<DirectoryLock>), String> {
    match &config.store {
        StoreChoice::Embedded => {
            let store = Embedded::open(&config.data).map_err(|error| error.to_string())?;
            Ok((Arc::new(store), None))
        }
        database => {
            let lock = DirectoryLock::take(&config.data);
            let lock = lock
                .map_err(|cause| OpenError { directory: config.data.clone(), cause }.to_string())?;
            Ok((open_database(database, None).await?, Some(lock)))
        }
    }
}

/// Opens the database that is chosen; `reads` are how it is read, unless as was chosen.
///
/// # Errors
/// A sentence for the operator; also where none is chosen.
pub(crate) async fn open_database(
    choice: &StoreChoice,
    reads: Option<Reads>,
) -> Result<Arc<dyn Store>, String> {
    let opened: Result<Arc<dyn Store>, StoreError> = match choice {
        StoreChoice::Embedded => return Err("no database is named".to_owned()),
        StoreChoice::Postgres(address, chosen) => {
            let opened = Postgres::open(address.as_ref().clone(), reads.unwrap_or(*chosen)).await;
            opened.map(|store| Arc::new(store) as Arc<dyn Store>)
        }
        StoreChoice::Etcd(address, chosen) => {
            let opened = Etcd::open(address.as_ref().clone(), reads.unwrap_or(*chosen)).await;
            opened.map(|store| Arc::new(store) as Arc<dyn Store>)
        }
    };
    opened.map_err(|error| error.to_string())
}

type Keys = (RowSealer, RootKeys);

/// The keys of the store, which is given one on its first start.
async fn keys(
    store: &Arc<dyn Store>,
    config: &Config,
    entropy: &Arc<dyn Entropy>,
) -> Result<Keys, String> {
    let provider = &config.root_key;
    for _ in 0..FIRST_STARTS_MAX {
        let row = StoreKeyRow::read(store.as_ref()).await?.map(|(row, _)| row);
        let root_key = match provider.read(row.as_ref().map(|row| row.root_key_id.as_str()))? {
            Some(root_key) => root_key,
            None if row.is_some() => {
                return Err(format!(
                    "no root key at {provider}, and the store of `{}` is sealed with one; bring it \
                     back, or say where it is by --root-key-file or another of the --root-key \
                     settings",
                    config.data.display()
                ));
            }
            None if is_empty(store.as_ref()).await? => provider.make(entropy.as_ref())?,
            // Another server may have made the key just now.
            None if StoreKeyRow::read(store.as_ref()).await?.is_some() => continue,
            None => return Err(KEY_GONE.to_owned()),
        };
        if let Some(keys) = store_keys(store, row, root_key, entropy).await? {
            return Ok(keys);
        }
    }
    Err("other servers make the store's key again and again".to_owned())
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
    let (store, store_metrics) = measured(Arc::new(Sim::alone()))?;
    let root_key = RootKey::generate(entropy.as_ref());
    let settings = AuditSettings { exports, ..AuditSettings::default() };
    let keys = store_keys(&store, None, root_key, &entropy).await?;
    let keys = keys.ok_or("somebody else has the store")?;
    let folder = BackupFolder::new(data.join(FOLDER_DEFAULT), KEEP_DEFAULT);
    let place = Place { data, audit: &settings, backups: folder, source: None };
    let world = world(store.clone(), keys, entropy, clock, place)?;
    let access_key_id = coffer_pipeline::identity::DEV_ACCESS_KEY_ID.to_owned();
    let first = FirstAccount::Known { account: AccountId::dev(), access_key_id, file: None };
    Ok(Opened { world, store, first, lock: None, store_metrics })
}

/// Opens the store's key; a store without one is given one, unless another server does so at the same
/// time.
async fn store_keys(
    store: &Arc<dyn Store>,
    row: Option<StoreKeyRow>,
    root_key: RootKey,
    entropy: &Arc<dyn Entropy>,
) -> Result<Option<Keys>, String> {
    match row {
        Some(row) => {
            let id = root_key.id().to_owned();
            row.open(root_key).map(Some).map_err(|_| {
                format!(
                    "root key {id} does not open this store, which is sealed with root key {}; give \
                     the right one with --root-key-file or another of the --root-key settings",
                    row.root_key_id
                )
            })
        }
        None if is_empty(store.as_ref()).await? => {
            let sealer = make_store_key(store.as_ref(), &root_key, entropy.as_ref()).await?;
            Ok(sealer.map(|sealer| (sealer, RootKeys::new(root_key, None))))
        }
        None if StoreKeyRow::read(store.as_ref()).await?.is_some() => Ok(None),
        None => Err(KEY_GONE.to_owned()),
    }
}

/// Where a world keeps its files, and how.
struct Place<'a> {
    data: &'a Path,
    audit: &'a AuditSettings,
    backups: BackupFolder,
    /// Where the next root key comes from; `coffer dev`, which keeps none, has no such place.
    source: Option<NextKeys>,
}

fn world(
    store: Arc<dyn Store>,
    (sealer, keys): Keys,
    entropy: Arc<dyn Entropy>,
    clock: Arc<dyn Clock>,
    place: Place<'_>,
) -> Result<World, String> {
    let sessions = sealer.session_sealer();
    let audit = trail::open(place.data, &sealer, entropy.as_ref(), place.audit)?;
    let (key, folder) = (restore::key_of(&sealer), place.backups.of_store(&sealer));
    let cipher = Arc::new(SealedRows::new(sealer, entropy.clone()));
    let backups = FolderBackups::new(store.clone(), cipher.clone(), key, folder);
    let tables = Tables::new(traced(store), cipher);
    let dev = place.source.is_none();
    let root_key = match place.source {
        Some(source) => RootKeyRing::new(keys, Arc::new(source)),
        None => RootKeyRing::in_memory(keys, entropy.clone()),
    };
    Ok(World {
        tables,
        root_key,
        message_keys: MessageKeys::default(),
        sessions,
        outside: Arc::new(NoOutside),
        functions: Arc::new(NoFunctions),
        backups: Arc::new(backups),
        entropy,
        clock,
        dev,
        turns: Turns::default(),
        tallies: Tallies::default(),
        claims: Default::default(),
        audit,
    })
}

/// Whether there is no row. Where there are some and no key, a new key would shut them away for good.
async fn is_empty(store: &dyn Store) -> Result<bool, String> {
    let scan = Scan { prefix: &[], after: None, rows_max: 1, direction: Direction::Ascending };
    let rows = store.scan(scan).await.map_err(|error| error.to_string())?;
    Ok(rows.is_empty())
}

async fn make_store_key(
    store: &dyn Store,
    root_key: &RootKey,
    entropy: &dyn Entropy,
) -> Result<Option<RowSealer>, String> {
    let (sealer, row) = StoreKeyRow::generate(entropy, root_key);
    let batch = Batch {
        expectations: vec![(StoreKeyRow::row(), None)],
        puts: vec![(StoreKeyRow::row(), row.to_bytes().into())],
        deletes: Vec::new(),
    };
    match store.commit(batch).await {
        Ok(_) => Ok(Some(sealer)),
        Err(CommitError::Conflict) => Ok(None),
        Err(error) => Err(format!("cannot write the store's key: {error}")),
    }
}

async fn first_account(world: &World, config: &Config) -> Result<FirstAccount, String> {
    for _ in 0..FIRST_STARTS_MAX {
        let found = world.tables.get_fresh::<FirstAccountRecord>(&FirstAccountRecord::row()).await;
        let found = found.map_err(|error| error.to_string())?;
        if let Some(account) = first_account_of(world, config, found).await? {
            return Ok(account);
        }
    }
    Err("other servers make the first account again and again".to_owned())
}

/// The first account as it was found, or made now unless another server does so at the same time.
async fn first_account_of(
    world: &World,
    config: &Config,
    first: Versioned<FirstAccountRecord>,
) -> Result<Option<FirstAccount>, String> {
    let found = &first.record;
    if let (Some(found), Some(preset)) = (found, config.account)
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
        (Some((id, secret)), _) => {
            let is_kept = keep_access_key(world, account, id, secret, &first).await?;
            let known = FirstAccount::Known { account, access_key_id: id.clone(), file: None };
            Ok(is_kept.then_some(known))
        }
        (None, Some(found)) => {
            let file = credentials_of(world, config, &found.access_key_id).await?;
            let access_key_id = found.access_key_id.clone();
            Ok(Some(FirstAccount::Known { account, access_key_id, file }))
        }
        (None, None) => {
            let (access_key_id, secret) = draw_root_access_key(world.entropy.as_ref());
            // The file first: a start that dies in between leaves a file that the next one
            // replaces, rather than an account that nobody can enter.
            let file = config.data.join(CREDENTIALS_FILE);
            write_credentials(&file, &access_key_id, &secret)?;
            if !keep_access_key(world, account, &access_key_id, &secret, &first).await? {
                // Nobody's key is in it.
                std::fs::remove_file(&file)
                    .map_err(|error| format!("cannot remove `{}`: {error}", file.display()))?;
                return Ok(None);
            }
            let file = std::path::absolute(&file).unwrap_or(file);
            Ok(Some(FirstAccount::Made { account, access_key_id, secret, file }))
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

/// Writes the access key where it is not there as it should be, and forgets the one it replaces; false
/// where another server has changed the first account meanwhile.
async fn keep_access_key(
    world: &World,
    account: AccountId,
    id: &str,
    secret: &Sensitive<String>,
    found: &Versioned<FirstAccountRecord>,
) -> Result<bool, String> {
    let first = found.record.as_deref();
    let tables = &world.tables;
    let told = |error: &dyn std::fmt::Display| format!("cannot keep the access key: {error}");
    let old = tables.get::<AccessKeyRecord>(&AccessKeyRecord::key_of(id)).await;
    let old = old.map_err(|error| told(&error))?.record;
    let is_kept = old
        .as_ref()
        .is_some_and(|old| old.account == account && old.secret().expose() == secret.expose());
    if is_kept && first.is_some_and(|first| first.access_key_id == id) {
        return Ok(true);
    }
    let mut transaction = Transaction::default();
    transaction.expect(&FirstAccountRecord::row(), found.revision);
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
    match tables.commit(transaction).await {
        Ok(_) => Ok(true),
        Err(CommitError::Conflict) => Ok(false),
        Err(error) => Err(told(&error)),
    }
}

pub(crate) const CREDENTIALS_FILE: &str = "credentials";
const KEY_GONE: &str = "the store has rows and its sealed key is gone; restore it from a backup, or go on with \
                        the restore that was cut short";
/// How many times a start gives way to other servers that start on the same empty store.
const FIRST_STARTS_MAX: usize = 8;

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use coffer_pipeline::StoreKeyRow;
    use coffer_seal::{Entropy, RootKey};
    use coffer_store::{Batch, Key, Sim, Store};

    use super::store_keys;

    #[tokio::test]
    async fn a_store_with_rows_is_not_given_a_new_key() {
        let store: Arc<dyn Store> = Arc::new(Sim::new());
        let entropy: Arc<dyn Entropy> = crate::runtime::entropy();
        let puts = vec![(Key::of("any", &["row"]), "sealed".into())];
        store.commit(Batch { puts, ..Batch::default() }).await.unwrap();
        let key = || RootKey::generate(entropy.as_ref());
        let refused = store_keys(&store, None, key(), &entropy).await.err().unwrap();
        assert!(refused.contains("its sealed key is gone"), "{refused}");
    }

    #[tokio::test]
    async fn a_server_gives_way_to_one_that_was_faster() {
        let store: Arc<dyn Store> = Arc::new(Sim::new());
        let entropy: Arc<dyn Entropy> = crate::runtime::entropy();
        let (root_key, other) =
            (RootKey::generate(entropy.as_ref()), RootKey::generate(entropy.as_ref()));
        assert!(store_keys(&store, None, root_key, &entropy).await.unwrap().is_some());
        let written = StoreKeyRow::read(store.as_ref()).await.unwrap().unwrap();
        assert!(store_keys(&store, None, other, &entropy).await.unwrap().is_none());
        let kept = StoreKeyRow::read(store.as_ref()).await.unwrap().unwrap();
        assert_eq!(kept.1, written.1);
    }
}

//! Opens the world of a server: root key, store, store key; on first start also the account and
//! its root access key.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use coffer_model::{AccountId, Sensitive};
use coffer_pipeline::identity::AccessKeyRecord;
use coffer_pipeline::sealing::SealedRows;
use coffer_pipeline::{Clock, NoOutside, Turns, World};
use coffer_seal::{Entropy, RootKey, RowSealer, SealedStoreKey};
use coffer_store::{
    Batch, Direction, Embedded, Key, Record, Scan, Sim, Store, Tables, Transaction,
};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::config::{AuditSettings, Config};
use crate::files::{
    holds_credentials, make_folder, make_root_key, read_root_key, write_credentials,
};
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
    let sealed = sealed_store_key(store.as_ref()).await?;
    let root_key = match read_root_key(&config.root_key_file)? {
        Some(root_key) => root_key,
        None if sealed.is_some() => {
            return Err(format!(
                "no root key at `{}`, and the store in `{}` is sealed with one; bring the file \
                 back or name it with --root-key-file",
                config.root_key_file.display(),
                config.data.display()
            ));
        }
        None => {
            must_be_empty(store.as_ref()).await?;
            make_root_key(&config.root_key_file, entropy.as_ref())?
        }
    };
    let place = Place { data: &config.data, audit: &config.audit, dev: false };
    let world = world(store.clone(), sealed, root_key, entropy, clock, place).await?;
    let first = first_account(&world, config).await?;
    Ok(Opened { world, store, first })
}

/// Opens a throw-away world in memory; its audit journal alone is in a folder, which the caller
/// throws away.
///
/// # Errors
/// See [`open`].
pub(crate) async fn open_dev(data: &Path, clock: Arc<dyn Clock>) -> Result<Opened, String> {
    let entropy = runtime::entropy();
    let store: Arc<dyn Store> = Arc::new(Sim::new());
    let root_key = RootKey::generate(entropy.as_ref());
    let settings = AuditSettings::default();
    let place = Place { data, audit: &settings, dev: true };
    let world = world(store.clone(), None, root_key, entropy, clock, place).await?;
    let access_key_id = coffer_pipeline::identity::DEV_ACCESS_KEY_ID.to_owned();
    let first = FirstAccount::Known { account: AccountId::DEV, access_key_id, file: None };
    Ok(Opened { world, store, first })
}

/// Where a world keeps its files, and how.
struct Place<'a> {
    data: &'a Path,
    audit: &'a AuditSettings,
    dev: bool,
}

async fn world(
    store: Arc<dyn Store>,
    sealed: Option<SealedKeyRow>,
    root_key: RootKey,
    entropy: Arc<dyn Entropy>,
    clock: Arc<dyn Clock>,
    place: Place<'_>,
) -> Result<World, String> {
    let sealer = match sealed {
        Some(row) => {
            let sealed = SealedStoreKey(row.sealed_store_key);
            RowSealer::open_key(&root_key, &sealed).map_err(|_| {
                format!(
                    "root key {} does not open this store, which is sealed with root key {}; give \
                     the right file with --root-key-file",
                    root_key.id(),
                    row.root_key_id
                )
            })?
        }
        None => {
            must_be_empty(store.as_ref()).await?;
            make_store_key(store.as_ref(), &root_key, entropy.as_ref()).await?
        }
    };
    let sessions = sealer.session_sealer();
    let audit = trail::open(place.data, &sealer, entropy.as_ref(), place.audit)?;
    let cipher = Arc::new(SealedRows::new(sealer, entropy.clone()));
    let tables = Tables::new(store, cipher);
    Ok(World {
        tables,
        root_key,
        sessions,
        outside: Arc::new(NoOutside),
        entropy,
        clock,
        dev: place.dev,
        turns: Turns::default(),
        audit,
    })
}

/// The one row that the store's key does not seal, since it holds that key.
#[derive(Serialize, Deserialize)]
struct SealedKeyRow {
    format: u8,
    root_key_id: String,
    sealed_store_key: Vec<u8>,
}

async fn sealed_store_key(store: &dyn Store) -> Result<Option<SealedKeyRow>, String> {
    let rows = store.read(&[store_key_row()]).await.map_err(|error| error.to_string())?;
    let Some(row) = rows.into_iter().next().flatten() else { return Ok(None) };
    let row: SealedKeyRow = serde_json::from_slice(&row.value)
        .map_err(|error| format!("cannot read the store's sealed key: {error}"))?;
    if row.format == SEALED_KEY_FORMAT {
        Ok(Some(row))
    } else {
        Err(format!("the store's sealed key has format {}; start a newer coffer", row.format))
    }
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
    let (sealer, SealedStoreKey(sealed_store_key)) = RowSealer::generate(entropy, root_key);
    let row = SealedKeyRow {
        format: SEALED_KEY_FORMAT,
        root_key_id: root_key.id().to_owned(),
        sealed_store_key,
    };
    let value = serde_json::to_vec(&row).map_err(|error| error.to_string())?;
    let batch = Batch {
        expectations: vec![(store_key_row(), None)],
        puts: vec![(store_key_row(), value.into())],
        deletes: Vec::new(),
    };
    store.commit(batch).await.map_err(|error| format!("cannot write the store's key: {error}"))?;
    Ok(sealer)
}

fn store_key_row() -> Key {
    Key::of("meta.store-key", &[])
}

/// The account made on first start.
#[derive(Serialize, Deserialize)]
struct FirstAccountRecord {
    account: AccountId,
    access_key_id: String,
}

impl FirstAccountRecord {
    fn row() -> Key {
        Key::of(Self::TABLE, &["first"])
    }
}

impl Record for FirstAccountRecord {
    const TABLE: &'static str = "iam.first-account";

    fn key(&self) -> Key {
        Self::row()
    }
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
    let account = known.or(config.account).unwrap_or_else(|| draw_account(world));
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
            let access_key_id = format!("AKIA{}", draw(world, BASE_32, 16).expose());
            let secret = draw(world, BASE_64, 40);
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

fn draw_account(world: &World) -> AccountId {
    let mut bytes = [0; 8];
    world.entropy.fill(&mut bytes);
    // No leading zero: too many tools read an account id as a number.
    AccountId::from_number(ACCOUNT_MIN + u64::from_be_bytes(bytes) % (ACCOUNT_MAX - ACCOUNT_MIN))
}

/// Draws characters of an alphabet whose length divides 256.
fn draw(world: &World, alphabet: &[u8], characters: usize) -> Sensitive<String> {
    let mut bytes = Zeroizing::new(vec![0; characters]);
    world.entropy.fill(&mut bytes);
    let pick = |byte: &u8| alphabet.get(usize::from(*byte) % alphabet.len()).copied();
    Sensitive::new(bytes.iter().filter_map(pick).map(char::from).collect())
}

const CREDENTIALS_FILE: &str = "credentials";
const SEALED_KEY_FORMAT: u8 = 1;
const ACCOUNT_MIN: u64 = 100_000_000_000;
const ACCOUNT_MAX: u64 = 1_000_000_000_000;
const BASE_32: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
const BASE_64: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

#[cfg(test)]
mod tests {
    use coffer_store::{Batch, Key, Sim, Store};

    use super::{FirstAccountRecord, must_be_empty};

    #[test]
    fn the_first_account_reads_its_golden_rows() {
        coffer_store::golden::check::<FirstAccountRecord>(env!("CARGO_MANIFEST_DIR"));
    }

    #[tokio::test]
    async fn a_store_with_rows_is_not_given_a_new_key() {
        let store = Sim::new();
        must_be_empty(&store).await.unwrap();
        let puts = vec![(Key::of("any", &["row"]), "sealed".into())];
        store.commit(Batch { puts, ..Batch::default() }).await.unwrap();
        assert!(must_be_empty(&store).await.unwrap_err().contains("its sealed key is gone"));
    }
}

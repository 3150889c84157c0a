//! Verifies backups, and makes a store of one.

mod place;

use std::path::{Path, PathBuf};

use clap::Args;
use coffer_backup::{BackupFile, BackupKey, Contents, PURPOSE};
use coffer_pipeline::StoreKeyRow;
use coffer_seal::RowSealer;
use coffer_store::{MigrateError, restore};

use crate::config::{SecretText, ServerOptions};
use crate::migrate::{folder_of, open_target};

/// `coffer restore`: from what, and to where.
#[derive(Args, Debug)]
pub struct RestoreOptions {
    /// The backup.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// The store to be: a data directory or the URL of a database, where there is none yet.
    #[arg(long, value_name = "DIR|URL", env = "COFFER_TO", hide_env_values = true)]
    to: SecretText,
    /// The file that holds the password to that database.
    #[arg(long, value_name = "FILE")]
    to_password_file: Option<PathBuf>,
}

/// Makes a store of a backup: reads the file whole, fills an empty place with its rows, and reads that
/// whole to see that it is the same, byte for byte.
///
/// # Errors
/// A sentence for the operator.
pub fn restore_store(options: RestoreOptions) -> Result<Contents, String> {
    let mut has_store = false;
    let look = |key: &coffer_store::Key, _: &bytes::Bytes| has_store |= *key == StoreKeyRow::row();
    let (file, _) = BackupFile::verify(&options.file, look).map_err(|error| error.to_string())?;
    if !has_store {
        return Err(without_store(&options.file));
    }
    if let Some(folder) = folder_of(&options.to) {
        place::must_be_a_store_s(&folder)?;
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| format!("cannot start the runtime: {error}"))?;
    runtime.block_on(async {
        let to = open_target(options.to, options.to_password_file).await?;
        let restored = restore(&file, to.as_ref(), &StoreKeyRow::row()).await;
        let closed = to.close().await;
        restored.map_err(|error| match error {
            MigrateError::Occupied => OCCUPIED.to_owned(),
            error => error.to_string(),
        })?;
        closed.map_err(|error| error.to_string())
    })?;
    Ok(file.contents().clone())
}

/// What is found in a backup by its root key.
#[derive(Debug)]
pub struct Verified {
    /// What it holds.
    pub contents: Contents,
    /// How many of its rows do not open.
    pub unreadable_rows: u64,
}

/// Reads a backup whole, and finds out by the root key whether it is one of the store that it says, and
/// whether all of it can be opened.
///
/// # Errors
/// A sentence for the operator.
pub fn verify_backup(file: &Path, options: ServerOptions) -> Result<Verified, String> {
    let config = options.resolve().map_err(|error| error.to_string())?;
    let shown = file.display();
    let mut found = None;
    let keep = |key: &coffer_store::Key, value: &bytes::Bytes| {
        if *key == StoreKeyRow::row() {
            found = Some(value.clone());
        }
    };
    let (backup, reader) = BackupFile::verify(file, keep).map_err(|error| error.to_string())?;
    let contents = backup.contents().clone();
    let found = found.ok_or_else(|| without_store(file))?;
    let row = StoreKeyRow::parse(&found)?;
    let provider = &config.root_key;
    let root_key = provider.read(Some(row.root_key_id.as_str()))?.ok_or_else(|| {
        format!(
            "no root key at {provider}; backup `{shown}` is whole, and root key {} opens it: say where \
             that is by --root-key-file or another of the --root-key settings",
            row.root_key_id
        )
    })?;
    let (sealer, _) = row.open(root_key).map_err(|_| {
        format!(
            "the root key at {provider} does not open backup `{shown}`, which root key {} does",
            row.root_key_id
        )
    })?;
    if !reader.is_sealed_by(&key_of(&sealer)) {
        return Err(format!(
            "backup `{shown}` was changed by somebody who has no key of the store; take another one"
        ));
    }
    let mut unreadable_rows = 0;
    let open = |key: &coffer_store::Key, value: &bytes::Bytes| {
        let is_sealed = *key != StoreKeyRow::row();
        unreadable_rows += u64::from(is_sealed && sealer.open(key.as_bytes(), value).is_err());
    };
    let (again, _) = BackupFile::verify(file, open).map_err(|error| error.to_string())?;
    if *again.contents() != contents {
        return Err(format!("backup `{shown}` was changed meanwhile"));
    }
    Ok(Verified { contents, unreadable_rows })
}

fn without_store(file: &Path) -> String {
    format!("there is no store in backup `{}`; take another one", file.display())
}

/// The key of the seals of a store's backups.
pub(crate) fn key_of(sealer: &RowSealer) -> BackupKey {
    BackupKey::new(&sealer.key_for(PURPOSE))
}

const OCCUPIED: &str =
    "there is a store already, or something else; choose an empty folder or database";

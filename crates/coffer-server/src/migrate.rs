//! Moves a store from one engine to another.

use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;
use coffer_pipeline::StoreKeyRow;
use coffer_store::{Embedded, Migrated, Store, migrate};

use crate::config::{SecretText, store};
use crate::open::open_database;

/// `coffer migrate-store`: from where, and to where.
#[derive(Args, Debug)]
pub struct MigrateOptions {
    /// The store that is: a data directory, or the URL of a database.
    #[arg(long, value_name = "DIR|URL", env = "COFFER_FROM", hide_env_values = true)]
    from: SecretText,
    /// The file that holds the password to that database.
    #[arg(long, value_name = "FILE")]
    from_password_file: Option<PathBuf>,
    /// The store to be: a data directory or a database where there is none yet.
    #[arg(long, value_name = "DIR|URL", env = "COFFER_TO", hide_env_values = true)]
    to: SecretText,
    /// The file that holds the password to that database.
    #[arg(long, value_name = "FILE")]
    to_password_file: Option<PathBuf>,
}

/// Moves the rows, sealed as they are, and reads both stores whole to see that they are the same.
///
/// # Errors
/// A sentence for the operator.
pub fn migrate_store(options: MigrateOptions) -> Result<Migrated, String> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| format!("cannot start the runtime: {error}"))?;
    runtime.block_on(async {
        let from = open(options.from, options.from_password_file, true).await?;
        let to = open_target(options.to, options.to_password_file).await?;
        let moved = migrate(from.as_ref(), to.as_ref(), &StoreKeyRow::row()).await;
        let closed = to.close().await;
        let moved = moved.map_err(|error| error.to_string())?;
        closed.map_err(|error| error.to_string())?;
        Ok(moved)
    })
}

/// Opens a store to be filled, which need not be there yet.
///
/// # Errors
/// A sentence for the operator.
pub(crate) async fn open_target(
    place: SecretText,
    password_file: Option<PathBuf>,
) -> Result<Arc<dyn Store>, String> {
    open(place, password_file, false).await
}

/// The data directory that is named, where it is no database.
pub(crate) fn folder_of(place: &SecretText) -> Option<PathBuf> {
    let SecretText(text) = place;
    (!text.expose().contains("://")).then(|| PathBuf::from(text.expose()))
}

async fn open(
    place: SecretText,
    password_file: Option<PathBuf>,
    has_to_be: bool,
) -> Result<Arc<dyn Store>, String> {
    if let Some(folder) = folder_of(&place) {
        if password_file.is_some() {
            return Err("a password is for a database, and this is a folder".to_owned());
        }
        if has_to_be && !folder.is_dir() {
            return Err(format!("there is no store in `{}`", folder.display()));
        }
        return Ok(Arc::new(Embedded::open(folder).map_err(|error| error.to_string())?));
    }
    let choice = store(Some(place), password_file.as_deref(), Some("strong"));
    open_database(&choice.map_err(|error| error.to_string())?, None).await
}

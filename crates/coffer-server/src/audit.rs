//! Verifies the audit journal of a data directory, also while a server has it open.

use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;
use coffer_journal::{JournalKey, Known, Report, verify};
use coffer_pipeline::StoreKeyRow;
use coffer_pipeline::audit::ShippedRecord;
use coffer_pipeline::audit::trail::{JOURNAL_PURPOSE, node_in};
use coffer_pipeline::sealing::SealedRows;
use coffer_store::{Beside, Direction, Key, Record, Store, Tables};

use crate::config::{DATA_DEFAULT, ROOT_KEY_FILE};
use crate::root_key::Provider;
use crate::{runtime, trail};

/// `coffer audit verify`: which journal.
#[derive(Args, Debug)]
pub struct VerifyOptions {
    /// The data directory.
    #[arg(long, value_name = "DIR", env = "COFFER_DATA", default_value = DATA_DEFAULT)]
    pub data: PathBuf,
    /// The file that holds the root key [default: root.key in the data directory].
    #[arg(long, value_name = "FILE", env = "COFFER_ROOT_KEY_FILE")]
    pub root_key_file: Option<PathBuf>,
}

/// Verifies the journal's chain, and that it reaches as far as the store knows it did.
///
/// # Errors
/// A sentence for the operator: what cannot be read.
pub fn verify_journal(options: &VerifyOptions) -> Result<Report, String> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| format!("cannot start the runtime: {error}"))?;
    runtime.block_on(verify_in(options))
}

async fn verify_in(options: &VerifyOptions) -> Result<Report, String> {
    let data = &options.data;
    let store: Arc<dyn Store> = Arc::new(Beside::open(data).map_err(|error| error.to_string())?);
    let row = StoreKeyRow::read(store.as_ref()).await?.map(|(row, _)| row).ok_or_else(|| {
        format!(
            "the store in `{}` has no key yet; was a server ever started on it?",
            data.display()
        )
    })?;
    let file = options.root_key_file.clone().unwrap_or_else(|| data.join(ROOT_KEY_FILE));
    let root_key = Provider::File(file.clone()).read(Some(&row.root_key_id))?.ok_or_else(|| {
        format!("no root key at `{}`; name its file with --root-key-file", file.display())
    })?;
    let id = root_key.id().to_owned();
    let (sealer, _) = row.open(root_key).map_err(|_| {
        format!(
            "root key {id} does not open this store, which is sealed with root key {}; give the \
             right file with --root-key-file",
            row.root_key_id
        )
    })?;
    let key = JournalKey::new(&sealer.key_for(JOURNAL_PURPOSE));
    let folder = data.join(trail::FOLDER);
    let tables = Tables::new(store, Arc::new(SealedRows::new(sealer, runtime::entropy())));
    // What the store knows is read first: the journal only grows.
    let known = known_of(&tables, node_in(&folder).as_deref()).await?;
    let report = verify(&folder, &key, known)
        .map_err(|error| format!("cannot read the journal in `{}`: {error}", folder.display()))?;
    if report.segments == 0 && report.first_broken.is_none() {
        return Err(format!(
            "there is no journal in `{}`, and a server that was started on the data directory has \
             made one; bring it back from a backup",
            folder.display()
        ));
    }
    Ok(report)
}

/// How far the journal had come when it was shipped last: that of this node, or of whichever was
/// last where the node's name is lost.
async fn known_of(tables: &Tables, node: Option<&str>) -> Result<Option<Known>, String> {
    let prefix = Key::of(ShippedRecord::TABLE, &[]).prefix();
    let rows = tables.scan::<ShippedRecord>(&prefix, None, NODES_MAX, Direction::Ascending).await;
    let nodes: Vec<_> = rows.map_err(|error| error.to_string())?;
    let of_node = |record: &&Arc<ShippedRecord>| node.is_some_and(|node| record.node == node);
    let records = || nodes.iter().map(|(_, record, _)| record);
    let shipped = records().find(of_node).or_else(|| records().max_by_key(|record| record.at));
    Ok(shipped.and_then(|record| record.known()))
}

const NODES_MAX: usize = 1000;

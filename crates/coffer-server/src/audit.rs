//! Verifies the audit journal of a data directory, also while a server has it open.

use std::sync::Arc;

use coffer_journal::{JournalKey, Known, Report, verify};
use coffer_pipeline::StoreKeyRow;
use coffer_pipeline::audit::ShippedRecord;
use coffer_pipeline::audit::trail::{JOURNAL_PURPOSE, node_in};
use coffer_pipeline::sealing::SealedRows;
use coffer_store::{Beside, Direction, Key, Reads, Record, Store, Tables};

pub use coffer_services::cloudtrail::is_meant;

use crate::config::{Config, ServerOptions, StoreChoice};
use crate::open::open_database;
use crate::{runtime, trail};

/// Verifies the journal's chain, and that it reaches as far as the store knows it did. The settings
/// are the server's: where its data directory and its root key are.
///
/// # Errors
/// A sentence for the operator: what cannot be read.
pub fn verify_journal(options: ServerOptions) -> Result<Report, String> {
    let config = options.resolve().map_err(|error| error.to_string())?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| format!("cannot start the runtime: {error}"))?;
    runtime.block_on(verify_in(&config))
}

async fn verify_in(config: &Config) -> Result<Report, String> {
    let (data, provider) = (&config.data, &config.root_key);
    let store: Arc<dyn Store> = match &config.store {
        StoreChoice::Embedded => Arc::new(Beside::open(data).map_err(|error| error.to_string())?),
        database => open_database(database, Some(Reads::Strong)).await?,
    };
    let Some((row, _)) = StoreKeyRow::read(store.as_ref()).await? else {
        return Err(format!(
            "the store in `{}` has no key yet; was a server ever started on it?",
            data.display()
        ));
    };
    let root_key = provider.read(Some(row.root_key_id.as_str()))?.ok_or_else(|| {
        format!(
            "no root key at {provider}; say where it is by --root-key-file or another of the \
             --root-key settings"
        )
    })?;
    let (sealer, _) = row.open(root_key).map_err(|_| {
        format!("the root key at {provider} does not open the store in `{}`", data.display())
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

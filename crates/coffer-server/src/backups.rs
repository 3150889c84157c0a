//! Copies the store into a file of the operator's folder: whole, verified, on the disk, or not at all.

mod folder;
mod writing;

use std::sync::Arc;

use async_trait::async_trait;
use coffer_backup::{BackupKey, Header};
use coffer_pipeline::sealing::SealedRows;
use coffer_pipeline::{BackupMade, BackupOrder, Backups, Unreachable};
use coffer_store::{Store, StoreError};
use tokio::sync::mpsc;

pub(crate) use self::folder::BackupFolder;
use self::writing::{Piece, Writing};
use crate::runtime;

/// Backups of one store.
pub(crate) struct FolderBackups {
    store: Arc<dyn Store>,
    parts: Arc<Parts>,
}

/// What whoever writes a backup needs.
struct Parts {
    folder: BackupFolder,
    cipher: Arc<SealedRows>,
    key: BackupKey,
}

impl FolderBackups {
    /// Backups of a store, whose rows this cipher opens, under seals of this key.
    pub(crate) fn new(
        store: Arc<dyn Store>,
        cipher: Arc<SealedRows>,
        key: BackupKey,
        folder: BackupFolder,
    ) -> Self {
        Self { store, parts: Arc::new(Parts { folder, cipher, key }) }
    }

    /// Gives the rows of a snapshot to whoever writes them.
    async fn feed(
        &self,
        pieces: mpsc::Sender<Piece>,
        order: &BackupOrder,
    ) -> Result<(), StoreError> {
        let mut snapshot = self.store.snapshot().await?;
        loop {
            let mut rows = snapshot.next().await?;
            let piece = match rows.is_empty() {
                true => Piece::End,
                false => {
                    rows.retain(|(key, _)| !order.is_about_itself(key));
                    Piece::Rows(rows)
                }
            };
            let is_end = matches!(piece, Piece::End);
            // Whoever writes says why it has stopped.
            if pieces.send(piece).await.is_err() || is_end {
                return Ok(());
            }
        }
    }
}

#[async_trait]
impl Backups for FolderBackups {
    async fn make(&self, order: BackupOrder) -> Result<BackupMade, Unreachable> {
        let header = Header {
            id: order.id.clone(),
            made: runtime::real_now(),
            release: env!("CARGO_PKG_VERSION").to_owned(),
            root_key_id: order.root_key_id.clone(),
        };
        let (pieces, taken) = mpsc::channel(PIECES_MAX);
        let parts = Arc::clone(&self.parts);
        // Files are written beside the threads that serve requests.
        let writing = tokio::task::spawn_blocking(move || {
            Writing { parts: &parts, pieces: taken }.run(header)
        });
        let fed = self.feed(pieces, &order).await;
        let written = writing.await.map_err(|error| Unreachable(error.to_string()))?;
        fed.map_err(|error| Unreachable(format!("cannot read the store: {error}")))?;
        written.map_err(Unreachable)
    }
}

/// What is read of the store before it is written: with the longest values, some hundred megabytes.
const PIECES_MAX: usize = 2;

//! Writes a backup, reads it again, and puts it in its place.

use std::io::{self, BufWriter};

use coffer_backup::{BackupFile, BackupWriter, Header};
use coffer_pipeline::{BackupMade, StoreKeyRow};
use coffer_store::{Key, Row, RowCipher};
use tokio::sync::mpsc;

use super::Parts;
use super::folder::Unfinished;

/// What comes of a snapshot.
pub(super) enum Piece {
    /// Some more of its rows.
    Rows(Vec<(Key, Row)>),
    /// There are no more. A channel that ends without this was cut off.
    End,
}

/// A backup that is being written, on a thread that may wait for the disk.
pub(super) struct Writing<'a> {
    pub(super) parts: &'a Parts,
    pub(super) pieces: mpsc::Receiver<Piece>,
}

impl Writing<'_> {
    /// Writes what comes, to the end.
    ///
    /// # Errors
    /// Why there is no backup; nothing is left of it.
    pub(super) fn run(mut self, header: Header) -> Result<BackupMade, String> {
        let folder = &self.parts.folder;
        let shown = folder.shown();
        let refused = |error: io::Error| format!("cannot write into `{shown}`: {error}");
        let (unfinished, file) = folder.begin(&header).map_err(refused)?;
        let root_key_id = header.root_key_id.clone();
        let begun = BackupWriter::begin(BufWriter::with_capacity(WRITE_BYTES, file), header);
        let mut backup = begun.map_err(refused)?;
        let (mut unreadable_rows, mut unchecked_bytes) = (0, usize::MAX);
        loop {
            let rows = match self.pieces.blocking_recv() {
                Some(Piece::Rows(rows)) => rows,
                Some(Piece::End) => break,
                None => return Err("it was cut off".to_owned()),
            };
            for (key, row) in rows {
                if unchecked_bytes >= CHECK_EVERY_BYTES {
                    folder.must_have_room()?;
                    unchecked_bytes = 0;
                }
                must_be_of(&key, &row, &root_key_id)?;
                unchecked_bytes += key.as_bytes().len() + row.value.len();
                unreadable_rows += u64::from(!self.is_readable(&key, &row));
                backup.row(&key, &row.value).map_err(refused)?;
            }
        }
        let (out, contents) = backup.finish(&self.parts.key).map_err(refused)?;
        let file = out.into_inner().map_err(|error| refused(error.into_error()))?;
        file.sync_all().map_err(refused)?;
        drop(file);
        let (found, reader) =
            BackupFile::verify(unfinished.path(), |_, _| {}).map_err(|error| error.to_string())?;
        if *found.contents() != contents || !reader.is_sealed_by(&self.parts.key) {
            return Err("what was read is not what was written; look at the disk".to_owned());
        }
        drop(reader);
        let file = put_in_place(self.parts, unfinished).map_err(refused)?;
        Ok(BackupMade {
            host: rustix::system::uname().nodename().to_string_lossy().into_owned(),
            file,
            rows: contents.rows,
            bytes: contents.bytes,
            sha256: contents.sha256,
            unreadable_rows,
        })
    }

    /// Whether the store's key opens a row: what does not is as it is in the store, and is told of.
    fn is_readable(&self, key: &Key, row: &Row) -> bool {
        let is_readable =
            *key == StoreKeyRow::row() || self.parts.cipher.open(key, &row.value).is_ok();
        if !is_readable {
            tracing::error!(%key, "a row of the store does not open; it is in the backup as it is");
        }
        is_readable
    }
}

/// Refuses a store that another root key opens by now than the one that the backup is to say.
fn must_be_of(key: &Key, row: &Row, root_key_id: &str) -> Result<(), String> {
    if *key != StoreKeyRow::row() || StoreKeyRow::parse(&row.value)?.root_key_id == root_key_id {
        return Ok(());
    }
    Err("the root key was changed meanwhile; try again".to_owned())
}

fn put_in_place(parts: &Parts, unfinished: Unfinished) -> io::Result<String> {
    let file = unfinished.put_in_place()?;
    if let Err(error) = parts.folder.drop_old() {
        // The backup is there all the same.
        tracing::error!(%error, "old backups are still there: {error}");
    }
    Ok(file)
}

const WRITE_BYTES: usize = 1 << 20;
/// How often is looked whether the disk has room.
const CHECK_EVERY_BYTES: usize = 8 << 20;

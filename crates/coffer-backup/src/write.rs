//! Writes a backup.

use std::io::{self, Write};

use aws_lc_rs::digest::{Context, SHA256};
use coffer_store::Key;

use crate::format::{
    BLOCK_BYTES, BackupKey, Contents, ENDING, Ending, HEADER, Header, MAGIC, ROWS, hex,
};

/// A backup that is being written. Without its ending it is none.
pub struct BackupWriter<W> {
    out: W,
    sum: Context,
    header: Header,
    block: Vec<u8>,
    rows: u64,
    bytes: u64,
}

impl<W: Write> BackupWriter<W> {
    /// Begins a backup.
    ///
    /// # Errors
    /// What the output refuses.
    pub fn begin(out: W, header: Header) -> io::Result<Self> {
        let text = serde_json::to_vec(&header)?;
        let (sum, block) = (Context::new(&SHA256), Vec::with_capacity(BLOCK_BYTES));
        let mut backup = Self { out, sum, header, block, rows: 0, bytes: 0 };
        backup.put(MAGIC)?;
        backup.put_block(HEADER, &text)?;
        Ok(backup)
    }

    /// Adds a row. Rows come in the order of their keys.
    ///
    /// # Errors
    /// What the output refuses.
    pub fn row(&mut self, key: &Key, value: &[u8]) -> io::Result<()> {
        for part in [key.as_bytes(), value] {
            let length = u32::try_from(part.len()).map_err(io::Error::other)?;
            self.block.extend_from_slice(&length.to_be_bytes());
        }
        self.block.extend_from_slice(key.as_bytes());
        self.block.extend_from_slice(value);
        self.rows += 1;
        if self.block.len() < BLOCK_BYTES { Ok(()) } else { self.end_block() }
    }

    /// Ends the backup, under a seal; gives the output back, which is not flushed.
    ///
    /// # Errors
    /// What the output refuses.
    pub fn finish(mut self, key: &BackupKey) -> io::Result<(W, Contents)> {
        self.end_block()?;
        let seal = key.seal(self.sum.clone().finish().as_ref());
        let ending = serde_json::to_vec(&Ending { rows: self.rows, seal })?;
        self.put_block(ENDING, &ending)?;
        let sha256 = hex(self.sum.finish().as_ref());
        let Self { out, header, rows, bytes, .. } = self;
        Ok((out, Contents { header, rows, bytes, sha256 }))
    }

    fn end_block(&mut self) -> io::Result<()> {
        let mut block = std::mem::take(&mut self.block);
        if !block.is_empty() {
            self.put_block(ROWS, &block)?;
        }
        block.clear();
        self.block = block;
        Ok(())
    }

    fn put_block(&mut self, kind: u8, held: &[u8]) -> io::Result<()> {
        let length = u32::try_from(held.len()).map_err(io::Error::other)?;
        self.put(&[kind])?;
        self.put(&length.to_be_bytes())?;
        self.put(held)?;
        let sum = self.sum.clone().finish();
        self.put(sum.as_ref())
    }

    fn put(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.sum.update(bytes);
        self.bytes += u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        self.out.write_all(bytes)
    }
}

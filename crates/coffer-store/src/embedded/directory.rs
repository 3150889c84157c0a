//! The data directory: its files, who may read them, and the lock that keeps others out.

use std::fs::{self, DirBuilder, File, OpenOptions, Permissions, TryLockError};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use super::OpenCause;

/// The right to use a data directory, until it is dropped or the process ends.
pub struct DirectoryLock {
    directory: PathBuf,
    file: File,
}

impl DirectoryLock {
    /// Makes the directory if it is missing, and locks it.
    ///
    /// # Errors
    /// Another process has it, or the operating system refuses.
    pub fn take(directory: &Path) -> Result<Self, OpenCause> {
        let failed = |error: io::Error| OpenCause::Io(error.to_string());
        if !directory.is_dir() {
            DirBuilder::new().recursive(true).mode(0o700).create(directory).map_err(failed)?;
        } else if loosely_permitted(directory).map_err(failed)? {
            // It may be the operator's on purpose, so it is left alone: the files are private.
            tracing::warn!(store.directory = %directory.display(),
                "data directory `{}` can be entered by other users", directory.display());
        }
        let mut file = private_file(&directory.join(LOCK_FILE)).map_err(failed)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(OpenCause::Locked(holder(&mut file))),
            Err(TryLockError::Error(error)) => return Err(failed(error)),
        }
        file.set_len(0).map_err(failed)?;
        writeln!(file, "{}", std::process::id()).map_err(failed)?;
        Ok(Self { directory: directory.to_owned(), file })
    }

    /// The path of the store's file, which is made, private, if it is missing. SQLite gives its
    /// other files the permissions of this one.
    pub(super) fn store_file(&self) -> Result<PathBuf, OpenCause> {
        let path = self.directory.join(STORE_FILE);
        private_file(&path).map_err(|error| OpenCause::Io(error.to_string()))?;
        Ok(path)
    }

    /// Makes the directory's entries durable.
    pub(super) fn sync(&self) -> io::Result<()> {
        File::open(&self.directory)?.sync_all()
    }
}

/// Whether a file of this name is one of the engine's own in a data directory.
pub fn is_store_file(name: &str) -> bool {
    name == LOCK_FILE
        || name.strip_prefix(STORE_FILE).is_some_and(|end| STORE_FILE_ENDINGS.contains(&end))
}

impl Drop for DirectoryLock {
    /// Gives the lock back itself: a child that was forked and has not come to its exec yet holds the
    /// same open file, and would keep the lock for that long.
    fn drop(&mut self) {
        if let Err(error) = self.file.unlock() {
            tracing::warn!(%error, "cannot unlock the data directory: {error}");
        }
    }
}

fn private_file(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false).mode(0o600);
    let file = options.open(path)?;
    if loosely_permitted(path)? {
        file.set_permissions(Permissions::from_mode(0o600))?;
    }
    Ok(file)
}

fn loosely_permitted(path: &Path) -> io::Result<bool> {
    Ok(fs::metadata(path)?.permissions().mode() & 0o077 != 0)
}

fn holder(file: &mut File) -> Option<u32> {
    let mut text = String::new();
    file.take(PID_BYTES_MAX).read_to_string(&mut text).ok()?;
    text.trim().parse().ok()
}

pub(super) const STORE_FILE: &str = "coffer.db";
/// SQLite's own files beside the store's.
const STORE_FILE_ENDINGS: [&str; 4] = ["", "-journal", "-shm", "-wal"];
const LOCK_FILE: &str = "coffer.lock";
const PID_BYTES_MAX: u64 = 16;

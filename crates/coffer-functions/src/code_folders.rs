//! Folders of unpacked code: one for each archive, kept while there is room for it.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use aws_lc_rs::digest::{SHA256, digest};

use crate::archive::unpack;
use crate::function::Supply;
use crate::outcome::{Failure, FailureKind};

/// The unpacked archives, by their SHA-256.
pub(crate) struct CodeFolders {
    folder: PathBuf,
    kept: Mutex<Kept>,
    /// Held while an archive is unpacked, so that each is unpacked once, and one at a time.
    unpacking: tokio::sync::Mutex<()>,
}

#[derive(Default)]
struct Kept {
    folders: HashMap<[u8; 32], Place>,
    uses: u64,
}

struct Place {
    /// Held by the instances that run the code as well.
    path: Arc<Path>,
    last_use: u64,
}

impl CodeFolders {
    /// Keeps the folders in this one, which is empty.
    pub(crate) fn new(folder: PathBuf) -> Self {
        Self { folder, kept: Mutex::default(), unpacking: tokio::sync::Mutex::default() }
    }

    /// The folder of an archive, which the supply gives when it is not yet unpacked.
    pub(crate) async fn get(
        &self,
        sha256: [u8; 32],
        supply: &dyn Supply,
    ) -> Result<Arc<Path>, Failure> {
        if let Some(path) = self.kept().find(&sha256) {
            return Ok(path);
        }
        let _one = self.unpacking.lock().await;
        if let Some(path) = self.kept().find(&sha256) {
            return Ok(path);
        }
        let path = self.unpack(sha256, supply).await.map_err(|reason| {
            let message = format!("cannot unpack the function's code: {reason}");
            Failure::new(FailureKind::Code, message)
        })?;
        let surplus = self.kept().keep(sha256, path.clone());
        // They may be unpacked again, so they have to be gone before anything else is.
        tokio::task::spawn_blocking(move || surplus.iter().for_each(|it| remove(it))).await.ok();
        Ok(path)
    }

    async fn unpack(&self, sha256: [u8; 32], supply: &dyn Supply) -> Result<Arc<Path>, String> {
        let archive = supply.archive().await?;
        let path = self.folder.join(hexadecimal(&sha256));
        let unpacking = tokio::task::spawn_blocking(move || {
            // Otherwise code would be run that is not what it is called.
            if digest(&SHA256, &archive).as_ref() != sha256 {
                return Err("its SHA-256 is another than the function's".to_owned());
            }
            let partial = path.with_extension("partial");
            remove(&partial);
            let unpacked = unpack(&archive, &partial)
                .map_err(|error| error.0)
                .and_then(|()| fs::rename(&partial, &path).map_err(|error| error.to_string()));
            unpacked.inspect_err(|_| remove(&partial)).map(|()| path.into())
        });
        unpacking.await.map_err(|error| error.to_string())?
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept {
    fn find(&mut self, sha256: &[u8; 32]) -> Option<Arc<Path>> {
        self.uses += 1;
        let place = self.folders.get_mut(sha256)?;
        place.last_use = self.uses;
        Some(place.path.clone())
    }

    /// Takes a folder in, and gives those that there is no room for any more: what no instance runs
    /// and was not used for longest.
    fn keep(&mut self, sha256: [u8; 32], path: Arc<Path>) -> Vec<Arc<Path>> {
        self.uses += 1;
        self.folders.insert(sha256, Place { path, last_use: self.uses });
        let mut surplus = Vec::new();
        while self.folders.len() > FOLDERS_MAX {
            let idle = self.folders.iter().filter(|(_, place)| Arc::strong_count(&place.path) == 1);
            let oldest = idle.min_by_key(|(_, place)| place.last_use).map(|(sha256, _)| *sha256);
            let Some(place) = oldest.and_then(|oldest| self.folders.remove(&oldest)) else { break };
            surplus.push(place.path);
        }
        surplus
    }
}

/// Removes a folder with all that is in it, if it is there.
pub(crate) fn remove(folder: &Path) {
    if let Err(error) = fs::remove_dir_all(folder)
        && error.kind() != std::io::ErrorKind::NotFound
    {
        tracing::warn!(folder = %folder.display(), %error, "a folder of functions stays behind");
    }
}

pub(crate) fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

const FOLDERS_MAX: usize = 100;

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::sync::Arc;

    use super::{FOLDERS_MAX, Kept};

    #[test]
    fn what_nothing_runs_makes_room_first() {
        let mut kept = Kept::default();
        let sha256 = |number: usize| {
            let mut sha256 = [0; 32];
            sha256[..8].copy_from_slice(&number.to_be_bytes());
            sha256
        };
        let path = |number: usize| Arc::<Path>::from(Path::new(&number.to_string()));
        let running = path(0);
        assert!(kept.keep(sha256(0), running.clone()).is_empty());
        for number in 1..FOLDERS_MAX {
            assert!(kept.keep(sha256(number), path(number)).is_empty());
        }
        assert!(kept.find(&sha256(1)).is_some());
        assert_eq!(kept.keep(sha256(1000), path(1000)), [path(2)]);
        assert!(kept.find(&sha256(2)).is_none());
        assert_eq!(kept.find(&sha256(0)), Some(running));
    }
}

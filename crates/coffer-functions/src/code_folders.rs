//! Folders of unpacked code: one for each archive, kept while there is room for it.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use aws_lc_rs::digest::{SHA256, digest};
use tokio::sync::Mutex;

use crate::archive::unpack;
use crate::function::Supply;
use crate::outcome::{Failure, FailureKind};

/// The unpacked archives, by their SHA-256.
pub(crate) struct CodeFolders {
    folder: PathBuf,
    /// Held while an archive is unpacked, so that each is unpacked once, and one at a time.
    kept: Mutex<Kept>,
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
        Self { folder, kept: Mutex::default() }
    }

    /// The folder of an archive, which the supply gives when it is not yet unpacked.
    pub(crate) async fn get(
        &self,
        sha256: [u8; 32],
        supply: &dyn Supply,
    ) -> Result<Arc<Path>, Failure> {
        let failed = |reason: String| {
            Failure::new(FailureKind::Code, format!("cannot unpack the function's code: {reason}"))
        };
        let mut kept = self.kept.lock().await;
        kept.uses += 1;
        let last_use = kept.uses;
        if let Some(place) = kept.folders.get_mut(&sha256) {
            place.last_use = last_use;
            return Ok(place.path.clone());
        }
        let archive = supply.archive().await.map_err(failed)?;
        let path = self.folder.join(hexadecimal(&sha256));
        let unpacked = path.clone();
        let unpacking = tokio::task::spawn_blocking(move || {
            // Otherwise code would be run that is not what it is called.
            if digest(&SHA256, &archive).as_ref() != sha256 {
                return Err("its SHA-256 is another than the function's".to_owned());
            }
            let partial = unpacked.with_extension("partial");
            remove(&partial);
            let renamed = unpack(&archive, &partial)
                .map_err(|error| error.0)
                .and_then(|()| fs::rename(&partial, &unpacked).map_err(|error| error.to_string()));
            renamed.inspect_err(|_| remove(&partial))
        });
        unpacking.await.map_err(|error| failed(error.to_string()))?.map_err(failed)?;
        let path: Arc<Path> = path.into();
        kept.folders.insert(sha256, Place { path: path.clone(), last_use });
        kept.make_room().await;
        Ok(path)
    }
}

impl Kept {
    /// Removes what no instance runs and was not used for longest, while there is too much.
    async fn make_room(&mut self) {
        while self.folders.len() > FOLDERS_MAX {
            let idle = self.folders.iter().filter(|(_, place)| Arc::strong_count(&place.path) == 1);
            let Some(oldest) = idle.min_by_key(|(_, place)| place.last_use).map(|(sha, _)| *sha)
            else {
                return;
            };
            if let Some(place) = self.folders.remove(&oldest) {
                // It may be unpacked again at once, so it has to be gone.
                tokio::task::spawn_blocking(move || remove(&place.path)).await.ok();
            }
        }
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

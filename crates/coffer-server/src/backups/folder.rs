//! The folder of backups: which files are in it, and for how long.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use coffer_backup::Header;
use coffer_seal::RowSealer;

use crate::files::sync_folder_of;

/// Where backups go, and how many of them stay.
#[derive(Debug, Clone)]
pub(crate) struct BackupFolder {
    path: PathBuf,
    backups_max: usize,
    /// What stands in the names of one store's files, and of no other's.
    mark: String,
}

/// A file on its way to be a backup; it is removed unless it is put in place.
pub(crate) struct Unfinished {
    path: PathBuf,
    place: PathBuf,
    is_in_place: bool,
}

impl BackupFolder {
    /// A folder, which need not be there yet, with so many backups at most.
    pub(crate) fn new(path: PathBuf, backups_max: usize) -> Self {
        Self { path, backups_max, mark: String::new() }
    }

    /// The same folder for the store of this sealer: files of other stores in it are let alone.
    pub(crate) fn of_store(self, sealer: &RowSealer) -> Self {
        let key = sealer.key_for(MARK_PURPOSE);
        let mark = key.iter().take(MARK_BYTES).map(|byte| format!("{byte:02x}")).collect();
        Self { mark, ..self }
    }

    /// Makes the folder where it is missing, and sees that a file can be made in it. A full disk is let
    /// pass: what is served does not need it, and room may be made by the time of a backup.
    ///
    /// # Errors
    /// A sentence for the operator.
    pub(crate) fn prepare(&self) -> Result<(), String> {
        let refused = |what: &str, error: io::Error| {
            let shown = self.path.display();
            format!(
                "cannot {what} the folder of backups `{shown}`: {error}; see to it, or choose \
                     another with --backups"
            )
        };
        self.make().map_err(|error| refused("make", error))?;
        match tempfile::Builder::new().prefix(PROBE).tempfile_in(&self.path) {
            Ok(probe) => probe.close().map_err(|error| refused("write into", error)),
            Err(error) if is_full(&error) => {
                tracing::warn!(%error, "no room for backups in `{}`", self.path.display());
                Ok(())
            }
            Err(error) => Err(refused("write into", error)),
        }
    }

    fn make(&self) -> io::Result<()> {
        DirBuilder::new().recursive(true).mode(0o700).create(&self.path)
    }

    /// Begins a file. What others have left unfinished is removed: there is one backup at a time.
    pub(super) fn begin(&self, header: &Header) -> io::Result<(Unfinished, File)> {
        self.make()?;
        for left in self.names(UNFINISHED)? {
            tracing::warn!("a backup that was cut off is removed: {}", left.display());
            fs::remove_file(left)?;
        }
        let place = self.path.join(self.name_of(header));
        let path = place.with_extension(UNFINISHED);
        let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path)?;
        Ok((Unfinished { path, place, is_in_place: false }, file))
    }

    /// Refuses to fill the disk, which others need, too.
    pub(super) fn must_have_room(&self) -> Result<(), String> {
        let told = rustix::fs::statvfs(&self.path);
        let told = told.map_err(|error| format!("cannot look at its disk: {error}"))?;
        let left = told.f_bavail.saturating_mul(told.f_frsize);
        if left >= ROOM_BYTES_MIN {
            return Ok(());
        }
        Err(format!("the disk has no more than {} MiB left; make room on it", left >> 20))
    }

    /// Removes the oldest backups, as far as there are more than may be.
    pub(super) fn drop_old(&self) -> io::Result<()> {
        let mut backups = self.names(FINISHED)?;
        let surplus = backups.len().saturating_sub(self.backups_max);
        backups.truncate(surplus);
        for old in backups {
            fs::remove_file(&old)?;
            tracing::info!("an old backup was removed: {}", old.display());
        }
        Ok(())
    }

    /// The whole path, as it is told.
    pub(super) fn shown(&self) -> String {
        self.path.display().to_string()
    }

    /// The files with this ending that this server, or another one of its store, may have made, oldest
    /// first.
    fn names(&self, ending: &str) -> io::Result<Vec<PathBuf>> {
        let mut paths = Vec::new();
        let end = format!("-{}.{ending}", self.mark);
        for entry in fs::read_dir(&self.path)? {
            let path = entry?.path();
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            if name.starts_with(NAME) && name.ends_with(&end) && path.is_file() {
                paths.push(path);
            }
        }
        paths.sort_unstable();
        Ok(paths)
    }

    /// A name by which files are in the order in which they were made.
    fn name_of(&self, header: &Header) -> String {
        let id: String = header.id.chars().take(ID_LETTERS).collect();
        let second = header.made.to_basic();
        let second = second.trim_end_matches('Z');
        let millis = header.made.as_millis().rem_euclid(1_000);
        format!("{NAME}{second}.{millis:03}Z-{id}-{}.{FINISHED}", self.mark)
    }
}

fn is_full(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
}

impl Unfinished {
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Gives the file its name, for good; its whole path.
    pub(super) fn put_in_place(mut self) -> io::Result<String> {
        fs::rename(&self.path, &self.place)?;
        self.is_in_place = true;
        sync_folder_of(&self.place)?;
        Ok(std::path::absolute(&self.place)?.display().to_string())
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        if !self.is_in_place
            && let Err(error) = fs::remove_file(&self.path)
        {
            // The next backup tries again.
            tracing::warn!(%error, "a backup that failed is still there: {}", self.path.display());
        }
    }
}

const NAME: &str = "coffer-";
const FINISHED: &str = "backup";
/// How the file begins by which is seen whether the folder can be written; no backup is taken for one.
const PROBE: &str = ".coffer-probe-";
const UNFINISHED: &str = "part";
const ID_LETTERS: usize = 8;
const MARK_PURPOSE: &str = "coffer.backup-mark.v1";
/// So many that no two stores of an operator have the same; they tell nothing of the key.
const MARK_BYTES: usize = 4;
/// What a backup leaves of a disk: enough for the store's log and the audit journal to go on.
const ROOM_BYTES_MIN: u64 = 64 << 20;

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    use coffer_backup::Header;
    use coffer_model::Timestamp;

    use super::BackupFolder;

    fn header(second: i64) -> Header {
        Header {
            id: "6f1f0c0e-4f1c-4a2e".to_owned(),
            made: Timestamp::from_millis(1_800_000_000_000 + second * 1_000),
            release: "1".to_owned(),
            root_key_id: "key".to_owned(),
        }
    }

    #[test]
    fn a_folder_is_made_private_and_one_that_takes_no_file_is_refused() {
        let scratch = tempfile::tempdir().unwrap();
        let of = |path: &std::path::Path| BackupFolder::new(path.to_owned(), 2).prepare();
        let folder = scratch.path().join("a/b");
        of(&folder).unwrap();
        of(&folder).unwrap();
        assert_eq!(fs::metadata(&folder).unwrap().permissions().mode() & 0o777, 0o700);
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 0);

        let file = folder.join("file");
        fs::write(&file, "").unwrap();
        for place in [&file, &file.join("below")] {
            let said = of(place).unwrap_err();
            assert!(said.starts_with("cannot make the folder of backups `"), "{said}");
            assert!(said.ends_with("choose another with --backups"), "{said}");
        }
        // A folder that takes no file of anybody's, root's included.
        if cfg!(target_os = "linux") {
            let said = of("/proc/self".as_ref()).unwrap_err();
            assert!(
                said.starts_with("cannot write into the folder of backups `/proc/self`"),
                "{said}"
            );
        }
    }

    #[test]
    fn the_oldest_backups_go_and_what_is_not_ours_stays() {
        let scratch = tempfile::tempdir().unwrap();
        let of = |mark: &str| BackupFolder {
            mark: mark.to_owned(),
            ..BackupFolder::new(scratch.path().join("backups"), 2)
        };
        let (folder, other) = (of("a1"), of("b2"));
        for second in -3..0 {
            other.begin(&header(second)).unwrap().0.put_in_place().unwrap();
        }
        for second in 0..4 {
            let (file, _) = folder.begin(&header(second)).unwrap();
            let place = file.put_in_place().unwrap();
            let mode = fs::metadata(&place).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600, "{place}");
        }
        let others = ["theirs.backup", "coffer-notes.txt", "theirs.part"];
        others.iter().for_each(|name| fs::write(folder.path.join(name), "").unwrap());
        folder.drop_old().unwrap();
        let names = || -> Vec<String> {
            let entries = fs::read_dir(&folder.path).unwrap();
            let names = entries.map(|it| it.unwrap().file_name().into_string().unwrap());
            let mut names: Vec<_> = names.collect();
            names.sort();
            names
        };
        let expected = [
            "coffer-20270115T075957.000Z-6f1f0c0e-b2.backup",
            "coffer-20270115T075958.000Z-6f1f0c0e-b2.backup",
            "coffer-20270115T075959.000Z-6f1f0c0e-b2.backup",
            "coffer-20270115T080002.000Z-6f1f0c0e-a1.backup",
            "coffer-20270115T080003.000Z-6f1f0c0e-a1.backup",
            "coffer-notes.txt",
            "theirs.backup",
            "theirs.part",
        ];
        assert_eq!(names(), expected);
        // One that was cut off is in nobody's way, and one that fails leaves nothing.
        fs::write(folder.path.join("coffer-20270115T080009Z-0-a1.part"), "").unwrap();
        drop(folder.begin(&header(9)).unwrap());
        assert_eq!(names(), expected);
    }
}

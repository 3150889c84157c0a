//! How much of its scratch folder an instance has filled.

use std::collections::HashSet;
use std::fs;
use std::os::fd::OwnedFd;
use std::path::Path;

use rustix::fs::{AtFlags, CWD, Dir, FileType, Mode, OFlags, Stat, fstat, openat, stat, statat};

/// The scratch folder of an instance, and how much may be in it.
pub(super) struct Storage {
    folder: OwnedFd,
    device: u64,
    bytes_max: u64,
    /// Ticks that are let pass before it is looked at again.
    rest: u64,
}

/// What is found in it, until it is too much.
struct Sum {
    device: u64,
    bytes: u64,
    bytes_max: u64,
    entries: u64,
    /// All that was looked at, which is what it costs.
    looks: u64,
    is_too_deep: bool,
    /// Files that have, or may have, several names.
    seen: HashSet<u64>,
}

impl Storage {
    /// Opens the folder, as which it is known from now on whatever becomes of its name.
    pub(super) fn open(folder: &Path, bytes_max: u64) -> Result<Self, String> {
        let told = |error| format!("cannot look into `{}`: {error}", folder.display());
        let opened = openat(CWD, folder, FOLDER, Mode::empty()).map_err(told)?;
        let device = fstat(&opened).map_err(told)?.st_dev;
        Ok(Self { folder: opened, device, bytes_max, rest: 0 })
    }

    /// Looks, if it is time to, whether there is more in the folder than may be, counting what these
    /// processes have deleted and still hold.
    ///
    /// To be called at each tick: the more there is, the more seldom it is looked at, so that looking
    /// never takes more than a small part of the time.
    pub(super) fn is_exceeded(&mut self, processes: &[u32]) -> bool {
        if self.rest > 0 {
            self.rest -= 1;
            return false;
        }
        let mut sum = Sum {
            device: self.device,
            bytes: 0,
            bytes_max: self.bytes_max,
            entries: 0,
            looks: 0,
            is_too_deep: false,
            seen: HashSet::new(),
        };
        if let Ok(folder) = openat(&self.folder, ".", FOLDER, Mode::empty()) {
            sum.add_folder(folder, 0);
        }
        processes.iter().for_each(|&process| sum.add_deleted(process));
        self.rest = sum.looks / LOOKS_A_TICK;
        sum.is_exceeded()
    }
}

impl Sum {
    fn is_exceeded(&self) -> bool {
        let entries_max = self.bytes_max / BYTES_AN_ENTRY;
        self.bytes > self.bytes_max || self.entries > entries_max || self.is_too_deep
    }

    /// Names are looked up in the folder that was opened, and links are not followed: whatever the
    /// function moves meanwhile, nothing outside is counted, and nothing hides behind a long path.
    fn add_folder(&mut self, folder: OwnedFd, depth: usize) {
        let Ok(mut folder) = Dir::new(folder) else { return };
        while let Some(Ok(entry)) = folder.read() {
            let name = entry.file_name();
            if matches!(name.to_bytes(), b"." | b"..") {
                continue;
            }
            self.looks += 1;
            self.entries += 1;
            if self.is_exceeded() {
                return;
            }
            let Ok(parent) = folder.fd() else { return };
            // It may be gone already.
            let Ok(found) = statat(parent, name, AtFlags::SYMLINK_NOFOLLOW) else { continue };
            self.add(&found);
            if FileType::from_raw_mode(found.st_mode).is_dir() && found.st_dev == self.device {
                self.is_too_deep |= depth >= DEPTH_MAX;
                if self.is_exceeded() {
                    return;
                }
                if let Ok(inner) = openat(parent, name, FOLDER, Mode::empty()) {
                    self.add_folder(inner, depth + 1);
                }
            }
        }
    }

    fn add_deleted(&mut self, process: u32) {
        for held in fs::read_dir(format!("/proc/{process}/fd")).into_iter().flatten().flatten() {
            self.looks += 1;
            if self.looks > LOOKS_MAX || self.is_exceeded() {
                return;
            }
            let path = held.path();
            let is_deleted = fs::read_link(&path)
                .is_ok_and(|target| target.as_os_str().as_encoded_bytes().ends_with(DELETED));
            if !is_deleted {
                continue;
            }
            if let Ok(found) = stat(&path)
                && found.st_dev == self.device
                && found.st_nlink == 0
            {
                self.add(&found);
            }
        }
    }

    /// What a file takes up, which is less than its length where it has holes.
    fn add(&mut self, found: &Stat) {
        if found.st_nlink != 1 && !self.seen.insert(found.st_ino) {
            return;
        }
        let blocks = u64::try_from(found.st_blocks).unwrap_or(0);
        self.bytes = self.bytes.saturating_add(blocks.saturating_mul(BLOCK_BYTES));
    }
}

const FOLDER: OFlags =
    OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);
/// How the kernel marks what has no name any more.
const DELETED: &[u8] = b" (deleted)";
const BLOCK_BYTES: u64 = 512;
/// As file systems are made: one file or folder for so many bytes (mke2fs.conf, `inode_ratio`).
const BYTES_AN_ENTRY: u64 = 16 * 1024;
/// Each level keeps a file open.
const DEPTH_MAX: usize = 100;
/// About a millisecond's, in a tick of a hundred.
const LOOKS_A_TICK: u64 = 500;
/// More than any function needs; it bounds the looking, not the function.
const LOOKS_MAX: u64 = 1_000_000;

#[cfg(test)]
mod tests {
    use std::fs::{self, File};
    use std::os::unix::fs::symlink;
    use std::path::Path;

    use super::Storage;

    const MIB: u64 = 1024 * 1024;

    fn is_exceeded(folder: &Path, processes: &[u32]) -> bool {
        Storage::open(folder, MIB).unwrap().is_exceeded(processes)
    }

    fn folder() -> tempfile::TempDir {
        tempfile::tempdir().unwrap()
    }

    #[test]
    fn what_is_written_counts_by_what_it_takes_up() {
        let folder = folder();
        assert!(!is_exceeded(folder.path(), &[]));
        fs::write(folder.path().join("half"), vec![7; 600 * 1024]).unwrap();
        // A file of holes, another name of the first, and a link to what is larger than may be.
        File::create(folder.path().join("holes")).unwrap().set_len(100 * MIB).unwrap();
        fs::hard_link(folder.path().join("half"), folder.path().join("again")).unwrap();
        symlink("/usr", folder.path().join("link")).unwrap();
        assert!(!is_exceeded(folder.path(), &[]));
        fs::create_dir_all(folder.path().join("a/b")).unwrap();
        fs::write(folder.path().join("a/b/other"), vec![7; 600 * 1024]).unwrap();
        assert!(is_exceeded(folder.path(), &[]));
    }

    #[test]
    fn files_and_folders_are_counted_and_so_is_their_depth() {
        let many = folder();
        for number in 0..64 {
            File::create(many.path().join(number.to_string())).unwrap();
        }
        assert!(!is_exceeded(many.path(), &[]));
        fs::create_dir(many.path().join("one more")).unwrap();
        assert!(is_exceeded(many.path(), &[]));
        let deep = folder();
        let mut storage = Storage::open(deep.path(), 100 * MIB).unwrap();
        let below = |depth| vec!["d"; depth].join("/");
        fs::create_dir_all(deep.path().join(below(100))).unwrap();
        assert!(!storage.is_exceeded(&[]));
        fs::create_dir_all(deep.path().join(below(102))).unwrap();
        assert!(storage.is_exceeded(&[]));
    }

    #[test]
    fn what_is_deleted_counts_while_it_is_held() {
        let folder = folder();
        let path = folder.path().join("gone");
        fs::write(&path, vec![7; 2 * 1024 * 1024]).unwrap();
        let held = File::open(&path).unwrap();
        fs::remove_file(&path).unwrap();
        let own = std::process::id();
        assert!(!is_exceeded(folder.path(), &[]));
        assert!(is_exceeded(folder.path(), &[own]));
        drop(held);
        assert!(!is_exceeded(folder.path(), &[own]));
    }

    #[test]
    fn much_is_looked_at_seldom() {
        let folder = folder();
        for number in 0..1200 {
            File::create(folder.path().join(number.to_string())).unwrap();
        }
        let mut storage = Storage::open(folder.path(), 100 * MIB).unwrap();
        assert!(!storage.is_exceeded(&[]));
        fs::write(folder.path().join("large"), vec![7; 101 * 1024 * 1024]).unwrap();
        // Two ticks of rest for twelve hundred looks.
        assert!(!storage.is_exceeded(&[]) && !storage.is_exceeded(&[]));
        assert!(storage.is_exceeded(&[]));
    }
}

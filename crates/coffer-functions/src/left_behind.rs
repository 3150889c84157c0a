//! Working folders of processes that were killed, and so could not remove them.

use std::fs::{self, DirEntry, File, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::time::Duration;

use crate::code_folders::remove;
use crate::functions::LOCK;

/// Removes the folders beside one that are named by the same prefix, belong to the same user, and hold
/// a working folder of this name that no process has locked: the code of functions, and what those
/// have put into their scratch folders, would stay there for ever.
pub fn remove_left_behind(own: &Path, prefix: &str, working: &str) {
    if let Err(error) = remove_all(own, prefix, working) {
        tracing::warn!(%error, "folders of functions that were left behind are not looked for");
    }
}

fn remove_all(own: &Path, prefix: &str, working: &str) -> io::Result<()> {
    let made = fs::symlink_metadata(own)?;
    let Some(parent) = own.parent() else { return Ok(()) };
    for entry in fs::read_dir(parent)? {
        let entry = entry?;
        let is_named = entry.file_name().to_str().is_some_and(|name| name.starts_with(prefix));
        if is_named && entry.path() != own && is_left(&entry, working, &made).unwrap_or(false) {
            remove(&entry.path());
        }
    }
    Ok(())
}

/// Whether nobody uses a folder any more. One that is locked no sooner than it is made may be looked at
/// in between, so young ones are left alone.
fn is_left(entry: &DirEntry, working: &str, own: &Metadata) -> io::Result<bool> {
    let found = entry.metadata()?;
    if !found.is_dir() || found.uid() != own.uid() {
        return Ok(false);
    }
    let lock = File::open(entry.path().join(working).join(LOCK))?;
    let age = own.modified()?.duration_since(lock.metadata()?.modified()?);
    Ok(age.is_ok_and(|age| age > YOUNG) && lock.try_lock().is_ok())
}

const YOUNG: Duration = Duration::from_secs(60);

#[cfg(test)]
mod tests {
    use std::fs::{self, File};
    use std::path::Path;
    use std::time::Duration;

    use super::remove_left_behind;
    use crate::functions::LOCK;

    fn folder(parent: &Path, name: &str, age: Duration) -> File {
        let folder = parent.join(name).join("work");
        fs::create_dir_all(folder.join("code")).unwrap();
        fs::write(folder.join("code").join("app.py"), "").unwrap();
        let lock = File::create(folder.join(LOCK)).unwrap();
        let made = fs::metadata(parent).unwrap().modified().unwrap();
        lock.set_modified(made - age).unwrap();
        lock
    }

    #[test]
    fn only_folders_that_no_process_has_are_removed() {
        let parent = tempfile::tempdir().unwrap();
        let hour = Duration::from_secs(3600);
        let used = folder(parent.path(), "f-used", hour);
        used.try_lock().unwrap();
        folder(parent.path(), "f-left", hour);
        folder(parent.path(), "f-young", Duration::ZERO);
        folder(parent.path(), "g-other", hour);
        fs::create_dir(parent.path().join("f-empty")).unwrap();
        std::os::unix::fs::symlink(parent.path().join("g-other"), parent.path().join("f-link"))
            .unwrap();
        let own = parent.path().join("f-own");
        folder(parent.path(), "f-own", hour);
        remove_left_behind(&own, "f-", "work");
        let mut left: Vec<_> = fs::read_dir(parent.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        left.sort();
        assert_eq!(left, ["f-empty", "f-link", "f-own", "f-used", "f-young", "g-other"]);
        drop(used);
        remove_left_behind(&own, "f-", "work");
        assert!(!parent.path().join("f-used").exists());
    }
}

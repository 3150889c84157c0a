//! The root key in a file that its owner alone can read.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Read};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use coffer_seal::{Entropy, RootKey};
use zeroize::Zeroizing;

use crate::files::{sync_folder_of, write_whole};

/// Reads the root key; nothing where there is no file.
///
/// # Errors
/// A sentence for the operator: a file that cannot be read, that everybody can read, or that holds
/// no key.
pub(super) fn read(path: &Path) -> Result<Option<RootKey>, String> {
    let failed = |error: io::Error| format!("cannot read root key `{}`: {error}", path.display());
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed(error)),
    };
    let metadata = file.metadata().map_err(failed)?;
    if metadata.is_file() {
        must_be_private(path, metadata.permissions().mode())?;
    }
    // Of its full size from the start: a growing text would leave copies of itself behind.
    let mut text = Zeroizing::new(String::with_capacity(super::TEXT_BYTES_MAX));
    let bytes_max = u64::try_from(super::TEXT_BYTES_MAX).unwrap_or(u64::MAX);
    file.take(bytes_max).read_to_string(&mut text).map_err(failed)?;
    super::parse(&text, &format_args!("`{}`", path.display())).map(Some)
}

fn must_be_private(path: &Path, mode: u32) -> Result<(), String> {
    let shown = path.display();
    if mode & EVERYBODY != 0 {
        return Err(format!(
            "root key `{shown}` can be read or changed by every user of this machine; take that \
             away with `chmod o-rwx {shown}`, and think of the key as known if others were here"
        ));
    }
    if mode & GROUP != 0 {
        tracing::warn!(
            root_key.file = %shown,
            "root key `{shown}` can be read by its group; take the group's permissions away unless \
             it has to"
        );
    }
    Ok(())
}

/// Reads the root key that is wanted: the file's own, or the one beside it that a change of the root
/// key made and did not come to put in its place.
pub(super) fn read_wanted(path: &Path, wanted: Option<&str>) -> Result<Option<RootKey>, String> {
    let Some(wanted) = wanted else { return read(path) };
    let own = read(path);
    if matches!(&own, Ok(Some(own)) if own.id() == wanted) {
        return own;
    }
    match read(&beside(path))? {
        Some(next) if next.id() == wanted => {
            settle(path, wanted)?;
            Ok(Some(next))
        }
        _ => own,
    }
}

/// Draws a root key and writes it where there is none.
pub(super) fn make(path: &Path, entropy: &dyn Entropy) -> Result<RootKey, String> {
    let root_key = RootKey::generate(entropy);
    write(path, &root_key)?;
    Ok(root_key)
}

/// Writes a root key where there is none.
fn write(path: &Path, root_key: &RootKey) -> Result<(), String> {
    let text = Zeroizing::new(format!("{}\n", root_key.to_text().as_str()));
    // A link never takes the place of a key that another server has made meanwhile; not every
    // file system has links.
    let in_place = |beside: &Path| match fs::hard_link(beside, path) {
        Ok(()) => fs::remove_file(beside),
        Err(_) if !path.try_exists()? => fs::rename(beside, path),
        Err(error) => fs::remove_file(beside).and(Err(error)),
    };
    write_whole(path, text.as_bytes(), in_place)
}

/// Draws the next root key and writes it beside the present one, or reads the one that is there: it
/// may be in force already, so it is never written over.
pub(super) fn draw_beside(path: &Path, entropy: &dyn Entropy) -> Result<RootKey, String> {
    let next = beside(path);
    match read(&next)? {
        Some(root_key) => Ok(root_key),
        None => make(&next, entropy),
    }
}

/// Writes the next root key, which another server has drawn, beside the present one. Servers may share
/// the file, and then it is there.
pub(super) fn adopt(path: &Path, next: &RootKey) -> Result<(), String> {
    let place = beside(path);
    let is_next = |found: Option<RootKey>| found.is_some_and(|found| found.id() == next.id());
    if is_next(read(&place)?) || is_next(read(path)?) {
        return Ok(());
    }
    write(&place, next).or_else(|told| if is_next(read(&place)?) { Ok(()) } else { Err(told) })
}

/// Puts the root key of this id, if it is the one beside the file, in the file's place.
pub(super) fn settle(path: &Path, id: &str) -> Result<(), String> {
    let next = beside(path);
    if read(&next)?.is_none_or(|root_key| root_key.id() != id) {
        return Ok(());
    }
    fs::rename(&next, path).and_then(|()| sync_folder_of(path)).map_err(|error| {
        format!("cannot move root key `{}` to `{}`: {error}", next.display(), path.display())
    })
}

fn beside(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".new");
    PathBuf::from(name)
}

/// The permissions of everybody.
const EVERYBODY: u32 = 0o007;
/// The permissions of the group.
const GROUP: u32 = 0o070;

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;
    use std::path::Path;

    use coffer_seal::SystemEntropy;

    use super::{adopt, beside, draw_beside, make, read, read_wanted, settle};

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn a_root_key_is_made_once_private_and_whole() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("root.key");
        assert!(read(&path).unwrap().is_none());
        let made = make(&path, &SystemEntropy::new()).unwrap();
        assert_eq!(read(&path).unwrap().unwrap().id(), made.id());
        assert_eq!(mode(&path), 0o600);
        assert!(make(&path, &SystemEntropy::new()).is_err());
        assert_eq!(read(&path).unwrap().unwrap().id(), made.id());
    }

    #[test]
    fn a_root_key_that_everybody_can_read_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("root.key");
        make(&path, &SystemEntropy::new()).unwrap();
        for (mode, is_read) in [(0o400, true), (0o640, true), (0o644, false), (0o602, false)] {
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            let said = read(&path);
            assert_eq!(said.is_ok(), is_read, "{mode:o}");
            assert!(is_read || said.unwrap_err().contains("chmod o-rwx"), "{mode:o}");
        }
    }

    #[test]
    fn the_next_root_key_is_drawn_once_and_takes_the_place_of_the_one_before() {
        let entropy = SystemEntropy::new();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("root.key");
        let old = make(&path, &entropy).unwrap();
        let next = draw_beside(&path, &entropy).unwrap();
        assert_eq!(draw_beside(&path, &entropy).unwrap().id(), next.id());
        assert_eq!(mode(&beside(&path)), 0o600);
        // The change has not come to its commit: the key before is the one that opens.
        assert_eq!(read_wanted(&path, Some(old.id())).unwrap().unwrap().id(), old.id());
        assert!(beside(&path).exists());
        // It has: the next start finds the key and puts it in place.
        assert_eq!(read_wanted(&path, Some(next.id())).unwrap().unwrap().id(), next.id());
        assert_eq!(read(&path).unwrap().unwrap().id(), next.id());
        assert!(!beside(&path).exists());
        settle(&path, next.id()).unwrap();
        assert_eq!(read(&path).unwrap().unwrap().id(), next.id());
    }

    #[test]
    fn a_root_key_of_another_server_is_kept_as_if_it_had_been_drawn_here() {
        let entropy = SystemEntropy::new();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("root.key");
        make(&path, &entropy).unwrap();
        let next = make(&folder.path().join("elsewhere"), &entropy).unwrap();
        for _ in 0..2 {
            adopt(&path, &next).unwrap();
            assert_eq!(read(&beside(&path)).unwrap().unwrap().id(), next.id());
            assert_eq!(mode(&beside(&path)), 0o600);
        }
        settle(&path, next.id()).unwrap();
        adopt(&path, &next).unwrap();
        assert_eq!(read(&path).unwrap().unwrap().id(), next.id());
        assert!(!beside(&path).exists(), "it is in its place");
    }
}

//! Archives of code: what is in one, and unpacking it where nothing can climb out.

use std::collections::BTreeSet;
use std::fmt;
use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, Cursor, Read as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Component, Path, PathBuf};

use zip::ZipArchive;
use zip::read::ZipFile;

/// What is in an archive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ArchiveContents {
    /// How many files, folders and links there are.
    pub entries: usize,
    /// How large they say they are, unpacked.
    pub unpacked_bytes: u64,
}

/// An archive that is not unpacked, for a reason that its owner may be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidArchive(pub String);

/// Looks at an archive without unpacking it.
///
/// # Errors
/// It is broken, too large, or has entries that lead out of it.
pub fn inspect(bytes: &[u8]) -> Result<ArchiveContents, InvalidArchive> {
    let mut archive = open(bytes)?;
    let mut unpacked_bytes: u64 = 0;
    for index in 0..archive.len() {
        let entry = archive.by_index(index)?;
        Kind::of(&entry)?;
        unpacked_bytes = unpacked_bytes.saturating_add(entry.size());
    }
    if unpacked_bytes > UNPACKED_BYTES_MAX {
        return Err(too_large());
    }
    Ok(ArchiveContents { entries: archive.len(), unpacked_bytes })
}

/// Unpacks an archive into a folder that is not there yet. Files can be read by everybody, and
/// written by nobody; those that could be executed still can.
///
/// # Errors
/// It is not to be unpacked, or the disk does not take it; what there is of the folder stays.
pub(crate) fn unpack(bytes: &[u8], folder: &Path) -> Result<(), InvalidArchive> {
    let mut archive = open(bytes)?;
    make_folder(folder)?;
    let folder = folder.canonicalize()?;
    let mut links = Vec::new();
    let mut left_bytes = UNPACKED_BYTES_MAX;
    for index in 0..archive.len() {
        let mut entry = archive.by_index(index)?;
        match Kind::of(&entry)? {
            Kind::Folder(path) => make_folder(&folder.join(path))?,
            Kind::File(path) => {
                let path = folder.join(path);
                make_folder(path.parent().unwrap_or(&folder))?;
                left_bytes -= write(&mut entry, &path, left_bytes)?;
            }
            Kind::Link(path) => {
                let mut target = String::new();
                entry.by_ref().take(LINK_BYTES_MAX).read_to_string(&mut target)?;
                links.push((folder.join(path), target));
            }
        }
    }
    // Last of all, so that no file is written through one.
    link(&folder, &links)
}

enum Kind {
    Folder(PathBuf),
    File(PathBuf),
    Link(PathBuf),
}

impl Kind {
    fn of<R: io::Read>(entry: &ZipFile<'_, R>) -> Result<Self, InvalidArchive> {
        let name = entry.name()?.into_owned();
        let path = inside(&name)?;
        let is_unusual = |mode: u32| !matches!(mode & 0o170_000, 0 | 0o100_000 | 0o040_000);
        if entry.encrypted() {
            Err(InvalidArchive(format!("`{}` is encrypted", shown(&name))))
        } else if entry.is_symlink() {
            Ok(Self::Link(path))
        } else if entry.is_dir() {
            Ok(Self::Folder(path))
        } else if entry.unix_mode().is_some_and(is_unusual) {
            Err(InvalidArchive(format!("`{}` is no file, folder or link", shown(&name))))
        } else {
            Ok(Self::File(path))
        }
    }
}

fn open(bytes: &[u8]) -> Result<ZipArchive<Cursor<&[u8]>>, InvalidArchive> {
    if bytes.len() > ZIP_BYTES_MAX {
        return Err(InvalidArchive(format!("it has more than {ZIP_BYTES_MAX} bytes")));
    }
    let archive = ZipArchive::new(Cursor::new(bytes))?;
    if archive.len() > ENTRIES_MAX {
        return Err(InvalidArchive(format!("it has more than {ENTRIES_MAX} entries")));
    }
    Ok(archive)
}

/// A name as a path within a folder.
fn inside(name: &str) -> Result<PathBuf, InvalidArchive> {
    let mut path = PathBuf::new();
    for component in Path::new(name).components() {
        match component {
            Component::Normal(part) => path.push(part),
            Component::CurDir => {}
            Component::ParentDir | Component::RootDir | Component::Prefix(_) => {
                return Err(leads_out(name));
            }
        }
    }
    // Windows' separators would be part of a name here, and of a path for who made the archive.
    let is_strange = name.contains(['\0', '\\']) || name.len() > NAME_BYTES_MAX;
    if is_strange || path.as_os_str().is_empty() && !name.ends_with('/') {
        return Err(InvalidArchive(format!("`{}` is no name of a file", shown(name))));
    }
    Ok(path)
}

/// Makes a folder and those above it; what this process's umask says does not matter.
fn make_folder(path: &Path) -> io::Result<()> {
    if path.is_dir() {
        return Ok(());
    }
    if let Some(parent) = path.parent() {
        make_folder(parent)?;
    }
    fs::create_dir(path)?;
    fs::set_permissions(path, Permissions::from_mode(0o755))
}

/// Writes a file, and says how many bytes it had.
fn write<R: io::Read>(
    entry: &mut ZipFile<'_, R>,
    path: &Path,
    left_bytes: u64,
) -> Result<u64, InvalidArchive> {
    let is_executable = entry.unix_mode().is_some_and(|mode| mode & 0o111 != 0);
    let mut file: File = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    // What an entry says of its size may be wrong.
    let bytes = io::copy(&mut entry.take(left_bytes.saturating_add(1)), &mut file)?;
    if bytes > left_bytes {
        return Err(too_large());
    }
    let mode = if is_executable { 0o555 } else { 0o444 };
    fs::set_permissions(path, Permissions::from_mode(mode))?;
    Ok(bytes)
}

fn link(folder: &Path, links: &[(PathBuf, String)]) -> Result<(), InvalidArchive> {
    let places: BTreeSet<&Path> = links.iter().map(|(path, _)| path.as_path()).collect();
    for (path, target) in links {
        let parent = path.parent().unwrap_or(folder);
        if parent.ancestors().any(|it| places.contains(it)) {
            return Err(leads_out(&path.strip_prefix(folder).unwrap_or(path).to_string_lossy()));
        }
        make_folder(parent)?;
        std::os::unix::fs::symlink(target, path)?;
    }
    // A link may go by way of another, so where each leads shows when all are there.
    for (path, target) in links {
        if !path.canonicalize().is_ok_and(|end| end.starts_with(folder)) {
            return Err(leads_out(target));
        }
    }
    // Absolute targets would lead to the folder's name of now, which changes.
    match links.iter().find(|(_, target)| Path::new(target).is_absolute()) {
        Some((_, target)) => Err(leads_out(target)),
        None => Ok(()),
    }
}

fn leads_out(name: &str) -> InvalidArchive {
    InvalidArchive(format!("`{}` leads out of the archive, or nowhere", shown(name)))
}

fn too_large() -> InvalidArchive {
    InvalidArchive(format!("it has more than {UNPACKED_BYTES_MAX} bytes when it is unpacked"))
}

fn shown(name: &str) -> String {
    name.chars().take(SHOWN_CHARS_MAX).flat_map(char::escape_debug).collect()
}

impl From<zip::result::ZipError> for InvalidArchive {
    fn from(error: zip::result::ZipError) -> Self {
        Self(format!("it is no zip file that can be read: {error}"))
    }
}

impl From<io::Error> for InvalidArchive {
    fn from(error: io::Error) -> Self {
        Self(format!("it cannot be unpacked: {error}"))
    }
}

impl fmt::Display for InvalidArchive {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

impl std::error::Error for InvalidArchive {}

/// AWS: 50 MB zipped, 250 MB unpacked (Lambda quotas, 2026-11).
pub const ZIP_BYTES_MAX: usize = 50 * 1024 * 1024;
const UNPACKED_BYTES_MAX: u64 = 250 * 1024 * 1024;
const ENTRIES_MAX: usize = 50_000;
const NAME_BYTES_MAX: usize = 1024;
const LINK_BYTES_MAX: u64 = 1024;
const SHOWN_CHARS_MAX: usize = 100;

#[cfg(test)]
mod tests {
    use std::fs;
    use std::io::{Cursor, Write as _};
    use std::os::unix::fs::PermissionsExt as _;

    use zip::ZipWriter;
    use zip::write::SimpleFileOptions;

    use super::{ArchiveContents, inspect, unpack};

    fn archive(make: impl FnOnce(&mut ZipWriter<Cursor<Vec<u8>>>)) -> Vec<u8> {
        let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
        make(&mut writer);
        writer.finish().unwrap().into_inner()
    }

    fn file(writer: &mut ZipWriter<Cursor<Vec<u8>>>, name: &str, mode: u32, text: &[u8]) {
        writer.start_file(name, SimpleFileOptions::default().unix_permissions(mode)).unwrap();
        writer.write_all(text).unwrap();
    }

    fn refusal(make: impl FnOnce(&mut ZipWriter<Cursor<Vec<u8>>>)) -> String {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("a/code");
        let refused = unpack(&archive(make), &place).unwrap_err().0;
        let outside: Vec<_> = fs::read_dir(folder.path()).unwrap().flatten().collect();
        assert!(outside.iter().all(|entry| entry.file_name() == "a"), "{outside:?}");
        refused
    }

    #[test]
    fn files_folders_links_and_executables_are_unpacked() {
        let options = SimpleFileOptions::default();
        let bytes = archive(|writer| {
            file(writer, "bootstrap", 0o755, b"#!/bin/sh\n");
            file(writer, "lib/deep/a.py", 0o644, b"text");
            writer.add_directory("empty/", options).unwrap();
            writer.add_symlink("lib/link.py", "deep/../deep/a.py", options).unwrap();
        });
        let contents = ArchiveContents { entries: 4, unpacked_bytes: 31 };
        assert_eq!(inspect(&bytes), Ok(contents));
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("code");
        unpack(&bytes, &place).unwrap();
        let mode = |name: &str| place.join(name).metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!((mode("bootstrap"), mode("lib/deep/a.py")), (0o555, 0o444));
        assert!(place.join("empty").is_dir());
        assert_eq!(fs::read(place.join("lib/link.py")).unwrap(), b"text");
    }

    #[test]
    fn nothing_leads_out() {
        let options = SimpleFileOptions::default();
        for name in ["../x", "a/../../x", "/x", "a\\..\\..\\x", "./.."] {
            let bytes = archive(|writer| file(writer, name, 0o644, b"x"));
            assert!(inspect(&bytes).is_err(), "{name}");
            refusal(|writer| file(writer, name, 0o644, b"x"));
        }
        for target in ["..", "../x", "/etc/passwd", "nowhere", "link", "a/../../.."] {
            let refused = refusal(|writer| {
                file(writer, "a/b", 0o644, b"x");
                writer.add_symlink("link", target, options).unwrap();
            });
            assert!(refused.contains("leads out"), "{target}: {refused}");
        }
        // By way of another link, and through one.
        let refused = refusal(|writer| {
            file(writer, "a/b/c", 0o644, b"x");
            writer.add_symlink("top", "a/b", options).unwrap();
            writer.add_symlink("out", "top/../../../..", options).unwrap();
        });
        assert!(refused.contains("leads out"), "{refused}");
        let refused = refusal(|writer| {
            writer.add_symlink("link", "/tmp", options).unwrap();
            file(writer, "link/x", 0o644, b"x");
        });
        assert!(refused.contains("unpacked") || refused.contains("leads out"), "{refused}");
    }

    #[test]
    fn broken_archives_and_bombs_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let whole = archive(|writer| file(writer, "a", 0o644, &[0; 10_000]));
        for bytes in [&b""[..], b"PK", b"no archive at all", &whole[..whole.len() - 5]] {
            let refused = unpack(bytes, &folder.path().join("code")).unwrap_err().0;
            assert!(refused.contains("no zip file"), "{refused}");
        }
        let mut broken = whole.clone();
        for byte in &mut broken[40..44] {
            *byte ^= 0xff;
        }
        assert!(unpack(&broken, &folder.path().join("broken")).is_err());
        let zeros = vec![0; 64 * 1024 * 1024];
        let refused = refusal(|writer| {
            for name in ["a", "b", "c", "d"] {
                file(writer, name, 0o644, &zeros);
            }
        });
        assert!(refused.contains("more than"), "{refused}");
    }
}

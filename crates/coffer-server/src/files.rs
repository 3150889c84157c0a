//! How files that hold secrets are written: a file is there whole or not at all, and only its owner
//! can read it.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use coffer_model::Sensitive;
use zeroize::Zeroizing;

/// Makes the data directory, for its owner only, where it is missing.
pub(crate) fn make_folder(folder: &Path) -> Result<(), String> {
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
        .map_err(|error| format!("cannot make data directory `{}`: {error}", folder.display()))
}

/// Writes the file that the AWS CLI and the SDKs read through `AWS_SHARED_CREDENTIALS_FILE`.
pub(crate) fn write_credentials(
    path: &Path,
    id: &str,
    secret: &Sensitive<String>,
) -> Result<(), String> {
    let text = credentials_text(id, secret);
    write_whole(path, text.as_bytes(), |beside| fs::rename(beside, path))
}

/// Whether the file holds these credentials, as [`write_credentials`] wrote them.
pub(crate) fn holds_credentials(path: &Path, id: &str, secret: &Sensitive<String>) -> bool {
    let expected = credentials_text(id, secret);
    let mut text = Zeroizing::new(Vec::with_capacity(expected.len() + 1));
    let bytes_max = u64::try_from(expected.len()).unwrap_or(0) + 1;
    let read = File::open(path).and_then(|file| file.take(bytes_max).read_to_end(&mut text));
    read.is_ok() && text.as_slice() == expected.as_bytes()
}

fn credentials_text(id: &str, secret: &Sensitive<String>) -> Zeroizing<String> {
    let secret = secret.expose();
    Zeroizing::new(format!(
        "[default]\naws_access_key_id = {id}\naws_secret_access_key = {secret}\n"
    ))
}

/// Writes a new file beside `path`, durably, and has it put in its place.
pub(crate) fn write_whole(
    path: &Path,
    text: &[u8],
    in_place: impl FnOnce(&Path) -> io::Result<()>,
) -> Result<(), String> {
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".{}", std::process::id()));
    let beside = PathBuf::from(name);
    let write = || {
        // What a server of the same number left there when it was killed was never in use.
        if let Err(error) = fs::remove_file(&beside)
            && error.kind() != ErrorKind::NotFound
        {
            return Err(error);
        }
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&beside)?;
        file.write_all(text)?;
        file.sync_all()?;
        in_place(&beside)?;
        sync_folder_of(path)
    };
    write().map_err(|error| format!("cannot write `{}`: {error}", path.display()))
}

/// Makes what was done to the names in a file's folder last.
pub(crate) fn sync_folder_of(path: &Path) -> io::Result<()> {
    match path.parent() {
        Some(folder) if folder.as_os_str().is_empty() => File::open(".")?.sync_all(),
        Some(folder) => File::open(folder)?.sync_all(),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    use coffer_model::Sensitive;

    use super::{holds_credentials, write_credentials};

    #[test]
    fn credentials_take_the_place_of_a_file_that_others_could_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("credentials");
        fs::write(&path, "old").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        let secret = Sensitive::new("secret".to_owned());
        write_credentials(&path, "AKIA", &secret).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert!(holds_credentials(&path, "AKIA", &secret));
        assert!(!holds_credentials(&path, "AKIB", &secret));
        assert!(!holds_credentials(&path, "AKIA", &Sensitive::new("other".to_owned())));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}

//! The root key in a credential that systemd hands over (`LoadCredential=`, `SetCredential=`):
//! a file in the folder that `$CREDENTIALS_DIRECTORY` names, which only this service can read.

use std::path::{Path, PathBuf};

use coffer_seal::RootKey;

/// The file of a credential.
///
/// # Errors
/// A sentence for the operator: a name that is none, or a server that systemd did not start.
pub(crate) fn path_of(folder: Option<PathBuf>, name: &str) -> Result<PathBuf, String> {
    if name.is_empty() || name.contains('/') || name.starts_with('.') {
        return Err(format!("credential `{name}`: give the name that LoadCredential= has"));
    }
    let folder = folder.ok_or_else(|| {
        format!(
            "credential `{name}`: CREDENTIALS_DIRECTORY is not set; start the server by systemd, \
             with LoadCredential={name}:FILE in its unit"
        )
    })?;
    Ok(folder.join(name))
}

/// Reads the root key in a credential.
pub(super) fn read(path: &Path) -> Result<RootKey, String> {
    super::file::read(path)?.ok_or_else(|| {
        format!(
            "no credential `{}`; put LoadCredential= with its name into the service's unit",
            path.display()
        )
    })
}

#[cfg(test)]
mod tests {
    use super::path_of;

    #[test]
    fn a_credential_is_a_file_of_systemds_folder_and_of_no_other() {
        let folder = || Some("/run/credentials/coffer.service".into());
        let path = path_of(folder(), "root-key").unwrap();
        assert_eq!(path.to_str(), Some("/run/credentials/coffer.service/root-key"));
        for name in ["", "../root-key", "a/b", ".hidden"] {
            assert!(path_of(folder(), name).unwrap_err().contains("LoadCredential="), "{name}");
        }
        assert!(path_of(None, "root-key").unwrap_err().contains("CREDENTIALS_DIRECTORY"));
    }
}

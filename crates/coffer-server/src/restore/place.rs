//! The folder that a restore may fill: one with nothing in it but what a store would have put there.

use std::collections::BTreeSet;
use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use coffer_store::is_store_file;

use crate::config::{FOLDER_DEFAULT, ROOT_KEY_FILE};
use crate::open::CREDENTIALS_FILE;
use crate::trail;

/// Refuses a folder that has something of others in it: they would not look for a store there.
///
/// # Errors
/// A sentence for the operator, with the names of what is there.
pub(super) fn must_be_a_store_s(folder: &Path) -> Result<(), String> {
    let shown = folder.display();
    let failed = |error: std::io::Error| format!("cannot look into `{shown}`: {error}");
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(failed(error)),
    };
    let (mut names, mut others) = (BTreeSet::new(), 0_u64);
    for entry in entries {
        let name = entry.map_err(failed)?.file_name();
        if name.to_str().is_some_and(is_a_store_s) {
            continue;
        }
        others += 1;
        names.insert(name.to_string_lossy().escape_debug().to_string());
        if names.len() > NAMES_MAX {
            names.pop_last();
        }
    }
    if others == 0 {
        return Ok(());
    }
    let listed: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    let listed = listed.join(", ");
    let rest = others.saturating_sub(u64::try_from(names.len()).unwrap_or(u64::MAX));
    let listed = if rest > 0 { format!("{listed} and {rest} more") } else { listed };
    Err(format!("`{shown}` has what no store puts there: {listed}; choose an empty folder"))
}

/// Whether a server may have put this into its data directory, or a disk into its root.
fn is_a_store_s(name: &str) -> bool {
    let is_whole = FOLDERS.contains(&name) || is_store_file(name);
    // What stands behind the name is of a file that was not put in its place yet.
    let is_file = |file: &str| {
        name.strip_prefix(file).is_some_and(|end: &str| end.is_empty() || end.starts_with('.'))
    };
    is_whole || is_file(ROOT_KEY_FILE) || is_file(CREDENTIALS_FILE)
}

const FOLDERS: [&str; 4] = [trail::FOLDER, trail::EXPORTS_FOLDER, FOLDER_DEFAULT, "lost+found"];
const NAMES_MAX: usize = 5;

#[cfg(test)]
mod tests {
    use std::fs;

    use super::must_be_a_store_s;

    #[test]
    fn a_folder_with_something_of_others_is_refused_by_its_names() {
        let scratch = tempfile::tempdir().unwrap();
        let folder = scratch.path().join("data");
        must_be_a_store_s(&folder).unwrap();
        fs::create_dir(&folder).unwrap();
        must_be_a_store_s(&folder).unwrap();
        let own = [
            "coffer.db",
            "coffer.db-wal",
            "coffer.db-shm",
            "coffer.lock",
            "root.key",
            "root.key.new",
            "credentials",
            "credentials.4711",
        ];
        own.iter().for_each(|name| fs::write(folder.join(name), "").unwrap());
        for name in ["audit", "exports", "backups", "lost+found"] {
            fs::create_dir(folder.join(name)).unwrap();
        }
        must_be_a_store_s(&folder).unwrap();

        let refused = |others: &[&str]| {
            others.iter().for_each(|name| fs::write(folder.join(name), "").unwrap());
            must_be_a_store_s(&folder).unwrap_err()
        };
        let said = refused(&["\u{1b}[2J"]);
        assert!(said.contains(r"puts there: `\u{1b}[2J`; choose"), "{said}");
        let said = refused(&["coffer.db2", "credentials-old", ".profile", "z"]);
        assert!(
            said.contains("`.profile`, `\\u{1b}[2J`, `coffer.db2`, `credentials-old`, `z`;"),
            "{said}"
        );
        let said = refused(&["a", "b"]);
        assert!(
            said.contains("`.profile`, `\\u{1b}[2J`, `a`, `b`, `coffer.db2` and 2 more;"),
            "{said}"
        );
        let file = must_be_a_store_s(&folder.join("z")).unwrap_err();
        assert!(file.contains("cannot look into"), "{file}");
    }
}

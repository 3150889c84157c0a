//! Rules of the house that no other tool checks.

mod documents;
mod golden;
pub(crate) mod stores;

use std::fs;
use std::path::{Path, PathBuf};

use crate::stage::{Failure, root, say};

/// Looks at every source file and document; lists long sources, fails on what is banned, on records
/// without golden rows, on versions of which no store is kept, and on documents that name files which
/// are not there.
pub(crate) fn run() -> Result<(), Failure> {
    let mut faults = documents::faults(&root())?;
    let sources = read()?;
    for (name, text) in &sources {
        let lines = text.lines().count();
        if lines > LINES_MAX {
            say(&format!("{name}: {lines} lines; past {LINES_MAX} it asks for a second file"));
        }
        let found = faults_of(Path::new(name), text);
        faults.extend(found.iter().map(|fault| format!("{name}{fault}")));
    }
    faults.extend(golden::faults(&sources));
    let kept = stores::kept(&root().join(STORES));
    faults.extend(stores::faults(&stores::present(&sources), &kept));
    if faults.is_empty() {
        return Ok(());
    }
    Err(Failure::Stopped(faults.join("\n")))
}

/// The versions of what a store is made of, as the sources have them.
pub(crate) fn present_versions() -> Result<stores::Versions, Failure> {
    Ok(stores::present(&read()?))
}

/// Every source file: its name and its text.
fn read() -> Result<Vec<(String, String)>, Failure> {
    let mut files = Vec::new();
    for directory in DIRECTORIES {
        sources(&root().join(directory), &mut files)?;
    }
    let read = |file: &PathBuf| {
        let text = fs::read_to_string(file);
        let name = file.strip_prefix(root()).unwrap_or(file).display().to_string();
        text.map(|text| (name, text))
            .map_err(|error| Failure::Stopped(format!("cannot read {}: {error}", file.display())))
    };
    files.iter().map(read).collect()
}

fn sources(directory: &Path, files: &mut Vec<PathBuf>) -> Result<(), Failure> {
    let Ok(entries) = fs::read_dir(directory) else {
        return Ok(());
    };
    for entry in entries {
        let path = entry
            .map_err(|error| {
                Failure::Stopped(format!("cannot list {}: {error}", directory.display()))
            })?
            .path();
        let hidden = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
        let built = path.ends_with("target") || path.ends_with("node_modules");
        if path.is_dir() && !hidden && !built {
            sources(&path, files)?;
        } else if path.extension().is_some_and(|extension| extension == "rs" || extension == "py") {
            files.push(path);
        }
    }
    files.sort();
    Ok(())
}

fn faults_of(file: &Path, text: &str) -> Vec<String> {
    let mut faults = Vec::new();
    let name = file.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    if BANNED_NAMES.contains(&name.as_str()) {
        faults.push(": this name says nothing; name the file after the thing in it".to_owned());
    }
    let banned = if name.ends_with(".py") { BANNED_IN_PYTHON } else { BANNED_IN_RUST };
    for (number, line) in text.lines().enumerate() {
        for (phrase, reason) in banned {
            if line.contains(phrase) {
                faults.push(format!(":{}: `{phrase}`: {reason}", number + 1));
            }
        }
    }
    faults
}

const DIRECTORIES: &[&str] = &["crates", "xtask", "tests", "fuzz"];
const STORES: &str = "tests/stores";
const LINES_MAX: usize = 500;
const BANNED_NAMES: &[&str] =
    &["mod.rs", "utils.rs", "util.rs", "helpers.rs", "helper.rs", "common.rs", "misc.rs"];
// Put together from parts, so that this file does not accuse itself.
const BANNED_IN_RUST: &[(&str, &str)] = &[
    (concat!("#[", "ignore"), "a test runs or is deleted"),
    (concat!("todo", "!("), "finish it, or open an issue and refuse the input"),
    (concat!("unimplemented", "!("), "finish it, or open an issue and refuse the input"),
];
const BANNED_IN_PYTHON: &[(&str, &str)] = &[
    (concat!("time.", "sleep"), "wait for a condition with a deadline"),
    (concat!("mark.", "skip"), "a test runs or is deleted"),
    (concat!("mark.", "xfail"), "a test passes or is deleted"),
];

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::faults_of;

    fn check(file: &str, text: &str, faults_wanted: usize) {
        let faults = faults_of(Path::new(file), text);
        assert_eq!(faults.len(), faults_wanted, "{faults:?}");
    }

    #[test]
    fn banned_names_and_phrases_are_found_with_their_lines() {
        check("crates/a/src/put_parameter.rs", "fn run() {}\n", 0);
        check("crates/a/src/mod.rs", "", 1);
        check("crates/a/src/utils.rs", concat!("\n#[", "ignore]\n"), 2);
        check("tests/test_a.py", concat!("time.", "sleep(1)"), 1);
        let fault = faults_of(Path::new("a.rs"), concat!("\n\ntodo", "!()"));
        assert!(fault.iter().all(|fault| fault.starts_with(":3:")), "{fault:?}");
    }
}

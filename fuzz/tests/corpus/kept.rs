//! The inputs that are kept.

use std::fs;
use std::path::{Path, PathBuf};

fn corpus() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus")
}

/// The names of all folders, sorted.
pub(crate) fn folders() -> Vec<String> {
    let entries = fs::read_dir(corpus()).unwrap();
    let mut names: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// The inputs of a target by their names, sorted.
pub(crate) fn inputs(target: &str) -> Vec<(String, Vec<u8>)> {
    let entries = fs::read_dir(corpus().join(target));
    let entries = entries.unwrap_or_else(|error| panic!("fuzz/corpus/{target}: {error}"));
    let mut inputs: Vec<(String, Vec<u8>)> = entries
        .map(|entry| entry.unwrap())
        .map(|entry| (entry.file_name().into_string().unwrap(), fs::read(entry.path()).unwrap()))
        .collect();
    inputs.sort();
    inputs
}

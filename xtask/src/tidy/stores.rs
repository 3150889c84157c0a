//! Every state that a release has left a store in is kept as a whole store: see `tests/stores`.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use super::golden::is_code;

/// The versions of what a store is made of, by their names.
pub(crate) type Versions = BTreeMap<String, u32>;

/// The versions that these sources have.
pub(crate) fn present(sources: &[(String, String)]) -> Versions {
    let mut versions = Versions::new();
    for (file, text) in sources.iter().filter(|(file, _)| is_code(file)) {
        let code = text.split("#[cfg(test)]\nmod tests").next().unwrap_or_default();
        for record in code.split(RECORD).skip(1) {
            let head = record.split("\n    fn ").next().unwrap_or_default();
            let table = between(head, "const TABLE: &'static str = \"", "\"");
            let version = between(head, "const VERSION: u8 = ", ";").unwrap_or("1");
            if let (Some(table), Ok(version)) = (table, version.parse()) {
                versions.insert(table.to_owned(), version);
            }
        }
        for (name, place, before, after) in FORMATS {
            let version = between(code, before, after).and_then(|version| version.parse().ok());
            if let Some(version) = version.filter(|_| file.ends_with(place)) {
                versions.insert((*name).to_owned(), version);
            }
        }
    }
    versions
}

/// The versions that the stores have which are kept.
pub(crate) fn kept(folder: &Path) -> Vec<Versions> {
    let folders = fs::read_dir(folder).into_iter().flatten().flatten();
    let texts = folders.filter_map(|folder| fs::read_to_string(folder.path().join(FILE)).ok());
    texts.map(|text| parsed(&text)).collect()
}

fn parsed(text: &str) -> Versions {
    let lines = text.lines().filter_map(|line| line.rsplit_once(' '));
    lines.filter_map(|(name, version)| Some((name.to_owned(), version.parse().ok()?))).collect()
}

/// As the file of a store has them.
pub(crate) fn written(versions: &Versions) -> String {
    versions.iter().map(|(name, version)| format!("{name} {version}\n")).collect()
}

/// The versions that were raised, and of which no store is kept that has the one before.
pub(super) fn faults(present: &Versions, kept: &[Versions]) -> Vec<String> {
    let mut faults = Vec::new();
    for (name, _, _, _) in FORMATS {
        if !present.contains_key(*name) {
            faults.push(format!("xtask/src/tidy/stores.rs: `{name}` is not where it was"));
        }
    }
    for (name, version) in present {
        let known: BTreeSet<u32> = kept.iter().filter_map(|it| it.get(name).copied()).collect();
        // What was before the first store that is kept is gone.
        let first = known.first().copied().unwrap_or(1);
        let missing = (first..*version).find(|before| !known.contains(before));
        if let Some(before) = missing {
            faults.push(format!(
                "tests/stores: `{name}` has version {version}, and no store is kept that has version \
                 {before}; make one by `cargo xtask store-fixture` where it has that, and add it first"
            ));
        }
    }
    faults
}

fn between<'t>(text: &'t str, before: &str, after: &str) -> Option<&'t str> {
    text.split_once(before)?.1.split_once(after).map(|(found, _)| found)
}

/// The file of a store that lists its versions.
pub(crate) const FILE: &str = "versions.txt";
const RECORD: &str = concat!("\nimpl Record", " for ");
/// What is no record and has a version: its name, its file, and what is before and after it there.
const FORMATS: &[(&str, &str, &str, &str)] = &[
    ("format of backups", "coffer-backup/src/format.rs", "b\"coffer backup ", "\\n"),
    ("format of heads of journals", "coffer-journal/src/head.rs", "b\"COFFERH", "\""),
    ("format of segments of journals", "coffer-journal/src/segment.rs", "b\"COFFERJ", "\""),
    ("format of the data directory", "embedded/connection.rs", "const FORMAT_VERSION: i64 = ", ";"),
    ("format of etcd", "coffer-store/src/etcd.rs", "const FORMAT: &str = \"", "\""),
    ("format of PostgreSQL", "postgres/statements.rs", "const FORMAT: i64 = ", ";"),
    ("format of rows", "coffer-seal/src/row.rs", "const FORMAT: u8 = ", ";"),
];

#[cfg(test)]
mod tests {
    use super::{FORMATS, RECORD, Versions, faults, kept, parsed, present, written};
    use crate::stage::root;

    fn of(versions: &[(&str, u32)]) -> Versions {
        versions.iter().map(|(name, version)| ((*name).to_owned(), *version)).collect()
    }

    fn with_formats(versions: &[(&str, u32)]) -> Versions {
        let formats = FORMATS.iter().map(|(name, _, _, _)| ((*name).to_owned(), 1));
        formats.chain(of(versions)).collect()
    }

    #[test]
    fn versions_are_found_in_sources() {
        let text = format!(
            "{RECORD}A {{\n    const TABLE: &'static str = \"a\";\n\n    fn key() {{}}\n}}\n{RECORD}B {{\n    \
             const TABLE: &'static str = \"b\";\n    const VERSION: u8 = 3;\n\n    fn key() {{}}\n}}\n"
        );
        let journal = "const MAGIC: &[u8; 8] = b\"COFFERH2\";".to_owned();
        let sources = [
            ("crates/a/src/a.rs".to_owned(), text.clone()),
            ("crates/coffer-journal/src/head.rs".to_owned(), journal.clone()),
            ("crates/other/src/head.rs".to_owned(), journal),
            ("crates/a/tests/a.rs".to_owned(), text.replace("\"a\"", "\"c\"")),
            ("crates/a/src/a/tests.rs".to_owned(), text.replace("\"a\"", "\"d\"")),
        ];
        let expected = of(&[("a", 1), ("b", 3), ("format of heads of journals", 2)]);
        assert_eq!(present(&sources), expected);
        assert_eq!(parsed(&written(&expected)), expected);
    }

    #[test]
    fn a_version_is_raised_when_the_one_before_is_kept() {
        let first = of(&[("a", 1), ("audit", 2)]);
        let check =
            |present: &[(&str, u32)], kept: &[Versions]| faults(&with_formats(present), kept).len();
        let one = std::slice::from_ref(&first);
        assert_eq!(check(&[("a", 1), ("audit", 2), ("new", 1)], one), 0);
        assert_eq!(check(&[("a", 2), ("audit", 3)], one), 0);
        assert_eq!(check(&[("a", 3)], one), 1, "nothing is kept of version 2");
        assert_eq!(check(&[("a", 3)], &[first.clone(), of(&[("a", 2)])]), 0);
        assert_eq!(check(&[("new", 2)], one), 1, "nothing is kept of it");
        assert_eq!(check(&[("format of etcd", 2)], one), 1);
        assert_eq!(faults(&of(&[("a", 1)]), one).len(), FORMATS.len(), "their places have moved");
    }

    #[test]
    fn the_first_store_has_what_there_was() {
        let stores = kept(&root().join("tests/stores"));
        assert!(stores.iter().any(|it| it.get("ssm.parameter").is_some()), "{stores:?}");
    }
}

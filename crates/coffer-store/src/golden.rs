//! Rows of every version that a release ever wrote, which every later release must still read.
//!
//! `tests/golden/TABLE.vN.json` of a record's crate holds rows in version N: a list of objects with
//! `record`, the encoding, and `key` and `indexes`, the components of the keys,
//! sorted. Such a file stays for
//! ever, as the rows in somebody's store do.

use std::fs;
use std::path::Path;

use serde::Deserialize;
use serde_json::Value;

use crate::tables::{decode, encode};
use crate::{Key, Record};

#[derive(Deserialize)]
struct GoldenRow {
    key: Vec<String>,
    indexes: Vec<Vec<String>>,
    record: Value,
}

/// Checks a record against the golden files of all its versions, in the crate of this directory:
/// rows of the present version come out again as they went in, under the same keys; older ones
/// come out as something of the present version.
///
/// # Panics
/// If a file is missing or a row comes out otherwise.
#[expect(clippy::panic, reason = "what a test calls fails by a panic")]
pub fn check<R: Record>(crate_directory: &str) {
    for version in 1..=R::VERSION {
        let name = format!("tests/golden/{}.v{version}.json", R::TABLE);
        if let Err(cause) = check_file::<R>(&Path::new(crate_directory).join(&name), version) {
            panic!("{name}: {cause}");
        }
    }
}

/// A table whose rows are read and written again by what only has their bytes.
#[derive(Debug, Clone, Copy)]
pub struct Rewriter {
    /// The table's name.
    pub table: &'static str,
    /// The present version of its rows.
    pub version: u8,
    /// Reads a row of whatever version and writes it, twice: the bytes of either time, which are to
    /// be the same. Nothing for bytes that are no row.
    pub rewrite: fn(&[u8]) -> Option<[Vec<u8>; 2]>,
}

impl Rewriter {
    /// The one of a record.
    pub const fn of<R: Record>() -> Self {
        Self { table: R::TABLE, version: R::VERSION, rewrite: rewritten::<R> }
    }
}

fn rewritten<R: Record>(plain: &[u8]) -> Option<[Vec<u8>; 2]> {
    let record: R = decode(plain).ok()?;
    let keys = (record.key(), record.indexes());
    let first = encode(&record).ok()?.to_vec();
    let again: R = decode(&first).ok()?;
    if (again.key(), again.indexes()) != keys {
        return Some([first, Vec::new()]);
    }
    Some([first, encode(&again).ok()?.to_vec()])
}

fn check_file<R: Record>(path: &Path, version: u8) -> Result<(), String> {
    let text = fs::read_to_string(path).map_err(|error| error.to_string())?;
    let rows: Vec<GoldenRow> = serde_json::from_str(&text).map_err(|error| error.to_string())?;
    if rows.is_empty() {
        return Err("it holds no row".to_owned());
    }
    rows.iter().enumerate().try_for_each(|(place, row)| {
        check_row::<R>(row, version).map_err(|cause| format!("row {place}: {cause}"))
    })
}

fn check_row<R: Record>(row: &GoldenRow, version: u8) -> Result<(), String> {
    let record: R = decoded(version, &row.record)?;
    let again = encoded(&record)?;
    if version == R::VERSION && again != row.record {
        return Err(format!("it is encoded as {again}"));
    }
    let twice: R = decoded(R::VERSION, &again)?;
    if encoded(&twice)? != again {
        return Err("it changes each time that it is written".to_owned());
    }
    same("key", &parts_of(&record.key()), &row.key)?;
    let mut indexes: Vec<_> = record.indexes().iter().map(parts_of).collect();
    indexes.sort();
    same("indexes", &indexes, &row.indexes)
}

fn decoded<R: Record>(version: u8, record: &Value) -> Result<R, String> {
    let mut plain = vec![version];
    plain.extend_from_slice(record.to_string().as_bytes());
    decode(&plain).map_err(|error| error.to_string())
}

fn encoded<R: Record>(record: &R) -> Result<Value, String> {
    let plain = encode(record).map_err(|error| error.to_string())?;
    let json = plain.get(1..).unwrap_or_default();
    serde_json::from_slice(json).map_err(|error| error.to_string())
}

fn parts_of(key: &Key) -> Vec<String> {
    key.parts().map(|part| String::from_utf8_lossy(&part).into_owned()).collect()
}

fn same<T: PartialEq + std::fmt::Debug>(what: &str, found: &T, golden: &T) -> Result<(), String> {
    if found == golden { Ok(()) } else { Err(format!("its {what} are now {found:?}")) }
}

#[cfg(test)]
mod tests {
    use serde::Serialize;
    use serde_json::json;

    use super::*;
    use crate::DecodeError;

    /// In version 1 it had `title`.
    #[derive(Serialize, Deserialize)]
    struct Note {
        name: String,
    }

    impl Record for Note {
        const TABLE: &'static str = "test.note";
        const VERSION: u8 = 2;

        fn key(&self) -> Key {
            Key::of(Self::TABLE, &[&self.name])
        }

        fn upgrade(_: u8, mut json: Value) -> Result<Value, DecodeError> {
            let title = json.get_mut("title").map(Value::take);
            Ok(json!({"name": title.ok_or_else(|| DecodeError::new("no title"))?}))
        }
    }

    fn row(record: Value) -> GoldenRow {
        let key = vec!["test.note".to_owned(), "a".to_owned()];
        GoldenRow { key, indexes: Vec::new(), record }
    }

    #[test]
    fn rows_of_every_version_are_read_and_a_changed_encoding_or_key_is_found() {
        assert_eq!(check_row::<Note>(&row(json!({"title": "a"})), 1), Ok(()));
        assert_eq!(check_row::<Note>(&row(json!({"name": "a"})), 2), Ok(()));
        let lost = check_row::<Note>(&row(json!({"name": "a", "colour": "red"})), 2);
        assert!(lost.unwrap_err().contains("encoded as"));
        let moved = check_row::<Note>(&row(json!({"name": "b"})), 2);
        assert!(moved.unwrap_err().contains("key"));
        assert!(check_row::<Note>(&row(json!({"name": "a"})), 1).is_err());
    }

    #[test]
    fn a_record_without_a_file_does_not_pass() {
        assert!(check_file::<Note>(Path::new("/none/test.note.v1.json"), 1).is_err());
    }
}

//! Every record is checked against golden rows, which `coffer_store::golden` describes.

use std::collections::BTreeSet;

/// The records that no test of their crate checks.
pub(super) fn faults(sources: &[(String, String)]) -> Vec<String> {
    let of = |text: &str, before: &str, after: char| -> Vec<String> {
        let names = text.split(before).skip(1).filter_map(|rest| rest.split(after).next());
        names.filter(|name| name.chars().all(char::is_alphanumeric)).map(str::to_owned).collect()
    };
    let mut checked = BTreeSet::new();
    for (file, text) in sources {
        let names = of(text, CHECK, '>').into_iter();
        checked.extend(names.map(|name| (crate_of(file).to_owned(), name)));
    }
    let mut faults = Vec::new();
    for (file, text) in sources.iter().filter(|(file, _)| is_code(file)) {
        let code = text.split("#[cfg(test)]\nmod tests").next().unwrap_or_default();
        for record in of(code, RECORD, ' ') {
            // One letter is a type parameter.
            if record.len() > 1 && !checked.contains(&(crate_of(file).to_owned(), record.clone())) {
                faults.push(format!(
                    "{file}: `{record}` has no golden rows; add tests/golden/TABLE.v1.json to its \
                     crate, and a test with `{CHECK}{record}>`"
                ));
            }
        }
    }
    faults
}

/// Whether a file is of what is delivered, and not of tests alone.
pub(super) fn is_code(file: &str) -> bool {
    file.contains("/src/") && !file.ends_with("/tests.rs")
}

/// `crates/NAME` of a path.
fn crate_of(file: &str) -> &str {
    let end = file.match_indices('/').nth(1).map_or(file.len(), |(place, _)| place);
    file.get(..end).unwrap_or(file)
}

const RECORD: &str = concat!("\nimpl Record", " for ");
const CHECK: &str = concat!("golden::", "check::<");

#[cfg(test)]
mod tests {
    use super::{CHECK, RECORD, faults};

    fn source(file: &str, text: String) -> (String, String) {
        (file.to_owned(), text)
    }

    #[test]
    fn a_record_that_its_crate_does_not_check_is_found() {
        let record = source("crates/a/src/note.rs", format!("{RECORD}Note {{\n"));
        assert_eq!(faults(std::slice::from_ref(&record)).len(), 1);
        let elsewhere = source("crates/b/tests/golden.rs", format!("{CHECK}Note>(here)"));
        assert_eq!(faults(&[record.clone(), elsewhere]).len(), 1);
        let here = source("crates/a/tests/golden.rs", format!("{CHECK}Note>(here)"));
        assert!(faults(&[record, here]).is_empty());
    }
}

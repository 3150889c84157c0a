//! Filters of ListSecrets: whoever is chosen is looked at, and a negation chooses the others.

use std::collections::BTreeMap;

use coffer_services::secretsmanager::fuzzed::{Seen, chosen};

use crate::{Target, input};

pub(crate) const TARGET: Target = Target { name: "secret_filters", bytes_max: 16 * 1024, run };

/// A line with a name and the description behind it, and the request's JSON.
fn run(input: &[u8]) {
    let Some((words, filters)) = input::head(input) else { return };
    let (name, description) = words.split_once(' ').unwrap_or((words, ""));
    let tags = BTreeMap::from([(name.to_owned(), description.to_owned())]);
    let none = BTreeMap::new();
    let secrets = [
        Seen { name, description, tags: &tags },
        Seen { name: "app/db", description: "The database's password", tags: &none },
        Seen { name: description, description: name, tags: &none },
    ];
    if let Some(chosen) = chosen(filters, &secrets) {
        assert_eq!(chosen.map(|chosen| chosen.len()), Ok(secrets.len()));
    }
}

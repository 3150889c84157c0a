//! Keys of rows: components come back as they were, and keys are in the order of their components.

use coffer_store::Key;

use crate::Target;

pub(crate) const TARGET: Target = Target { name: "row_keys", bytes_max: 4 * 1024, run };

/// Components end with a `/`, keys with a line.
fn run(input: &[u8]) {
    // Whatever bytes a token or a backup brings are taken apart.
    let anything = Key::from_bytes(input);
    assert!(anything.parts().count() > 0 && format!("{anything}").len() <= 8 * input.len() + 64);
    assert_eq!(anything.parts().last(), Some(anything.last_part()));
    let keys: Vec<Vec<&[u8]>> = input
        .split(|byte| *byte == b'\n')
        .take(KEYS_MAX)
        .map(|key| key.split(|byte| *byte == b'/').collect())
        .collect();
    let built: Vec<Key> = keys.iter().map(|parts| key_of(parts)).collect();
    for (parts, key) in keys.iter().zip(&built) {
        let read: Vec<Vec<u8>> = key.parts().skip(1).collect();
        assert_eq!(read, *parts);
        assert_eq!(key_of(&read), *key);
        for (others, other) in keys.iter().zip(&built) {
            assert_eq!(key.cmp(other), parts.cmp(others), "{parts:?} {others:?}");
            let is_below = others.len() > parts.len() && others.starts_with(parts);
            assert_eq!(other.as_bytes().starts_with(&key.prefix()), is_below);
        }
    }
}

fn key_of<P: AsRef<[u8]>>(parts: &[P]) -> Key {
    parts.iter().fold(Key::build("table"), |key, part| key.part(part)).key()
}

const KEYS_MAX: usize = 12;

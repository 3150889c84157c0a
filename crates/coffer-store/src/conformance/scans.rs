//! Promises about scans.

use super::{Subject, batch, wait};
use crate::{Direction, KEY_BYTES_MAX, Key, Scan};

/// A scan answers with the first rows of its direction, each whole.
pub fn scans_go_through_keys_in_order(subject: &Subject) {
    let names = ["", "\0", "\0a", "\x01", "a", "a\0", "a\x01", "aa", "b", "\u{ff}", "z"];
    let key = |name: &str| Key::of("t", &[name]);
    for name in names {
        subject.put(&key(name), name);
    }
    subject.put(&Key::of("s", &["z"]), "before");
    subject.put(&Key::of("t", &[]), "before");
    subject.put(&Key::of("t\0", &["a"]), "after");
    let mut sorted = names;
    sorted.sort_unstable();
    let prefix = Key::of("t", &[]).prefix();
    for rows_max in [0, 1, 3, names.len(), 100] {
        for direction in [Direction::Ascending, Direction::Descending] {
            let scan = Scan { prefix: &prefix, after: None, rows_max, direction };
            let rows = wait(subject.store.scan(scan)).unwrap();
            let mut expected = sorted.to_vec();
            if direction == Direction::Descending {
                expected.reverse();
            }
            expected.truncate(rows_max);
            assert_eq!(rows.iter().map(|(_, row)| &row.value).collect::<Vec<_>>(), expected);
            assert!(rows.iter().all(|(key, row)| key.last_part() == row.value));
        }
    }
}

/// The key to go on after is exclusive, and may be absent or outside the prefix.
pub fn scans_go_on_after_any_key(subject: &Subject) {
    let key = |name: &str| Key::of("t", &[name]);
    let [b, d, f] = ["b", "d", "f"].map(key);
    for put in [&b, &d, &f, &Key::of("s", &["x"]), &Key::of("u", &["x"])] {
        subject.put(put, "");
    }
    let prefix = Key::of("t", &[]).prefix();
    let check = |after: &Key, ascending: &[&Key], descending: &[&Key]| {
        let keys = subject.keys(&prefix, Some(after), Direction::Ascending);
        assert_eq!(keys.iter().collect::<Vec<_>>(), ascending, "ascending after {after:?}");
        let keys = subject.keys(&prefix, Some(after), Direction::Descending);
        assert_eq!(keys.iter().collect::<Vec<_>>(), descending, "descending after {after:?}");
    };
    check(&b, &[&d, &f], &[]);
    check(&d, &[&f], &[&b]);
    check(&f, &[], &[&d, &b]);
    check(&key("a"), &[&b, &d, &f], &[]);
    check(&key("c"), &[&d, &f], &[&b]);
    check(&key("d\0"), &[&f], &[&d, &b]);
    check(&key("g"), &[], &[&f, &d, &b]);
    check(&Key::of("s", &["x"]), &[&b, &d, &f], &[]);
    check(&Key::of("u", &["x"]), &[], &[&f, &d, &b]);
    check(&Key::from_bytes(b""), &[&b, &d, &f], &[]);
    check(&Key::from_bytes(&prefix), &[&b, &d, &f], &[]);
    check(&Key::from_bytes(b"t\x01"), &[], &[&f, &d, &b]);
    check(&Key::from_bytes(b"\xff\xff"), &[], &[&f, &d, &b]);
}

/// A prefix has an end also when its last bytes are the greatest there are.
pub fn prefixes_may_end_in_any_byte(subject: &Subject) {
    let all: [&[u8]; 7] =
        [b"a", b"a\xfe", b"a\xff", b"a\xff\0", b"a\xff\xff\xff", b"b", b"\xff\xff\x01"];
    for bytes in all {
        subject.put(&Key::from_bytes(bytes), "");
    }
    let prefixes: [&[u8]; 8] =
        [b"", b"a", b"a\xff", b"a\xff\xff", b"b", b"\xff", b"\xff\xff", b"\xff\xff\xff"];
    for prefix in prefixes {
        let mut expected: Vec<_> = all
            .into_iter()
            .filter(|bytes| bytes.starts_with(prefix))
            .map(Key::from_bytes)
            .collect();
        assert_eq!(subject.keys(prefix, None, Direction::Ascending), expected, "{prefix:?}");
        expected.reverse();
        assert_eq!(subject.keys(prefix, None, Direction::Descending), expected, "{prefix:?}");
        for after in all.map(Key::from_bytes) {
            let mut rest = expected.clone();
            rest.retain(|key| *key < after);
            let keys = subject.keys(prefix, Some(&after), Direction::Descending);
            assert_eq!(keys, rest, "{prefix:?} before {after:?}");
        }
    }
}

/// Keys of any length are told apart and stand in order, however little there is in them to compress.
pub fn long_keys_are_kept_whole_and_in_order(subject: &Subject) {
    let noise = |seed: u64, bytes: usize| {
        let mut state = seed;
        let mut next = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            state.to_be_bytes()[0]
        };
        (0..bytes).map(|_| next()).collect::<Vec<u8>>()
    };
    // Many have as much in common as an engine may have room for in an index.
    let common = noise(7, KEY_BYTES_MAX - 1_000);
    let mut keys = vec![Key::from_bytes(&common)];
    for length in [100, 1_000, 1_999, 2_000, 2_001, 2_704, 4_000] {
        keys.push(Key::from_bytes(&common[..length]));
    }
    for seed in 0..8 {
        let length = usize::try_from(seed).unwrap() * 120 + 1;
        keys.push(Key::from_bytes(&[common.clone(), noise(seed, length)].concat()));
        keys.push(Key::from_bytes(&[&common[..2_000], &[0], &noise(seed, length)].concat()));
    }
    for key in &keys {
        let expected = batch().expect(key, None).put(key, format!("{:?}", key.as_bytes().last()));
        subject.commit(expected).unwrap();
    }
    let rows = subject.read(&keys);
    for (key, row) in keys.iter().zip(rows) {
        let row = row.unwrap();
        assert_eq!(row.value, format!("{:?}", key.as_bytes().last()));
        subject.commit(batch().expect(key, row.revision).put(key, "again")).unwrap();
    }
    keys.sort();
    assert_eq!(subject.keys(b"", None, Direction::Ascending), keys);
    for at in 0..keys.len() {
        assert_eq!(subject.keys(b"", Some(&keys[at]), Direction::Ascending), keys[at + 1..]);
        let before: Vec<Key> = keys[..at].iter().rev().cloned().collect();
        assert_eq!(subject.keys(b"", Some(&keys[at]), Direction::Descending), before);
        let below = keys.iter().filter(|key| key.as_bytes().starts_with(keys[at].as_bytes()));
        let below: Vec<Key> = below.cloned().collect();
        assert_eq!(subject.keys(keys[at].as_bytes(), None, Direction::Ascending), below);
    }
    for (at, key) in keys.iter().enumerate() {
        subject.commit(batch().delete(key)).unwrap();
        assert_eq!(subject.keys(b"", None, Direction::Ascending), keys[at + 1..]);
    }
}

//! Heads and what they are bound to.

use coffer_model::{AccountId, Region};
use proptest::prelude::*;

use super::{Head, Scope, checksum, origin_of};

const MATERIAL: &str = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";
const KEY: &str = "1234abcd-12ab-34cd-56ef-1234567890ab";

fn region(name: &str) -> Region {
    name.parse().unwrap()
}

fn scope(name: &str) -> Scope {
    Scope { account: AccountId::dev(), region: region(name) }
}

fn head() -> Vec<u8> {
    Head { scope: scope("eu-central-1"), key_id: KEY, material_id: MATERIAL }.write().unwrap()
}

#[test]
fn a_head_comes_back_as_it_was_written() {
    let mut blob = head();
    blob.extend_from_slice(b"sealed");
    let (read, sealed) = Head::read(&blob).unwrap();
    assert_eq!((read.key_id, read.material_id, sealed), (KEY, MATERIAL, b"sealed".as_slice()));
    let origin = origin_of(&blob, &region("eu-north-1")).unwrap();
    assert_eq!(origin.arn, format!("arn:aws:kms:eu-central-1:000000000000:key/{KEY}"));
}

#[test]
fn a_key_for_several_regions_is_looked_for_in_the_one_at_hand() {
    let key_id = "mrk-d3b95762d3b95762d3b95762d3b95762";
    let head = Head { scope: scope("eu-central-1"), key_id, material_id: MATERIAL };
    let blob = head.write().unwrap();
    let origin = origin_of(&blob, &region("eu-north-1")).unwrap();
    assert_eq!(origin.arn, format!("arn:aws:kms:eu-north-1:000000000000:key/{key_id}"));
}

#[test]
fn a_head_with_one_changed_or_missing_byte_is_none() {
    let whole = head();
    for place in 0..whole.len() {
        for bit in 0..8 {
            let mut changed = whole.clone();
            changed[place] ^= 1 << bit;
            assert_eq!(
                origin_of(&changed, &region("eu-central-1")),
                None,
                "byte {place}, bit {bit}"
            );
        }
        assert_eq!(origin_of(&whole[..place], &region("eu-central-1")), None, "cut at {place}");
    }
}

proptest! {
    #[test]
    fn any_bytes_are_read_without_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        prop_assert!(bytes.first() == Some(&1) || origin_of(&bytes, &region("eu-central-1")).is_none());
    }

    #[test]
    fn a_head_of_any_text_is_read_without_panic(
        name in "[0-9]{0,13}:?[a-z0-9-]{0,20}:?.{0,40}",
        material in ".{0,70}",
        rest in proptest::collection::vec(any::<u8>(), 0..40),
    ) {
        let mut blob = vec![1];
        for text in [name.as_str(), material.as_str()] {
            let Ok(length) = u8::try_from(text.len()) else { return Ok(()) };
            blob.push(length);
            blob.extend_from_slice(text.as_bytes());
        }
        blob.extend_from_slice(&checksum(&blob));
        blob.extend_from_slice(&rest);
        if let Some((read, sealed)) = Head::read(&blob) {
            prop_assert_eq!(read.material_id, material.as_str());
            prop_assert_eq!(sealed, rest.as_slice());
        }
    }
}

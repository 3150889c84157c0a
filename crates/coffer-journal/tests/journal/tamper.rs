//! Whatever is done to the files of a journal is found.

use std::fs;
use std::path::Path;

use coffer_journal::{Found, JournalKey, Known, Why, verify};

use crate::folder::{Place, key, texts, wait_until, write, write_like};

/// A closed journal of several compressed segments and a live one.
fn journal() -> Place {
    let place = Place::new();
    let journal = place.open();
    write(&journal, 0..23);
    wait_until(|| place.files(".log").len() == 1);
    drop(journal);
    assert!(place.files(".zst").len() >= 4);
    assert_eq!(place.verify().first_broken, None);
    place
}

/// The same, with segments that nobody has compressed yet.
fn uncompressed() -> Place {
    let place = Place::new();
    let journal = place.open();
    // An archive that can't write its files leaves the segments as they are.
    let in_the_way = |number: u64| place.path().join(format!("journal-{number:016}.log.zst.new"));
    (1..SEGMENTS_MAX).for_each(|number| fs::create_dir(in_the_way(number)).unwrap());
    write(&journal, 0..23);
    drop(journal);
    (1..SEGMENTS_MAX).for_each(|number| fs::remove_dir(in_the_way(number)).unwrap());
    assert!(place.files(".log").len() >= 5);
    assert_eq!(place.verify().first_broken, None);
    place
}

/// A live segment of records that are written as what they differ in.
fn of_deltas() -> Place {
    let place = Place::new();
    let journal = place.open_long();
    write_like(&journal, 0..12);
    drop(journal);
    assert_eq!(place.verify().first_broken, None);
    place
}

fn change(file: &Path, change: impl FnOnce(&mut Vec<u8>)) {
    let mut bytes = fs::read(file).unwrap();
    change(&mut bytes);
    fs::write(file, bytes).unwrap();
}

#[test]
fn a_flip_of_any_byte_is_found() {
    for place in [journal(), uncompressed(), of_deltas()] {
        let mut flipped = 0;
        for file in place.contents() {
            let original = fs::read(&file).unwrap();
            for at in 0..original.len() {
                for bit in [0x01, 0x80] {
                    let mut bytes = original.clone();
                    bytes[at] ^= bit;
                    fs::write(&file, &bytes).unwrap();
                    let report = place.verify();
                    assert!(report.first_broken.is_some(), "{} {at} {bit}", file.display());
                    flipped += 1;
                }
            }
            fs::write(&file, &original).unwrap();
        }
        assert_eq!(place.verify().first_broken, None);
        assert!(flipped > 1000);
    }
}

#[test]
fn a_cut_at_any_byte_of_any_file_is_found() {
    for place in [journal(), uncompressed(), of_deltas()] {
        for file in place.contents() {
            let original = fs::read(&file).unwrap();
            for length in 0..original.len() {
                fs::write(&file, &original[..length]).unwrap();
                assert!(place.verify().first_broken.is_some(), "{} {length}", file.display());
            }
            fs::write(&file, &original).unwrap();
        }
    }
}

#[test]
fn bytes_that_are_added_are_found_or_are_a_torn_frame_at_the_end() {
    let place = journal();
    for file in place.contents() {
        let original = fs::read(&file).unwrap();
        for added in [&b"x"[..], &[0; 100]] {
            change(&file, |bytes| bytes.extend_from_slice(added));
            let report = place.verify();
            let is_torn = report.torn_bytes == 1 && added.len() == 1;
            assert!(report.first_broken.is_some() || is_torn, "{}", file.display());
            fs::write(&file, &original).unwrap();
        }
    }
}

#[test]
fn a_segment_that_is_removed_is_found_whichever_it_is() {
    for place in [journal(), uncompressed()] {
        for file in place.contents() {
            let copy = place.copy();
            fs::remove_file(copy.path().join(file.file_name().unwrap())).unwrap();
            let broken = copy.verify().first_broken.unwrap();
            let is_head = file.to_str().unwrap().ends_with(".head");
            let why = if is_head { Why::HeadMissing } else { Why::SegmentMissing };
            assert_eq!(broken.why, why, "{}", file.display());
            // And whoever starts on it doesn't make it good again.
            let (opened, found) = copy.open_and_find();
            write(&opened, 100..130);
            drop(opened);
            assert!(copy.verify().first_broken.is_some(), "{} {found:?}", file.display());
            drop(copy.open_and_find());
            assert!(copy.verify().first_broken.is_some(), "{}", file.display());
        }
    }
}

#[test]
fn records_that_are_swapped_doubled_or_taken_out_are_found() {
    let place = Place::new();
    drop({
        let journal = place.open_long();
        write(&journal, 0..9);
        journal
    });
    let file = place.files(".log").remove(0);
    let original = fs::read(&file).unwrap();
    let frame = (original.len() - HEADER_BYTES) / 9;
    let at = |number: usize| HEADER_BYTES + number * frame..HEADER_BYTES + (number + 1) * frame;
    let mut changed = Vec::new();
    for (first, second) in [(0, 1), (3, 7), (7, 8)] {
        let mut swapped = original.clone();
        swapped[at(first)].copy_from_slice(&original[at(second)]);
        swapped[at(second)].copy_from_slice(&original[at(first)]);
        changed.push((first, swapped));
    }
    for number in [0, 4, 8] {
        let mut doubled = original[..at(number).end].to_vec();
        doubled.extend_from_slice(&original[at(number)]);
        doubled.extend_from_slice(&original[at(number).end..]);
        changed.push((number + 1, doubled));
        let mut without = original[..at(number).start].to_vec();
        without.extend_from_slice(&original[at(number).end..]);
        changed.push((number, without));
    }
    for (first_broken, bytes) in changed {
        fs::write(&file, &bytes).unwrap();
        let broken = place.verify().first_broken.unwrap();
        assert_eq!(broken.sequence, u64::try_from(first_broken).unwrap() + 1, "{broken:?}");
    }
}

#[test]
fn the_first_broken_record_is_named() {
    let place = journal();
    let copy = place.copy();
    let live = copy.files(".log").remove(0);
    change(&live, |bytes| *bytes.last_mut().unwrap() ^= 1);
    let broken = copy.verify().first_broken.unwrap();
    assert_eq!((broken.sequence, broken.why), (23, Why::RecordChanged));
    let report = copy.verify();
    assert_eq!(report.records, 22);
    assert_eq!(report.last.sequence, 22);
}

#[test]
fn segments_that_change_places_are_found() {
    for (place, end) in [(journal(), ".zst"), (uncompressed(), ".log")] {
        let files = place.files(end);
        let (first, second) = (fs::read(&files[0]).unwrap(), fs::read(&files[1]).unwrap());
        fs::write(&files[0], second).unwrap();
        fs::write(&files[1], first).unwrap();
        assert!(place.verify().first_broken.is_some());
    }
}

#[test]
fn a_segment_of_another_journal_is_found() {
    let (place, other) = (journal(), journal());
    // The same records under the same key in the same places; only what is before them differs.
    let longer = Place::new();
    let opened = longer.open();
    write(&opened, 500..523);
    wait_until(|| longer.files(".log").len() == 1);
    drop(opened);
    assert_eq!(other.verify().first_broken, None);
    fs::copy(&longer.files(".zst")[2], &place.files(".zst")[2]).unwrap();
    assert!(place.verify().first_broken.is_some());
}

#[test]
fn an_earlier_state_of_the_whole_folder_is_found_by_what_is_known_elsewhere() {
    let place = Place::new();
    let journal = place.open();
    write(&journal, 0..20);
    drop(journal);
    let earlier = place.copy();
    let journal = place.open();
    write(&journal, 20..40);
    let known = journal.last();
    drop(journal);
    let whole = verify(place.path(), &key(), Some(known)).unwrap();
    assert_eq!(whole.first_broken, None);
    let put_back = verify(earlier.path(), &key(), Some(known)).unwrap();
    assert_eq!(put_back.first_broken.unwrap().why, Why::PutBack);
    // Nor is another history of the same length taken for it.
    let journal = earlier.open();
    write(&journal, 60..80);
    drop(journal);
    let other = verify(earlier.path(), &key(), Some(known)).unwrap();
    assert_eq!(other.first_broken.unwrap().why, Why::PutBack);
    // Nor an empty folder.
    let empty = verify(Place::new().path(), &key(), Some(known)).unwrap();
    assert!(empty.first_broken.is_some());
}

#[test]
fn another_key_makes_nothing_that_holds() {
    let place = journal();
    let other = JournalKey::new(&[8; 32]);
    let report = verify(place.path(), &other, None).unwrap();
    assert_eq!(report.first_broken.unwrap().why, Why::HeadChanged);
}

#[test]
fn a_head_that_was_lost_once_is_told_for_ever() {
    let place = journal();
    fs::remove_file(place.files(".head").remove(0)).unwrap();
    let (opened, found) = place.open_and_find();
    assert_eq!(found, [Found::HeadMissing]);
    drop(opened);
    drop(place.open());
    let report = place.verify();
    let broken = report.first_broken.unwrap();
    assert_eq!((broken.why, broken.sequence), (Why::HeadWasLost, 24));
    assert_eq!(place.records(), texts(0..23));
}

#[test]
fn a_journal_that_was_cut_short_goes_on_and_says_so() {
    let place = journal();
    let live = place.files(".log").remove(0);
    change(&live, |bytes| bytes.truncate(bytes.len() - 1));
    let before = place.verify();
    let (opened, found) = place.open_and_find();
    assert_eq!(found, [Found::Broken { sequence: 22, vouched: 23 }]);
    write(&opened, 30..31);
    let last: Known = opened.last();
    assert_eq!(last.sequence, 25);
    drop(opened);
    let after = place.verify();
    assert_eq!(before.first_broken.map(|b| b.sequence), Some(23));
    assert_eq!(after.first_broken.map(|b| b.sequence), Some(23));
}

const SEGMENTS_MAX: u64 = 20;
const HEADER_BYTES: usize = 56;

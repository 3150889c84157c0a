//! Backups: a file is refused or read whole, what was written is read, and whatever is changed or cut
//! off of it is found.

use coffer_backup::{BackupKey, BackupReader, BackupWriter, Header, fuzzed};
use coffer_store::Key;

use crate::{Target, input};

pub(crate) const TARGET: Target = Target { name: "backup", bytes_max: 16 * 1024, run };

/// The first byte says where a file is changed and cut. The others are a file; the blocks of a file,
/// each of its kind, its length in two bytes and what it holds; and rows, one in each line.
fn run(input: &[u8]) {
    let Some((place, bytes)) = input::byte(input) else { return };
    is_sound(bytes);
    is_sound(&fuzzed::file(&blocks(bytes)));
    is_kept(bytes, usize::from(place));
}

type Rows = Vec<(Key, Vec<u8>)>;

/// The header and all rows of a file that can be read whole.
fn read(file: &[u8]) -> Option<(Header, Rows)> {
    let mut reader = BackupReader::open(file).ok()?;
    let mut rows = Rows::new();
    loop {
        let more = reader.rows().ok()?;
        if more.is_empty() {
            break;
        }
        rows.extend(more.into_iter().map(|(key, value)| (key, value.to_vec())));
    }
    let contents = reader.contents().unwrap();
    assert_eq!(contents.bytes, u64::try_from(file.len()).unwrap());
    assert_eq!(contents.rows, u64::try_from(rows.len()).unwrap());
    // Nobody who writes inputs has the key.
    assert!(!reader.is_sealed_by(&key(1)));
    Some((contents.header.clone(), rows))
}

/// Nothing is read of a file that could not be written.
fn is_sound(file: &[u8]) {
    let Some((header, rows)) = read(file) else { return };
    assert!(rows.is_sorted_by(|left, right| left.0 < right.0));
    assert_eq!(read(&written(header.clone(), &rows)), Some((header, rows)));
}

fn is_kept(bytes: &[u8], place: usize) {
    let mut rows: Rows = bytes
        .split(|byte| *byte == b'\n')
        .take(ROWS_MAX)
        .map(|line| line.split_at(line.len().min(place % 32)))
        .map(|(key, value)| (Key::from_bytes(key), value.to_vec()))
        .collect();
    rows.sort();
    rows.dedup_by(|left, right| left.0 == right.0);
    let mut file = written(header(), &rows);
    assert_eq!(read(&file), Some((header(), rows)));
    let at = place.wrapping_mul(97) % file.len();
    assert_eq!(read(&file[..at]), None, "cut after {at} bytes");
    file[at] ^= 0x20;
    assert_eq!(read(&file), None, "changed after {at} bytes");
}

fn written(header: Header, rows: &[(Key, Vec<u8>)]) -> Vec<u8> {
    let mut writer = BackupWriter::begin(Vec::new(), header).unwrap();
    for (key, value) in rows {
        writer.row(key, value).unwrap();
    }
    writer.finish(&key(2)).unwrap().0
}

fn blocks(mut bytes: &[u8]) -> Vec<(u8, &[u8])> {
    let mut blocks = Vec::new();
    while let Some(([kind, high, low], rest)) = bytes.split_first_chunk() {
        let length = usize::from(u16::from_be_bytes([*high, *low])).min(rest.len());
        let (held, behind) = rest.split_at(length);
        blocks.push((*kind, held));
        bytes = behind;
        if blocks.len() == BLOCKS_MAX {
            break;
        }
    }
    blocks
}

fn header() -> Header {
    Header {
        id: "id".to_owned(),
        made: coffer_model::Timestamp::EPOCH,
        release: "0.1.0".to_owned(),
        root_key_id: "key".to_owned(),
    }
}

fn key(byte: u8) -> BackupKey {
    BackupKey::new(&[byte; 32])
}

const ROWS_MAX: usize = 64;
/// Each has a sum over all before it.
const BLOCKS_MAX: usize = 16;

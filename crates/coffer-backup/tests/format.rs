//! A backup is read as it was written, or refused.

#![expect(clippy::unwrap_used, reason = "tests may unwrap")]

use coffer_backup::{
    BackupFile, BackupKey, BackupReader, BackupWriter, Contents, Header, ReadError,
};
use coffer_model::Timestamp;
use coffer_store::{Key, RestoreSource, StoreError, VALUE_BYTES_MAX};
use proptest::prelude::*;

type Rows = Vec<(Key, Vec<u8>)>;

fn header() -> Header {
    Header {
        id: "0f0e".to_owned(),
        made: Timestamp::from_millis(1_800_000_000_000),
        release: "1.2.3".to_owned(),
        root_key_id: "ab12".to_owned(),
    }
}

fn key() -> BackupKey {
    BackupKey::new(&[7; 32])
}

fn written(rows: &Rows) -> (Vec<u8>, Contents) {
    let mut backup = BackupWriter::begin(Vec::new(), header()).unwrap();
    for (key, value) in rows {
        backup.row(key, value).unwrap();
    }
    backup.finish(&key()).unwrap()
}

fn read(bytes: &[u8]) -> Result<(Rows, Contents, bool), ReadError> {
    let mut backup = BackupReader::open(bytes)?;
    assert_eq!(*backup.header(), header());
    let mut all = Vec::new();
    loop {
        let rows = backup.rows()?;
        if rows.is_empty() {
            break;
        }
        assert!(backup.contents().is_none());
        all.extend(rows.into_iter().map(|(key, value)| (key, value.to_vec())));
    }
    let contents = backup.contents().unwrap().clone();
    assert!(!backup.is_sealed_by(&BackupKey::new(&[8; 32])));
    Ok((all, contents, backup.is_sealed_by(&key())))
}

fn some_rows(count: usize) -> Rows {
    let row = |number: usize| {
        (Key::of("t", &[&format!("{number:06}")]), format!("{number} ").repeat(number % 90).into())
    };
    (0..count).map(row).collect()
}

#[test]
fn what_was_written_is_read_whatever_its_size() {
    let mut rows = some_rows(5_000);
    rows.push((Key::from_bytes(&[0xff; 8_192]), vec![1; VALUE_BYTES_MAX]));
    for rows in [Rows::new(), some_rows(1), rows] {
        let (bytes, contents) = written(&rows);
        assert_eq!(contents.bytes, u64::try_from(bytes.len()).unwrap());
        assert_eq!(contents.rows, u64::try_from(rows.len()).unwrap());
        assert_eq!(read(&bytes), Ok((rows, contents, true)));
    }
}

#[test]
fn a_file_that_is_cut_off_anywhere_is_refused() {
    let (bytes, _) = written(&some_rows(40));
    for length in 0..bytes.len() {
        let expected = match length {
            ..16 => ReadError::NotABackup,
            _ => ReadError::CutOff(u64::try_from(length).unwrap()),
        };
        assert_eq!(read(&bytes[..length]), Err(expected), "cut off after {length} bytes");
    }
}

#[test]
fn a_file_with_any_bit_flipped_is_refused() {
    let (bytes, _) = written(&some_rows(25));
    for bit in 0..bytes.len() * 8 {
        let mut flipped = bytes.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        assert!(read(&flipped).is_err(), "bit {bit} of {}", bytes.len() * 8);
    }
}

#[test]
fn what_is_added_moved_or_of_another_format_is_refused() {
    let (bytes, _) = written(&some_rows(10));
    assert!(matches!(read(&[&bytes[..], b"x"].concat()), Err(ReadError::Damaged(_))));
    assert!(matches!(read(&[&bytes[..], &bytes[..]].concat()), Err(ReadError::Damaged(_))));
    let mut newer = bytes.clone();
    newer[14] = b'2';
    assert_eq!(read(&newer).unwrap_err(), ReadError::Newer);
    assert_eq!(read(b"SQLite format 3\0").unwrap_err(), ReadError::NotABackup);
    let mut rows = some_rows(10);
    rows.swap(3, 4);
    assert!(matches!(read(&written(&rows).0), Err(ReadError::Damaged(_))));
    let twice = vec![some_rows(1).remove(0); 2];
    assert!(matches!(read(&written(&twice).0), Err(ReadError::Damaged(_))));
}

#[test]
fn a_file_that_is_exchanged_while_it_is_restored_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.backup");
    std::fs::write(&path, written(&some_rows(30)).0).unwrap();
    let (file, _) = BackupFile::verify(&path, |_, _| {}).unwrap();
    std::fs::write(&path, written(&some_rows(31)).0).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        let mut rows = file.rows().unwrap();
        let outcome = loop {
            match rows.next().await {
                Ok(page) if page.is_empty() => break Ok(()),
                Ok(_) => {}
                Err(error) => break Err(error),
            }
        };
        assert!(matches!(outcome, Err(StoreError::Corrupt(_))), "{outcome:?}");
    });
}

proptest! {
    #[test]
    fn any_bytes_are_read_without_a_panic(rest in proptest::collection::vec(any::<u8>(), 0..400)) {
        prop_assert!(read(&rest).is_err());
        prop_assert!(read(&[b"coffer backup 1\n", rest.as_slice()].concat()).is_err());
    }

    #[test]
    fn any_rows_come_back(
        rows in proptest::collection::btree_map(
            proptest::collection::vec(any::<u8>(), 0..40),
            proptest::collection::vec(any::<u8>(), 0..90),
            0..60,
        ),
    ) {
        let rows: Rows =
            rows.into_iter().map(|(key, value)| (Key::from_bytes(&key), value)).collect();
        let (bytes, contents) = written(&rows);
        prop_assert_eq!(read(&bytes), Ok((rows, contents, true)));
    }
}

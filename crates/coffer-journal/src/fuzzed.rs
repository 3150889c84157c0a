//! What the targets of `fuzz/` reach of the journal: its files, in memory.

use coffer_model::Timestamp;

use crate::frame::{self, At, Form};
use crate::head::Head;
use crate::key::JournalKey;
use crate::segment::{self, HEADER_BYTES, Header};

/// Reads bytes as each of the files that a journal has: a segment's frames, a closed segment, a head.
pub fn read_files(bytes: &[u8]) {
    let key = key();
    let mut offset = 0;
    while let At::Frame(frame) = frame::at(bytes, offset) {
        offset = frame.end;
    }
    if let Some(header) = Header::read(bytes) {
        segment::walk(bytes, &header, &key, |_, _, _| {});
    }
    if let Some(plain) = segment::reopen(bytes)
        && Header::read(&plain).is_some()
        && let Ok(closed) = segment::close(&plain, &key)
    {
        drop(segment::reopen(&closed));
    }
    let _head = Head::read_authentic(bytes, &key);
}

/// The bytes of a segment with these records.
pub fn segment(records: &[&[u8]]) -> Vec<u8> {
    let key = key();
    let header = Header { number: 1, first_sequence: 1, before: [0; 16] };
    let mut segment = header.to_bytes(&key);
    for record in records {
        let start = segment.len();
        frame::begin(Form::Record, Timestamp::EPOCH, &mut segment);
        segment.extend_from_slice(record);
        if frame::finish(start, &mut segment).is_err() {
            continue;
        }
        let end = segment.len();
        let Some((link, _)) = frame::link(&segment, start, end) else { continue };
        let tag = key.tag(link);
        segment.truncate(end - tag.len());
        segment.extend_from_slice(&tag);
    }
    segment
}

/// The records of a segment, as far as its chain holds; nothing where its header is not ours.
pub fn walked(bytes: &[u8]) -> Option<Vec<Vec<u8>>> {
    let key = key();
    let header = Header::read_authentic(bytes, &key)?;
    let mut records = Vec::new();
    let chain = segment::walk(bytes, &header, &key, |_, frame, _| {
        records.push(frame.payload.to_vec());
    });
    (chain.end >= HEADER_BYTES).then_some(records)
}

fn key() -> JournalKey {
    JournalKey::new(&[7; 32])
}

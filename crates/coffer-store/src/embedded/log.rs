//! The write-ahead log that an earlier process has left.
//!
//! A sync that fails tells of pages that were given up: the system counts them as written from then
//! on, shows them to whoever reads the file, and the next sync succeeds without them. This process
//! writes over what a failed commit has left. One that was ended before it could has left a log that
//! can be read here and might not be on the disk, and what would be committed behind it would be lost
//! with it.

use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind};
use std::os::unix::fs::FileExt;
use std::path::Path;

use rusqlite::Connection;

use super::{OpenCause, connection};

/// Writes the log of a store once more, as it is, so that the disk has what is read of it.
pub(super) fn write_again(connection: &Connection, store_file: &Path) -> Result<(), OpenCause> {
    let failed = |error: io::Error| OpenCause::Io(format!("its log can't be written: {error}"));
    let mut path = store_file.as_os_str().to_owned();
    path.push("-wal");
    let file = match OpenOptions::new().read(true).write(true).open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(failed(error)),
    };
    if file.metadata().map_err(failed)?.len() == 0 {
        return Ok(());
    }
    // A tool of the operator's that has the store open, such as one that copies it, writes nothing
    // meanwhile.
    connection::execute(connection, "BEGIN IMMEDIATE")?;
    let written = copy_onto_itself(&file).and_then(|()| file.sync_data());
    connection::roll_back(connection);
    written.map_err(failed)
}

fn copy_onto_itself(file: &File) -> io::Result<()> {
    let mut part = vec![0; PART_BYTES];
    let mut offset = 0;
    loop {
        let count = match file.read_at(&mut part, offset) {
            Ok(0) => return Ok(()),
            Ok(count) => count,
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        file.write_all_at(part.get(..count).unwrap_or_default(), offset)?;
        offset += u64::try_from(count).unwrap_or(u64::MAX);
    }
}

const PART_BYTES: usize = 1 << 20;

//! What a launcher is told, and what it tells.

use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use zeroize::{Zeroize as _, Zeroizing};

/// What is to be run, and how. It holds secrets in its environment, which are wiped with it.
#[derive(Serialize, Deserialize)]
pub(crate) struct Order {
    /// The launcher's own command.
    pub(crate) launcher: Vec<String>,
    pub(crate) command: Vec<String>,
    pub(crate) environment: Vec<(String, String)>,
    pub(crate) folder: PathBuf,
    pub(crate) user: Option<User>,
    pub(crate) limits: Limits,
    /// Folders that must not be read.
    pub(crate) hidden: Vec<PathBuf>,
    /// Folders in hidden ones that may be read.
    pub(crate) readable: Vec<PathBuf>,
    /// Folders in hidden ones that may be written.
    pub(crate) writable: Vec<PathBuf>,
    /// What stands at `/tmp` where the launcher may arrange that.
    pub(crate) temporary: PathBuf,
    /// The folder that the function's files are in, of which there may be so many bytes.
    pub(crate) scratch: PathBuf,
    pub(crate) must_confine: bool,
    /// The file that each keeper has locked, with the others, for as long as its function lives.
    pub(crate) kept: PathBuf,
}

/// Who the function's process belongs to.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(crate) struct User {
    pub(crate) uid: u32,
    pub(crate) gid: u32,
}

/// What the processes of an instance may use.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(crate) struct Limits {
    pub(crate) memory_bytes: u64,
    pub(crate) storage_bytes: u64,
    pub(crate) processes: Option<u64>,
}

/// What a keeper tells, one JSON a line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Report {
    /// The function's process runs, with this id.
    Started { process: u32 },
    /// It does not.
    NotStarted(Refusal),
    /// It has ended.
    Ended { code: Option<i32>, signal: Option<i32>, memory_peak_bytes: u64 },
    /// It was ended because its memory was too much.
    MemoryExceeded { memory_bytes: u64 },
    /// It was ended because its files were too many or too large.
    StorageExceeded { memory_peak_bytes: u64 },
}

/// Why a function's process was not started.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Refusal {
    pub(crate) reason: String,
    /// Whether everything was ready, and the kernel did not run the program.
    pub(crate) is_of_program: bool,
}

impl From<String> for Refusal {
    fn from(reason: String) -> Self {
        Self { reason, is_of_program: false }
    }
}

impl Order {
    /// The order as it goes through a pipe: its length, then its JSON.
    pub(crate) fn to_bytes(&self) -> io::Result<Zeroizing<Vec<u8>>> {
        // Its size is counted first, so that no copy is left behind by growing.
        let mut size = Size(0);
        serde_json::to_writer(&mut size, self)?;
        let length = u32::try_from(size.0).ok().filter(|&length| length <= ORDER_BYTES_MAX);
        let length = length.ok_or_else(|| io::Error::other("the environment is too large"))?;
        let mut bytes = Zeroizing::new(Vec::with_capacity(size.0 + 4));
        bytes.extend(length.to_be_bytes());
        serde_json::to_writer(&mut *bytes, self)?;
        Ok(bytes)
    }

    /// The program to run.
    pub(crate) fn program(&self) -> &Path {
        Path::new(self.command.first().map_or("", String::as_str))
    }

    /// Whether the program is a file of the function's own code.
    pub(crate) fn is_own_program(&self) -> bool {
        self.program().starts_with(&self.folder)
    }

    /// Whether anything that the function needs, or must not see, is in this folder.
    pub(crate) fn needs_within(&self, folder: &str) -> bool {
        let named = self.hidden.iter().chain(&self.readable).chain(&self.writable);
        named.chain([&self.folder]).any(|it| it.starts_with(folder))
    }

    /// Reads an order.
    pub(crate) fn read(mut from: impl Read) -> io::Result<Self> {
        let mut length = [0; 4];
        from.read_exact(&mut length)?;
        let length = u32::from_be_bytes(length);
        if length > ORDER_BYTES_MAX {
            return Err(io::Error::other("the order is too long"));
        }
        let mut bytes = Zeroizing::new(vec![0; usize::try_from(length).unwrap_or_default()]);
        from.read_exact(&mut bytes)?;
        Ok(serde_json::from_slice(&bytes)?)
    }
}

impl Drop for Order {
    fn drop(&mut self) {
        for (_, value) in &mut self.environment {
            value.zeroize();
        }
    }
}

struct Size(usize);

impl Write for Size {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// More than any environment and its folders, also when every character is escaped.
const ORDER_BYTES_MAX: u32 = 1024 * 1024;

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::{Limits, Order};

    #[test]
    fn an_order_is_read_as_it_was_written() {
        let order = Order {
            launcher: vec!["l".to_owned()],
            command: vec!["c".to_owned()],
            environment: vec![("A".to_owned(), "a\"\\\n\u{1f511}".to_owned())],
            folder: PathBuf::from("/"),
            user: None,
            limits: Limits { memory_bytes: 1, storage_bytes: 1, processes: None },
            hidden: Vec::new(),
            readable: Vec::new(),
            writable: Vec::new(),
            temporary: PathBuf::from("/tmp"),
            scratch: PathBuf::from("/tmp"),
            must_confine: true,
            kept: "/work/keepers.lock".into(),
        };
        let bytes = order.to_bytes().unwrap();
        let read = Order::read(&bytes[..]).unwrap();
        assert_eq!(read.environment, order.environment);
        assert!(Order::read(&bytes[..bytes.len() - 1]).is_err());
        assert!(Order::read(&[0xff; 8][..]).is_err());
    }
}

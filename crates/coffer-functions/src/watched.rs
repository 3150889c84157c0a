//! What an instance's keeper and processes tell: what they write, and how they end.

use std::io;
use std::time::Duration;

use crate::launcher::Report;
use crate::log_lines::LogLines;
use crate::log_tail::LogTail;
use crate::outcome::Exit;
use crate::process_tree::{descendants, memory_peak_bytes};
use crate::start::Keeper;

/// The processes of an instance, as seen from here.
pub(crate) struct Watched {
    keeper: Keeper,
    is_log_closed: bool,
    /// What they have written.
    pub(crate) log: LogTail,
    /// The same on its way to the operator.
    pub(crate) lines: LogLines,
    /// How the function's process has ended.
    pub(crate) exit: Option<Exit>,
    memory_peak_bytes: u64,
}

impl Watched {
    pub(crate) fn new(keeper: Keeper, lines: LogLines) -> Self {
        let log = LogTail::default();
        Self { keeper, is_log_closed: false, log, lines, exit: None, memory_peak_bytes: 0 }
    }

    /// The process whose descendants the instance's processes are.
    pub(crate) fn process(&self) -> Option<u32> {
        self.keeper.child.id()
    }

    /// Waits until they have written something or ended, and takes it in. Once they have ended it
    /// does not return.
    pub(crate) async fn look(&mut self) {
        tokio::select! {
            line = self.keeper.reports.next_line(), if self.exit.is_none() => {
                self.hear(line.ok().flatten().as_deref());
            }
            ready = self.keeper.log.readable(), if !self.is_log_closed => {
                self.is_log_closed |= ready.is_err();
                self.read();
            }
            else => std::future::pending().await,
        }
    }

    /// Takes in what they have written up to now.
    pub(crate) fn read_log(&mut self) {
        for _ in 0..READS_MAX {
            if self.is_log_closed || !self.read() {
                return;
            }
        }
    }

    /// The most memory that one of them has used.
    pub(crate) fn memory_peak_bytes(&mut self) -> u64 {
        let processes = self.process().map(descendants).unwrap_or_default();
        let peak = processes.into_iter().map(memory_peak_bytes).max().unwrap_or(0);
        self.memory_peak_bytes = self.memory_peak_bytes.max(peak);
        self.memory_peak_bytes
    }

    /// Ends them all, and waits until they have ended.
    pub(crate) async fn end(mut self, function_name: &str) {
        self.lines.end();
        let Keeper { mut child, pipe, reports, log } = self.keeper;
        drop((pipe, reports, log));
        if tokio::time::timeout(END_TIME_MAX, child.wait()).await.is_err() {
            tracing::error!(function.name = function_name, "a function's keeper does not end");
            // What it kept falls to init then, but for the first process, which ends with it.
            child.kill().await.ok();
        }
    }

    fn hear(&mut self, line: Option<&str>) {
        let report = line.and_then(|line| serde_json::from_str(line).ok());
        let exit = match report {
            Some(Report::Ended { code: Some(code), memory_peak_bytes, .. }) => {
                self.memory_peak_bytes = self.memory_peak_bytes.max(memory_peak_bytes);
                Exit::Code(code)
            }
            Some(Report::Ended { signal, memory_peak_bytes, .. }) => {
                self.memory_peak_bytes = self.memory_peak_bytes.max(memory_peak_bytes);
                signal.map_or(Exit::Killed, Exit::Signal)
            }
            Some(Report::MemoryExceeded { memory_bytes }) => {
                self.memory_peak_bytes = self.memory_peak_bytes.max(memory_bytes);
                Exit::Killed
            }
            Some(Report::StorageExceeded { memory_peak_bytes }) => {
                self.memory_peak_bytes = self.memory_peak_bytes.max(memory_peak_bytes);
                Exit::StorageExceeded
            }
            // The keeper itself has ended, or says what it cannot mean.
            Some(Report::Started { .. } | Report::NotStarted { .. }) | None => Exit::Killed,
        };
        self.exit = Some(exit);
        self.read_log();
    }

    /// Takes in one piece; whether there may be more.
    fn read(&mut self) -> bool {
        let mut piece = [0; PIECE_BYTES];
        match self.keeper.log.try_read(&mut piece) {
            Ok(0) => self.is_log_closed = true,
            Ok(bytes) => {
                let piece = piece.get(..bytes).unwrap_or_default();
                self.log.push(piece);
                self.lines.push(piece);
                return true;
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(_) => self.is_log_closed = true,
        }
        false
    }
}

const PIECE_BYTES: usize = 16 * 1024;
/// What is written faster than it is read has no end.
const READS_MAX: usize = 64;
/// A little longer than a keeper tries.
const END_TIME_MAX: Duration = Duration::from_secs(15);

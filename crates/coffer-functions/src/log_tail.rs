//! The last 4 KiB of a function's log, with the lines that AWS puts around an invocation.

use std::collections::VecDeque;
use std::time::Duration;

use bytes::Bytes;
use coffer_model::Timestamp;

use crate::outcome::Fault;

/// The end of what an instance has written since its last invocation.
#[derive(Default)]
pub(crate) struct LogTail {
    bytes: VecDeque<u8>,
}

/// What the last line of an invocation tells.
pub(crate) struct Report<'a> {
    pub(crate) request_id: &'a str,
    pub(crate) duration: Duration,
    pub(crate) init_duration: Option<Duration>,
    pub(crate) memory_mb: u32,
    pub(crate) memory_peak_bytes: u64,
    pub(crate) status: Status,
}

/// How an invocation ended, as its last line tells it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Status {
    Answered,
    /// The function has told of an error itself, which its last line does not.
    Raised,
    TimedOut,
    Failed(&'static str),
}

impl LogTail {
    /// Takes in what the function has written.
    pub(crate) fn push(&mut self, bytes: &[u8]) {
        let kept = bytes.get(bytes.len().saturating_sub(TAIL_BYTES_MAX)..).unwrap_or_default();
        let surplus = (self.bytes.len() + kept.len()).saturating_sub(TAIL_BYTES_MAX);
        self.bytes.drain(..surplus.min(self.bytes.len()));
        self.bytes.extend(kept);
    }

    /// The line before an invocation.
    pub(crate) fn start(&mut self, request_id: &str, version: &str) {
        self.push(format!("START RequestId: {request_id} Version: {version}\n").as_bytes());
    }

    /// The line that tells why there was no answer.
    pub(crate) fn fault(&mut self, request_id: &str, fault: &Fault, now: Timestamp) {
        let (sentence, kind) = (fault.sentence(), fault.error_type());
        self.end_line();
        let line = match fault {
            Fault::TimedOut { .. } => format!("{now} {request_id} {sentence}\n\n"),
            _ => format!("RequestId: {request_id} Error: {sentence}\n{kind}\n"),
        };
        self.push(line.as_bytes());
    }

    /// The lines after an invocation.
    pub(crate) fn end(&mut self, report: &Report<'_>) {
        let Report { request_id, duration, init_duration, memory_mb, status, .. } = report;
        let init = init_duration.unwrap_or_default();
        let billed_ms = (*duration + init).as_micros().div_ceil(1000);
        let used_mb = report.memory_peak_bytes.div_ceil(1024 * 1024);
        let mut line = format!(
            "END RequestId: {request_id}\nREPORT RequestId: {request_id}\tDuration: {} ms\tBilled \
             Duration: {billed_ms} ms\tMemory Size: {memory_mb} MB\tMax Memory Used: {used_mb} MB\t",
            millis(*duration)
        );
        if init_duration.is_some() {
            line.push_str(&format!("Init Duration: {} ms\t", millis(init)));
        }
        match status {
            Status::Answered | Status::Raised => {}
            Status::TimedOut => line.push_str("Status: timeout"),
            Status::Failed(kind) => line.push_str(&format!("Status: error\tError Type: {kind}")),
        }
        line.push('\n');
        self.end_line();
        self.push(line.as_bytes());
    }

    /// Gives the tail, and begins anew.
    pub(crate) fn take(&mut self) -> Bytes {
        Bytes::from(Vec::from(std::mem::take(&mut self.bytes)))
    }

    fn end_line(&mut self) {
        if self.bytes.back().is_some_and(|&last| last != b'\n') {
            self.push(b"\n");
        }
    }
}

fn millis(duration: Duration) -> String {
    format!("{:.2}", duration.as_secs_f64() * 1000.0)
}

/// AWS: "the last 4 KB of the execution log" (API reference, Invoke, 2026-11).
const TAIL_BYTES_MAX: usize = 4096;

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{LogTail, Report, Status, TAIL_BYTES_MAX};

    #[test]
    fn lines_stand_around_what_the_function_writes() {
        let mut log = LogTail::default();
        log.start("id-1", "$LATEST");
        log.push(b"hello");
        log.end(&Report {
            request_id: "id-1",
            duration: Duration::from_micros(1234),
            init_duration: Some(Duration::from_millis(100)),
            memory_mb: 128,
            memory_peak_bytes: 30 * 1024 * 1024 + 1,
            status: Status::Answered,
        });
        let text = String::from_utf8(log.take().to_vec()).unwrap();
        assert_eq!(
            text,
            "START RequestId: id-1 Version: $LATEST\nhello\nEND RequestId: id-1\nREPORT RequestId: \
             id-1\tDuration: 1.23 ms\tBilled Duration: 102 ms\tMemory Size: 128 MB\tMax Memory \
             Used: 31 MB\tInit Duration: 100.00 ms\t\n"
        );
        assert!(log.take().is_empty());
    }

    #[test]
    fn only_the_end_is_kept() {
        let mut log = LogTail::default();
        for _ in 0..100 {
            log.push(&[b'x'; 1000]);
        }
        log.push(b"end");
        log.push(&[]);
        let tail = log.take();
        assert_eq!(tail.len(), TAIL_BYTES_MAX);
        assert!(tail.ends_with(b"xend"));
        log.push(&[b'y'; 3 * TAIL_BYTES_MAX]);
        assert_eq!(log.take().len(), TAIL_BYTES_MAX);
    }
}

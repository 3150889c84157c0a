//! What functions write, line by line in the server's own log, where the operator wants it there.
//!
//! A function may write anything, and as fast as it can: a line is cut, control characters are
//! spelled out, and lines that come too fast are counted instead.

use std::time::Duration;

use tokio::time::Instant;

use crate::function::Function;

/// What an instance of a function writes, on its way to the log.
pub(crate) struct LogLines {
    name: String,
    arn: String,
    version: String,
    request_id: String,
    is_on: bool,
    line: Line,
    allowance: Allowance,
}

/// The line that is being written.
#[derive(Default)]
struct Line {
    bytes: Vec<u8>,
    /// How many bytes were not kept.
    cut: usize,
}

/// How many lines may still be logged: so many at once, and so many more with each second.
struct Allowance {
    lines: u32,
    since: Instant,
    left_out: u64,
}

impl LogLines {
    /// The lines of an instance; nothing is logged where that is off.
    pub(crate) fn new(function: &Function, is_on: bool) -> Self {
        Self {
            name: function.name.clone(),
            arn: function.arn.clone(),
            version: function.version.clone(),
            request_id: String::new(),
            is_on,
            line: Line::default(),
            allowance: Allowance { lines: LINES_AT_ONCE_MAX, since: Instant::now(), left_out: 0 },
        }
    }

    /// What is written from now on belongs to this invocation.
    pub(crate) fn begin(&mut self, request_id: &str) {
        request_id.clone_into(&mut self.request_id);
    }

    /// Takes in what the function has written.
    pub(crate) fn push(&mut self, bytes: &[u8]) {
        if !self.is_on {
            return;
        }
        // Lambda's runtimes put carriage returns between the lines of a stack trace.
        let mut pieces = bytes.split(|&byte| byte == b'\n' || byte == b'\r').peekable();
        while let Some(piece) = pieces.next() {
            self.line.push(piece);
            if pieces.peek().is_some() {
                self.end_line();
            }
        }
    }

    /// Logs a line of the server's about the function.
    pub(crate) fn tell(&mut self, line: &str) {
        self.end_line();
        self.push(line.as_bytes());
        self.end_line();
    }

    /// Logs what is not yet ended by the end of a line, and how many lines were left out.
    pub(crate) fn end_line(&mut self) {
        let line = std::mem::take(&mut self.line);
        if line.bytes.is_empty() {
            return;
        }
        match self.allowance.take(Instant::now()) {
            Allowed::No => {}
            Allowed::Yes { left_out: 0 } => self.write(&line.text()),
            Allowed::Yes { left_out } => {
                self.write(&format!("({left_out} lines that came too fast are left out)"));
                self.write(&line.text());
            }
        }
    }

    /// Ends the last line of an instance.
    pub(crate) fn end(&mut self) {
        self.end_line();
        let left_out = std::mem::take(&mut self.allowance.left_out);
        if left_out > 0 {
            self.write(&format!("({left_out} lines that came too fast are left out)"));
        }
    }

    fn write(&self, line: &str) {
        let Self { name, arn, version, request_id, .. } = self;
        tracing::info!(
            target: "function",
            {
                function.name = name,
                function.arn = arn,
                function.version = version,
                request_id
            },
            "{line}"
        );
    }
}

impl Line {
    fn push(&mut self, piece: &[u8]) {
        let room = LINE_BYTES_MAX.saturating_sub(self.bytes.len());
        let kept = piece.get(..room).unwrap_or(piece);
        self.bytes.extend_from_slice(kept);
        self.cut += piece.len() - kept.len();
    }

    /// As it is logged: what could pass for more than text on a terminal is spelled out.
    fn text(&self) -> String {
        let mut text = String::with_capacity(self.bytes.len());
        for letter in String::from_utf8_lossy(&self.bytes).chars() {
            match letter {
                '\t' => text.push(letter),
                _ if letter.is_control() => text.extend(letter.escape_default()),
                _ => text.push(letter),
            }
        }
        if self.cut > 0 {
            text.push_str(&format!(" ({} bytes more)", self.cut));
        }
        text
    }
}

/// Whether a line may be logged, and how many were not before it.
#[derive(Debug, PartialEq, Eq)]
enum Allowed {
    Yes { left_out: u64 },
    No,
}

impl Allowance {
    fn take(&mut self, now: Instant) -> Allowed {
        let seconds = now.saturating_duration_since(self.since).as_secs();
        if seconds > 0 {
            let seconds = u32::try_from(seconds).unwrap_or(u32::MAX);
            let more = seconds.saturating_mul(LINES_PER_SECOND_MAX);
            self.lines = self.lines.saturating_add(more).min(LINES_AT_ONCE_MAX);
            self.since += Duration::from_secs(u64::from(seconds));
        }
        match self.lines.checked_sub(1) {
            Some(lines) => {
                self.lines = lines;
                Allowed::Yes { left_out: std::mem::take(&mut self.left_out) }
            }
            None => {
                self.left_out += 1;
                Allowed::No
            }
        }
    }
}

const LINE_BYTES_MAX: usize = 2048;
const LINES_AT_ONCE_MAX: u32 = 500;
const LINES_PER_SECOND_MAX: u32 = 50;

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::Instant;

    use super::{Allowance, Allowed, LINE_BYTES_MAX, Line};

    #[test]
    fn a_line_is_cut_and_spelled_out() {
        let mut line = Line::default();
        line.push(b"caf\xc3\xa9\t\x1b[31m\xff");
        assert_eq!(line.text(), "caf\u{e9}\t\\u{1b}[31m\u{fffd}");
        line.push(&[b'x'; LINE_BYTES_MAX]);
        line.push(b"yz");
        assert_eq!(line.bytes.len(), LINE_BYTES_MAX);
        assert!(line.text().ends_with("x (14 bytes more)"), "{}", line.text());
    }

    #[test]
    fn lines_that_come_too_fast_are_counted() {
        let begin = Instant::now();
        let mut allowance = Allowance { lines: 2, since: begin, left_out: 0 };
        let mut take = |after_ms| allowance.take(begin + Duration::from_millis(after_ms));
        assert_eq!(take(0), Allowed::Yes { left_out: 0 });
        assert_eq!(take(999), Allowed::Yes { left_out: 0 });
        assert_eq!(take(999), Allowed::No);
        assert_eq!(take(999), Allowed::No);
        assert_eq!(take(1000), Allowed::Yes { left_out: 2 });
        for _ in 1..50 {
            assert_eq!(take(1500), Allowed::Yes { left_out: 0 });
        }
        assert_eq!(take(1999), Allowed::No);
        // A long silence gives no more than may come at once.
        assert_eq!(take(1_000_000), Allowed::Yes { left_out: 1 });
        for _ in 1..500 {
            assert_eq!(take(1_000_000), Allowed::Yes { left_out: 0 });
        }
        assert_eq!(take(1_000_000), Allowed::No);
    }
}

//! Tables as documents have them, told row by row as they are measured.

use std::io::Write as _;

/// A table on standard output.
pub(crate) struct Table {
    head: &'static [&'static str],
    is_begun: bool,
}

impl Table {
    /// A table with these columns, of which nothing is told before its first row.
    pub(crate) fn new(head: &'static [&'static str]) -> Self {
        Self { head, is_begun: false }
    }

    /// Tells a row.
    ///
    /// # Errors
    /// An output that takes nothing.
    pub(crate) fn row(&mut self, cells: &[String]) -> Result<(), String> {
        let mut text = String::new();
        if !self.is_begun {
            self.is_begun = true;
            let lines = "| --- ".repeat(self.head.len());
            text.push_str(&format!("\n| {} |\n{lines}|\n", self.head.join(" | ")));
        }
        text.push_str(&format!("| {} |\n", cells.join(" | ")));
        let mut out = std::io::stdout();
        let told = out.write_all(text.as_bytes()).and_then(|()| out.flush());
        told.map_err(|error| error.to_string())
    }
}

//! Where a statement is in its document.

/// A place in a document: both counts begin with one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Position {
    /// The line.
    pub line: usize,
    /// The character in the line.
    pub column: usize,
}

/// From the first character of a statement to the one behind its last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Span {
    /// Where the statement's opening brace is.
    pub start: Position,
    /// What follows its closing brace.
    pub end: Position,
}

/// The spans of the statements of a document that is known to be JSON, in their order.
pub(crate) fn of_statements(text: &str) -> Vec<Span> {
    let mut spans = Vec::new();
    let mut place = Position { line: 1, column: 1 };
    let mut scan = Scan::default();
    let mut start = None;
    for (at, character) in text.char_indices() {
        let after = Position { line: place.line, column: place.column + 1 };
        match scan.take(text, at, character) {
            Found::Start => start = Some(place),
            Found::End => {
                spans.extend(start.take().map(|start| Span { start, end: after }));
            }
            Found::Nothing => {}
        }
        place =
            if character == '\n' { Position { line: place.line + 1, column: 1 } } else { after };
    }
    spans
}

enum Found {
    Start,
    End,
    Nothing,
}

#[derive(Default)]
struct Scan {
    depth: usize,
    string_start: Option<usize>,
    is_escaped: bool,
    is_at_statements: bool,
    is_in_list: bool,
}

impl Scan {
    fn take(&mut self, text: &str, at: usize, character: char) -> Found {
        if let Some(start) = self.string_start {
            if self.is_escaped {
                self.is_escaped = false;
            } else if character == '\\' {
                self.is_escaped = true;
            } else if character == '"' {
                self.string_start = None;
                if self.depth == 1 {
                    self.is_at_statements = text.get(start..at) == Some("Statement");
                }
            }
            return Found::Nothing;
        }
        let outer = if self.is_in_list { 2 } else { 1 };
        match character {
            '"' => self.string_start = Some(at + 1),
            '[' | '{' => {
                self.depth += 1;
                if self.depth == 2 && self.is_at_statements && character == '[' {
                    self.is_in_list = true;
                } else if self.depth == outer + 1 && self.is_at_statements {
                    return Found::Start;
                }
            }
            ']' | '}' => {
                self.depth = self.depth.saturating_sub(1);
                if self.depth == outer && self.is_at_statements && character == '}' {
                    return Found::End;
                }
                if self.depth == 1 {
                    self.is_in_list = false;
                    self.is_at_statements = false;
                }
            }
            _ => {}
        }
        Found::Nothing
    }
}

#[cfg(test)]
mod tests {
    use super::{Position, Span, of_statements};

    fn check(text: &str, wanted: &[(usize, usize, usize, usize)]) {
        let wanted: Vec<Span> = wanted
            .iter()
            .map(|(line, column, end_line, end_column)| Span {
                start: Position { line: *line, column: *column },
                end: Position { line: *end_line, column: *end_column },
            })
            .collect();
        assert_eq!(of_statements(text), wanted, "{text}");
    }

    #[test]
    fn statements_are_found_where_they_are() {
        check(r#"{"Statement":{"a":{}}}"#, &[(1, 14, 1, 22)]);
        check(r#"{"Statement":[{},{"a":["}"]}]}"#, &[(1, 15, 1, 17), (1, 18, 1, 29)]);
        check(
            "{\"Id\":\"Statement\",\n \"Statement\": [\n  {\"é\":\"\\\"{\"}\n ]\n}",
            &[(3, 3, 3, 14)],
        );
        check(r#"{"Statement":[{"Statement":{}}],"X":{}}"#, &[(1, 15, 1, 31)]);
        check(r#"{"Version":"x"}"#, &[]);
    }
}

//! Commands that the operator names in settings.

use std::fmt;

/// A program and its arguments, run without a shell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommandLine {
    pub(crate) program: String,
    pub(crate) arguments: Vec<String>,
}

impl CommandLine {
    /// Splits a line at its blanks. What stands between single or double quotes stays together;
    /// nothing else has a meaning, as there is no shell.
    ///
    /// # Errors
    /// A sentence for the operator.
    pub fn parse(line: &str) -> Result<Self, String> {
        let mut words = Vec::new();
        let mut word: Option<String> = None;
        let mut quote = None;
        for letter in line.chars() {
            match (quote, letter) {
                (Some(open), close) if open == close => quote = None,
                (None, '\'' | '"') => {
                    quote = Some(letter);
                    word.get_or_insert_default();
                }
                (None, blank) if blank.is_whitespace() => words.extend(word.take()),
                _ => word.get_or_insert_default().push(letter),
            }
        }
        if quote.is_some() {
            return Err("the command has a quote that does not end".to_owned());
        }
        words.extend(word);
        let mut words = words.into_iter();
        match words.next() {
            Some(program) if !program.is_empty() => {
                Ok(Self { program, arguments: words.collect() })
            }
            _ => Err("the command is empty; give a program and its arguments".to_owned()),
        }
    }
}

impl fmt::Display for CommandLine {
    /// The program alone: its arguments may hold what is not for a log.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.program)
    }
}

#[cfg(test)]
mod tests {
    use super::CommandLine;

    #[test]
    fn a_line_is_split_at_blanks_outside_of_quotes() {
        let words = |line: &str| {
            let CommandLine { program, arguments } = CommandLine::parse(line).unwrap();
            [vec![program], arguments].concat()
        };
        assert_eq!(words(" pass  show coffer/root "), ["pass", "show", "coffer/root"]);
        assert_eq!(
            words(r#"a 'b c' "d 'e'" f''g '' $H \n"#),
            ["a", "b c", "d 'e'", "fg", "", "$H", "\\n"]
        );
        for line in ["", "  ", "a 'b", "''"] {
            assert!(CommandLine::parse(line).is_err(), "{line}");
        }
    }
}

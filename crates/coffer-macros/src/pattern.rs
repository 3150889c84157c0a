//! Turns a pattern of AWS's models, which Java reads, into one for the `regex` crate.

/// The anchored expression that matches what Java's `matches()` would, or why there is none.
pub(crate) fn compiled(java: &str) -> Result<String, String> {
    let anchored = format!(r"\A(?:{})\z", translated(java)?);
    match regex::Regex::new(&anchored) {
        Ok(_) => Ok(anchored),
        Err(error) => Err(format!(
            "this pattern does not compile in the regex crate; name a hand-written check beside \
             it with `check = path::to::function`: {error}"
        )),
    }
}

/// In Java `\d`, `\w` and `\s` are ASCII only and `.` stops at every line terminator.
/// Its classes know no set operations `--` and `~~`, so these are refused.
fn translated(java: &str) -> Result<String, String> {
    let mut regex = String::with_capacity(java.len());
    let mut depth = 0_usize;
    let dot_is_all = java.starts_with("(?s)");
    let mut rest = java.chars().peekable();
    while let Some(char) = rest.next() {
        match char {
            '\\' => {
                let Some(escaped) = rest.next() else {
                    return Err("a backslash ends the pattern".to_owned());
                };
                escape(escaped, depth > 0, &mut regex);
            }
            '[' => {
                depth += 1;
                regex.push('[');
            }
            ']' => {
                depth = depth.saturating_sub(1);
                regex.push(']');
            }
            '-' | '~' if depth > 0 && rest.peek() == Some(&char) => {
                return Err(format!("`{char}{char}` within a class is not translated"));
            }
            '.' if depth == 0 && !dot_is_all => {
                regex.push_str(r"[^\n\r\x{85}\x{2028}\x{2029}]");
            }
            other => regex.push(other),
        }
    }
    Ok(regex)
}

fn escape(escaped: char, in_class: bool, regex: &mut String) {
    let set = match escaped.to_ascii_lowercase() {
        'd' => DIGIT,
        'w' => WORD,
        's' => SPACE,
        _ => {
            regex.push('\\');
            regex.push(escaped);
            return;
        }
    };
    match (in_class, escaped.is_ascii_uppercase()) {
        (true, false) => regex.push_str(set),
        // Within a class it is a class of its own, which both take for a union.
        (_, true) => regex.push_str(&format!("[^{set}]")),
        (false, false) => regex.push_str(&format!("[{set}]")),
    }
}

const DIGIT: &str = "0-9";
const WORD: &str = "A-Za-z0-9_";
const SPACE: &str = r"\t\n\x0B\x0C\r\x20";

#[cfg(test)]
mod tests {
    use super::compiled;

    fn matches(pattern: &str, text: &str) -> bool {
        regex::Regex::new(&compiled(pattern).unwrap()).unwrap().is_match(text)
    }

    #[test]
    fn patterns_match_whole_texts_as_java_does() {
        for (pattern, text, expected) in [
            (r"[a-zA-Z0-9_.-]+", "a-b", true),
            (r"[a-zA-Z0-9_.-]+", "a b", false),
            (r"^[a-zA-Z0-9-_.]+$", "a-b_c", true),
            (r"^[a-zA-Z0-9-_.]+$", "a\n", false),
            (r"\d+", "12", true),
            (r"\d+", "١٢", false),
            (r"^[\w+=,.@:/-]+$", "a_1/", true),
            (r"^[\w+=,.@:/-]+$", "é", false),
            (r"[\p{L}\p{Z}\p{N}_.:/=+\-@]*", "é x", true),
            (r"[\u0020-\u00FF]*", "é", true),
            (r"[\u0020-\u00FF]*", "ā", false),
            (r".*", "a\u{2028}b", false),
            (r"(?s).*", "a\nb", true),
            (r"\S+", "a b", false),
            (r"[\s\S]*", "a b\n\u{e9}", true),
            (r"[^\s@]+@[^\s@]+", "a@b", true),
            (r"[^\s@]+@[^\s@]+", "a b@c", false),
            (r"[^\S]+", " \n", true),
            (r"[^\S]+", "a", false),
            (r"(?i)all|[0-9]{12}", "ALL", true),
        ] {
            assert_eq!(matches(pattern, text), expected, "{pattern} on {text:?}");
        }
    }

    #[test]
    fn what_the_regex_crate_cannot_do_is_refused() {
        for pattern in [r"^(?!\s*$).+", r"(a)\1", r"[+--]", r"a\"] {
            assert!(compiled(pattern).is_err(), "{pattern}");
        }
    }
}

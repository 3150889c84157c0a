//! Patterns with `*` and `?`, compiled.

/// Stands for one character in a compiled pattern. No UTF-8 text has this byte.
pub(crate) const ONE: u8 = 0xff;
/// Stands for any number of characters in a compiled pattern. No UTF-8 text has this byte.
pub(crate) const MANY: u8 = 0xfe;

/// Whether letters of different case are the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Case {
    /// They are not.
    Kept,
    /// They are, in ASCII.
    Ignored,
}

/// A compiled pattern.
#[derive(Debug, Clone)]
pub(crate) enum Pattern {
    /// `*`.
    Any,
    /// A text without wildcards.
    Exact(Box<[u8]>),
    /// A text, then `*`.
    Starts(Box<[u8]>),
    /// Anything else.
    Glob(Glob),
}

/// A pattern with wildcards in any place.
#[derive(Debug, Clone)]
pub(crate) struct Glob {
    /// What is before the first wildcard.
    start: Box<[u8]>,
    /// The rest, with marks.
    marked: Box<[u8]>,
    /// The fewest bytes that the rest can be like.
    bytes_min: usize,
}

impl Pattern {
    /// Compiles text in which the wildcards have their marks already.
    pub(crate) fn of_marked(mut marked: Vec<u8>) -> Self {
        marked.dedup_by(|next, last| *next == MANY && *last == MANY);
        match marked.iter().position(|byte| *byte >= MANY) {
            None => Self::Exact(marked.into()),
            Some(0) if marked == [MANY] => Self::Any,
            Some(first) if first + 1 == marked.len() && marked.last() == Some(&MANY) => {
                marked.pop();
                Self::Starts(marked.into())
            }
            Some(first) => {
                let rest = marked.split_off(first);
                let bytes_min = rest.iter().filter(|byte| **byte != MANY).count();
                Self::Glob(Glob { start: marked.into(), marked: rest.into(), bytes_min })
            }
        }
    }

    /// Compiles a text whose `*` and `?` are wildcards.
    pub(crate) fn of_text(text: &str) -> Self {
        Self::of_marked(text.bytes().map(mark).collect())
    }

    /// Whether a text is like the pattern.
    pub(crate) fn is_like(&self, text: &str, case: Case) -> bool {
        let text = text.as_bytes();
        match self {
            Self::Any => true,
            Self::Exact(wanted) => are_same(wanted, text, case),
            Self::Starts(start) => behind(start, text, case).is_some(),
            Self::Glob(Glob { start, marked, bytes_min }) => behind(start, text, case)
                .is_some_and(|rest| rest.len() >= *bytes_min && is_like_marked(marked, rest, case)),
        }
    }
}

/// What is behind the beginning of a text, where that is as it should be.
fn behind<'a>(start: &[u8], text: &'a [u8], case: Case) -> Option<&'a [u8]> {
    let (beginning, rest) = text.split_at_checked(start.len())?;
    are_same(start, beginning, case).then_some(rest)
}

/// The mark of a wildcard, or the byte itself.
pub(crate) fn mark(byte: u8) -> u8 {
    match byte {
        b'*' => MANY,
        b'?' => ONE,
        other => other,
    }
}

fn are_same(left: &[u8], right: &[u8], case: Case) -> bool {
    match case {
        Case::Kept => left == right,
        Case::Ignored => left.eq_ignore_ascii_case(right),
    }
}

/// Whether a text is like a pattern with marks. The last `MANY` alone is gone back to, so the steps
/// are at most the product of both lengths.
fn is_like_marked(marked: &[u8], text: &[u8], case: Case) -> bool {
    let (mut pattern_at, mut text_at) = (0, 0);
    let mut retry = None;
    loop {
        match (marked.get(pattern_at), text.get(text_at)) {
            (None, None) => return true,
            (Some(&MANY), _) => {
                pattern_at += 1;
                if pattern_at == marked.len() {
                    return true;
                }
                retry = Some((pattern_at, text_at));
                continue;
            }
            (Some(&ONE), Some(first)) => {
                pattern_at += 1;
                text_at += width(*first);
                continue;
            }
            (Some(wanted), Some(byte)) if is_same(*wanted, *byte, case) => {
                pattern_at += 1;
                text_at += 1;
                continue;
            }
            // Nothing is left of the text, and going back would leave less for the pattern.
            (Some(_), None) => return false,
            _ => {}
        }
        let Some((pattern_again, text_again)) = retry else { return false };
        let Some(first) = text.get(text_again) else { return false };
        let next = text_again + width(*first);
        let Some(again) = next_start(marked.get(pattern_again), text.get(next..), case) else {
            return false;
        };
        text_at = next + again;
        pattern_at = pattern_again;
        retry = Some((pattern_at, text_at));
    }
}

/// Where in the rest of a text what follows a `MANY` can begin.
fn next_start(wanted: Option<&u8>, rest: Option<&[u8]>, case: Case) -> Option<usize> {
    let (wanted, rest) = (*wanted?, rest?);
    if wanted == ONE || case == Case::Ignored {
        return Some(0);
    }
    rest.iter().position(|byte| *byte == wanted)
}

fn is_same(left: u8, right: u8, case: Case) -> bool {
    left == right || (case == Case::Ignored && left.eq_ignore_ascii_case(&right))
}

/// How many bytes the character has that begins with this one.
fn width(first: u8) -> usize {
    match first {
        0..0xc0 => 1,
        0xc0..0xe0 => 2,
        0xe0..0xf0 => 3,
        0xf0.. => 4,
    }
}

#[cfg(test)]
mod tests {
    use super::{Case, Pattern};

    fn check(pattern: &str, text: &str, is_like: bool) {
        let found = Pattern::of_text(pattern).is_like(text, Case::Kept);
        assert_eq!(found, is_like, "{text} like {pattern}");
    }

    #[test]
    fn wildcards_stand_for_characters() {
        for pattern in
            ["*", "**", "abc", "a*", "*c", "a*c", "a?c", "???", "*b*", "abc*", "*?", "?*?"]
        {
            check(pattern, "abc", true);
        }
        for pattern in
            ["", "ab", "abcd", "b*", "*b", "??", "????", "ABC", "abc?", "*a*a*", "a*b?*?"]
        {
            check(pattern, "abc", false);
        }
        check("", "", true);
        check("*", "", true);
        check("?", "", false);
        check("*aab", "aaaab", true);
        check("a*b*c*d", "a1b2c3c4d", true);
        check("arn:aws:ssm:*:*:parameter/a/*", "arn:aws:ssm:us-east-1:1:parameter/a/b", true);
    }

    #[test]
    fn one_character_is_one_character_of_any_script() {
        check("?", "é", true);
        check("??", "é", false);
        check("*?é", "日é", true);
        check("*??é", "日é", false);
        check("*??éx", "日éx", false);
        check("日?語*", "日本語です", true);
    }

    #[test]
    fn case_matters_unless_it_is_ignored() {
        for pattern in ["SSM:getparameter", "ssm:GET*", "s?M:*PARAM*"] {
            let pattern = Pattern::of_text(pattern);
            assert!(pattern.is_like("ssm:GetParameter", Case::Ignored));
            assert!(!pattern.is_like("ssm:GetParameter", Case::Kept));
        }
    }

    #[test]
    fn many_wildcards_do_not_take_long() {
        let pattern = Pattern::of_text(&("*a".repeat(1000) + "b"));
        assert!(!pattern.is_like(&"a".repeat(4000), Case::Kept));
    }
}

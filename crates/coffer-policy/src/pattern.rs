//! Patterns with `*` and `?`, compiled.

/// Stands for one character in a compiled pattern. No UTF-8 text has this byte.
pub(crate) const ONE: u8 = 0xff;
/// Stands for any number of characters in a compiled pattern. No UTF-8 text has this byte.
pub(crate) const MANY: u8 = 0xfe;

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
    Glob(Box<Glob>),
}

/// A pattern with wildcards in any place.
#[derive(Debug, Clone)]
pub(crate) struct Glob {
    /// What is before the first wildcard.
    start: Box<[u8]>,
    /// What is from there to the last `MANY`, with marks; all that is left where there is none.
    middle: Box<[u8]>,
    /// What is behind the last `MANY`, if it is without wildcards.
    end: Box<[u8]>,
    /// The fewest bytes that the middle can be like.
    middle_bytes_min: usize,
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
                Self::Glob(Box::new(Glob::new(marked, rest)))
            }
        }
    }

    /// Compiles a text whose `*` and `?` are wildcards.
    pub(crate) fn of_text(text: &str) -> Self {
        Self::of_marked(text.bytes().map(mark).collect())
    }

    /// Whether a text is like the pattern.
    pub(crate) fn is_like(&self, text: &str) -> bool {
        self.is_like_bytes(text.as_bytes())
    }

    /// The same of the bytes of a text.
    #[inline]
    pub(crate) fn is_like_bytes(&self, text: &[u8]) -> bool {
        match self {
            Self::Any => true,
            Self::Exact(wanted) => are_same(wanted, text),
            Self::Starts(start) => behind(start, text).is_some(),
            Self::Glob(glob) => glob.is_like(text),
        }
    }
}

impl Glob {
    fn new(start: Vec<u8>, mut rest: Vec<u8>) -> Self {
        let end = match rest.iter().rposition(|byte| *byte >= MANY) {
            Some(last) if rest.get(last) == Some(&MANY) => rest.split_off(last + 1),
            _ => Vec::new(),
        };
        let middle_bytes_min = rest.iter().filter(|byte| **byte != MANY).count();
        Self { start: start.into(), middle: rest.into(), end: end.into(), middle_bytes_min }
    }

    #[inline(never)]
    fn is_like(&self, text: &[u8]) -> bool {
        behind(&self.start, text)
            .and_then(|rest| before(&self.end, rest))
            .is_some_and(|rest| self.is_middle_like(rest))
    }

    fn is_middle_like(&self, text: &[u8]) -> bool {
        text.len() >= self.middle_bytes_min && is_like_marked(&self.middle, text)
    }
}

/// What is behind the beginning of a text, where that is as it should be.
fn behind<'a>(start: &[u8], text: &'a [u8]) -> Option<&'a [u8]> {
    let (beginning, rest) = text.split_at_checked(start.len())?;
    are_same(start, beginning).then_some(rest)
}

/// What is before the end of a text, where that is as it should be.
fn before<'a>(end: &[u8], text: &'a [u8]) -> Option<&'a [u8]> {
    let (rest, ending) = text.split_at_checked(text.len().checked_sub(end.len())?)?;
    are_same(end, ending).then_some(rest)
}

/// Whether two texts are the same. Names of resources and actions mostly begin alike, so that their
/// ends tell them apart soonest.
fn are_same(left: &[u8], right: &[u8]) -> bool {
    left.len() == right.len() && left.last_chunk::<4>() == right.last_chunk::<4>() && left == right
}

/// The mark of a wildcard, or the byte itself.
pub(crate) fn mark(byte: u8) -> u8 {
    match byte {
        b'*' => MANY,
        b'?' => ONE,
        other => other,
    }
}

/// Whether a text is like a pattern with marks. The last `MANY` alone is gone back to, so the steps
/// are at most the product of both lengths.
fn is_like_marked(marked: &[u8], text: &[u8]) -> bool {
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
            (Some(wanted), Some(byte)) if wanted == byte => {
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
        let Some(again) = next_start(marked.get(pattern_again), text.get(next..)) else {
            return false;
        };
        text_at = next + again;
        pattern_at = pattern_again;
        retry = Some((pattern_at, text_at));
    }
}

/// Where in the rest of a text what follows a `MANY` can begin.
fn next_start(wanted: Option<&u8>, rest: Option<&[u8]>) -> Option<usize> {
    let (wanted, rest) = (*wanted?, rest?);
    if wanted == ONE {
        return Some(0);
    }
    rest.iter().position(|byte| *byte == wanted)
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
    use super::Pattern;

    fn check(pattern: &str, text: &str, is_like: bool) {
        let found = Pattern::of_text(pattern).is_like(text);
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
    fn case_matters() {
        check("abC", "abc", false);
        check("a*C", "abc", false);
    }

    #[test]
    fn what_is_before_and_behind_wildcards_does_not_overlap() {
        for (pattern, text) in [("ab*bc", "abc"), ("a?*?c", "abc"), ("aba*aba", "ababa")] {
            check(pattern, text, false);
        }
        for (pattern, text) in
            [("ab*bc", "abbc"), ("ab*bc", "abxbc"), ("a?*?c", "abbc"), ("é*?*é", "éaé")]
        {
            check(pattern, text, true);
        }
    }

    #[test]
    fn many_wildcards_do_not_take_long() {
        let pattern = Pattern::of_text(&("*a".repeat(1000) + "b"));
        assert!(!pattern.is_like(&"a".repeat(4000)));
    }
}

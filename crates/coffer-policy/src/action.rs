//! Actions, whose names ignore case.

use smallvec::SmallVec;

use crate::pattern::Pattern;

/// The name of a request's action in lower case, in which it is held against every pattern.
pub(crate) struct ActionName {
    bytes: SmallVec<[u8; USUAL_BYTES_MAX]>,
    lead: u64,
}

impl ActionName {
    pub(crate) fn of(action: &str) -> Self {
        let mut bytes = SmallVec::from_slice(action.as_bytes());
        bytes.make_ascii_lowercase();
        let lead = lead_of(&bytes);
        Self { bytes, lead }
    }
}

/// The actions that a statement is about, or is not about.
#[derive(Debug, Clone)]
pub(crate) struct Actions {
    are_excepted: bool,
    patterns: Box<[ActionPattern]>,
}

/// One of them.
#[derive(Debug, Clone)]
struct ActionPattern {
    /// What the lead of a name that is like it is, as far as there is no wildcard.
    lead: u64,
    /// Which bits of the lead those are.
    mask: u64,
    /// It all, in lower case.
    pattern: Pattern,
    /// As it is written.
    text: Box<str>,
}

impl Actions {
    pub(crate) fn new(are_excepted: bool, texts: &[&str]) -> Self {
        let patterns = texts.iter().map(|text| ActionPattern::new(text)).collect();
        Self { are_excepted, patterns }
    }

    /// Whether an action is one of them.
    #[inline]
    pub(crate) fn are_about(&self, action: &ActionName) -> bool {
        self.patterns.iter().any(|pattern| pattern.is_like(action)) != self.are_excepted
    }

    /// The actions as they are written.
    pub(crate) fn texts(&self) -> impl Iterator<Item = &str> {
        self.patterns.iter().map(|pattern| &*pattern.text)
    }
}

impl ActionPattern {
    fn new(text: &str) -> Self {
        let lower = text.to_ascii_lowercase();
        let start = lower.split(['*', '?']).next().unwrap_or_default();
        let mask = start.bytes().map(|_| u8::MAX).collect::<Vec<u8>>();
        Self {
            lead: lead_of(start.as_bytes()),
            mask: lead_of(&mask),
            pattern: Pattern::of_text(&lower),
            text: text.into(),
        }
    }

    /// Whether a name is like it. Most are not by their first bytes already.
    #[inline]
    fn is_like(&self, name: &ActionName) -> bool {
        name.lead & self.mask == self.lead && self.is_like_throughout(name)
    }

    #[inline(never)]
    fn is_like_throughout(&self, name: &ActionName) -> bool {
        self.pattern.is_like_bytes(&name.bytes)
    }
}

/// The first bytes of a name as one number.
fn lead_of(name: &[u8]) -> u64 {
    u64::from_le_bytes(name.first_chunk().copied().unwrap_or_else(|| {
        let mut short = [0; LEAD_BYTES];
        short.iter_mut().zip(name).for_each(|(to, from)| *to = *from);
        short
    }))
}

/// More bytes than almost every action of AWS's has: no memory is asked for to write it in lower
/// case.
const USUAL_BYTES_MAX: usize = 64;
const LEAD_BYTES: usize = 8;

#[cfg(test)]
mod tests {
    use super::{ActionName, Actions};

    #[test]
    fn case_does_not_matter() {
        for pattern in ["SSM:getparameter", "ssm:GET*", "s?M:*PARAM*", "*"] {
            let actions = Actions::new(false, &[pattern]);
            assert!(actions.are_about(&ActionName::of("ssm:GetParameter")), "{pattern}");
            assert_eq!(actions.texts().collect::<Vec<_>>(), [pattern]);
        }
        let long = format!("ssm:{}", "Get".repeat(100));
        assert!(Actions::new(false, &[&long.to_uppercase()]).are_about(&ActionName::of(&long)));
    }
}

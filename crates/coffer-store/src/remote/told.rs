//! Which commits of this node its observers know of already.

use std::collections::HashSet;

use crate::Revision;

/// A node comes by each of its commits twice: when the commit is answered, and in the feed. Its
/// observers are told the first time, whichever that is.
#[derive(Debug, Default)]
pub(crate) struct Told {
    answered: HashSet<Revision>,
    heard: HashSet<Revision>,
}

impl Told {
    /// A commit was answered; whether that is news.
    pub(crate) fn answered(&mut self, revision: Revision) -> bool {
        note(revision, &mut self.answered, &mut self.heard)
    }

    /// The feed has come by a commit; whether that is news.
    pub(crate) fn heard(&mut self, revision: Revision) -> bool {
        note(revision, &mut self.heard, &mut self.answered)
    }
}

fn note(revision: Revision, here: &mut HashSet<Revision>, there: &mut HashSet<Revision>) -> bool {
    if there.remove(&revision) {
        return false;
    }
    // Without a feed, and where an answer was lost, the other time never comes.
    if here.len() >= TOLD_MAX {
        here.clear();
    }
    here.insert(revision)
}

const TOLD_MAX: usize = 10_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_time_is_news_whichever_it_is() {
        let mut told = Told::default();
        let (one, other) = (Revision::new(1), Revision::new(2));
        assert!(told.answered(one) && told.heard(other));
        assert!(!told.heard(one) && !told.answered(other));
        assert!(told.answered.is_empty() && told.heard.is_empty());
    }

    #[test]
    fn what_is_never_come_by_again_does_not_pile_up() {
        let mut told = Told::default();
        for number in 0..3 * u64::try_from(TOLD_MAX).unwrap() {
            assert!(told.answered(Revision::new(number)));
        }
        assert!(told.answered.len() <= TOLD_MAX);
    }
}

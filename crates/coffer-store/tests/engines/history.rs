//! Histories of concurrent reads and writes, and whether one order explains each.
//!
//! Several callers at several nodes read, put, swap and delete one row. A history is linearizable if
//! there is an order of what they did that agrees with each answer and with real time. What is of
//! unknown outcome may have been done at any later time, or never.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use coffer_store::{Batch, CommitError, Key, Revision, Store};
use futures_util::future::join_all;
use stateright::semantics::{ConsistencyTester, LinearizabilityTester, SequentialSpec};

/// What one row should be: each value is written once at most, so that it stands for its revision.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
struct Cell(Option<u64>);

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Act {
    Read,
    Put(u64),
    Swap(Option<u64>, u64),
    Delete(Option<u64>),
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Answer {
    Value(Option<u64>),
    Done,
    /// The reference gives it; of the store's own conflicts it is only demanded that nothing was done.
    Conflict,
}

impl SequentialSpec for Cell {
    type Op = Act;
    type Ret = Answer;

    fn invoke(&mut self, act: &Act) -> Answer {
        let (expected, new) = match *act {
            Act::Read => return Answer::Value(self.0),
            Act::Put(new) => (self.0, Some(new)),
            Act::Swap(expected, new) => (expected, Some(new)),
            Act::Delete(expected) => (expected, None),
        };
        if self.0 != expected {
            return Answer::Conflict;
        }
        self.0 = new;
        Answer::Done
    }
}

/// What came of an act.
enum End {
    Answered(Answer),
    Conflict,
    /// It was not done.
    NotDone,
    Unknown,
}

#[derive(Debug, Clone)]
enum Event {
    Began(usize, Act),
    Answered(usize, Answer),
    Conflict(usize),
    NotDone(usize),
    Unknown(usize),
}

/// How much was done, so that a test can tell that it has tested something.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Count {
    pub(crate) answered: usize,
    pub(crate) conflicts: usize,
    pub(crate) not_done: usize,
    pub(crate) unknown: usize,
}

impl std::ops::AddAssign for Count {
    fn add_assign(&mut self, other: Self) {
        self.answered += other.answered;
        self.conflicts += other.conflicts;
        self.not_done += other.not_done;
        self.unknown += other.unknown;
    }
}

/// Lets callers at these nodes at one new row, as the seed says, and checks the history.
pub(crate) async fn round(nodes: &[Arc<dyn Store>], seed: u64) -> Count {
    let key = Key::build("history").number(seed).key();
    let events = Mutex::new(Vec::new());
    let callers = (0..CALLERS).map(|caller| Caller {
        node: &*nodes[caller % nodes.len()],
        key: &key,
        caller,
        chance: Chance(seed.wrapping_mul(31).wrapping_add(caller as u64)),
        events: &events,
        revisions: HashMap::new(),
    });
    join_all(callers.map(Caller::act)).await;
    let events = events.into_inner().unwrap();
    let told = check(&events);
    assert!(told.is_none(), "seed {seed}: {}\n{events:#?}", told.unwrap_or_default());
    count(&events)
}

struct Caller<'a> {
    node: &'a dyn Store,
    key: &'a Key,
    caller: usize,
    chance: Chance,
    events: &'a Mutex<Vec<Event>>,
    /// What it has seen, and in which revision.
    revisions: HashMap<Option<u64>, Option<Revision>>,
}

impl Caller<'_> {
    async fn act(mut self) {
        self.revisions.insert(None, None);
        let mut seen = None;
        for number in 0..ACTS {
            let new = (self.caller * 1_000 + number) as u64;
            let act = match self.chance.next() % 8 {
                0..3 => Act::Read,
                3 => Act::Put(new),
                4 => Act::Delete(seen),
                _ => Act::Swap(seen, new),
            };
            // What is unknown to it is with a caller of its own from then on.
            let caller = self.caller + number * CALLERS;
            self.note(Event::Began(caller, act.clone()));
            let end = match &act {
                Act::Read => self.read().await,
                _ => self.write(&act).await,
            };
            match end {
                End::Answered(answer) => {
                    seen = match (&answer, &act) {
                        (Answer::Value(value), _) => *value,
                        (_, Act::Put(new) | Act::Swap(_, new)) => Some(*new),
                        _ => None,
                    };
                    self.note(Event::Answered(caller, answer));
                }
                End::Conflict => self.note(Event::Conflict(caller)),
                End::NotDone => self.note(Event::NotDone(caller)),
                End::Unknown => self.note(Event::Unknown(caller)),
            }
        }
    }

    fn note(&self, event: Event) {
        self.events.lock().unwrap().push(event);
    }

    async fn read(&mut self) -> End {
        match self.node.read(std::slice::from_ref(self.key)).await {
            Ok(mut rows) => {
                let row = rows.remove(0);
                let value = row
                    .as_ref()
                    .map(|row| std::str::from_utf8(&row.value).unwrap().parse::<u64>().unwrap());
                self.revisions.insert(value, row.map(|row| row.revision));
                End::Answered(Answer::Value(value))
            }
            Err(_) => End::NotDone,
        }
    }

    async fn write(&mut self, act: &Act) -> End {
        let (expected, new) = match *act {
            Act::Read => return End::NotDone,
            Act::Put(new) => (None, Some(new)),
            Act::Swap(expected, new) => (Some(expected), Some(new)),
            Act::Delete(expected) => (Some(expected), None),
        };
        let mut batch = Batch::default();
        if let Some(expected) = expected {
            batch.expectations.push((self.key.clone(), self.revisions[&expected]));
        }
        match new {
            Some(new) => batch.puts.push((self.key.clone(), Bytes::from(new.to_string()))),
            None => batch.deletes.push(self.key.clone()),
        }
        match self.node.commit(batch).await {
            Ok(revision) => {
                if new.is_some() {
                    self.revisions.insert(new, Some(revision));
                }
                End::Answered(Answer::Done)
            }
            Err(CommitError::Conflict) => End::Conflict,
            Err(CommitError::Unknown) => End::Unknown,
            Err(CommitError::Unavailable(_)) => End::NotDone,
            Err(error) => panic!("{error}"),
        }
    }
}

/// Why no order explains the history, if none does.
fn check(events: &[Event]) -> Option<String> {
    let not_done: Vec<usize> = events.iter().filter_map(Event::not_done).collect();
    let unknown: Vec<usize> = events.iter().filter_map(Event::unknown).collect();
    let mut tester = LinearizabilityTester::new(Cell::default());
    // A caller goes on under its own name, except with what it never learns the outcome of.
    let name = |caller: usize| if unknown.contains(&caller) { caller } else { caller % CALLERS };
    for event in events {
        let told = match event {
            Event::Began(caller, _) if not_done.contains(caller) => Ok(()),
            Event::Began(caller, act) => {
                let name = if unknown.contains(caller) { CALLERS + caller } else { name(*caller) };
                tester.on_invoke(name, act.clone()).map(drop)
            }
            Event::Answered(caller, answer) => {
                tester.on_return(name(*caller), answer.clone()).map(drop)
            }
            Event::Conflict(_) | Event::NotDone(_) | Event::Unknown(_) => Ok(()),
        };
        if let Err(told) = told {
            return Some(told);
        }
    }
    (!tester.is_consistent()).then(|| "no order explains this history".to_owned())
}

fn count(events: &[Event]) -> Count {
    let mut count = Count::default();
    for event in events {
        match event {
            Event::Answered(..) => count.answered += 1,
            Event::Conflict(_) => count.conflicts += 1,
            Event::NotDone(_) => count.not_done += 1,
            Event::Unknown(_) => count.unknown += 1,
            Event::Began(..) => {}
        }
    }
    count
}

impl Event {
    fn not_done(&self) -> Option<usize> {
        match self {
            Self::NotDone(caller) | Self::Conflict(caller) => Some(*caller),
            _ => None,
        }
    }

    fn unknown(&self) -> Option<usize> {
        match self {
            Self::Unknown(caller) => Some(*caller),
            _ => None,
        }
    }
}

/// Numbers that are the same for the same seed (splitmix64).
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}

/// With more of either, an order is looked for much longer.
const CALLERS: usize = 4;
const ACTS: usize = 6;

#[test]
fn a_history_with_a_lost_update_or_a_stale_read_is_told_from_others() {
    let began = |caller, act: &Act| Event::Began(caller, act.clone());
    let answered = |caller, answer: &Answer| Event::Answered(caller, answer.clone());
    let one =
        |caller, act: Act, answer: Answer| vec![began(caller, &act), answered(caller, &answer)];
    let put = one(0, Act::Put(1), Answer::Done);
    let read = |value| one(1, Act::Read, Answer::Value(value));
    assert_eq!(check(&[put.clone(), read(Some(1))].concat()), None);
    assert!(check(&[put.clone(), read(None)].concat()).is_some(), "a stale read");
    let swap = |caller, new| one(caller, Act::Swap(Some(1), new), Answer::Done);
    assert_eq!(check(&[put.clone(), swap(2, 5), read(Some(5))].concat()), None);
    assert!(check(&[put.clone(), swap(2, 5), swap(3, 6)].concat()).is_some(), "a lost update");
    // An unknown one was done or not, and is done once at most.
    let unknown = vec![began(2, &Act::Swap(Some(1), 7)), Event::Unknown(2)];
    assert_eq!(check(&[put.clone(), unknown.clone(), read(Some(1)), read(Some(7))].concat()), None);
    let back = [put.clone(), unknown, read(Some(7)), read(Some(1))].concat();
    assert!(check(&back).is_some(), "it was done and undone");
    let refused = vec![began(2, &Act::Put(8)), Event::NotDone(2)];
    assert!(check(&[put, refused, read(Some(8))].concat()).is_some(), "it was not done");
}

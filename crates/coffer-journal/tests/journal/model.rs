//! Whatever is appended in whatever order, a journal reads as a list of records does.

use coffer_journal::{Journal, Portion, Position, Reader, Settings, Slot};
use coffer_model::Timestamp;
use proptest::prelude::*;

use crate::folder::{Place, key};

/// What is done to a journal and to its readers.
#[derive(Debug, Clone)]
enum Step {
    /// Appends a record, as one of a slot or by itself.
    Append(Option<u8>, Vec<u8>),
    /// Appends one like the last, with so many bytes from some place on put in the place of others.
    AppendLike(u8, usize, usize, Vec<u8>),
    /// Closes the journal and opens it again.
    Reopen,
    /// Reads on by a reader that is kept, at most so much.
    ReadOn(usize, usize),
    /// Puts a new reader in its place, which knows only the position.
    ReadAnew,
}

fn step() -> impl Strategy<Value = Step> {
    let bytes = |most| prop::collection::vec(prop_oneof![Just(7_u8), any::<u8>()], 0..most);
    // Around the length beyond which records are no patterns, too.
    let long = (8180..8200_usize, any::<u8>()).prop_map(|(length, byte)| vec![byte; length]);
    let slot = prop_oneof![Just(0_u8), Just(1), any::<u8>()];
    prop_oneof![
        2 => (prop::option::of(slot.clone()), bytes(300)).prop_map(|(s, b)| Step::Append(s, b)),
        1 => (prop::option::of(slot.clone()), long).prop_map(|(s, b)| Step::Append(s, b)),
        8 => (slot, 0..400_usize, 0..60_usize, bytes(60))
            .prop_map(|(slot, at, gone, new)| Step::AppendLike(slot, at, gone, new)),
        1 => Just(Step::Reopen),
        2 => (1..20_usize, 1..4000_usize).prop_map(|(records, bytes)| Step::ReadOn(records, bytes)),
        1 => Just(Step::ReadAnew),
    ]
}

struct Model {
    place: Place,
    journal: Option<Journal>,
    segment_bytes: usize,
    appended: Vec<Vec<u8>>,
    reader: Reader,
    read: Vec<Vec<u8>>,
}

impl Model {
    fn new(segment_bytes: usize) -> Self {
        let place = Place::new();
        let reader = Reader::new(place.path(), Position::START);
        let (appended, read) = (Vec::new(), Vec::new());
        let mut model = Self { place, journal: None, segment_bytes, appended, reader, read };
        model.reopen();
        model
    }

    fn reopen(&mut self) {
        drop(self.journal.take());
        let settings = Settings::default().with_segment_bytes_max(self.segment_bytes);
        let opened = Journal::open(self.place.path(), key(), settings, Timestamp::EPOCH).unwrap();
        assert_eq!(opened.1, []);
        self.journal = Some(opened.0);
    }

    fn append(&mut self, slot: Option<u8>, record: Vec<u8>) {
        let journal = self.journal.as_ref().unwrap();
        let ticket = match slot {
            Some(slot) => journal.append_like(Timestamp::EPOCH, Slot(slot), &record),
            None => journal.append(Timestamp::EPOCH, &record),
        };
        self.appended.push(record);
        // Several to a write, as when many append at once.
        if self.appended.len().is_multiple_of(3) {
            journal.flush(ticket.unwrap()).unwrap();
        }
    }

    fn read_on(&mut self, records_max: usize, bytes_max: usize) -> bool {
        let before = self.read.len();
        let read = &mut self.read;
        let portion = Portion { records_max, bytes_max, sequence_max: u64::MAX };
        let each = |entry: &coffer_journal::Entry<'_>| {
            read.push(entry.record.to_vec());
            assert_eq!(entry.sequence, u64::try_from(read.len()).unwrap());
        };
        let is_end = self.reader.read(portion, each).unwrap();
        assert!(self.read.len() - before <= records_max);
        is_end
    }

    fn take(&mut self, step: Step) {
        match step {
            Step::Append(slot, record) => self.append(slot, record),
            Step::AppendLike(slot, at, gone, new) => {
                let mut record = self.appended.last().cloned().unwrap_or_default();
                let at = at.min(record.len());
                let end = (at + gone).min(record.len());
                record.splice(at..end, new);
                self.append(Some(slot), record);
            }
            Step::Reopen => self.reopen(),
            Step::ReadOn(records_max, bytes_max) => drop(self.read_on(records_max, bytes_max)),
            Step::ReadAnew => self.reader = Reader::new(self.place.path(), self.reader.next()),
        }
    }

    fn end(&mut self) {
        self.reopen();
        while !self.read_on(7, 1000) {}
        assert_eq!(self.read, self.appended);
        let report = self.place.verify();
        assert_eq!(report.first_broken, None);
        assert_eq!(report.records, u64::try_from(self.appended.len()).unwrap());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(150) })]

    #[test]
    fn a_journal_reads_as_what_was_appended(
        segment_bytes in prop_oneof![Just(200_usize), Just(3000), Just(20_000)],
        steps in prop::collection::vec(step(), 1..80),
    ) {
        let mut model = Model::new(segment_bytes);
        steps.into_iter().for_each(|step| model.take(step));
        model.end();
    }
}

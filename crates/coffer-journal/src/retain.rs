//! Lets go of segments that are older than what is kept; the chain then begins at a new anchor.

use std::io;

use coffer_model::Timestamp;

use crate::buffer::lock;
use crate::head::Anchor;
use crate::journal::Shared;
use crate::keeper;
use crate::segment::{self, Header};

/// See [`crate::Journal::retain_since`].
pub(crate) fn retain_since(shared: &Shared, oldest: Timestamp) -> io::Result<usize> {
    let live = lock(&shared.writer).number;
    let mut anchor = lock(&shared.head).anchor;
    let first = anchor.segment;
    while anchor.segment < live {
        let Some(next) = after(shared, &anchor, oldest)? else { break };
        anchor = next;
    }
    if anchor.segment == first {
        return Ok(0);
    }
    // The head first: a crash in between leaves segments that nobody asks for, and the next start
    // removes them. The other way round it would leave a chain without its beginning.
    lock(&shared.head).anchor = anchor;
    keeper::write_head(shared)?;
    shared.folder.sync()?;
    let mut dropped = 0;
    for number in first..anchor.segment {
        shared.folder.remove(number)?;
        dropped += 1;
    }
    Ok(dropped)
}

/// The anchor after the segment that the chain begins with, where that one is old enough to go. A
/// broken one is never let go of: it is evidence.
fn after(shared: &Shared, anchor: &Anchor, oldest: Timestamp) -> io::Result<Option<Anchor>> {
    let number = anchor.segment;
    let Some(file) = shared.folder.read_closed(number)? else { return Ok(None) };
    let facts = shared.key.authentic(&file).and_then(|_| segment::facts(&file));
    let plain = segment::reopen(&file);
    let (Some(facts), Some(plain)) = (facts, plain) else {
        tracing::error!(
            journal.segment = number,
            "segment {number} of the journal is broken and is kept; see `coffer audit verify`"
        );
        return Ok(None);
    };
    if facts.last_time >= oldest {
        return Ok(None);
    }
    let header = Header::read_authentic(&plain, &shared.key);
    let holds = header.filter(|header| header.number == number && header.before == anchor.before);
    let Some(header) = holds else { return Ok(None) };
    let chain = segment::walk(&plain, &header, &shared.key, |_, _, _| ());
    if chain.stop != segment::Stop::End {
        return Ok(None);
    }
    Ok(Some(Anchor { segment: number + 1, first_sequence: chain.sequence + 1, before: chain.tag }))
}

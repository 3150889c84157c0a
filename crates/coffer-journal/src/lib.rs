//! A node's append-only journal in a folder of its own: records of bytes, each with its time and
//! its place in a chain. What the records say is not known here.
//!
//! # Layout
//!
//! | file | holds |
//! | --- | --- |
//! | `journal-NUMBER.log` | the live segment, and those not compressed yet: a header, then frames |
//! | `journal-NUMBER.log.zst` | a closed segment: its facts, the same bytes compressed, a MAC |
//! | `journal.head` | where the chain begins and how far it has come, under a MAC |
//! | `journal.lock` | the lock of the one process that writes |
//!
//! A frame holds a record whole, or as what differs from an earlier one of its segment ([`delta`]).
//! Each frame ends in a tag: an HMAC-SHA256 (cut to 128 bits) over the tag before it, the frame's
//! kind, time and length, and its bytes. A segment's header holds the last tag of the segment before
//! it and is itself the first link of its own chain. The key is the opener's: whoever can write the
//! files but has no key can't make a tag.
//!
//! # What is promised
//!
//! A record is *acknowledged* when [`Journal::flush`] has returned for its ticket: the operating
//! system has it, and no crash of the process loses it. The disk has it within 50 ms; who needs it
//! there before going on waits for [`Journal::synced`]. When a write fails, the records of it stay
//! buffered, every flush of theirs fails, and they are written when the disk takes them again, so
//! a record may tell of an answer that was never given, never the other way round. When a sync fails,
//! every flush fails until one succeeds, before which all that the disk may have thrown away is written
//! once more; so is, when a journal is opened, what its head does not vouch for.
//!
//! # What [`verify`] finds, and what it does not
//!
//! Found: any changed, added, removed, moved or doubled byte, record or segment up to what the head
//! vouches for, and any change to the head itself; a missing head. The head is brought up to date
//! 250 ms after a record at the latest, at every change of segment and when the journal is closed.
//!
//! Not found by the files alone:
//! - records cut off the end that were written after the head (at most the last 250 ms of a process
//!   that was killed). Cutting inside them looks like what a crash leaves; the next start cuts the
//!   torn frame off and says so in a note, which `verify` lists.
//! - the whole folder put back to an earlier state of its own, head included. Who keeps the last
//!   known [`Known`] elsewhere (the store has one, from shipping) gives it to `verify`, and that is
//!   found too.
//! - what somebody who has the key writes.

mod archive;
mod buffer;
pub mod delta;
mod error;
mod folder;
mod frame;
#[cfg(feature = "fuzzed")]
pub mod fuzzed;
mod head;
mod journal;
mod keeper;
mod key;
mod open;
mod read;
mod retain;
mod segment;
mod unsynced;
mod verify;
mod writer;

pub use buffer::Ticket;
pub use delta::Slot;
pub use error::JournalError;
pub use frame::{Kind, RECORD_BYTES_MAX};
pub use journal::{Journal, Settings, Synced};
pub use key::JournalKey;
pub use open::{Found, OpenError};
pub use read::{Entry, Portion, Position, Reader};
pub use verify::{Broken, Known, Note, Report, Why, verify};

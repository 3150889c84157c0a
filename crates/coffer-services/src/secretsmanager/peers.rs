//! Replicas that another deployment holds: what the primary's end has to deliver, and what the
//! replica's end makes of it.
//!
//! A change of a primary notes in its own commit that there is something to deliver; an errand tells
//! the peer the state as it is by then, until the peer has it. States are numbered, so that an older
//! one, which was long on its way, never takes the place of a newer one.

pub(crate) mod arriving;
pub(crate) mod deliver_replica;
pub(crate) mod delivery;
mod follower;
#[cfg(feature = "fuzzed")]
pub(super) mod fuzzed;
mod message;
pub mod receive;

#[cfg(test)]
pub(super) use self::arriving::ArrivingRecord;
#[cfg(test)]
pub(super) use self::delivery::DeliveryRecord;

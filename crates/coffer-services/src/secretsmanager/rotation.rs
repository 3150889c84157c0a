//! Rotations: when they are due, and the state machine that carries them out.
//!
//! What is known of a rotation at work is part of its secret's record ([`UnderWay`]), so there is
//! never a second one, and whatever a step does to the secret is one commit with the step's end.

mod carry_out;
mod plan;
mod reattempt;
mod rotator;
mod superuser;
mod turn;

pub(crate) use carry_out::CarryOutRotation;
pub(crate) use plan::PlanRotation;
pub(super) use plan::{count_change, plan, schedule_of};
pub(crate) use reattempt::ReattemptRotation;
pub use rotator::ROTATORS;
pub(super) use rotator::Rotator;
pub(super) use superuser::permitted as permitted_superuser;
pub(crate) use turn::{abort, retry};
pub(super) use turn::{begin, unfinished};

#[cfg(doc)]
use super::secret::UnderWay;

//! Rotations: when they are due, and the state machine that carries them out.
//!
//! What is known of a rotation at work is part of its secret's record ([`UnderWay`]), so there is
//! never a second one, and whatever a step does to the secret is one commit with the step's end.

mod carry_out;
mod function;
mod plan;
mod reattempt;
mod rotator;
mod superuser;
mod turn;

pub(crate) use carry_out::CarryOutRotation;
pub(super) use function::must_be_invocable;
pub(crate) use plan::PlanRotation;
pub(super) use plan::{count_change, plan, schedule_of};
pub(crate) use reattempt::ReattemptRotation;
pub(super) use rotator::{OWNING_SERVICE, Rotator, named_by_tag};
pub(super) use superuser::permitted as permitted_superuser;
pub(super) use turn::begin;
pub(crate) use turn::{abort, retry, unfinished};

#[cfg(doc)]
use super::secret::UnderWay;

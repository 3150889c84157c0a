//! Every route there is, from the table of services: who is let in by what, who is refused, what a
//! refusal changes, and what each answer leaves in the audit trail.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests may unwrap"
)]

mod estate;
mod input;
mod matrix;
mod personas;
mod policies;
mod port;
mod records;
mod strangers;
mod travelled;

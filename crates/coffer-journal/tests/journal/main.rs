//! The journal keeps what it was given, finds what was done to it, and survives being killed.

#![expect(clippy::unwrap_used, clippy::panic, reason = "tests may unwrap and panic")]

mod append;
mod crash;
mod folder;
mod model;
mod tamper;

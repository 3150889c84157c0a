//! Native rotators against real databases.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests may unwrap")]

mod database;
mod mysql;
mod network;
mod postgresql;
mod redis;
mod rotations;
mod servers;

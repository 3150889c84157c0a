//! Services at work on a store, without a server.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests may unwrap")]

mod backups;
mod kms;
mod lambda;
mod organizations;
mod parameter_policies;
mod peers;
mod port;
mod quotas;
mod root_key;
mod rotation;
mod rotation_by_function;
mod rotation_calendar;
mod rotation_function;
mod rotation_outside;
mod rotation_port;
mod rotation_trouble;
mod rotation_year;
mod sts;
mod world;

//! Services at work on a store, without a server.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests may unwrap")]

mod kms;
mod organizations;
mod parameter_policies;
mod port;
mod root_key;
mod rotation;
mod rotation_port;
mod sts;
mod world;

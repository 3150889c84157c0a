//! Services at work on a store, without a server.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests may unwrap")]

mod kms;
mod parameter_policies;
mod sts;
mod world;

//! Native rotators: they change a password in a real database, draw random values, or have a service
//! issue an API key, with no function to deploy.
//!
//! A [`Rotator`] knows the steps of a rotation in one of its two forms, and an engine knows how one
//! kind of database is logged in to and told a new password. The members of a secret's JSON and the
//! order of what is tried are those of the rotation functions that AWS publishes, so that a secret
//! can be rotated by either. Nothing here knows of stages, versions or schedules: texts of secrets
//! come in, and go out as [`Sensitive`](coffer_model::Sensitive) values.
//!
//! The next database is one file beside `postgresql.rs` and one line in `engine.rs`.

mod api_keys;
mod engine;
mod error;
mod login;
mod mysql;
mod network;
mod postgresql;
mod random_members;
mod redis;
mod rotator;

pub use api_keys::{ApiKeyRule, ApiKeyRules, KeySecrets, NewKey};
pub use error::RotationError;
pub use login::{Login, TlsUse};
#[cfg(feature = "fuzzed")]
pub use mysql::fuzzed as mysql_fuzzed;
pub use network::{Limits, Network};
pub use random_members::{RandomForm, RandomMember, with_random_members};
#[cfg(feature = "fuzzed")]
pub use redis::fuzzed as redis_fuzzed;
pub use rotator::{Form, Rotator, Secrets};

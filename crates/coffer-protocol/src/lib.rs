//! The AWS wire: SigV4, awsJson, awsQuery, REST-JSON, shapes and their validation. Pure, no IO.

// The derives name this crate by its name, also within it.
#[cfg(test)]
extern crate self as coffer_protocol;

pub mod audit;
pub mod decode;
pub mod encode;
pub mod fault;
pub mod json;
pub mod query;
pub mod rest;
pub mod shape;
pub mod sigv4;

pub use audit::{Audit, AuditObject, Veil};
pub use coffer_macros::{AwsEnum, Input, Output};
pub use decode::{Decode, Input};
pub use encode::{Encode, Output};
pub use fault::{ErrorRow, Fault, MessageMember};

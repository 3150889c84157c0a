//! How inputs are written on the wire, as the tests of all routes do it.

#[path = "../../crates/coffer-server/tests/routes/input.rs"]
mod input;

pub(crate) use input::{rest_head, written};

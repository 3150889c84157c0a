//! Every parser, given what nobody meant to write.
//!
//! A target is one file here and one row of [`TARGETS`]. It takes any bytes, and fails by a panic: of
//! the parser, or of its own where what must hold of every input does not: what was read is the same
//! when it is written and read again, two readers agree. `fuzz/corpus/TARGET/` keeps the inputs that
//! lead somewhere. The tests of this crate give each of them to its target, and changed ones too; the
//! engine, which looks for more of them, is `cargo xtask fuzz`.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a target fails by a panic"
)]

mod arn;
mod audit_records;
mod backup;
mod ciphertext;
mod data_types;
mod etcd_answers;
#[allow(dead_code, reason = "the tests of policies use all of it")]
mod evaluation;
mod event_selectors;
mod form;
mod imported_keys;
mod input;
mod journal;
mod json;
mod key_sets;
mod mysql_answers;
mod names;
mod operations;
mod parameter_filters;
mod parameter_texts;
mod peer_messages;
mod peer_requests;
mod policy;
mod records;
mod redis_answers;
#[allow(dead_code, reason = "the tests of all routes use all of it")]
mod request_bodies;
mod rotator_secrets;
mod row_keys;
mod schedule;
mod sealed;
mod secret_filters;
mod settings;
mod sigv4;
mod texts_out;
mod timestamps;
mod tokens;
mod trace_headers;
mod zip;

/// What is given inputs.
#[derive(Debug, Clone, Copy)]
pub struct Target {
    /// Its name, which is also that of its folder of inputs.
    pub name: &'static str,
    /// The longest input that it is given.
    pub bytes_max: usize,
    /// Takes an input.
    ///
    /// # Panics
    /// Where something is wrong.
    pub run: fn(&[u8]),
}

/// All of them.
pub const TARGETS: &[Target] = &[
    arn::TARGET,
    audit_records::TARGET,
    backup::TARGET,
    ciphertext::TARGET,
    data_types::TARGET,
    etcd_answers::TARGET,
    event_selectors::TARGET,
    form::TARGET,
    imported_keys::TARGET,
    journal::TARGET,
    json::TARGET,
    key_sets::TARGET,
    mysql_answers::TARGET,
    names::TARGET,
    operations::TARGET,
    parameter_filters::TARGET,
    parameter_texts::TARGET,
    peer_messages::TARGET,
    peer_requests::TARGET,
    policy::TARGET,
    records::TARGET,
    redis_answers::TARGET,
    rotator_secrets::TARGET,
    row_keys::TARGET,
    schedule::TARGET,
    sealed::TARGET,
    secret_filters::TARGET,
    settings::TARGET,
    sigv4::TARGET,
    texts_out::TARGET,
    timestamps::TARGET,
    tokens::TARGET,
    trace_headers::TARGET,
    zip::TARGET,
];

/// The target of this name.
pub fn target(name: &str) -> Option<&'static Target> {
    TARGETS.iter().find(|target| target.name == name)
}

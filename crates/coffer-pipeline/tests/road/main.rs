//! The road and the job runner, with a small service on a store that has bad days.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests may unwrap"
)]

mod audit_history;
mod audit_records;
mod cancelled;
mod faults;
mod jobs;
mod jobs_in_trouble;
mod jobs_left_behind;
mod late;
mod nodes;
mod quotas;
mod retention;
mod service;
mod world;

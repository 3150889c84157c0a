//! The rules of evaluation one by one, with their sources; and random policies, requests and
//! contexts, decided a second time by a naive evaluator that shares no code with the compiled one.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests may unwrap"
)]

mod accounts;
mod conditions;
mod documents;
mod explanations;
mod matching;
mod naive;
mod organizations;
mod principals;
mod random;
mod reasons;
mod trust_and_keys;
mod world;

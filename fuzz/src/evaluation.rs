//! The second evaluator, which the tests of policies have: it shares no code with the one of the server.

#[path = "../../crates/coffer-policy/tests/evaluation/naive.rs"]
pub(crate) mod naive;
#[path = "../../crates/coffer-policy/tests/evaluation/world.rs"]
pub(crate) mod world;

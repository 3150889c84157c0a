//! How far what an operator has asked for has come.

use coffer_protocol::AwsEnum;

/// What a caller is told of a backup, or of a change of the root key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, AwsEnum)]
pub(super) enum WireState {
    #[shape(wire = "IN_PROGRESS")]
    InProgress,
    #[shape(wire = "DONE")]
    Done,
    #[shape(wire = "FAILED")]
    Failed,
}

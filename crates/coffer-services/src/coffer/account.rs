//! What the operator is told of an account.

use coffer_pipeline::identity::organization::{AccountRecord, AccountStatus};
use coffer_protocol::{AwsEnum, Output};

/// An account.
#[derive(Output, Debug)]
pub(super) struct Account {
    id: Option<String>,
    name: Option<String>,
    email: Option<String>,
    status: Option<WireStatus>,
}

/// Whether an account may be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, AwsEnum)]
pub(super) enum WireStatus {
    #[shape(wire = "ACTIVE")]
    Active,
    #[shape(wire = "CLOSED")]
    Closed,
}

impl Account {
    /// What is told of it.
    pub(super) fn of(account: &AccountRecord) -> Self {
        Self {
            id: Some(account.account.to_string()),
            name: Some(account.name.clone()),
            email: Some(account.email.clone()),
            status: Some(match account.status {
                AccountStatus::Active => WireStatus::Active,
                AccountStatus::Closed(_) => WireStatus::Closed,
            }),
        }
    }
}

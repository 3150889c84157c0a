//! The policies that resources have.

use serde_json::{Value, json};

use crate::personas::{FRIEND, OWNER};

/// Allows to read parameters.
pub(crate) fn reading() -> Value {
    json!([{"Effect": "Allow", "Action": "ssm:GetParameter", "Resource": "*"}])
}

/// The default key policy, and for the covered keys a statement for another account.
pub(crate) fn key_policy(name: &str) -> Value {
    let root = format!("arn:aws:iam::{OWNER}:root");
    let own = json!({"Effect": "Allow", "Principal": {"AWS": root}, "Action": "kms:*",
        "Resource": "*"});
    let guests = guest_policy("kms:*");
    if name == "app" { json!([own, guests[0]]) } else { json!([own]) }
}

/// Lets another account do this.
pub(crate) fn guest_policy(action: &str) -> Value {
    json!([{"Effect": "Allow", "Principal": {"AWS": format!("arn:aws:iam::{FRIEND}:root")},
        "Action": action, "Resource": "*"}])
}

/// A role trusts its own account, and the covered one another account as well.
pub(crate) fn trust_policy(name: &str) -> Value {
    let accounts = if name == "app" { vec![OWNER, FRIEND] } else { vec![OWNER] };
    let arns: Vec<_> = accounts.iter().map(|id| format!("arn:aws:iam::{id}:root")).collect();
    json!([{"Effect": "Allow", "Principal": {"AWS": arns},
        "Action": ["sts:AssumeRole", "sts:TagSession"]}])
}

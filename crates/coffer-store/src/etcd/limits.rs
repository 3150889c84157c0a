//! What members have to take: more than etcd's defaults allow.

use std::time::Duration;

use bytes::Bytes;
use tokio::time::timeout;

use super::channel::Channel;
use super::failure::Failure;
use super::layout::{Layout, has_value, of_one, range};
use super::link::{ANSWER_BYTES_MAX, Cluster};
use super::messages::TxnRequest;
use crate::BATCH_ROWS_MAX;

/// Looks at every member that can be reached, of which there must be one.
pub(super) async fn check(cluster: &Cluster) -> Result<(), String> {
    let mut silent = Vec::new();
    for member in &cluster.address.members {
        let checked = async {
            let channel = cluster.connect(member).await?;
            check_sizes(&channel, &cluster.layout).await
        };
        let checked = timeout(CHECK, checked).await;
        match checked.unwrap_or_else(|_| Err(Failure::Unclear("no answer in time".to_owned()))) {
            Ok(()) => {}
            Err(Failure::Refused(cause)) => {
                return Err(format!("{member}: {}", explained(cause)));
            }
            Err(failure) => silent.push(format!("{member}: {}", failure.cause())),
        }
    }
    if silent.len() == cluster.address.members.len() {
        return Err(silent.join("; "));
    }
    for cause in silent {
        tracing::warn!(cause, "a member of the etcd cluster cannot be reached");
    }
    Ok(())
}

/// Checks a member's version.
pub(super) fn check_version(version: &str) -> Result<(), String> {
    let mut numbers = version.split('.').map(|number| number.parse().unwrap_or(0));
    let numbers: (u32, u32) = (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0));
    // Watches of an older one cannot be in parts.
    match numbers < VERSION_MIN {
        true => Err(format!("etcd {version} is too old: 3.4 is needed")),
        false => Ok(()),
    }
}

/// Asks for something as large as the largest batch, that changes nothing and is never true.
///
/// It is a read, so no member has to remember it; and how long a read may be is how long a write may
/// be and what etcd allows for what goes around that.
async fn check_sizes(channel: &Channel, layout: &Layout) -> Result<(), Failure> {
    let absent = layout.row(b"\xff");
    let value = Bytes::from(vec![0; (REQUEST_BYTES + AROUND_BYTES) / OPERATIONS - OVERHEAD_BYTES]);
    let question = TxnRequest {
        compare: vec![has_value(absent.clone(), value); OPERATIONS],
        success: vec![range(of_one(absent)); OPERATIONS],
        failure: Vec::new(),
    };
    channel.ask(&question, ANSWER_BYTES_MAX).await.map(drop)
}

/// What a member says, with what to do about it.
pub(super) fn explained(cause: String) -> String {
    let is_about_size = ["too many operations", "too large", "larger than max"];
    if is_about_size.iter().any(|words| cause.contains(words)) {
        return format!(
            "{cause}; start each member of the cluster with \
             --max-txn-ops={MAX_TXN_OPS} --max-request-bytes={REQUEST_BYTES}"
        );
    }
    if cause.contains("database space exceeded") {
        return format!("{cause}; compact and defragment the cluster, then disarm its alarm");
    }
    cause
}

/// A row each, and the one that each commit writes.
const OPERATIONS: usize = BATCH_ROWS_MAX + 1;
/// What operators are told, a round number.
const MAX_TXN_OPS: usize = 2_048;
/// The bytes of a batch, and the prefix and the frame of each of its rows.
const REQUEST_BYTES: usize = 9 * 1_024 * 1_024;
/// What etcd takes beside `--max-request-bytes`.
const AROUND_BYTES: usize = 512 * 1_024;
/// What a comparison and an operation take beside the value.
const OVERHEAD_BYTES: usize = 600;
const VERSION_MIN: (u32, u32) = (3, 4);
const CHECK: Duration = Duration::from_secs(8);

#[cfg(test)]
mod tests {
    use super::check_version;

    #[test]
    fn versions_are_compared_by_their_numbers() {
        for version in ["3.4.0", "3.4.23", "3.10.0-alpha", "4.0.0"] {
            assert_eq!(check_version(version), Ok(()));
        }
        for version in ["3.3.27", "2.9.9", ""] {
            assert!(check_version(version).is_err(), "{version}");
        }
    }
}

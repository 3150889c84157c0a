//! A secret for tests.

use std::collections::BTreeMap;

use coffer_model::{AccountId, Timestamp};

use super::{Origin, SecretRecord, Version};

/// A secret with these versions, each with a value, none with a label.
pub(crate) fn secret(versions: &[&str]) -> SecretRecord {
    let version = Version {
        created: Timestamp::EPOCH,
        stages: Vec::new(),
        kms_key_arn: None,
        has_value: true,
        rotated_by: None,
    };
    SecretRecord {
        account: AccountId::dev(),
        region: "us-east-1".parse().unwrap(),
        name: "app/db".to_owned(),
        suffix: "AbCdEf".to_owned(),
        description: None,
        kms_key_id: None,
        kind: None,
        created: Timestamp::EPOCH,
        changed: Timestamp::EPOCH,
        creation_token: String::new(),
        deletion: None,
        versions: versions.iter().map(|id| ((*id).to_owned(), version.clone())).collect(),
        tags: BTreeMap::new(),
        rotation: None,
        has_policy: false,
        origin: Origin::Own,
        followed: None,
        replicas: Vec::new(),
        cross_account_replicas: Vec::new(),
    }
}

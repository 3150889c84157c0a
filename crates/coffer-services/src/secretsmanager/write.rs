//! The one way by which secrets change: whatever becomes of a secret is gathered in a [`Change`]
//! and staged at once, with its values, its labels' events and its replicas.

mod erase;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use coffer_pipeline::Call;
use coffer_pipeline::identity::PolicyDocument;
use coffer_protocol::Fault;
use serde_json::json;

use super::errors::SecretsManagerError;
use super::seal::{self, Plain, SealingKey};
use super::secret::{
    CURRENT, PENDING, PREVIOUS, SecretPolicyRecord, SecretRecord, SecretValueRecord, Version,
    VersionAccessRecord,
};
use super::{replication, rotation};

pub(crate) use erase::erase;

/// What becomes of a secret.
pub(crate) struct Change {
    before: Option<Arc<SecretRecord>>,
    /// The secret as it becomes.
    pub(crate) secret: SecretRecord,
    /// New values, or old ones to be sealed anew, by their versions' ids.
    pub(crate) values: BTreeMap<String, Plain>,
    /// What becomes of its resource policy.
    pub(crate) policy: PolicyChange,
}

/// What becomes of a secret's resource policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum PolicyChange {
    /// It stays as it is.
    Keep,
    /// This document takes its place.
    Set(PolicyDocument),
    /// It goes.
    Remove,
}

impl Change {
    /// A secret that is made.
    pub(crate) fn creation(secret: SecretRecord) -> Self {
        Self { before: None, secret, values: BTreeMap::new(), policy: PolicyChange::Keep }
    }

    /// A change of a secret that is there.
    pub(crate) fn of(secret: &Arc<SecretRecord>) -> Self {
        Self {
            before: Some(Arc::clone(secret)),
            secret: SecretRecord::clone(secret),
            values: BTreeMap::new(),
            policy: PolicyChange::Keep,
        }
    }

    /// The secret as it was; nothing for one that is made.
    pub(crate) fn before(&self) -> Option<&SecretRecord> {
        self.before.as_deref()
    }

    /// Adds a version with a value, or gives one to a version without, and puts labels on it. The
    /// first version of a secret becomes current whatever its labels.
    ///
    /// # Errors
    /// `LimitExceededException` where a hundred versions are too young or labelled to make room.
    pub(crate) fn add_version(
        &mut self,
        call: &Call<'_>,
        version_id: &str,
        plain: Plain,
        labels: &[String],
    ) -> Result<(), Fault> {
        if !self.secret.versions.contains_key(version_id) {
            self.make_room(call)?;
        }
        let is_first = self.secret.versions.is_empty();
        let version = self.secret.versions.entry(version_id.to_owned()).or_insert(Version {
            created: call.now(),
            stages: Vec::new(),
            kms_key_arn: None,
            has_value: true,
            rotated_by: None,
        });
        version.has_value = true;
        self.values.insert(version_id.to_owned(), plain);
        for label in labels {
            self.attach(label, version_id);
        }
        if is_first {
            self.attach(CURRENT, version_id);
        }
        Ok(())
    }

    /// Adds a version without a value, which a rotation is to give it, and labels it AWSPENDING; one
    /// that is there keeps its value.
    ///
    /// # Errors
    /// See [`Change::add_version`].
    pub(crate) fn begin_version(&mut self, call: &Call<'_>, version_id: &str) -> Result<(), Fault> {
        if !self.secret.versions.contains_key(version_id) {
            self.make_room(call)?;
            let version = Version {
                created: call.now(),
                stages: Vec::new(),
                kms_key_arn: None,
                has_value: false,
                rotated_by: None,
            };
            self.secret.versions.insert(version_id.to_owned(), version);
        }
        self.secret.attach(PENDING, version_id);
        Ok(())
    }

    /// Takes a version away, with its value and labels.
    pub(crate) fn drop_version(&mut self, version_id: &str) {
        self.secret.versions.remove(version_id);
        self.values.remove(version_id);
    }

    /// Puts a label on a version that is given a value now.
    fn attach(&mut self, label: &str, version_id: &str) {
        let current = self.secret.version_with(CURRENT).map(str::to_owned);
        let pending = self.secret.version_with(PENDING).map(str::to_owned);
        if label == CURRENT && current.as_deref() != Some(version_id) && current == pending {
            // AWS: a current version that still carries AWSPENDING loses it to a new value
            // (recorded from AWS in 2022: LocalStack, test_update_secret_version_stages).
            self.secret.detach(PENDING);
        }
        self.secret.attach(label, version_id);
    }

    /// Drops the oldest versions without labels, as far as AWS would, for one more.
    fn make_room(&mut self, call: &Call<'_>) -> Result<(), Fault> {
        let young = call.now().minus(VERSION_KEPT);
        while self.secret.versions.len() >= VERSIONS_MAX {
            let deprecated = self
                .secret
                .versions
                .iter()
                .filter(|(_, version)| version.stages.is_empty() && version.created <= young)
                .min_by_key(|(_, version)| version.created)
                .map(|(id, _)| id.clone());
            let Some(oldest) = deprecated else {
                return Err(SecretsManagerError::LimitExceededException.with(
                    "The request failed because it would exceed one of the Secrets Manager \
                     quotas: a secret can't have more than 100 versions. Versions that are \
                     younger than 24 hours, or that have staging labels, aren't removed.",
                ));
            };
            self.secret.versions.remove(&oldest);
        }
        Ok(())
    }

    /// Stages all of it, and what follows at the replicas.
    ///
    /// # Errors
    /// `LimitExceededException` for too many labels; `EncryptionFailure`.
    pub(crate) async fn stage(mut self, call: &mut Call<'_>) -> Result<SecretRecord, Fault> {
        self.must_have_few_labels()?;
        self.secret.changed = call.now();
        rotation::count_change(self.before.as_deref(), &mut self.secret, call.now())?;
        self.seal_values(call).await?;
        self.drop_values(call).await?;
        self.stage_policy(call).await?;
        replication::follow(call, &mut self).await?;
        self.tell_labels(call).await?;
        call.acted_on(&self.secret.arn());
        call.put(self.secret.clone()).await?;
        Ok(self.secret)
    }

    fn must_have_few_labels(&self) -> Result<(), Fault> {
        let before = self.before().map_or(0, SecretRecord::label_count);
        let now = self.secret.label_count();
        if now > LABELS_MAX && now > before {
            return Err(SecretsManagerError::LimitExceededException.with(
                "The request failed because it would exceed one of the Secrets Manager quotas: \
                 a secret can't have more than 20 staging labels attached to its versions.",
            ));
        }
        Ok(())
    }

    async fn seal_values(&mut self, call: &mut Call<'_>) -> Result<(), Fault> {
        if self.values.is_empty() {
            return Ok(());
        }
        let key = seal::sealing_key(call, &self.secret.scope(), self.secret.kms_key_id.as_deref())
            .await?;
        for (version_id, plain) in &self.values {
            let row =
                seal::seal(call, seal::AS_CALLER, &self.secret, version_id, &key.record, plain)
                    .await?;
            call.put(row).await?;
        }
        self.name_key(&key);
        Ok(())
    }

    fn name_key(&mut self, key: &SealingKey) {
        for version_id in self.values.keys() {
            if let Some(version) = self.secret.versions.get_mut(version_id) {
                version.kms_key_arn = key.customer_arn();
            }
        }
    }

    /// The ids of the versions that this change drops.
    pub(crate) fn dropped(&self) -> Vec<String> {
        let before = self.before().into_iter().flat_map(|secret| secret.versions.keys());
        before.filter(|id| !self.secret.versions.contains_key(*id)).cloned().collect()
    }

    async fn drop_values(&self, call: &mut Call<'_>) -> Result<(), Fault> {
        for version_id in self.dropped() {
            let value = SecretValueRecord::key_of(&self.secret, &version_id);
            call.delete::<SecretValueRecord>(&value).await?;
            let access = VersionAccessRecord::key_of(&self.secret, &version_id);
            call.delete::<VersionAccessRecord>(&access).await?;
        }
        Ok(())
    }

    async fn stage_policy(&mut self, call: &mut Call<'_>) -> Result<(), Fault> {
        match &self.policy {
            PolicyChange::Keep => Ok(()),
            PolicyChange::Set(text) => {
                self.secret.has_policy = true;
                call.put(SecretPolicyRecord::of(&self.secret, text)).await
            }
            PolicyChange::Remove => {
                self.secret.has_policy = false;
                let row = SecretPolicyRecord::key_of(&self.secret);
                call.delete::<SecretPolicyRecord>(&row).await
            }
        }
    }

    /// An event for each label that came to a version; AWSPENDING and AWSPREVIOUS make none.
    async fn tell_labels(&self, call: &mut Call<'_>) -> Result<(), Fault> {
        for (version_id, version) in &self.secret.versions {
            for label in &version.stages {
                let was_here = self
                    .before()
                    .and_then(|before| before.versions.get(version_id))
                    .is_some_and(|before| before.stages.contains(label));
                if was_here || label == PENDING || label == PREVIOUS {
                    continue;
                }
                let detail = json!({
                    "name": self.secret.name,
                    "labelUpdated": label,
                    "versionId": version_id,
                });
                let resources = vec![self.secret.arn()];
                call.emit_in(self.secret.scope(), EVENT_SOURCE, LABEL_UPDATED, resources, detail)
                    .await?;
            }
        }
        Ok(())
    }
}

const LABEL_UPDATED: &str = "Secret Label Updated";
const EVENT_SOURCE: &str = "aws.secretsmanager";
/// Versions of a secret; beyond them the oldest without labels go.
const VERSIONS_MAX: usize = 100;
/// How long a version is kept at least.
const VERSION_KEPT: Duration = Duration::from_secs(24 * 60 * 60);
/// Labels of all versions of a secret together.
const LABELS_MAX: usize = 20;

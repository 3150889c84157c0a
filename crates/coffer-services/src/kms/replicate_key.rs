//! ReplicateKey: makes a related key in another region.

use std::collections::BTreeMap;

use coffer_model::Region;
use coffer_pipeline::identity::PolicyDocument;
use coffer_pipeline::{Access, Call, ContextValues, Demand, Operation};
use coffer_protocol::{ErrorRow, Fault, Input, Output};

use super::errors::KmsError;
use super::find::find_to_change;
use super::key::{KeyRecord, key_arn};
use super::multi_region::put_with_replicas;
use super::permission::demand_on;
use super::wire::{KeyMetadata, Tag};
use super::{key_policy, tags};

/// Makes a replica of a primary key: the same id and material in another region.
pub(super) struct ReplicateKey;

/// Which key, and where to.
#[derive(Input, Debug)]
#[shape(name = "ReplicateKeyRequest")]
pub(super) struct ReplicateKeyInput {
    #[shape(required, min = 1, max = 2048)]
    key_id: String,
    #[shape(required, min = 1, max = 32, pattern = r"^([a-z]+-){2,3}\d+$")]
    replica_region: String,
    #[shape(min = 1, max = 131072, pattern = r"[\u0009\u000A\u000D\u0020-\u00FF]+")]
    policy: Option<String>,
    bypass_policy_lockout_safety_check: Option<bool>,
    #[shape(min = 0, max = 8192)]
    description: Option<String>,
    tags: Option<Vec<Tag>>,
}

/// The replica.
#[derive(Output, Debug)]
#[shape(name = "ReplicateKeyResponse")]
pub(super) struct ReplicateKeyOutput {
    replica_key_metadata: Option<KeyMetadata>,
    replica_policy: Option<String>,
    replica_tags: Option<Vec<Tag>>,
}

impl Operation for ReplicateKey {
    const NAME: &'static str = "ReplicateKey";
    const ACCESS: Access = Access::Write;
    const ERRORS: &'static [ErrorRow] = &[
        KmsError::AlreadyExistsException.row(),
        KmsError::DisabledException.row(),
        KmsError::InvalidArnException.row(),
        KmsError::KMSInvalidStateException.row(),
        KmsError::KMSInternalException.row(),
        KmsError::LimitExceededException.row(),
        KmsError::MalformedPolicyDocumentException.row(),
        KmsError::NotFoundException.row(),
        KmsError::TagException.row(),
        KmsError::UnsupportedOperationException.row(),
    ];
    type Input = ReplicateKeyInput;
    type Output = ReplicateKeyOutput;

    async fn demands(call: &mut Call<'_>, input: &Self::Input) -> Result<Vec<Demand>, Fault> {
        let mut demands = vec![demand_on(call, "kms:ReplicateKey", &input.key_id).await?];
        let tag = input.tags.as_ref().filter(|tags| !tags.is_empty()).map(|_| "kms:TagResource");
        for action in std::iter::once("kms:CreateKey").chain(tag) {
            // AWS: these two are asked for in the replica's region (API reference).
            let region = input.replica_region.as_str();
            demands.push(Demand::of(action, "*").with("aws:requestedregion", region));
        }
        Ok(demands)
    }

    fn condition<'i>(input: &'i Self::Input, key: &str) -> Option<ContextValues<'i>> {
        match key {
            "kms:replicaregion" => Some(input.replica_region.as_str().into()),
            "kms:bypasspolicylockoutsafetycheck" => {
                Some(input.bypass_policy_lockout_safety_check.unwrap_or(false).into())
            }
            _ => tags::condition(input.tags.as_deref(), key),
        }
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        let primary = find_to_change(call, &input.key_id, "kms:ReplicateKey").await?;
        let related = primary.must_be_primary()?.clone();
        match primary.state {
            super::key::KeyState::PendingImport => {}
            _ => primary.must_be_usable()?,
        }
        let region: Region = input
            .replica_region
            .parse()
            .map_err(|_| Fault::validation(format!("{} is no region", input.replica_region)))?;
        let scope = primary.scope().in_region(region.clone());
        let arn = key_arn(&scope, &primary.key_id);
        if region == primary.region || related.replicas.contains(&region) {
            let message = format!("{arn} already exists");
            return Err(KmsError::AlreadyExistsException.with(message));
        }
        let policy = match &input.policy {
            Some(policy) => {
                let may_lock_out = input.bypass_policy_lockout_safety_check.unwrap_or(false);
                key_policy::accepted(call, policy, may_lock_out).await?
            }
            None => PolicyDocument::new(key_policy::default_policy(call.account())),
        };
        let tags = tags::joined(&BTreeMap::new(), input.tags.as_deref().unwrap_or_default())?;
        let description = input.description.as_deref().unwrap_or_default();
        let mut replica = KeyRecord::replica_of(&primary, call, region.clone(), description);
        replica.policy = policy.clone();
        replica.tags.clone_from(&tags);
        call.acted_on(&primary.arn());
        call.acted_on(&arn);
        let row = KeyRecord::key_of(&scope, &replica.key_id);
        call.put(replica).await?;
        let mut primary = primary.copy();
        if let Some(related) = &mut primary.multi_region {
            related.replicas.insert(region);
        }
        put_with_replicas(call, primary).await?;
        let staged = call.get::<KeyRecord>(&row).await?;
        let staged = staged.ok_or_else(|| Fault::internal("a staged key is not there"))?;
        let tag = |(key, value)| Tag { tag_key: key, tag_value: value };
        Ok(ReplicateKeyOutput {
            replica_key_metadata: Some(staged.metadata()),
            replica_policy: Some(policy.text().to_owned()),
            replica_tags: Some(tags.into_iter().map(tag).collect()),
        })
    }
}

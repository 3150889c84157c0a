//! Structures that several operations take or give.

use std::collections::BTreeMap;

use coffer_model::Timestamp;
use coffer_pipeline::ContextValues;
use coffer_protocol::{Fault, Input, Output};

use super::errors::SecretsManagerError;
use super::secret::{ReplicaStatus, Rotation, SecretRecord};

/// A tag.
#[derive(Debug, Clone, PartialEq, Eq, Input, Output)]
pub(crate) struct Tag {
    #[shape(min = 1, max = 128)]
    key: Option<String>,
    #[shape(min = 0, max = 256)]
    value: Option<String>,
}

/// The names and values of tags.
pub(crate) fn pairs(tags: Option<&[Tag]>) -> impl Iterator<Item = (&str, &str)> {
    let tags = tags.unwrap_or_default().iter();
    tags.filter_map(|tag| Some((tag.key.as_deref()?, tag.value.as_deref().unwrap_or_default())))
}

/// What a request to replicate says of condition keys.
pub(crate) fn replica_condition<'i>(
    key: &str,
    regions: Option<&'i [ReplicaRegion]>,
    overwrite: Option<bool>,
) -> Option<ContextValues<'i>> {
    match key {
        "secretsmanager:addreplicaregions" => {
            Some(regions?.iter().filter_map(|region| region.region.as_deref()).collect())
        }
        "secretsmanager:forceoverwritereplicasecret" => overwrite.map(ContextValues::from),
        _ => None,
    }
}

/// A region to replicate to, and the key to seal with there.
#[derive(Debug, Clone, PartialEq, Eq, Input)]
#[shape(name = "ReplicaRegionType")]
pub(crate) struct ReplicaRegion {
    /// The region.
    #[shape(min = 1, max = 128, pattern = r"^([a-z]+-)+\d+$")]
    pub(crate) region: Option<String>,
    /// The key.
    #[shape(min = 0, max = 2048)]
    pub(crate) kms_key_id: Option<String>,
}

/// How a replica stands.
#[derive(Debug, Clone, PartialEq, Eq, Output)]
#[shape(name = "ReplicationStatusType")]
pub(crate) struct ReplicationStatus {
    #[shape(min = 1, max = 128, pattern = r"^([a-z]+-)+\d+$")]
    region: Option<String>,
    #[shape(min = 0, max = 2048)]
    kms_key_id: Option<String>,
    status: Option<ReplicaStatus>,
    #[shape(min = 1, max = 4096)]
    status_message: Option<String>,
    /// The day of the last read in that region.
    pub(crate) last_accessed_date: Option<Timestamp>,
}

/// When a secret rotates.
#[derive(Debug, Clone, PartialEq, Eq, Input, Output)]
#[shape(name = "RotationRulesType")]
pub(crate) struct RotationRules {
    /// Days between rotations.
    #[shape(min = 1, max = 1000)]
    pub(crate) automatically_after_days: Option<i64>,
    /// The length of the window.
    #[shape(min = 2, max = 3, pattern = "[0-9]+h")]
    pub(crate) duration: Option<String>,
    /// A `rate(…)` or `cron(…)`.
    #[shape(min = 1, max = 256, pattern = r"[0-9A-Za-z\(\)#\?\*\-\/, ]+")]
    pub(crate) schedule_expression: Option<String>,
}

/// What a managed external secret says of its rotation.
#[derive(Debug, Clone, PartialEq, Eq, Input, Output)]
#[shape(name = "ExternalSecretRotationMetadataItem")]
pub(crate) struct ExternalMetadata {
    /// The key.
    #[shape(min = 1, max = 256)]
    pub(crate) key: Option<String>,
    /// The value.
    #[shape(min = 1, max = 2048)]
    pub(crate) value: Option<String>,
}

/// Puts tags on top of those that are there.
///
/// # Errors
/// `InvalidParameterException` for a tag without a key or value, a key that AWS keeps to itself,
/// a key named twice, or more than fifty tags.
pub(crate) fn add_tags(tags: &mut BTreeMap<String, String>, added: &[Tag]) -> Result<(), Fault> {
    let refused = |message: &str| SecretsManagerError::InvalidParameterException.with(message);
    let mut seen = std::collections::BTreeSet::new();
    for tag in added {
        let (Some(key), Some(value)) = (&tag.key, &tag.value) else {
            return Err(refused("You must provide both a key and a value for each tag."));
        };
        if key.to_ascii_lowercase().starts_with("aws:") {
            return Err(refused(
                "Tag keys that begin with aws: are reserved for use by Amazon Web Services.",
            ));
        }
        if !seen.insert(key) {
            return Err(refused("You can't specify the same tag key more than once."));
        }
        tags.insert(key.clone(), value.clone());
    }
    if tags.len() > TAGS_MAX {
        return Err(refused("A secret can't have more than 50 tags."));
    }
    Ok(())
}

/// The tags of an answer; nothing where there are none.
pub(crate) fn tags(tags: &BTreeMap<String, String>) -> Option<Vec<Tag>> {
    let tag = |(key, value): (&String, &String)| Tag {
        key: Some(key.clone()),
        value: Some(value.clone()),
    };
    (!tags.is_empty()).then(|| tags.iter().map(tag).collect())
}

/// The rules of an answer.
pub(crate) fn rotation_rules(rotation: &Rotation) -> RotationRules {
    RotationRules {
        automatically_after_days: rotation.after_days,
        duration: rotation.duration.clone(),
        schedule_expression: rotation.schedule.clone(),
    }
}

/// The metadata of an answer; nothing where there is none.
pub(crate) fn external_metadata(rotation: &Rotation) -> Option<Vec<ExternalMetadata>> {
    let item = |(key, value): &(Option<String>, Option<String>)| ExternalMetadata {
        key: key.clone(),
        value: value.clone(),
    };
    let all = &rotation.external_metadata;
    (!all.is_empty()).then(|| all.iter().map(item).collect())
}

/// The versions that have labels, with them; nothing where there are none.
pub(crate) fn labelled_versions(secret: &SecretRecord) -> Option<BTreeMap<String, Vec<String>>> {
    let labelled: BTreeMap<_, _> = secret
        .versions
        .iter()
        .filter(|(_, version)| !version.stages.is_empty())
        .map(|(id, version)| (id.clone(), version.stages.clone()))
        .collect();
    (!labelled.is_empty()).then_some(labelled)
}

/// The replicas of an answer, without the days of their last reads; nothing where there are none.
pub(crate) fn replication_status(secret: &SecretRecord) -> Option<Vec<ReplicationStatus>> {
    let replicas = secret.replicas.iter().map(|replica| {
        let default_key = || crate::kms::key::managed_alias("secretsmanager");
        ReplicationStatus {
            region: Some(replica.region.to_string()),
            kms_key_id: Some(replica.kms_key_id.clone().unwrap_or_else(default_key)),
            status: Some(replica.status),
            status_message: replica.message.clone(),
            last_accessed_date: None,
        }
    });
    (!secret.replicas.is_empty()).then(|| replicas.collect())
}

/// The token of a request that changes a value. SDKs make one; AWS refuses to go without.
///
/// # Errors
/// `InvalidRequestException` where there is none.
pub(crate) fn needed_token(token: Option<&String>) -> Result<&str, Fault> {
    token.map(String::as_str).ok_or_else(|| {
        SecretsManagerError::InvalidRequestException
            .with("You must provide a ClientRequestToken value. We recommend a UUID-type value.")
    })
}

const TAGS_MAX: usize = 50;

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::{Tag, add_tags};

    fn tag(key: &str, value: &str) -> Tag {
        Tag { key: Some(key.to_owned()), value: Some(value.to_owned()) }
    }

    #[test]
    fn tags_are_added_up_to_fifty() {
        let mut tags = BTreeMap::new();
        let fifty: Vec<_> = (0..50).map(|number| tag(&format!("key{number}"), "")).collect();
        add_tags(&mut tags, &fifty).unwrap();
        add_tags(&mut tags, &[tag("key0", "other")]).unwrap();
        assert_eq!(tags.get("key0").unwrap(), "other");
        assert!(add_tags(&mut tags, &[tag("one more", "")]).is_err());
    }

    #[test]
    fn a_tag_needs_a_key_of_its_own_and_a_value() {
        let half = Tag { key: Some("k".to_owned()), value: None };
        for refused in [vec![half], vec![tag("aws:k", "")], vec![tag("k", "1"), tag("k", "2")]] {
            assert!(add_tags(&mut BTreeMap::new(), &refused).is_err(), "{refused:?}");
        }
    }
}

//! Tags of trails.

use std::collections::BTreeMap;

use coffer_protocol::Fault;

use super::errors::CloudTrailError;
use super::wire::Tag;

/// Reads the tags that a caller gives.
pub(super) fn read(given: &[Tag]) -> Result<BTreeMap<String, String>, Fault> {
    let mut tags = BTreeMap::new();
    for tag in given {
        let value = tag.value.clone().unwrap_or_default();
        if tag.key.to_ascii_lowercase().starts_with("aws:") {
            return Err(CloudTrailError::InvalidTagParameterException
                .with("Tag keys that begin with aws: are reserved."));
        }
        if tags.insert(tag.key.clone(), value).is_some() {
            return Err(CloudTrailError::InvalidTagParameterException
                .with("The tag list contains duplicate keys."));
        }
    }
    must_be_few(&tags)?;
    Ok(tags)
}

/// Refuses more tags than a trail may have.
pub(super) fn must_be_few(tags: &BTreeMap<String, String>) -> Result<(), Fault> {
    if tags.len() <= TAGS_MAX {
        return Ok(());
    }
    Err(CloudTrailError::TagsLimitExceededException
        .with("The number of tags per trail, event data store, or channel has exceeded 50."))
}

/// The tags as they are told.
pub(super) fn told(tags: &BTreeMap<String, String>) -> Vec<Tag> {
    let tag =
        |(key, value): (&String, &String)| Tag { key: key.clone(), value: Some(value.clone()) };
    tags.iter().map(tag).collect()
}

const TAGS_MAX: usize = 50;

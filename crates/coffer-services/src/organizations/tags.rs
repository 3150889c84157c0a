//! Tags of roots, units, accounts and policies.

use std::collections::BTreeMap;

use coffer_pipeline::identity::organization::OrganizationRecord;
use coffer_pipeline::{Call, ContextValues, requested_tags};
use coffer_protocol::Fault;

use super::errors::{invalid, limited};
use super::find;
use super::records::TagsRecord;
use super::wire::Tag;

/// Refuses the id of what has no tags or is not there.
///
/// # Errors
/// `TargetNotFoundException`.
pub(super) async fn must_be_there(
    call: &mut Call<'_>,
    organization: &OrganizationRecord,
    id: &str,
) -> Result<(), Fault> {
    if id.starts_with("p-") {
        let policy = find::policy(call, organization, id).await;
        return policy.map(drop).map_err(|_| find::no_target());
    }
    find::target(call, organization, id).await.map(drop)
}

/// What the tags that a request brings say of a condition key.
pub(super) fn condition<'t>(tags: Option<&'t [Tag]>, key: &str) -> Option<ContextValues<'t>> {
    let tags = tags.filter(|tags| !tags.is_empty())?;
    requested_tags(key, tags.iter().map(|tag| (tag.key.as_str(), tag.value.as_str())))
}

/// The tags of a resource.
pub(super) async fn of(
    call: &mut Call<'_>,
    organization: &OrganizationRecord,
    id: &str,
) -> Result<BTreeMap<String, String>, Fault> {
    let row = TagsRecord::key_of(&organization.id, id);
    let found = call.get::<TagsRecord>(&row).await?;
    Ok(found.map(|record| record.tags.clone()).unwrap_or_default())
}

/// Stages tags beside those that a resource has, in place of those of the same keys.
pub(super) async fn add(
    call: &mut Call<'_>,
    organization: &OrganizationRecord,
    id: &str,
    tags: &[Tag],
) -> Result<(), Fault> {
    if tags.is_empty() {
        return Ok(());
    }
    let mut given = BTreeMap::new();
    for tag in tags {
        if tag.key.to_ascii_lowercase().starts_with("aws:") {
            return Err(invalid(
                "INVALID_SYSTEM_TAGS_PARAMETER",
                "You specified a tag key that is a system tag. You can't add, edit, or delete \
                 system tag keys.",
            ));
        }
        if given.insert(tag.key.clone(), tag.value.clone()).is_some() {
            return Err(invalid("DUPLICATE_TAG_KEY", "Tag keys must be unique."));
        }
    }
    let mut all = of(call, organization, id).await?;
    all.extend(given);
    if all.len() > TAGS_MAX {
        return Err(limited(
            "MAX_TAG_LIMIT_EXCEEDED",
            "You have exceeded the number of tags allowed on this resource.",
        ));
    }
    put(call, organization, id, all).await
}

/// Stages the tags of a resource in place of what it has.
pub(super) async fn put(
    call: &mut Call<'_>,
    organization: &OrganizationRecord,
    id: &str,
    tags: BTreeMap<String, String>,
) -> Result<(), Fault> {
    if tags.is_empty() {
        return forget(call, organization, id).await;
    }
    let (organization, resource) = (organization.id.clone(), id.to_owned());
    call.put(TagsRecord { organization, resource, tags }).await
}

/// Stages the end of the tags of what goes.
pub(super) async fn forget(
    call: &mut Call<'_>,
    organization: &OrganizationRecord,
    id: &str,
) -> Result<(), Fault> {
    call.delete::<TagsRecord>(&TagsRecord::key_of(&organization.id, id)).await
}

const TAGS_MAX: usize = 50;

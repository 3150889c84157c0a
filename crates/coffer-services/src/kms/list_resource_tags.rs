//! ListResourceTags: lists a key's tags.

use coffer_pipeline::{Access, Call, Demand, Operation};
use coffer_protocol::{ErrorRow, Fault, Input, Output};

use super::errors::KmsError;
use super::find::find_own;
use super::pages::{Page, limit_of};
use super::permission::demand_on;
use super::tags::TAGS_MAX;
use super::wire::Tag;

/// Lists a key's tags, in the order of their names.
pub(super) struct ListResourceTags;

/// Which key, and which page.
#[derive(Input, Debug)]
#[shape(name = "ListResourceTagsRequest")]
pub(super) struct ListResourceTagsInput {
    #[shape(required, min = 1, max = 2048)]
    key_id: String,
    #[shape(min = 1, max = 1000)]
    limit: Option<i32>,
    #[shape(min = 1, max = 1024, pattern = r"[\u0020-\u00FF]*")]
    marker: Option<String>,
}

/// A page of tags.
#[derive(Output, Debug)]
#[shape(name = "ListResourceTagsResponse")]
pub(super) struct ListResourceTagsOutput {
    tags: Option<Vec<Tag>>,
    next_marker: Option<String>,
    truncated: Option<bool>,
}

impl Operation for ListResourceTags {
    const NAME: &'static str = "ListResourceTags";
    const ACCESS: Access = Access::Read;
    const ERRORS: &'static [ErrorRow] = &[
        KmsError::KMSInternalException.row(),
        KmsError::NotFoundException.row(),
        KmsError::InvalidArnException.row(),
        KmsError::InvalidMarkerException.row(),
    ];
    type Input = ListResourceTagsInput;
    type Output = ListResourceTagsOutput;

    async fn demands(call: &mut Call<'_>, input: &Self::Input) -> Result<Vec<Demand>, Fault> {
        Ok(vec![demand_on(call, "kms:ListResourceTags", &input.key_id).await?])
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        let key = find_own(call, &input.key_id, "kms:ListResourceTags").await?;
        let tag = |(name, value): (&String, &String)| {
            (name.clone(), Tag { tag_key: name.clone(), tag_value: value.clone() })
        };
        let entries = key.tags.iter().map(tag).collect();
        let listing = call.scope().key("kms.tags-of-key", &[&key.key_id]);
        let limit = limit_of(input.limit, TAGS_MAX, TAGS_MAX);
        let page = Page::of(&listing, entries, limit, input.marker.as_deref())?;
        Ok(ListResourceTagsOutput {
            tags: Some(page.items),
            truncated: Some(page.next_marker.is_some()),
            next_marker: page.next_marker,
        })
    }
}

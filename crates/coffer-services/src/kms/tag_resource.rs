//! TagResource: gives a key tags.

use coffer_pipeline::{Access, Call, ContextValues, Demand, Operation};
use coffer_protocol::{ErrorRow, Fault, Input};

use super::errors::KmsError;
use super::find::find_to_change;
use super::permission::demand_on;
use super::tags;
use super::wire::Tag;

/// Gives a key tags, in place of those of the same names.
pub(super) struct TagResource;

/// Which key, and which tags.
#[derive(Input, Debug)]
#[shape(name = "TagResourceRequest")]
pub(super) struct TagResourceInput {
    #[shape(required, min = 1, max = 2048)]
    key_id: String,
    #[shape(required)]
    tags: Vec<Tag>,
}

impl Operation for TagResource {
    const NAME: &'static str = "TagResource";
    const ACCESS: Access = Access::Write;
    const ERRORS: &'static [ErrorRow] = &[
        KmsError::KMSInternalException.row(),
        KmsError::NotFoundException.row(),
        KmsError::InvalidArnException.row(),
        KmsError::KMSInvalidStateException.row(),
        KmsError::LimitExceededException.row(),
        KmsError::TagException.row(),
    ];
    type Input = TagResourceInput;
    type Output = ();

    async fn demands(call: &mut Call<'_>, input: &Self::Input) -> Result<Vec<Demand>, Fault> {
        Ok(vec![demand_on(call, "kms:TagResource", &input.key_id).await?])
    }

    fn condition<'i>(input: &'i Self::Input, key: &str) -> Option<ContextValues<'i>> {
        tags::condition(Some(&input.tags), key)
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        let key = find_to_change(call, &input.key_id, "kms:TagResource").await?;
        key.must_stay()?;
        call.acted_on(&key.arn());
        let mut key = key.copy();
        key.tags = tags::joined(&key.tags, &input.tags)?;
        call.put(key).await
    }
}

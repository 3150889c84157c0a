//! UntagResource: takes tags from a key.

use coffer_pipeline::demand::TAG_KEYS;
use coffer_pipeline::{Access, Call, ContextValues, Demand, Operation};
use coffer_protocol::{ErrorRow, Fault, Input};

use super::errors::KmsError;
use super::find::find_to_change;
use super::permission::demand_on;
use super::tags;

/// Takes tags from a key; names that it does not have are no error.
pub(super) struct UntagResource;

/// Which key, and which tags.
#[derive(Input, Debug)]
#[shape(name = "UntagResourceRequest")]
pub(super) struct UntagResourceInput {
    #[shape(required, min = 1, max = 2048)]
    key_id: String,
    #[shape(required, member(min = 1, max = 128))]
    tag_keys: Vec<String>,
}

impl Operation for UntagResource {
    const NAME: &'static str = "UntagResource";
    const ACCESS: Access = Access::Write;
    const ERRORS: &'static [ErrorRow] = &[
        KmsError::KMSInternalException.row(),
        KmsError::NotFoundException.row(),
        KmsError::InvalidArnException.row(),
        KmsError::KMSInvalidStateException.row(),
        KmsError::TagException.row(),
    ];
    type Input = UntagResourceInput;
    type Output = ();

    async fn demands(call: &mut Call<'_>, input: &Self::Input) -> Result<Vec<Demand>, Fault> {
        Ok(vec![demand_on(call, "kms:UntagResource", &input.key_id).await?])
    }

    fn condition<'i>(input: &'i Self::Input, key: &str) -> Option<ContextValues<'i>> {
        (key == TAG_KEYS).then(|| input.tag_keys.iter().map(String::as_str).collect())
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        let key = find_to_change(call, &input.key_id, "kms:UntagResource").await?;
        key.must_stay()?;
        call.acted_on(&key.arn());
        for name in &input.tag_keys {
            tags::must_be_free(name)?;
        }
        let mut key = key.copy();
        key.tags.retain(|name, _| !input.tag_keys.contains(name));
        call.put(key).await
    }
}

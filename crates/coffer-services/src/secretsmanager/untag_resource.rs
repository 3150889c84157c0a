//! UntagResource: takes tags off a secret.

use coffer_pipeline::demand::TAG_KEYS;
use coffer_pipeline::{Access, Call, ContextValues, Demand, Operation};
use coffer_protocol::{ErrorRow, Fault, Input};

use super::errors::SecretsManagerError;
use super::id;
use super::write::Change;

/// Removes tags by their keys; keys that are not there are no error.
pub(super) struct UntagResource;

/// Which tags.
#[derive(Input, Debug)]
#[shape(name = "UntagResourceRequest")]
pub(super) struct UntagResourceInput {
    #[shape(required, min = 1, max = 2048)]
    secret_id: String,
    #[shape(required, member(min = 1, max = 128))]
    tag_keys: Vec<String>,
}

impl Operation for UntagResource {
    const NAME: &'static str = "UntagResource";
    const ACCESS: Access = Access::Write;
    const ERRORS: &'static [ErrorRow] = &[
        SecretsManagerError::ResourceNotFoundException.row(),
        SecretsManagerError::InvalidRequestException.row(),
        SecretsManagerError::InvalidParameterException.row(),
        SecretsManagerError::InternalServiceError.row(),
    ];
    type Input = UntagResourceInput;
    type Output = ();

    async fn demands(call: &mut Call<'_>, input: &Self::Input) -> Result<Vec<Demand>, Fault> {
        id::demands(call, "secretsmanager:UntagResource", &input.secret_id).await
    }

    fn condition<'i>(input: &'i Self::Input, key: &str) -> Option<ContextValues<'i>> {
        (key == TAG_KEYS).then(|| input.tag_keys.iter().map(String::as_str).collect())
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<(), Fault> {
        let secret = id::find_changeable(call, &input.secret_id).await?;
        let mut change = Change::of(&secret);
        change.secret.tags.retain(|key, _| !input.tag_keys.contains(key));
        change.stage(call).await?;
        Ok(())
    }
}

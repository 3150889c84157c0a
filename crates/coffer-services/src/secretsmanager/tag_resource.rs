//! TagResource: puts tags on a secret.

use coffer_pipeline::{Access, Call, ContextValues, Demand, Operation, requested_tags};
use coffer_protocol::{ErrorRow, Fault, Input};

use super::errors::SecretsManagerError;
use super::id;
use super::wire::{self, Tag};
use super::write::Change;

/// Adds tags, and changes the values of those that are there.
pub(super) struct TagResource;

/// Which tags.
#[derive(Input, Debug)]
#[shape(name = "TagResourceRequest")]
pub(super) struct TagResourceInput {
    #[shape(required, min = 1, max = 2048)]
    secret_id: String,
    #[shape(required)]
    tags: Vec<Tag>,
}

impl Operation for TagResource {
    const NAME: &'static str = "TagResource";
    const ACCESS: Access = Access::Write;
    const ERRORS: &'static [ErrorRow] = &[
        SecretsManagerError::ResourceNotFoundException.row(),
        SecretsManagerError::InvalidRequestException.row(),
        SecretsManagerError::InvalidParameterException.row(),
        SecretsManagerError::InternalServiceError.row(),
    ];
    type Input = TagResourceInput;
    type Output = ();

    async fn demands(call: &mut Call<'_>, input: &Self::Input) -> Result<Vec<Demand>, Fault> {
        id::demands(call, "secretsmanager:TagResource", &input.secret_id).await
    }

    fn condition<'i>(input: &'i Self::Input, key: &str) -> Option<ContextValues<'i>> {
        requested_tags(key, wire::pairs(Some(&input.tags)))
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<(), Fault> {
        let secret = id::find_changeable(call, &input.secret_id).await?;
        let mut change = Change::of(&secret);
        wire::add_tags(&mut change.secret.tags, &input.tags)?;
        change.stage(call).await?;
        Ok(())
    }
}

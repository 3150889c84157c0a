//! DeleteAlias: takes a name from a key.

use coffer_pipeline::{Access, Call, Demand, Operation};
use coffer_protocol::{ErrorRow, Fault, Input};

use super::alias::{self, AliasRecord};
use super::errors::KmsError;
use super::key::KeyRecord;
use super::permission::demands_on_alias;
use super::target::without_alias;

/// Takes a name from a key, whatever the state of the key.
pub(super) struct DeleteAlias;

/// Which alias.
#[derive(Input, Debug)]
#[shape(name = "DeleteAliasRequest")]
pub(super) struct DeleteAliasInput {
    #[shape(required, min = 1, max = 256, pattern = r"^[a-zA-Z0-9:/_-]+$")]
    alias_name: String,
}

impl Operation for DeleteAlias {
    const NAME: &'static str = "DeleteAlias";
    const ACCESS: Access = Access::Write;
    const ERRORS: &'static [ErrorRow] = &[
        KmsError::DependencyTimeoutException.row(),
        KmsError::NotFoundException.row(),
        KmsError::KMSInternalException.row(),
        KmsError::KMSInvalidStateException.row(),
    ];
    type Input = DeleteAliasInput;
    type Output = ();

    async fn demands(call: &mut Call<'_>, input: &Self::Input) -> Result<Vec<Demand>, Fault> {
        demands_on_alias(call, "kms:DeleteAlias", &input.alias_name).await
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        alias::must_be_given(&input.alias_name)?;
        let row = AliasRecord::key_of(call.scope(), &input.alias_name);
        let Some(found) = call.get::<AliasRecord>(&row).await? else {
            return Err(alias::not_found(call.scope(), &input.alias_name));
        };
        let key = KeyRecord::key_of(call.scope(), &found.key_id);
        if let Some(key) = call.get::<KeyRecord>(&key).await? {
            call.acted_on(&key.arn());
            call.put(without_alias(&key, &input.alias_name)).await?;
        }
        call.acted_on(&found.arn());
        call.delete::<AliasRecord>(&row).await
    }
}

//! CreateAlias: gives a key another name.

use coffer_pipeline::{Access, Call, Demand, Operation};
use coffer_protocol::{ErrorRow, Fault, Input};

use super::alias::{self, AliasRecord};
use super::errors::KmsError;
use super::permission::demand_on_alias;
use super::target::{demand_on_target, target_of, with_alias};

/// Gives a key of the customer another name.
pub(super) struct CreateAlias;

/// The name and the key.
#[derive(Input, Debug)]
#[shape(name = "CreateAliasRequest")]
pub(super) struct CreateAliasInput {
    #[shape(required, min = 1, max = 256, pattern = r"^[a-zA-Z0-9:/_-]+$")]
    alias_name: String,
    #[shape(required, min = 1, max = 2048)]
    target_key_id: String,
}

impl Operation for CreateAlias {
    const NAME: &'static str = "CreateAlias";
    const ACCESS: Access = Access::Write;
    const ERRORS: &'static [ErrorRow] = &[
        KmsError::DependencyTimeoutException.row(),
        KmsError::AlreadyExistsException.row(),
        KmsError::NotFoundException.row(),
        KmsError::InvalidAliasNameException.row(),
        KmsError::KMSInternalException.row(),
        KmsError::LimitExceededException.row(),
        KmsError::KMSInvalidStateException.row(),
    ];
    type Input = CreateAliasInput;
    type Output = ();

    async fn demands(call: &mut Call<'_>, input: &Self::Input) -> Result<Vec<Demand>, Fault> {
        Ok(vec![
            demand_on_alias(call, "kms:CreateAlias", &input.alias_name),
            demand_on_target(call, "kms:CreateAlias", &input.target_key_id).await?,
        ])
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        alias::must_be_given(&input.alias_name)?;
        let target = target_of(call, &input.target_key_id, "kms:CreateAlias").await?;
        let row = AliasRecord::key_of(call.scope(), &input.alias_name);
        if let Some(found) = call.get::<AliasRecord>(&row).await? {
            let message = format!("An alias with the name {} already exists", found.arn());
            return Err(KmsError::AlreadyExistsException.with(message));
        }
        let record = AliasRecord::new(call, &input.alias_name, &target.key_id);
        call.acted_on(&record.arn());
        call.acted_on(&target.arn());
        call.put(with_alias(&target, &input.alias_name)?).await?;
        call.put(record).await
    }
}

//! UpdateAlias: lets an alias stand for another key.

use coffer_pipeline::{Access, Call, Demand, Operation};
use coffer_protocol::{ErrorRow, Fault, Input};

use super::alias::{self, AliasRecord};
use super::errors::KmsError;
use super::key::KeyRecord;
use super::permission::demands_on_alias;
use super::target::{demand_on_target, target_of, with_alias, without_alias};

/// Lets an alias stand for another key of the customer.
pub(super) struct UpdateAlias;

/// The alias and its new key.
#[derive(Input, Debug)]
#[shape(name = "UpdateAliasRequest")]
pub(super) struct UpdateAliasInput {
    #[shape(required, min = 1, max = 256, pattern = r"^[a-zA-Z0-9:/_-]+$")]
    alias_name: String,
    #[shape(required, min = 1, max = 2048)]
    target_key_id: String,
}

impl Operation for UpdateAlias {
    const NAME: &'static str = "UpdateAlias";
    const ACCESS: Access = Access::Write;
    const ERRORS: &'static [ErrorRow] = &[
        KmsError::DependencyTimeoutException.row(),
        KmsError::NotFoundException.row(),
        KmsError::KMSInternalException.row(),
        KmsError::LimitExceededException.row(),
        KmsError::KMSInvalidStateException.row(),
    ];
    type Input = UpdateAliasInput;
    type Output = ();

    async fn demands(call: &mut Call<'_>, input: &Self::Input) -> Result<Vec<Demand>, Fault> {
        let mut demands = demands_on_alias(call, "kms:UpdateAlias", &input.alias_name).await?;
        demands.push(demand_on_target(call, "kms:UpdateAlias", &input.target_key_id).await?);
        Ok(demands)
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        alias::must_be_given(&input.alias_name)?;
        let row = AliasRecord::key_of(call.scope(), &input.alias_name);
        let Some(found) = call.get::<AliasRecord>(&row).await? else {
            return Err(alias::not_found(call.scope(), &input.alias_name));
        };
        let target = target_of(call, &input.target_key_id, "kms:UpdateAlias").await?;
        if found.key_id != target.key_id {
            let former = KeyRecord::key_of(call.scope(), &found.key_id);
            if let Some(former) = call.get::<KeyRecord>(&former).await? {
                must_be_alike(&former, &target)?;
                call.put(without_alias(&former, &input.alias_name)).await?;
            }
            call.put(with_alias(&target, &input.alias_name)?).await?;
        }
        call.acted_on(&found.arn());
        call.acted_on(&target.arn());
        let mut record = AliasRecord::clone(&found);
        record.key_id.clone_from(&target.key_id);
        record.updated = call.now();
        call.put(record).await
    }
}

/// AWS: an alias goes from key to key of one type and usage, so that who uses it goes on working
/// (API reference, UpdateAlias).
fn must_be_alike(former: &KeyRecord, target: &KeyRecord) -> Result<(), Fault> {
    let kind_of = |key: &KeyRecord| (key.kind.is_symmetric(), key.kind.usage);
    if kind_of(former) == kind_of(target) {
        return Ok(());
    }
    Err(Fault::validation(format!(
        "Alias cannot be moved from a key of key spec {} and key usage {} to one of key spec {} and \
         key usage {}",
        former.kind.spec, former.kind.usage, target.kind.spec, target.kind.usage
    )))
}

//! RetireGrant: ends a grant, by those whom it names.

use std::sync::Arc;

use coffer_pipeline::{Access, Call, Demand, Operation};
use coffer_protocol::{ErrorRow, Fault, Input};

use super::errors::KmsError;
use super::find::find_without_alias;
use super::grant::{self, GrantRecord, find_grant};
use super::grant_token;
use super::key::key_arn;
use super::permission::{demand_on, granted};
use super::request::must_be_meant;

/// Ends a grant that its token names, or its key and id.
pub(super) struct RetireGrant;

/// Which grant.
#[derive(Input, Debug)]
#[shape(name = "RetireGrantRequest")]
pub(super) struct RetireGrantInput {
    #[shape(min = 1, max = 8192)]
    grant_token: Option<String>,
    #[shape(min = 1, max = 2048)]
    key_id: Option<String>,
    #[shape(min = 1, max = 128)]
    grant_id: Option<String>,
    dry_run: Option<bool>,
}

impl Operation for RetireGrant {
    const NAME: &'static str = "RetireGrant";
    const ACCESS: Access = Access::Write;
    const ERRORS: &'static [ErrorRow] = &[
        KmsError::InvalidArnException.row(),
        KmsError::InvalidGrantTokenException.row(),
        KmsError::InvalidGrantIdException.row(),
        KmsError::NotFoundException.row(),
        KmsError::DependencyTimeoutException.row(),
        KmsError::KMSInternalException.row(),
        KmsError::KMSInvalidStateException.row(),
        KmsError::DryRunOperationException.row(),
    ];
    type Input = RetireGrantInput;
    type Output = ();

    async fn demands(call: &mut Call<'_>, input: &Self::Input) -> Result<Vec<Demand>, Fault> {
        let Some(grant) = meant(call, input).await? else {
            return match &input.key_id {
                Some(key_id) => Ok(vec![demand_on(call, ACTION, key_id).await?]),
                None => Ok(Demand::any(ACTION)),
            };
        };
        let demand = demand_on(call, ACTION, &key_arn(&grant.scope(), &grant.key_id)).await?;
        let caller = &call.context().caller;
        let names = [caller.arn.as_str(), caller.principal_arn.as_str()];
        Ok(vec![granted(demand, grant.may_be_retired_by(&names))])
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        let grant = match (&input.grant_token, &input.key_id, &input.grant_id) {
            (Some(token), None, None) => {
                let row = grant_token::grant_of(call, token)?;
                let found = call.get::<GrantRecord>(&row).await?;
                found.ok_or_else(|| KmsError::NotFoundException.with("Grant does not exist"))?
            }
            (None, Some(key_id), Some(grant_id)) => {
                let key = find_without_alias(call, key_id).await?;
                find_grant(call, &key, grant_id).await?
            }
            _ => {
                return Err(Fault::validation(
                    "You must specify either a GrantToken, or both a KeyId and a GrantId.",
                ));
            }
        };
        must_be_meant(input.dry_run)?;
        call.acted_on(&key_arn(&grant.scope(), &grant.key_id));
        grant::remove(call, &grant).await
    }
}

/// The grant that is meant, where it is there.
async fn meant(
    call: &mut Call<'_>,
    input: &RetireGrantInput,
) -> Result<Option<Arc<GrantRecord>>, Fault> {
    match (&input.grant_token, &input.key_id, &input.grant_id) {
        (Some(token), None, None) => {
            let row = grant_token::grant_of(call, token)?;
            call.get::<GrantRecord>(&row).await
        }
        (None, Some(key_id), Some(grant_id)) => {
            let Ok(key) = find_without_alias(call, key_id).await else { return Ok(None) };
            Ok(find_grant(call, &key, grant_id).await.ok())
        }
        _ => Ok(None),
    }
}

const ACTION: &str = "kms:RetireGrant";

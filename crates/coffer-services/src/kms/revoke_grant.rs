//! RevokeGrant: ends a grant, by those who manage the key.

use coffer_pipeline::{Access, Call, Demand, Operation};
use coffer_protocol::{ErrorRow, Fault, Input};

use super::errors::KmsError;
use super::find::find_without_alias;
use super::grant::{self, find_grant};
use super::permission::demand_on;
use super::request::must_be_meant;

/// Ends a grant of a key.
pub(super) struct RevokeGrant;

/// Which grant of which key.
#[derive(Input, Debug)]
#[shape(name = "RevokeGrantRequest")]
pub(super) struct RevokeGrantInput {
    #[shape(required, min = 1, max = 2048)]
    key_id: String,
    #[shape(required, min = 1, max = 128)]
    grant_id: String,
    dry_run: Option<bool>,
}

impl Operation for RevokeGrant {
    const NAME: &'static str = "RevokeGrant";
    const ACCESS: Access = Access::Write;
    const ERRORS: &'static [ErrorRow] = &[
        KmsError::NotFoundException.row(),
        KmsError::DependencyTimeoutException.row(),
        KmsError::InvalidArnException.row(),
        KmsError::InvalidGrantIdException.row(),
        KmsError::KMSInternalException.row(),
        KmsError::KMSInvalidStateException.row(),
        KmsError::DryRunOperationException.row(),
    ];
    type Input = RevokeGrantInput;
    type Output = ();

    async fn demands(call: &mut Call<'_>, input: &Self::Input) -> Result<Vec<Demand>, Fault> {
        Ok(vec![demand_on(call, "kms:RevokeGrant", &input.key_id).await?])
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        let key = find_without_alias(call, &input.key_id).await?;
        let grant = find_grant(call, &key, &input.grant_id).await?;
        must_be_meant(input.dry_run)?;
        call.acted_on(&key.arn());
        grant::remove(call, &grant).await
    }
}

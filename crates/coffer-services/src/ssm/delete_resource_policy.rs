//! DeleteResourcePolicy: takes a policy from a parameter.

use coffer_pipeline::{Access, Call, Demand, Operation};
use coffer_protocol::{AwsEnum, ErrorRow, Fault, Input, Output};

use super::errors::SsmError;
use super::resource_policy::{ResourcePolicyRecord, demands_on, shared};

/// Removes the policy of an id and hash.
pub(super) struct DeleteResourcePolicy;

/// Which policy, of what.
#[derive(Input, Debug)]
#[shape(name = "DeleteResourcePolicyRequest")]
pub(super) struct DeleteResourcePolicyInput {
    #[shape(required, min = 20, max = 2048)]
    resource_arn: String,
    #[shape(required)]
    policy_id: String,
    #[shape(required)]
    policy_hash: String,
    deletion_mode: Option<DeletionMode>,
}

/// What becomes of a shared document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, AwsEnum)]
pub(super) enum DeletionMode {
    /// It is shared no longer.
    RemoveSharing,
    /// It is shared as it was before.
    RollbackMigration,
}

/// Nothing is given.
#[derive(Output, Debug)]
#[shape(name = "DeleteResourcePolicyResponse")]
pub(super) struct DeleteResourcePolicyOutput {}

impl Operation for DeleteResourcePolicy {
    const NAME: &'static str = "DeleteResourcePolicy";
    const ACCESS: Access = Access::Write;
    const ERRORS: &'static [ErrorRow] = &[
        SsmError::InternalServerError.row(),
        SsmError::ResourcePolicyInvalidParameterException.row(),
        SsmError::ResourcePolicyConflictException.row(),
        SsmError::ResourceNotFoundException.row(),
        SsmError::MalformedResourcePolicyDocumentException.row(),
        SsmError::ResourcePolicyNotFoundException.row(),
    ];
    type Input = DeleteResourcePolicyInput;
    type Output = DeleteResourcePolicyOutput;

    async fn demands(call: &mut Call<'_>, input: &Self::Input) -> Result<Vec<Demand>, Fault> {
        demands_on(call, "ssm:DeleteResourcePolicy", &input.resource_arn).await
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        let parameter = shared(call, &input.resource_arn).await?;
        let mut record = ResourcePolicyRecord::of(call, &parameter).await?;
        let place = record.place_of(&input.policy_id, &input.policy_hash)?;
        record.policies.remove(place);
        call.acted_on(&parameter.arn());
        if record.policies.is_empty() {
            call.delete::<ResourcePolicyRecord>(&ResourcePolicyRecord::key_of(&parameter)).await?;
        } else {
            call.put(record).await?;
        }
        Ok(DeleteResourcePolicyOutput {})
    }
}

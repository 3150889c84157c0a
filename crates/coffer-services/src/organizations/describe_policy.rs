//! DescribePolicy: one policy with its text.

use coffer_pipeline::{Access, Call, Demand, Operation};
use coffer_protocol::{ErrorRow, Fault, Input, Output};

use super::errors::OrganizationsError;
use super::wire::Policy;
use super::{demand, find};

/// Tells of a policy.
pub(super) struct DescribePolicy;

/// Which policy.
#[derive(Input, Debug)]
#[shape(name = "DescribePolicyRequest")]
pub(super) struct DescribePolicyInput {
    #[shape(required, max = 130, pattern = r"^p-[0-9a-zA-Z_]{8,128}$")]
    policy_id: String,
}

/// The policy.
#[derive(Output, Debug)]
#[shape(name = "DescribePolicyResponse")]
pub(super) struct DescribePolicyOutput {
    policy: Option<Policy>,
}

impl Operation for DescribePolicy {
    const NAME: &'static str = "DescribePolicy";
    const ACCESS: Access = Access::Read;
    const ERRORS: &'static [ErrorRow] = &[
        OrganizationsError::AccessDeniedException.row(),
        OrganizationsError::AWSOrganizationsNotInUseException.row(),
        OrganizationsError::InvalidInputException.row(),
        OrganizationsError::PolicyNotFoundException.row(),
        OrganizationsError::ServiceException.row(),
        OrganizationsError::TooManyRequestsException.row(),
        OrganizationsError::UnsupportedAPIEndpointException.row(),
    ];
    type Input = DescribePolicyInput;
    type Output = DescribePolicyOutput;

    async fn demands(call: &mut Call<'_>, input: &Self::Input) -> Result<Vec<Demand>, Fault> {
        demand::on(call, "organizations:DescribePolicy", &[&input.policy_id], None).await
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        let organization = find::managed(call).await?;
        let policy = find::policy(call, &organization, &input.policy_id).await?;
        Ok(DescribePolicyOutput { policy: Some(Policy::of(&organization, &policy)) })
    }
}

//! CreatePolicyVersion: gives a managed policy a new version.

use coffer_pipeline::identity;
use coffer_pipeline::{Access, Call, Demand, Operation};
use coffer_protocol::{ErrorRow, Fault, Input, Output};

use super::errors::IamError;
use super::managed_policy;
use super::wire_policy::PolicyVersion;

/// Gives a managed policy a new version, which may be the one in force at once.
pub(super) struct CreatePolicyVersion;

/// Which policy, and the document.
#[derive(Input, Debug)]
#[shape(name = "CreatePolicyVersionRequest")]
pub(super) struct CreatePolicyVersionInput {
    #[shape(required, min = 20, max = 2048)]
    policy_arn: String,
    #[shape(required, min = 1, max = 131072, pattern = r"[\u0009\u000A\u000D\u0020-\u00FF]+")]
    policy_document: String,
    set_as_default: Option<bool>,
}

/// The version, without its document.
#[derive(Output, Debug)]
#[shape(name = "CreatePolicyVersionResponse")]
pub(super) struct CreatePolicyVersionOutput {
    policy_version: Option<PolicyVersion>,
}

impl Operation for CreatePolicyVersion {
    const NAME: &'static str = "CreatePolicyVersion";
    const ACCESS: Access = Access::Write;
    const ERRORS: &'static [ErrorRow] = &[
        IamError::NoSuchEntityException.row(),
        IamError::MalformedPolicyDocumentException.row(),
        IamError::InvalidInputException.row(),
        IamError::LimitExceededException.row(),
        IamError::ServiceFailureException.row(),
    ];
    type Input = CreatePolicyVersionInput;
    type Output = CreatePolicyVersionOutput;

    async fn demands(call: &mut Call<'_>, input: &Self::Input) -> Result<Vec<Demand>, Fault> {
        Ok(vec![
            managed_policy::demand_on(call, "iam:CreatePolicyVersion", &input.policy_arn).await?,
        ])
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        let document = managed_policy::checked(&input.policy_document)?;
        let mut policy = managed_policy::own(call, &input.policy_arn).await?;
        call.acted_on(&input.policy_arn);
        if policy.versions.len() >= VERSIONS_MAX {
            return Err(IamError::LimitExceededException.with(
                "A managed policy can have up to 5 versions. Before you create a new version, you \
                 must delete an existing version.",
            ));
        }
        let version =
            identity::PolicyVersion { number: policy.next_version, created: call.now(), document };
        policy.next_version = policy.next_version.saturating_add(1);
        policy.updated = call.now();
        if input.set_as_default == Some(true) {
            policy.default_version = version.number;
        }
        let answer = PolicyVersion::listed(&version, policy.default_version);
        policy.versions.push(version);
        call.put(policy).await?;
        Ok(CreatePolicyVersionOutput { policy_version: Some(answer) })
    }
}

/// AWS: IAM user guide, quotas.
const VERSIONS_MAX: usize = 5;

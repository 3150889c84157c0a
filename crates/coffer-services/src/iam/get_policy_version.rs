//! GetPolicyVersion: gives a version of a managed policy.

use coffer_pipeline::{Access, Call, Demand, Operation};
use coffer_protocol::{ErrorRow, Fault, Input, Output};

use super::errors::IamError;
use super::managed_policy;
use super::managed_policy::Managed;
use super::wire_policy::PolicyVersion;

/// Gives a version of a managed policy with its document.
pub(super) struct GetPolicyVersion;

/// Which policy, and which version.
#[derive(Input, Debug)]
#[shape(name = "GetPolicyVersionRequest")]
pub(super) struct GetPolicyVersionInput {
    #[shape(required, min = 20, max = 2048)]
    policy_arn: String,
    #[shape(required, pattern = r"v[1-9][0-9]*(\.[A-Za-z0-9-]*)?")]
    version_id: String,
}

/// The version.
#[derive(Output, Debug)]
#[shape(name = "GetPolicyVersionResponse")]
pub(super) struct GetPolicyVersionOutput {
    policy_version: Option<PolicyVersion>,
}

impl Operation for GetPolicyVersion {
    const NAME: &'static str = "GetPolicyVersion";
    const ACCESS: Access = Access::Read;
    const ERRORS: &'static [ErrorRow] = &[
        IamError::NoSuchEntityException.row(),
        IamError::InvalidInputException.row(),
        IamError::ServiceFailureException.row(),
    ];
    type Input = GetPolicyVersionInput;
    type Output = GetPolicyVersionOutput;

    async fn demands(call: &mut Call<'_>, input: &Self::Input) -> Result<Vec<Demand>, Fault> {
        Ok(vec![managed_policy::demand_on(call, "iam:GetPolicyVersion", &input.policy_arn).await?])
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        let lacking = || managed_policy::no_such_version(&input.policy_arn, &input.version_id);
        let version = match managed_policy::find(call, &input.policy_arn).await {
            Ok(Managed::Aws(policy)) => {
                Some(PolicyVersion::of_aws(policy).with(&policy.document()))
                    .filter(|_| input.version_id == format!("v{}", policy.version))
            }
            Ok(Managed::Own(policy)) => {
                let number = managed_policy::number_of(&input.version_id);
                policy.versions.iter().find(|version| Some(version.number) == number).map(
                    |version| {
                        PolicyVersion::listed(version, policy.default_version)
                            .with(&version.document)
                    },
                )
            }
            Err(fault) if fault.code == "NoSuchEntity" => None,
            Err(fault) => return Err(fault),
        };
        Ok(GetPolicyVersionOutput { policy_version: Some(version.ok_or_else(lacking)?) })
    }
}

//! PutGroupPolicy: gives a group an inline policy.

use coffer_pipeline::{Access, Call, Demand, Operation};
use coffer_protocol::{ErrorRow, Fault, Input};

use super::errors::IamError;
use super::find::{self, demand_on_group};
use super::permissions::{self, Holder};

/// Gives a group an inline policy, in place of the one of the same name.
pub(super) struct PutGroupPolicy;

/// Which group, and the policy.
#[derive(Input, Debug)]
#[shape(name = "PutGroupPolicyRequest")]
pub(super) struct PutGroupPolicyInput {
    #[shape(required, min = 1, max = 128, pattern = r"[\w+=,.@-]+")]
    group_name: String,
    #[shape(required, min = 1, max = 128, pattern = r"[\w+=,.@-]+")]
    policy_name: String,
    #[shape(required, min = 1, max = 131072, pattern = r"[\u0009\u000A\u000D\u0020-\u00FF]+")]
    policy_document: String,
}

impl Operation for PutGroupPolicy {
    const NAME: &'static str = "PutGroupPolicy";
    const ACCESS: Access = Access::Write;
    const ERRORS: &'static [ErrorRow] = &[
        IamError::LimitExceededException.row(),
        IamError::MalformedPolicyDocumentException.row(),
        IamError::NoSuchEntityException.row(),
        IamError::ServiceFailureException.row(),
    ];
    type Input = PutGroupPolicyInput;
    type Output = ();

    async fn demands(call: &mut Call<'_>, input: &Self::Input) -> Result<Vec<Demand>, Fault> {
        Ok(vec![demand_on_group(call, "iam:PutGroupPolicy", &input.group_name).await?])
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        let mut group = find::group(call, &input.group_name).await?.as_ref().clone();
        call.acted_on(&group.arn());
        let holder = Holder::group(&group.group_name);
        let document = &input.policy_document;
        permissions::put_inline(&mut group.permissions, holder, &input.policy_name, document)?;
        call.put(group).await
    }
}

//! CreatePolicy: makes a managed policy.

use std::collections::BTreeMap;

use coffer_pipeline::identity::{self, ManagedPolicyRecord, identity_arn};
use coffer_pipeline::{Access, Call, Demand, Operation};
use coffer_protocol::{ErrorRow, Fault, Input, Output};

use super::errors::IamError;
use super::id::IdKind;
use super::wire::Tag;
use super::wire_policy::Policy;
use super::{id, managed_policy, path, tags};

/// Makes a managed policy of the account, with its first version.
pub(super) struct CreatePolicy;

/// What the policy is.
#[derive(Input, Debug)]
#[shape(name = "CreatePolicyRequest")]
pub(super) struct CreatePolicyInput {
    #[shape(required, min = 1, max = 128, pattern = r"[\w+=,.@-]+")]
    policy_name: String,
    #[shape(min = 1, max = 512, pattern = r"((/[A-Za-z0-9\.,\+@=_-]+)*)/")]
    path: Option<String>,
    #[shape(required, min = 1, max = 131072, pattern = r"[\u0009\u000A\u000D\u0020-\u00FF]+")]
    policy_document: String,
    #[shape(max = 1000)]
    description: Option<String>,
    #[shape(max = 50)]
    tags: Option<Vec<Tag>>,
}

/// The policy.
#[derive(Output, Debug)]
#[shape(name = "CreatePolicyResponse")]
pub(super) struct CreatePolicyOutput {
    policy: Option<Policy>,
}

impl Operation for CreatePolicy {
    const NAME: &'static str = "CreatePolicy";
    const ACCESS: Access = Access::Write;
    const ERRORS: &'static [ErrorRow] = &[
        IamError::InvalidInputException.row(),
        IamError::LimitExceededException.row(),
        IamError::EntityAlreadyExistsException.row(),
        IamError::MalformedPolicyDocumentException.row(),
        IamError::ConcurrentModificationException.row(),
        IamError::ServiceFailureException.row(),
    ];
    type Input = CreatePolicyInput;
    type Output = CreatePolicyOutput;

    async fn demands(call: &mut Call<'_>, input: &Self::Input) -> Result<Vec<Demand>, Fault> {
        let path = path::path_of(input.path.as_ref());
        let arn = identity_arn(call.account(), "policy", &path, &input.policy_name);
        let demand = Demand::of("iam:CreatePolicy", arn);
        Ok(tags::on_creation(demand, "iam:TagPolicy", input.tags.as_ref()))
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        let document = managed_policy::checked(&input.policy_document)?;
        let tags = managed_policy::joined(&BTreeMap::new(), input.tags.iter().flatten())?;
        let key = ManagedPolicyRecord::key_of(call.account(), &input.policy_name);
        if call.get::<ManagedPolicyRecord>(&key).await?.is_some() {
            return Err(IamError::EntityAlreadyExistsException.with(format!(
                "A policy called {} already exists. Duplicate names are not allowed.",
                input.policy_name
            )));
        }
        let first = identity::PolicyVersion { number: 1, created: call.now(), document };
        let policy = ManagedPolicyRecord {
            account: call.account(),
            policy_name: input.policy_name.clone(),
            policy_id: id::draw(call.entropy(), IdKind::Policy),
            path: path::path_of(input.path.as_ref()),
            created: call.now(),
            updated: call.now(),
            description: input.description.clone(),
            tags,
            versions: vec![first],
            default_version: 1,
            next_version: 2,
            attachment_count: 0,
            boundary_count: 0,
        };
        call.acted_on(&policy.arn());
        let answer = Policy::created(&policy);
        call.put(policy).await?;
        Ok(CreatePolicyOutput { policy: Some(answer) })
    }
}

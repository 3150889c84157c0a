//! ListPolicyTags: lists the tags of a managed policy.

use std::collections::BTreeMap;

use coffer_pipeline::{Access, Call, Demand, Operation};
use coffer_protocol::{ErrorRow, Fault, Input, Output};

use super::errors::IamError;
use super::managed_policy::Managed;
use super::wire::Tag;
use super::{managed_policy, tags};

/// Lists the tags of a managed policy, in the order of their names.
pub(super) struct ListPolicyTags;

/// Which policy, and which page.
#[derive(Input, Debug)]
#[shape(name = "ListPolicyTagsRequest")]
pub(super) struct ListPolicyTagsInput {
    #[shape(required, min = 20, max = 2048)]
    policy_arn: String,
    #[shape(min = 1, max = 320, pattern = r"[\u0020-\u00FF]+")]
    marker: Option<String>,
    #[shape(min = 1, max = 1000)]
    max_items: Option<i32>,
}

/// A page of tags.
#[derive(Output, Debug)]
#[shape(name = "ListPolicyTagsResponse")]
pub(super) struct ListPolicyTagsOutput {
    #[shape(required)]
    tags: Vec<Tag>,
    is_truncated: Option<bool>,
    marker: Option<String>,
}

impl Operation for ListPolicyTags {
    const NAME: &'static str = "ListPolicyTags";
    const ACCESS: Access = Access::Read;
    const ERRORS: &'static [ErrorRow] = &[
        IamError::NoSuchEntityException.row(),
        IamError::ServiceFailureException.row(),
        IamError::InvalidInputException.row(),
    ];
    type Input = ListPolicyTagsInput;
    type Output = ListPolicyTagsOutput;

    async fn demands(call: &mut Call<'_>, input: &Self::Input) -> Result<Vec<Demand>, Fault> {
        Ok(vec![managed_policy::demand_on(call, "iam:ListPolicyTags", &input.policy_arn).await?])
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        let tags = match managed_policy::find(call, &input.policy_arn).await? {
            Managed::Aws(_) => BTreeMap::new(),
            Managed::Own(policy) => policy.tags.clone(),
        };
        let page = tags::page(&tags, input.marker.as_ref(), input.max_items)?;
        Ok(ListPolicyTagsOutput {
            is_truncated: Some(page.is_truncated()),
            tags: page.items,
            marker: page.marker,
        })
    }
}

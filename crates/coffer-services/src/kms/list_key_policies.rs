//! ListKeyPolicies: lists the names of a key's policies.

use coffer_pipeline::{Access, Call, Demand, Operation};
use coffer_protocol::{ErrorRow, Fault, Input, Output};

use super::errors::KmsError;
use super::find::find_own;
use super::key_policy::POLICY_NAME;
use super::pages::{Page, limit_of};
use super::permission::demand_on;

/// Lists the names of a key's policies, of which there is one.
pub(super) struct ListKeyPolicies;

/// Which key, and which page.
#[derive(Input, Debug)]
#[shape(name = "ListKeyPoliciesRequest")]
pub(super) struct ListKeyPoliciesInput {
    #[shape(required, min = 1, max = 2048)]
    key_id: String,
    #[shape(min = 1, max = 1000)]
    limit: Option<i32>,
    #[shape(min = 1, max = 1024, pattern = r"[\u0020-\u00FF]*")]
    marker: Option<String>,
}

/// The names.
#[derive(Output, Debug)]
#[shape(name = "ListKeyPoliciesResponse")]
pub(super) struct ListKeyPoliciesOutput {
    policy_names: Option<Vec<String>>,
    next_marker: Option<String>,
    truncated: Option<bool>,
}

impl Operation for ListKeyPolicies {
    const NAME: &'static str = "ListKeyPolicies";
    const ACCESS: Access = Access::Read;
    const ERRORS: &'static [ErrorRow] = &[
        KmsError::NotFoundException.row(),
        KmsError::InvalidArnException.row(),
        KmsError::DependencyTimeoutException.row(),
        KmsError::KMSInternalException.row(),
        KmsError::KMSInvalidStateException.row(),
    ];
    type Input = ListKeyPoliciesInput;
    type Output = ListKeyPoliciesOutput;

    async fn demands(call: &mut Call<'_>, input: &Self::Input) -> Result<Vec<Demand>, Fault> {
        Ok(vec![demand_on(call, "kms:ListKeyPolicies", &input.key_id).await?])
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        let key = find_own(call, &input.key_id, "kms:ListKeyPolicies").await?;
        let listing = call.scope().key("kms.policies-of-key", &[&key.key_id]);
        let entries = vec![(POLICY_NAME.to_owned(), POLICY_NAME.to_owned())];
        let limit = limit_of(input.limit, PAGE_MAX, PAGE_MAX);
        let page = Page::of(&listing, entries, limit, input.marker.as_deref());
        let page = page.map_err(|_| Fault::validation("The marker is not valid."))?;
        Ok(ListKeyPoliciesOutput {
            policy_names: Some(page.items),
            truncated: Some(page.next_marker.is_some()),
            next_marker: page.next_marker,
        })
    }
}

const PAGE_MAX: usize = 1000;

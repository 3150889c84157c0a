//! ListOpenIDConnectProviderTags: lists the tags of an identity provider.

use coffer_pipeline::{Access, Call, Demand, Operation};
use coffer_protocol::{ErrorRow, Fault, Input, Output};

use super::errors::IamError;
use super::wire::Tag;
use super::{oidc_provider, tags};

/// Lists the tags of an identity provider, in the order of their names.
pub(super) struct ListOpenIDConnectProviderTags;

/// Which provider, and which page.
#[derive(Input, Debug)]
#[shape(name = "ListOpenIDConnectProviderTagsRequest")]
pub(super) struct ListOpenIDConnectProviderTagsInput {
    #[shape(required, wire = "OpenIDConnectProviderArn", min = 20, max = 2048)]
    open_id_connect_provider_arn: String,
    #[shape(min = 1, max = 320, pattern = r"[\u0020-\u00FF]+")]
    marker: Option<String>,
    #[shape(min = 1, max = 1000)]
    max_items: Option<i32>,
}

/// A page of tags.
#[derive(Output, Debug)]
#[shape(name = "ListOpenIDConnectProviderTagsResponse")]
pub(super) struct ListOpenIDConnectProviderTagsOutput {
    #[shape(required)]
    tags: Vec<Tag>,
    is_truncated: Option<bool>,
    marker: Option<String>,
}

impl Operation for ListOpenIDConnectProviderTags {
    const NAME: &'static str = "ListOpenIDConnectProviderTags";
    const ACCESS: Access = Access::Read;
    const ERRORS: &'static [ErrorRow] = &[
        IamError::NoSuchEntityException.row(),
        IamError::ServiceFailureException.row(),
        IamError::InvalidInputException.row(),
    ];
    type Input = ListOpenIDConnectProviderTagsInput;
    type Output = ListOpenIDConnectProviderTagsOutput;

    async fn demands(call: &mut Call<'_>, input: &Self::Input) -> Result<Vec<Demand>, Fault> {
        let arn = &input.open_id_connect_provider_arn;
        Ok(vec![oidc_provider::demand_on(call, "iam:ListOpenIDConnectProviderTags", arn).await?])
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        let provider = oidc_provider::find(call, &input.open_id_connect_provider_arn).await?;
        let page = tags::page(&provider.tags, input.marker.as_ref(), input.max_items)?;
        Ok(ListOpenIDConnectProviderTagsOutput {
            is_truncated: Some(page.is_truncated()),
            tags: page.items,
            marker: page.marker,
        })
    }
}

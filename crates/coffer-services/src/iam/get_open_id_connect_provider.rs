//! GetOpenIDConnectProvider: tells what an identity provider is.

use coffer_model::Timestamp;
use coffer_pipeline::{Access, Call, Demand, Operation};
use coffer_protocol::{ErrorRow, Fault, Input, Output};

use super::errors::IamError;
use super::wire::Tag;
use super::{oidc_provider, tags};

/// Tells what an identity provider is.
pub(super) struct GetOpenIDConnectProvider;

/// Which provider.
#[derive(Input, Debug)]
#[shape(name = "GetOpenIDConnectProviderRequest")]
pub(super) struct GetOpenIDConnectProviderInput {
    #[shape(required, wire = "OpenIDConnectProviderArn", min = 20, max = 2048)]
    open_id_connect_provider_arn: String,
}

/// The provider.
#[derive(Output, Debug)]
#[shape(name = "GetOpenIDConnectProviderResponse")]
pub(super) struct GetOpenIDConnectProviderOutput {
    url: Option<String>,
    #[shape(wire = "ClientIDList")]
    client_id_list: Option<Vec<String>>,
    thumbprint_list: Option<Vec<String>>,
    create_date: Option<Timestamp>,
    tags: Option<Vec<Tag>>,
}

impl Operation for GetOpenIDConnectProvider {
    const NAME: &'static str = "GetOpenIDConnectProvider";
    const ACCESS: Access = Access::Read;
    const ERRORS: &'static [ErrorRow] = &[
        IamError::InvalidInputException.row(),
        IamError::NoSuchEntityException.row(),
        IamError::ServiceFailureException.row(),
    ];
    type Input = GetOpenIDConnectProviderInput;
    type Output = GetOpenIDConnectProviderOutput;

    async fn demands(call: &mut Call<'_>, input: &Self::Input) -> Result<Vec<Demand>, Fault> {
        let arn = &input.open_id_connect_provider_arn;
        Ok(vec![oidc_provider::demand_on(call, "iam:GetOpenIDConnectProvider", arn).await?])
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        let provider = oidc_provider::find(call, &input.open_id_connect_provider_arn).await?;
        Ok(GetOpenIDConnectProviderOutput {
            url: Some(provider.url.clone()),
            client_id_list: Some(provider.client_ids.iter().cloned().collect()),
            thumbprint_list: Some(provider.thumbprints.clone()),
            create_date: Some(provider.created),
            tags: Some(tags::to_wire(&provider.tags).unwrap_or_default()),
        })
    }
}

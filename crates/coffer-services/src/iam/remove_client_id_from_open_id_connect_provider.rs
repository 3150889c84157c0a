//! RemoveClientIDFromOpenIDConnectProvider: takes an audience from an identity provider.

use coffer_pipeline::{Access, Call, Demand, Operation};
use coffer_protocol::{ErrorRow, Fault, Input};

use super::errors::IamError;
use super::oidc_provider;

/// Takes an audience from an identity provider; one that it does not have does not matter.
pub(super) struct RemoveClientIDFromOpenIDConnectProvider;

/// Which provider, and which audience.
#[derive(Input, Debug)]
#[shape(name = "RemoveClientIDFromOpenIDConnectProviderRequest")]
pub(super) struct RemoveClientIDFromOpenIDConnectProviderInput {
    #[shape(required, wire = "OpenIDConnectProviderArn", min = 20, max = 2048)]
    open_id_connect_provider_arn: String,
    #[shape(required, wire = "ClientID", min = 1, max = 255)]
    client_id: String,
}

impl Operation for RemoveClientIDFromOpenIDConnectProvider {
    const NAME: &'static str = "RemoveClientIDFromOpenIDConnectProvider";
    const ACCESS: Access = Access::Write;
    const ERRORS: &'static [ErrorRow] = &[
        IamError::ConcurrentModificationException.row(),
        IamError::InvalidInputException.row(),
        IamError::NoSuchEntityException.row(),
        IamError::ServiceFailureException.row(),
    ];
    type Input = RemoveClientIDFromOpenIDConnectProviderInput;
    type Output = ();

    async fn demands(call: &mut Call<'_>, input: &Self::Input) -> Result<Vec<Demand>, Fault> {
        let arn = &input.open_id_connect_provider_arn;
        Ok(vec![
            oidc_provider::demand_on(call, "iam:RemoveClientIDFromOpenIDConnectProvider", arn)
                .await?,
        ])
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        let provider = oidc_provider::find(call, &input.open_id_connect_provider_arn).await?;
        call.acted_on(&provider.arn());
        let mut provider = provider.as_ref().clone();
        provider.client_ids.remove(&input.client_id);
        call.put(provider).await
    }
}

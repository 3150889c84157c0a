//! UpdateOpenIDConnectProviderThumbprint: replaces the thumbprints of an identity provider.

use coffer_pipeline::{Access, Call, Demand, Operation};
use coffer_protocol::{ErrorRow, Fault, Input};

use super::errors::IamError;
use super::oidc_provider;

/// Replaces the thumbprints of an identity provider.
pub(super) struct UpdateOpenIDConnectProviderThumbprint;

/// Which provider, and its thumbprints.
#[derive(Input, Debug)]
#[shape(name = "UpdateOpenIDConnectProviderThumbprintRequest")]
pub(super) struct UpdateOpenIDConnectProviderThumbprintInput {
    #[shape(required, wire = "OpenIDConnectProviderArn", min = 20, max = 2048)]
    open_id_connect_provider_arn: String,
    #[shape(required, member(min = 40, max = 40))]
    thumbprint_list: Vec<String>,
}

impl Operation for UpdateOpenIDConnectProviderThumbprint {
    const NAME: &'static str = "UpdateOpenIDConnectProviderThumbprint";
    const ACCESS: Access = Access::Write;
    const ERRORS: &'static [ErrorRow] = &[
        IamError::ConcurrentModificationException.row(),
        IamError::InvalidInputException.row(),
        IamError::NoSuchEntityException.row(),
        IamError::ServiceFailureException.row(),
    ];
    type Input = UpdateOpenIDConnectProviderThumbprintInput;
    type Output = ();

    async fn demands(call: &mut Call<'_>, input: &Self::Input) -> Result<Vec<Demand>, Fault> {
        let arn = &input.open_id_connect_provider_arn;
        Ok(vec![
            oidc_provider::demand_on(call, "iam:UpdateOpenIDConnectProviderThumbprint", arn)
                .await?,
        ])
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        let provider = oidc_provider::find(call, &input.open_id_connect_provider_arn).await?;
        call.acted_on(&provider.arn());
        let mut provider = provider.as_ref().clone();
        provider.thumbprints = oidc_provider::thumbprints_of(Some(&input.thumbprint_list))?;
        call.put(provider).await
    }
}

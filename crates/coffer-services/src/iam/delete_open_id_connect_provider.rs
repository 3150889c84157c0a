//! DeleteOpenIDConnectProvider: deletes an identity provider.

use coffer_pipeline::identity::OidcProviderRecord;
use coffer_pipeline::{Access, Call, Demand, Operation};
use coffer_protocol::{ErrorRow, Fault, Input};

use super::errors::IamError;
use super::oidc_provider;
use crate::sts::web_identity::IssuerKeysRecord;

/// Deletes an identity provider: roles that trust it trust nobody there any more.
pub(super) struct DeleteOpenIDConnectProvider;

/// Which provider.
#[derive(Input, Debug)]
#[shape(name = "DeleteOpenIDConnectProviderRequest")]
pub(super) struct DeleteOpenIDConnectProviderInput {
    #[shape(required, wire = "OpenIDConnectProviderArn", min = 20, max = 2048)]
    open_id_connect_provider_arn: String,
}

impl Operation for DeleteOpenIDConnectProvider {
    const NAME: &'static str = "DeleteOpenIDConnectProvider";
    const ACCESS: Access = Access::Write;
    const ERRORS: &'static [ErrorRow] = &[
        IamError::InvalidInputException.row(),
        IamError::NoSuchEntityException.row(),
        IamError::ServiceFailureException.row(),
    ];
    type Input = DeleteOpenIDConnectProviderInput;
    type Output = ();

    async fn demands(call: &mut Call<'_>, input: &Self::Input) -> Result<Vec<Demand>, Fault> {
        let arn = &input.open_id_connect_provider_arn;
        Ok(vec![oidc_provider::demand_on(call, "iam:DeleteOpenIDConnectProvider", arn).await?])
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        let arn = &input.open_id_connect_provider_arn;
        let Some(key) = oidc_provider::key_of(call, arn).await? else {
            let message = format!("OpenId connect Provider {arn} cannot be found.");
            return Err(IamError::NoSuchEntityException.with(message));
        };
        call.acted_on(arn);
        if let Some(provider) = call.get::<OidcProviderRecord>(&key).await? {
            // One that is made anew does not begin with the keys of this one.
            let keys = IssuerKeysRecord::key_of(provider.account, &provider.url);
            call.delete::<IssuerKeysRecord>(&keys).await?;
        }
        call.delete::<OidcProviderRecord>(&key).await
    }
}

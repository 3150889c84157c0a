//! ListOpenIDConnectProviders: lists the identity providers of the account.

use std::sync::Arc;

use coffer_pipeline::identity::OidcProviderRecord;
use coffer_pipeline::{Access, Call, Demand, Operation};
use coffer_protocol::{ErrorRow, Fault, Input, Output};

use super::errors::IamError;
use super::pages;

/// Lists the identity providers of the account.
pub(super) struct ListOpenIDConnectProviders;

/// Nothing is taken.
#[derive(Input, Debug)]
#[shape(name = "ListOpenIDConnectProvidersRequest")]
pub(super) struct ListOpenIDConnectProvidersInput {}

/// The providers.
#[derive(Output, Debug)]
#[shape(name = "ListOpenIDConnectProvidersResponse")]
pub(super) struct ListOpenIDConnectProvidersOutput {
    #[shape(wire = "OpenIDConnectProviderList")]
    open_id_connect_provider_list: Option<Vec<OpenIDConnectProviderListEntry>>,
}

impl Operation for ListOpenIDConnectProviders {
    const NAME: &'static str = "ListOpenIDConnectProviders";
    const ACCESS: Access = Access::Read;
    const ERRORS: &'static [ErrorRow] = &[IamError::ServiceFailureException.row()];
    type Input = ListOpenIDConnectProvidersInput;
    type Output = ListOpenIDConnectProvidersOutput;

    async fn demands(call: &mut Call<'_>, _: &Self::Input) -> Result<Vec<Demand>, Fault> {
        let arn = format!("arn:aws:iam::{}:oidc-provider/*", call.account());
        Ok(vec![Demand::of("iam:ListOpenIDConnectProviders", arn)])
    }

    async fn run(call: &mut Call<'_>, _: &Self::Input) -> Result<Self::Output, Fault> {
        let prefix = OidcProviderRecord::all_of(call.account());
        let providers = pages::all::<OidcProviderRecord>(call, &prefix).await?;
        let entry = |provider: &Arc<OidcProviderRecord>| OpenIDConnectProviderListEntry {
            arn: Some(provider.arn()),
        };
        let list = providers.iter().map(entry).collect();
        Ok(ListOpenIDConnectProvidersOutput { open_id_connect_provider_list: Some(list) })
    }
}

/// A provider.
#[derive(Output, Debug)]
pub(super) struct OpenIDConnectProviderListEntry {
    arn: Option<String>,
}

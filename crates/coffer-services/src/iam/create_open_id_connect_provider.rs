//! CreateOpenIDConnectProvider: makes an identity provider of OpenID Connect.

use std::collections::BTreeSet;

use coffer_pipeline::identity::OidcProviderRecord;
use coffer_pipeline::{Access, Call, Demand, Operation};
use coffer_protocol::{ErrorRow, Fault, Input, Output};

use super::errors::IamError;
use super::wire::Tag;
use super::{oidc_provider, tags};
use crate::sts::web_identity::ask_for_new;

/// Makes an identity provider of OpenID Connect: whose tokens roles may trust.
pub(super) struct CreateOpenIDConnectProvider;

/// What the provider is.
#[derive(Input, Debug)]
#[shape(name = "CreateOpenIDConnectProviderRequest")]
pub(super) struct CreateOpenIDConnectProviderInput {
    #[shape(required, min = 1, max = 255)]
    url: String,
    #[shape(wire = "ClientIDList", member(min = 1, max = 255))]
    client_id_list: Option<Vec<String>>,
    #[shape(member(min = 40, max = 40))]
    thumbprint_list: Option<Vec<String>>,
    #[shape(max = 50)]
    tags: Option<Vec<Tag>>,
}

/// The provider's ARN.
#[derive(Output, Debug)]
#[shape(name = "CreateOpenIDConnectProviderResponse")]
pub(super) struct CreateOpenIDConnectProviderOutput {
    #[shape(wire = "OpenIDConnectProviderArn")]
    open_id_connect_provider_arn: Option<String>,
    tags: Option<Vec<Tag>>,
}

impl Operation for CreateOpenIDConnectProvider {
    const NAME: &'static str = "CreateOpenIDConnectProvider";
    const ACCESS: Access = Access::Write;
    const ERRORS: &'static [ErrorRow] = &[
        IamError::InvalidInputException.row(),
        IamError::EntityAlreadyExistsException.row(),
        IamError::LimitExceededException.row(),
        IamError::ConcurrentModificationException.row(),
        IamError::ServiceFailureException.row(),
        IamError::OpenIdIdpCommunicationErrorException.row(),
    ];
    type Input = CreateOpenIDConnectProviderInput;
    type Output = CreateOpenIDConnectProviderOutput;

    async fn demands(call: &mut Call<'_>, input: &Self::Input) -> Result<Vec<Demand>, Fault> {
        let url = oidc_provider::url_of(&input.url)?;
        let arn = format!("arn:aws:iam::{}:oidc-provider/{url}", call.account());
        let demand = Demand::of("iam:CreateOpenIDConnectProvider", arn);
        Ok(tags::on_creation(demand, "iam:TagOpenIDConnectProvider", input.tags.as_ref()))
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        let url = oidc_provider::url_of(&input.url)?;
        let client_ids: BTreeSet<_> = input.client_id_list.iter().flatten().cloned().collect();
        oidc_provider::must_be_few(&client_ids)?;
        let thumbprints = oidc_provider::thumbprints_of(input.thumbprint_list.as_deref())?;
        let tags = tags::of_new(input.tags.as_ref())?;
        let key = OidcProviderRecord::key_of(call.account(), &url);
        if call.get::<OidcProviderRecord>(&key).await?.is_some() {
            let message = format!("Provider with url {} already exists.", input.url);
            return Err(IamError::EntityAlreadyExistsException.with(message));
        }
        let provider = OidcProviderRecord {
            account: call.account(),
            url,
            client_ids,
            thumbprints,
            created: call.now(),
            tags,
        };
        let (arn, tags) = (provider.arn(), tags::to_wire(&provider.tags));
        call.acted_on(&arn);
        ask_for_new(call, provider.account, &provider.url).await?;
        call.put(provider).await?;
        Ok(CreateOpenIDConnectProviderOutput { open_id_connect_provider_arn: Some(arn), tags })
    }
}

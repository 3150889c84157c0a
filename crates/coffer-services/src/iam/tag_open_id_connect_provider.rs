//! TagOpenIDConnectProvider: gives an identity provider tags.

use coffer_pipeline::{Access, Call, Demand, Operation};
use coffer_protocol::{ErrorRow, Fault, Input};

use super::errors::IamError;
use super::wire::Tag;
use super::{oidc_provider, tags};

/// Gives an identity provider tags, in place of those of the same names.
pub(super) struct TagOpenIDConnectProvider;

/// Which provider, and which tags.
#[derive(Input, Debug)]
#[shape(name = "TagOpenIDConnectProviderRequest")]
pub(super) struct TagOpenIDConnectProviderInput {
    #[shape(required, wire = "OpenIDConnectProviderArn", min = 20, max = 2048)]
    open_id_connect_provider_arn: String,
    #[shape(required, max = 50)]
    tags: Vec<Tag>,
}

impl Operation for TagOpenIDConnectProvider {
    const NAME: &'static str = "TagOpenIDConnectProvider";
    const ACCESS: Access = Access::Write;
    const ERRORS: &'static [ErrorRow] = &[
        IamError::NoSuchEntityException.row(),
        IamError::LimitExceededException.row(),
        IamError::InvalidInputException.row(),
        IamError::ConcurrentModificationException.row(),
        IamError::ServiceFailureException.row(),
    ];
    type Input = TagOpenIDConnectProviderInput;
    type Output = ();

    async fn demands(call: &mut Call<'_>, input: &Self::Input) -> Result<Vec<Demand>, Fault> {
        let arn = &input.open_id_connect_provider_arn;
        let demand = oidc_provider::demand_on(call, "iam:TagOpenIDConnectProvider", arn).await?;
        Ok(vec![tags::requested(demand, Some(&input.tags))])
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        let provider = oidc_provider::find(call, &input.open_id_connect_provider_arn).await?;
        call.acted_on(&provider.arn());
        let mut provider = provider.as_ref().clone();
        tags::must_be_given(&input.tags)?;
        provider.tags = tags::joined(&provider.tags, &input.tags)?;
        call.put(provider).await
    }
}

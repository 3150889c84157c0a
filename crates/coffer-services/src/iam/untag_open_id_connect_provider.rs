//! UntagOpenIDConnectProvider: takes tags from an identity provider.

use coffer_pipeline::{Access, Call, Demand, Operation};
use coffer_protocol::{ErrorRow, Fault, Input};

use super::errors::IamError;
use super::{oidc_provider, tags};

/// Takes tags from an identity provider; those it does not have do not matter.
pub(super) struct UntagOpenIDConnectProvider;

/// Which provider, and the names of tags.
#[derive(Input, Debug)]
#[shape(name = "UntagOpenIDConnectProviderRequest")]
pub(super) struct UntagOpenIDConnectProviderInput {
    #[shape(required, wire = "OpenIDConnectProviderArn", min = 20, max = 2048)]
    open_id_connect_provider_arn: String,
    #[shape(
        required,
        max = 50,
        member(min = 1, max = 128, pattern = r"[\p{L}\p{Z}\p{N}_.:/=+\-@]+")
    )]
    tag_keys: Vec<String>,
}

impl Operation for UntagOpenIDConnectProvider {
    const NAME: &'static str = "UntagOpenIDConnectProvider";
    const ACCESS: Access = Access::Write;
    const ERRORS: &'static [ErrorRow] = &[
        IamError::NoSuchEntityException.row(),
        IamError::InvalidInputException.row(),
        IamError::ConcurrentModificationException.row(),
        IamError::ServiceFailureException.row(),
    ];
    type Input = UntagOpenIDConnectProviderInput;
    type Output = ();

    async fn demands(call: &mut Call<'_>, input: &Self::Input) -> Result<Vec<Demand>, Fault> {
        let arn = &input.open_id_connect_provider_arn;
        let demand = oidc_provider::demand_on(call, "iam:UntagOpenIDConnectProvider", arn).await?;
        Ok(vec![tags::untagged(demand, &input.tag_keys)])
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        let provider = oidc_provider::find(call, &input.open_id_connect_provider_arn).await?;
        call.acted_on(&provider.arn());
        let mut provider = provider.as_ref().clone();
        provider.tags = tags::without(&provider.tags, &input.tag_keys);
        call.put(provider).await
    }
}

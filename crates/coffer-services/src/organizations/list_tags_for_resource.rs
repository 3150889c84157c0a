//! ListTagsForResource: lists the tags of a root, a unit, an account or a policy.

use coffer_pipeline::{Access, Call, Demand, Operation};
use coffer_protocol::{ErrorRow, Fault, Input, Output};

use super::errors::OrganizationsError;
use super::errors::invalid;
use super::wire::Tag;
use super::{demand, find, tags};

/// Lists tags. All of them are on the first page.
pub(super) struct ListTagsForResource;

/// Of what.
#[derive(Input, Debug)]
#[shape(name = "ListTagsForResourceRequest")]
pub(super) struct ListTagsForResourceInput {
    #[shape(
        required,
        max = 130,
        pattern = r"^(r-[0-9a-z]{4,32})|(\d{12})|(ou-[0-9a-z]{4,32}-[a-z0-9]{8,32})|(^p-[0-9a-zA-Z_]{8,128})|(^rp-[0-9a-zA-Z_]{4,128})|(^rt-[0-9a-zA-Z_]{8,32})$"
    )]
    resource_id: String,
    #[shape(max = 100000, pattern = r"[\s\S]*")]
    next_token: Option<String>,
}

/// The tags.
#[derive(Output, Debug)]
#[shape(name = "ListTagsForResourceResponse")]
pub(super) struct ListTagsForResourceOutput {
    tags: Option<Vec<Tag>>,
    next_token: Option<String>,
}

impl Operation for ListTagsForResource {
    const NAME: &'static str = "ListTagsForResource";
    const ACCESS: Access = Access::Read;
    const ERRORS: &'static [ErrorRow] = &[
        OrganizationsError::AccessDeniedException.row(),
        OrganizationsError::AWSOrganizationsNotInUseException.row(),
        OrganizationsError::TargetNotFoundException.row(),
        OrganizationsError::InvalidInputException.row(),
        OrganizationsError::ServiceException.row(),
        OrganizationsError::TooManyRequestsException.row(),
    ];
    type Input = ListTagsForResourceInput;
    type Output = ListTagsForResourceOutput;

    async fn demands(call: &mut Call<'_>, input: &Self::Input) -> Result<Vec<Demand>, Fault> {
        demand::on(call, "organizations:ListTagsForResource", &[&input.resource_id], None).await
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        let organization = find::managed(call).await?;
        if input.next_token.is_some() {
            let message = "You provided a pagination token that is not valid.";
            return Err(invalid("INVALID_NEXT_TOKEN", message));
        }
        tags::must_be_there(call, &organization, &input.resource_id).await?;
        let all = tags::of(call, &organization, &input.resource_id).await?;
        let told = all.into_iter().map(|(key, value)| Tag { key, value }).collect();
        Ok(ListTagsForResourceOutput { tags: Some(told), next_token: None })
    }
}

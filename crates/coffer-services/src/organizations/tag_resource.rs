//! TagResource: gives a root, a unit, an account or a policy tags.

use coffer_pipeline::{Access, Call, ContextValues, Demand, Operation};
use coffer_protocol::{ErrorRow, Fault, Input};

use super::errors::OrganizationsError;
use super::wire::Tag;
use super::{demand, find, tags};

/// Gives something tags, in place of those of the same keys.
pub(super) struct TagResource;

/// What, and which tags.
#[derive(Input, Debug)]
#[shape(name = "TagResourceRequest")]
pub(super) struct TagResourceInput {
    #[shape(
        required,
        max = 130,
        pattern = r"^(r-[0-9a-z]{4,32})|(\d{12})|(ou-[0-9a-z]{4,32}-[a-z0-9]{8,32})|(^p-[0-9a-zA-Z_]{8,128})|(^rp-[0-9a-zA-Z_]{4,128})|(^rt-[0-9a-zA-Z_]{8,32})$"
    )]
    resource_id: String,
    #[shape(required)]
    tags: Vec<Tag>,
}

impl Operation for TagResource {
    const NAME: &'static str = "TagResource";
    const ACCESS: Access = Access::Write;
    const ERRORS: &'static [ErrorRow] = &[
        OrganizationsError::AccessDeniedException.row(),
        OrganizationsError::ConcurrentModificationException.row(),
        OrganizationsError::AWSOrganizationsNotInUseException.row(),
        OrganizationsError::TargetNotFoundException.row(),
        OrganizationsError::ConstraintViolationException.row(),
        OrganizationsError::InvalidInputException.row(),
        OrganizationsError::ServiceException.row(),
        OrganizationsError::TooManyRequestsException.row(),
    ];
    type Input = TagResourceInput;
    type Output = ();

    async fn demands(call: &mut Call<'_>, input: &Self::Input) -> Result<Vec<Demand>, Fault> {
        demand::on(call, "organizations:TagResource", &[&input.resource_id], None).await
    }

    fn condition<'i>(input: &'i Self::Input, key: &str) -> Option<ContextValues<'i>> {
        tags::condition(Some(&input.tags), key)
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        let organization = find::managed(call).await?;
        tags::must_be_there(call, &organization, &input.resource_id).await?;
        tags::add(call, &organization, &input.resource_id, &input.tags).await
    }
}

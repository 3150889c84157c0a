//! UntagResource: takes tags away.

use coffer_pipeline::demand::TAG_KEYS;
use coffer_pipeline::{Access, Call, ContextValues, Demand, Operation};
use coffer_protocol::{ErrorRow, Fault, Input};

use super::errors::OrganizationsError;
use super::{demand, find, tags};

/// Takes tags away; those that are not there are passed over.
pub(super) struct UntagResource;

/// From what, and which tags.
#[derive(Input, Debug)]
#[shape(name = "UntagResourceRequest")]
pub(super) struct UntagResourceInput {
    #[shape(
        required,
        max = 130,
        pattern = r"^(r-[0-9a-z]{4,32})|(\d{12})|(ou-[0-9a-z]{4,32}-[a-z0-9]{8,32})|(^p-[0-9a-zA-Z_]{8,128})|(^rp-[0-9a-zA-Z_]{4,128})|(^rt-[0-9a-zA-Z_]{8,32})$"
    )]
    resource_id: String,
    #[shape(required, member(min = 1, max = 128, pattern = r"^([\p{L}\p{Z}\p{N}_.:/=+\-@]*)$"))]
    tag_keys: Vec<String>,
}

impl Operation for UntagResource {
    const NAME: &'static str = "UntagResource";
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
    type Input = UntagResourceInput;
    type Output = ();

    async fn demands(call: &mut Call<'_>, input: &Self::Input) -> Result<Vec<Demand>, Fault> {
        demand::on(call, "organizations:UntagResource", &[&input.resource_id], None).await
    }

    fn condition<'i>(input: &'i Self::Input, key: &str) -> Option<ContextValues<'i>> {
        (key == TAG_KEYS).then(|| input.tag_keys.iter().map(String::as_str).collect())
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        let organization = find::managed(call).await?;
        let id = &input.resource_id;
        tags::must_be_there(call, &organization, id).await?;
        let mut all = tags::of(call, &organization, id).await?;
        all.retain(|key, _| !input.tag_keys.contains(key));
        tags::put(call, &organization, id, all).await
    }
}

//! ListInstanceProfiles: lists the instance profiles under a path.

use coffer_pipeline::identity::{InstanceProfileRecord, identity_arn};
use coffer_pipeline::{Access, Call, Demand, Operation};
use coffer_protocol::{ErrorRow, Fault, Input, Output};
use coffer_store::{Key, Record};

use super::errors::IamError;
use super::wire_profile::InstanceProfile;
use super::{instance_profile, pages, path};

/// Lists the instance profiles under a path, in the order of their names.
pub(super) struct ListInstanceProfiles;

/// Which path, and which page.
#[derive(Input, Debug)]
#[shape(name = "ListInstanceProfilesRequest")]
pub(super) struct ListInstanceProfilesInput {
    #[shape(min = 1, max = 512, pattern = r"\u002F[\u0021-\u007F]*")]
    path_prefix: Option<String>,
    #[shape(min = 1, max = 320, pattern = r"[\u0020-\u00FF]+")]
    marker: Option<String>,
    #[shape(min = 1, max = 1000)]
    max_items: Option<i32>,
}

/// A page of instance profiles.
#[derive(Output, Debug)]
#[shape(name = "ListInstanceProfilesResponse")]
pub(super) struct ListInstanceProfilesOutput {
    #[shape(required)]
    instance_profiles: Vec<InstanceProfile>,
    is_truncated: Option<bool>,
    marker: Option<String>,
}

impl Operation for ListInstanceProfiles {
    const NAME: &'static str = "ListInstanceProfiles";
    const ACCESS: Access = Access::Read;
    const ERRORS: &'static [ErrorRow] = &[IamError::ServiceFailureException.row()];
    type Input = ListInstanceProfilesInput;
    type Output = ListInstanceProfilesOutput;

    async fn demands(call: &mut Call<'_>, input: &Self::Input) -> Result<Vec<Demand>, Fault> {
        let path = path::path_of(input.path_prefix.as_ref());
        let arn = identity_arn(call.account(), "instance-profile", &path, "");
        Ok(vec![Demand::of("iam:ListInstanceProfiles", arn)])
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        let table = Key::of(InstanceProfileRecord::TABLE, &[call.account().as_str()]);
        let prefix = path::path_of(input.path_prefix.as_ref());
        let is_under = |profile: &InstanceProfileRecord| profile.path.starts_with(&prefix);
        let page =
            pages::scan(call, &table, input.marker.as_ref(), input.max_items, is_under).await?;
        Ok(ListInstanceProfilesOutput {
            instance_profiles: instance_profile::listed(call, &page.items).await?,
            is_truncated: Some(page.is_truncated()),
            marker: page.marker,
        })
    }
}

//! ListInstanceProfilesForRole: lists the instance profiles that a role is in.

use std::sync::Arc;

use coffer_pipeline::identity::InstanceProfileRecord;
use coffer_pipeline::{Access, Call, Demand, Operation};
use coffer_protocol::{ErrorRow, Fault, Input, Output};

use super::errors::IamError;
use super::pages::Page;
use super::wire_profile::InstanceProfile;
use super::{find, instance_profile};

/// Lists the instance profiles that a role is in.
pub(super) struct ListInstanceProfilesForRole;

/// Which role, and which page.
#[derive(Input, Debug)]
#[shape(name = "ListInstanceProfilesForRoleRequest")]
pub(super) struct ListInstanceProfilesForRoleInput {
    #[shape(required, min = 1, max = 64, pattern = r"[\w+=,.@-]+")]
    role_name: String,
    #[shape(min = 1, max = 320, pattern = r"[\u0020-\u00FF]+")]
    marker: Option<String>,
    #[shape(min = 1, max = 1000)]
    max_items: Option<i32>,
}

/// A page of instance profiles.
#[derive(Output, Debug)]
#[shape(name = "ListInstanceProfilesForRoleResponse")]
pub(super) struct ListInstanceProfilesForRoleOutput {
    #[shape(required)]
    instance_profiles: Vec<InstanceProfile>,
    is_truncated: Option<bool>,
    marker: Option<String>,
}

impl Operation for ListInstanceProfilesForRole {
    const NAME: &'static str = "ListInstanceProfilesForRole";
    const ACCESS: Access = Access::Read;
    const ERRORS: &'static [ErrorRow] =
        &[IamError::NoSuchEntityException.row(), IamError::ServiceFailureException.row()];
    type Input = ListInstanceProfilesForRoleInput;
    type Output = ListInstanceProfilesForRoleOutput;

    async fn demands(call: &mut Call<'_>, input: &Self::Input) -> Result<Vec<Demand>, Fault> {
        Ok(vec![
            find::demand_on_role(call, "iam:ListInstanceProfilesForRole", &input.role_name).await?,
        ])
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        let role = find::role(call, &input.role_name).await?;
        let profiles = instance_profile::all_of_role(call, &role).await?;
        let named = |profile: Arc<InstanceProfileRecord>| {
            (profile.profile_name.to_ascii_lowercase(), profile)
        };
        let entries = profiles.into_iter().map(named).collect();
        let page = Page::of(entries, input.marker.as_ref(), input.max_items)?;
        Ok(ListInstanceProfilesForRoleOutput {
            instance_profiles: instance_profile::listed(call, &page.items).await?,
            is_truncated: Some(page.is_truncated()),
            marker: page.marker,
        })
    }
}

//! ListRoles: lists the roles under a path.

use coffer_pipeline::identity::{RoleRecord, identity_arn};
use coffer_pipeline::{Access, Call, Demand, Operation};
use coffer_protocol::{ErrorRow, Fault, Input, Output};
use coffer_store::{Key, Record};

use super::errors::IamError;
use super::wire_role::Role;
use super::{pages, path, trust};

/// Lists the roles under a path, in the order of their names.
pub(super) struct ListRoles;

/// Which path, and which page.
#[derive(Input, Debug)]
#[shape(name = "ListRolesRequest")]
pub(super) struct ListRolesInput {
    #[shape(min = 1, max = 512, pattern = r"\u002F[\u0021-\u007F]*")]
    path_prefix: Option<String>,
    #[shape(min = 1, max = 320, pattern = r"[\u0020-\u00FF]+")]
    marker: Option<String>,
    #[shape(min = 1, max = 1000)]
    max_items: Option<i32>,
}

/// A page of roles.
#[derive(Output, Debug)]
#[shape(name = "ListRolesResponse")]
pub(super) struct ListRolesOutput {
    #[shape(required)]
    roles: Vec<Role>,
    is_truncated: Option<bool>,
    marker: Option<String>,
}

impl Operation for ListRoles {
    const NAME: &'static str = "ListRoles";
    const ACCESS: Access = Access::Read;
    const ERRORS: &'static [ErrorRow] = &[IamError::ServiceFailureException.row()];
    type Input = ListRolesInput;
    type Output = ListRolesOutput;

    async fn demands(call: &mut Call<'_>, input: &Self::Input) -> Result<Vec<Demand>, Fault> {
        let path = path::path_of(input.path_prefix.as_ref());
        Ok(vec![Demand::of("iam:ListRoles", identity_arn(call.account(), "role", &path, ""))])
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        let table = Key::of(RoleRecord::TABLE, &[call.account().as_str()]);
        let prefix = path::path_of(input.path_prefix.as_ref());
        let is_under = |role: &RoleRecord| role.path.starts_with(&prefix);
        let page =
            pages::scan(call, &table, input.marker.as_ref(), input.max_items, is_under).await?;
        let is_truncated = page.is_truncated();
        let mut roles = Vec::with_capacity(page.items.len());
        for role in &page.items {
            let document = trust::shown(call, role).await?;
            roles.push(Role::listed(role, &document));
        }
        Ok(ListRolesOutput { roles, is_truncated: Some(is_truncated), marker: page.marker })
    }
}

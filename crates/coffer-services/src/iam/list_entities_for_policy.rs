//! ListEntitiesForPolicy: lists who has a managed policy.

use coffer_pipeline::identity::{EntityPermissions, GroupRecord, RoleRecord, UserRecord};
use coffer_pipeline::{Access, Call, Demand, Operation};
use coffer_protocol::{ErrorRow, Fault, Input, Output};

use super::errors::IamError;
use super::pages::Page;
use super::wire_policy::{EntityType, PolicyGroup, PolicyRole, PolicyUsageType, PolicyUser};
use super::{managed_policy, pages};

/// Lists the users, groups and roles that a managed policy is attached to, or that it bounds.
pub(super) struct ListEntitiesForPolicy;

/// Which policy, of whom, and which page.
#[derive(Input, Debug)]
#[shape(name = "ListEntitiesForPolicyRequest")]
pub(super) struct ListEntitiesForPolicyInput {
    #[shape(required, min = 20, max = 2048)]
    policy_arn: String,
    entity_filter: Option<EntityType>,
    #[shape(min = 1, max = 512, pattern = r"(\u002F)|(\u002F[\u0021-\u007E]+\u002F)")]
    path_prefix: Option<String>,
    policy_usage_filter: Option<PolicyUsageType>,
    #[shape(min = 1, max = 320, pattern = r"[\u0020-\u00FF]+")]
    marker: Option<String>,
    #[shape(min = 1, max = 1000)]
    max_items: Option<i32>,
}

/// Who has the policy.
#[derive(Output, Debug)]
#[shape(name = "ListEntitiesForPolicyResponse")]
pub(super) struct ListEntitiesForPolicyOutput {
    policy_groups: Option<Vec<PolicyGroup>>,
    policy_users: Option<Vec<PolicyUser>>,
    policy_roles: Option<Vec<PolicyRole>>,
    is_truncated: Option<bool>,
    marker: Option<String>,
}

impl Operation for ListEntitiesForPolicy {
    const NAME: &'static str = "ListEntitiesForPolicy";
    const ACCESS: Access = Access::Read;
    const ERRORS: &'static [ErrorRow] = &[
        IamError::NoSuchEntityException.row(),
        IamError::InvalidInputException.row(),
        IamError::ServiceFailureException.row(),
    ];
    type Input = ListEntitiesForPolicyInput;
    type Output = ListEntitiesForPolicyOutput;

    async fn demands(call: &mut Call<'_>, input: &Self::Input) -> Result<Vec<Demand>, Fault> {
        Ok(vec![
            managed_policy::demand_on(call, "iam:ListEntitiesForPolicy", &input.policy_arn).await?,
        ])
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        managed_policy::find(call, &input.policy_arn).await?;
        let entities = entities(call, input).await?;
        let page = Page::of(entities, input.marker.as_ref(), input.max_items)?;
        let is_truncated = page.is_truncated();
        let mut answer = ListEntitiesForPolicyOutput {
            policy_groups: Some(Vec::new()),
            policy_users: Some(Vec::new()),
            policy_roles: Some(Vec::new()),
            is_truncated: Some(is_truncated),
            marker: page.marker,
        };
        for entity in page.items {
            match entity {
                Entity::Group(group) => answer.policy_groups.get_or_insert_default().push(group),
                Entity::Role(role) => answer.policy_roles.get_or_insert_default().push(role),
                Entity::User(user) => answer.policy_users.get_or_insert_default().push(user),
            }
        }
        Ok(answer)
    }
}

enum Entity {
    Group(PolicyGroup),
    Role(PolicyRole),
    User(PolicyUser),
}

async fn entities(
    call: &Call<'_>,
    input: &ListEntitiesForPolicyInput,
) -> Result<Vec<(String, Entity)>, Fault> {
    let mut found = Vec::new();
    let account = call.account();
    let is_wanted = |kind| input.entity_filter.is_none_or(|wanted| wanted == kind);
    if is_wanted(EntityType::Group) {
        for group in pages::all::<GroupRecord>(call, &GroupRecord::all_of(account)).await? {
            if has(input, &group.permissions, &group.path) {
                let place = format!("1/{}", group.group_name.to_ascii_lowercase());
                found.push((place, Entity::Group(PolicyGroup::of(&group))));
            }
        }
    }
    if is_wanted(EntityType::Role) {
        for role in pages::all::<RoleRecord>(call, &RoleRecord::all_of(account)).await? {
            if has(input, &role.permissions, &role.path) {
                let place = format!("2/{}", role.role_name.to_ascii_lowercase());
                found.push((place, Entity::Role(PolicyRole::of(&role))));
            }
        }
    }
    if is_wanted(EntityType::User) {
        for user in pages::all::<UserRecord>(call, &UserRecord::all_of(account)).await? {
            if has(input, &user.permissions, &user.path) {
                let place = format!("3/{}", user.user_name.to_ascii_lowercase());
                found.push((place, Entity::User(PolicyUser::of(&user))));
            }
        }
    }
    Ok(found)
}

/// Whether somebody has the policy in the way that is asked for.
fn has(input: &ListEntitiesForPolicyInput, permissions: &EntityPermissions, path: &str) -> bool {
    let is_attached = permissions.attached.contains(&input.policy_arn);
    let is_bounding = permissions.boundary.as_ref() == Some(&input.policy_arn);
    let is_used = match input.policy_usage_filter {
        Some(PolicyUsageType::PermissionsPolicy) => is_attached,
        Some(PolicyUsageType::PermissionsBoundary) => is_bounding,
        None => is_attached || is_bounding,
    };
    is_used && input.path_prefix.as_ref().is_none_or(|prefix| path.starts_with(prefix.as_str()))
}

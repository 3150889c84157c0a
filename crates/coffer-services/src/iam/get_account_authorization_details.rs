//! GetAccountAuthorizationDetails: tells all of what an account allows.

use coffer_pipeline::{Access, Call, Demand, Operation};
use coffer_protocol::{ErrorRow, Fault, Input, Output};

use super::authorization_details::{
    self, Entry, GroupDetail, ManagedPolicyDetail, RoleDetail, UserDetail,
};
use super::errors::IamError;
use super::find::demand_on_all;
use super::pages::Page;
use super::wire_policy::EntityType;

/// Tells users, groups, roles and policies of the account, with all that decides what they may do.
pub(super) struct GetAccountAuthorizationDetails;

/// What is told, and which page.
#[derive(Input, Debug)]
#[shape(name = "GetAccountAuthorizationDetailsRequest")]
pub(super) struct GetAccountAuthorizationDetailsInput {
    filter: Option<Vec<EntityType>>,
    #[shape(min = 1, max = 1000)]
    max_items: Option<i32>,
    #[shape(min = 1, max = 320, pattern = r"[\u0020-\u00FF]+")]
    marker: Option<String>,
}

/// A page of what there is.
#[derive(Output, Debug)]
#[shape(name = "GetAccountAuthorizationDetailsResponse")]
pub(super) struct GetAccountAuthorizationDetailsOutput {
    user_detail_list: Option<Vec<UserDetail>>,
    group_detail_list: Option<Vec<GroupDetail>>,
    role_detail_list: Option<Vec<RoleDetail>>,
    policies: Option<Vec<ManagedPolicyDetail>>,
    is_truncated: Option<bool>,
    marker: Option<String>,
}

impl Operation for GetAccountAuthorizationDetails {
    const NAME: &'static str = "GetAccountAuthorizationDetails";
    const ACCESS: Access = Access::Read;
    const ERRORS: &'static [ErrorRow] = &[IamError::ServiceFailureException.row()];
    type Input = GetAccountAuthorizationDetailsInput;
    type Output = GetAccountAuthorizationDetailsOutput;

    async fn demands(_: &mut Call<'_>, _: &Self::Input) -> Result<Vec<Demand>, Fault> {
        Ok(demand_on_all("iam:GetAccountAuthorizationDetails"))
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        let entries = authorization_details::entries(call, input.filter.as_deref()).await?;
        let page = Page::of(entries, input.marker.as_ref(), input.max_items)?;
        let mut answer = GetAccountAuthorizationDetailsOutput {
            user_detail_list: Some(Vec::new()),
            group_detail_list: Some(Vec::new()),
            role_detail_list: Some(Vec::new()),
            policies: Some(Vec::new()),
            is_truncated: Some(page.is_truncated()),
            marker: page.marker,
        };
        for entry in page.items {
            match entry {
                Entry::User(user) => {
                    let detail = UserDetail::of(call, &user).await?;
                    answer.user_detail_list.get_or_insert_default().push(detail);
                }
                Entry::Group(group) => {
                    let detail = GroupDetail::of(&group);
                    answer.group_detail_list.get_or_insert_default().push(detail);
                }
                Entry::Role(role) => {
                    let detail = RoleDetail::of(call, &role).await?;
                    answer.role_detail_list.get_or_insert_default().push(detail);
                }
                Entry::Policy(policy) => {
                    let detail = ManagedPolicyDetail::of(&policy);
                    answer.policies.get_or_insert_default().push(detail);
                }
                Entry::Aws(policy, uses) => {
                    let detail = ManagedPolicyDetail::of_aws(policy, uses);
                    answer.policies.get_or_insert_default().push(detail);
                }
            }
        }
        Ok(answer)
    }
}

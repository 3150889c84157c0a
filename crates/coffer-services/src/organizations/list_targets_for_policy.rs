//! ListTargetsForPolicy: lists what a policy is attached to.

use coffer_pipeline::identity::organization::Attached;
use coffer_pipeline::{Access, Call, Demand, Operation};
use coffer_protocol::{ErrorRow, Fault, Input, Output};
use coffer_store::Key;

use super::errors::OrganizationsError;
use super::pages::{self, Page, Place};
use super::wire::{PolicyTargetSummary, TargetType};
use super::{demand, find};

/// Lists the roots, units and accounts that a policy is attached to.
pub(super) struct ListTargetsForPolicy;

/// Which policy, and which page.
#[derive(Input, Debug)]
#[shape(name = "ListTargetsForPolicyRequest")]
pub(super) struct ListTargetsForPolicyInput {
    #[shape(required, max = 130, pattern = r"^p-[0-9a-zA-Z_]{8,128}$")]
    policy_id: String,
    #[shape(max = 100000, pattern = r"[\s\S]*")]
    next_token: Option<String>,
    #[shape(min = 1, max = 20)]
    max_results: Option<i32>,
}

/// A page of targets.
#[derive(Output, Debug)]
#[shape(name = "ListTargetsForPolicyResponse")]
pub(super) struct ListTargetsForPolicyOutput {
    targets: Option<Vec<PolicyTargetSummary>>,
    next_token: Option<String>,
}

impl Operation for ListTargetsForPolicy {
    const NAME: &'static str = "ListTargetsForPolicy";
    const ACCESS: Access = Access::Read;
    const ERRORS: &'static [ErrorRow] = &[
        OrganizationsError::AccessDeniedException.row(),
        OrganizationsError::AWSOrganizationsNotInUseException.row(),
        OrganizationsError::InvalidInputException.row(),
        OrganizationsError::PolicyNotFoundException.row(),
        OrganizationsError::ServiceException.row(),
        OrganizationsError::TooManyRequestsException.row(),
        OrganizationsError::UnsupportedAPIEndpointException.row(),
    ];
    type Input = ListTargetsForPolicyInput;
    type Output = ListTargetsForPolicyOutput;

    async fn demands(call: &mut Call<'_>, input: &Self::Input) -> Result<Vec<Demand>, Fault> {
        demand::on(call, "organizations:ListTargetsForPolicy", &[&input.policy_id], None).await
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        let organization = find::managed(call).await?;
        let at = Place { max_results: input.max_results, next_token: input.next_token.as_ref() };
        let policy = find::policy(call, &organization, &input.policy_id).await?;
        let has = |attached: &Attached| {
            organization.policies_of(attached, policy.kind).contains(&policy.id)
        };
        let told = |id: &str, arn: String, name: &str, kind: TargetType| {
            let summary = PolicyTargetSummary {
                target_id: Some(id.to_owned()),
                arn: Some(arn),
                name: Some(name.to_owned()),
                kind: Some(kind),
            };
            (id.to_owned(), summary)
        };
        let mut targets = Vec::new();
        if has(&organization.root.attached) {
            let (id, arn) = (&organization.root_id, organization.root_arn());
            targets.push(told(id, arn, &organization.root.name, TargetType::Root));
        }
        for (id, unit) in organization.units.iter().filter(|(_, unit)| has(&unit.attached)) {
            let arn = organization.unit_arn(id);
            targets.push(told(id, arn, &unit.name, TargetType::OrganizationalUnit));
        }
        for account in pages::all_accounts(call, &organization).await? {
            if has(&account.attached) {
                let arn = organization.account_arn(account.account);
                let id = account.account.as_str();
                targets.push(told(id, arn, &account.name, TargetType::Account));
            }
        }
        targets.sort_by(|(one, _), (other, _)| one.cmp(other));
        let listing = Key::of(Self::NAME, &[&policy.id]);
        let Page { items, next_token } = Page::of(&listing, targets, at)?;
        Ok(ListTargetsForPolicyOutput { targets: Some(items), next_token })
    }
}

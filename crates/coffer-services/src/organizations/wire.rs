//! The structures that several operations take or give, as AWS's model has them.

mod values;

use coffer_model::Timestamp;
use coffer_pipeline::identity::organization::{
    AccountRecord, AccountStatus as RecordedStatus, FeatureSet, OrganizationPolicyRecord,
    OrganizationRecord, PolicyKind, Unit,
};
use coffer_protocol::{Input, Output};

use super::records::CreateAccountRecord;

pub(super) use self::values::{
    AccountJoinedMethod, AccountState, AccountStatus, ChildType, CreateAccountFailureReason,
    CreateAccountState, IamUserAccessToBilling, OrganizationFeatureSet, ParentType, PolicyType,
    PolicyTypeStatus, TargetType,
};

/// An organization.
#[derive(Output, Debug)]
pub(super) struct Organization {
    pub(super) id: Option<String>,
    pub(super) arn: Option<String>,
    pub(super) feature_set: Option<OrganizationFeatureSet>,
    pub(super) master_account_arn: Option<String>,
    pub(super) master_account_id: Option<String>,
    pub(super) master_account_email: Option<String>,
    pub(super) available_policy_types: Option<Vec<PolicyTypeSummary>>,
}

/// A type of policies of a root.
#[derive(Output, Debug)]
pub(super) struct PolicyTypeSummary {
    #[shape(wire = "Type")]
    pub(super) kind: Option<PolicyType>,
    pub(super) status: Option<PolicyTypeStatus>,
}

/// A root.
#[derive(Output, Debug)]
pub(super) struct Root {
    pub(super) id: Option<String>,
    pub(super) arn: Option<String>,
    pub(super) name: Option<String>,
    pub(super) policy_types: Option<Vec<PolicyTypeSummary>>,
}

/// A unit.
#[derive(Output, Debug)]
pub(super) struct OrganizationalUnit {
    pub(super) id: Option<String>,
    pub(super) arn: Option<String>,
    pub(super) name: Option<String>,
    pub(super) path: Option<String>,
}

/// An account.
#[derive(Output, Debug)]
pub(super) struct Account {
    pub(super) id: Option<String>,
    pub(super) arn: Option<String>,
    pub(super) email: Option<String>,
    pub(super) name: Option<String>,
    pub(super) status: Option<AccountStatus>,
    pub(super) state: Option<AccountState>,
    pub(super) paths: Option<Vec<String>>,
    pub(super) joined_method: Option<AccountJoinedMethod>,
    pub(super) joined_timestamp: Option<Timestamp>,
}

/// A policy without its text.
#[derive(Output, Debug)]
pub(super) struct PolicySummary {
    pub(super) id: Option<String>,
    pub(super) arn: Option<String>,
    pub(super) name: Option<String>,
    pub(super) description: Option<String>,
    #[shape(wire = "Type")]
    pub(super) kind: Option<PolicyType>,
    pub(super) aws_managed: Option<bool>,
}

/// A policy.
#[derive(Output, Debug)]
pub(super) struct Policy {
    pub(super) policy_summary: Option<PolicySummary>,
    pub(super) content: Option<String>,
}

/// What is below a root or unit.
#[derive(Output, Debug)]
pub(super) struct Child {
    pub(super) id: Option<String>,
    #[shape(wire = "Type")]
    pub(super) kind: Option<ChildType>,
}

/// What is above a unit or account.
#[derive(Output, Debug)]
pub(super) struct Parent {
    pub(super) id: Option<String>,
    #[shape(wire = "Type")]
    pub(super) kind: Option<ParentType>,
}

/// What a policy is attached to.
#[derive(Output, Debug)]
pub(super) struct PolicyTargetSummary {
    pub(super) target_id: Option<String>,
    pub(super) arn: Option<String>,
    pub(super) name: Option<String>,
    #[shape(wire = "Type")]
    pub(super) kind: Option<TargetType>,
}

/// How the making of an account came out.
#[derive(Output, Debug)]
pub(super) struct CreateAccountStatus {
    pub(super) id: Option<String>,
    pub(super) account_name: Option<String>,
    pub(super) state: Option<CreateAccountState>,
    pub(super) requested_timestamp: Option<Timestamp>,
    pub(super) completed_timestamp: Option<Timestamp>,
    pub(super) account_id: Option<String>,
    pub(super) gov_cloud_account_id: Option<String>,
    pub(super) failure_reason: Option<CreateAccountFailureReason>,
}

/// A tag.
#[derive(Input, Output, Debug)]
pub(super) struct Tag {
    #[shape(required, min = 1, max = 128, pattern = r"^([\p{L}\p{Z}\p{N}_.:/=+\-@]*)$")]
    pub(super) key: String,
    #[shape(required, min = 0, max = 256, pattern = r"^([\p{L}\p{Z}\p{N}_.:/=+\-@]*)$")]
    pub(super) value: String,
}

impl PolicyType {
    /// The type of policies, where coffer has it.
    pub(super) fn kind(self) -> Option<PolicyKind> {
        match self {
            Self::ServiceControlPolicy => Some(PolicyKind::ServiceControl),
            Self::ResourceControlPolicy => Some(PolicyKind::ResourceControl),
            _ => None,
        }
    }
}

impl From<PolicyKind> for PolicyType {
    fn from(kind: PolicyKind) -> Self {
        match kind {
            PolicyKind::ServiceControl => Self::ServiceControlPolicy,
            PolicyKind::ResourceControl => Self::ResourceControlPolicy,
        }
    }
}

impl Organization {
    /// What is told of an organization; the address of its management account to that alone.
    pub(super) fn of(organization: &OrganizationRecord, email: Option<String>) -> Self {
        let management = organization.management_account;
        Self {
            id: Some(organization.id.clone()),
            arn: Some(organization.arn()),
            feature_set: Some(match organization.feature_set {
                FeatureSet::All => OrganizationFeatureSet::All,
                FeatureSet::ConsolidatedBilling => OrganizationFeatureSet::ConsolidatedBilling,
            }),
            master_account_arn: Some(organization.account_arn(management)),
            master_account_id: Some(management.to_string()),
            master_account_email: email,
            available_policy_types: Some(enabled(organization)),
        }
    }
}

/// The types of policies that are enabled.
fn enabled(organization: &OrganizationRecord) -> Vec<PolicyTypeSummary> {
    let summary = |kind: &PolicyKind| PolicyTypeSummary {
        kind: Some((*kind).into()),
        status: Some(PolicyTypeStatus::Enabled),
    };
    organization.enabled.keys().map(summary).collect()
}

impl Root {
    /// What is told of an organization's root.
    pub(super) fn of(organization: &OrganizationRecord) -> Self {
        Self {
            id: Some(organization.root_id.clone()),
            arn: Some(organization.root_arn()),
            name: Some(organization.root.name.clone()),
            policy_types: Some(enabled(organization)),
        }
    }
}

impl OrganizationalUnit {
    /// What is told of a unit.
    pub(super) fn of(organization: &OrganizationRecord, id: &str, unit: &Unit) -> Self {
        Self {
            id: Some(id.to_owned()),
            arn: Some(organization.unit_arn(id)),
            name: Some(unit.name.clone()),
            path: Some(organization.path_of(id)),
        }
    }
}

impl Account {
    /// What is told of an account.
    pub(super) fn of(organization: &OrganizationRecord, account: &AccountRecord) -> Self {
        let path = format!("{}{}/", organization.path_of(&account.parent), account.account);
        let (status, state) = match account.status {
            RecordedStatus::Active => (AccountStatus::Active, AccountState::Active),
            RecordedStatus::Closed(_) => (AccountStatus::Suspended, AccountState::Suspended),
        };
        Self {
            id: Some(account.account.to_string()),
            arn: Some(organization.account_arn(account.account)),
            email: Some(account.email.clone()),
            name: Some(account.name.clone()),
            status: Some(status),
            state: Some(state),
            paths: Some(vec![path]),
            joined_method: Some(match account.was_created {
                true => AccountJoinedMethod::Created,
                false => AccountJoinedMethod::Invited,
            }),
            joined_timestamp: Some(account.joined),
        }
    }
}

impl PolicySummary {
    /// What is told of a policy beside its text.
    pub(super) fn of(organization: &OrganizationRecord, policy: &OrganizationPolicyRecord) -> Self {
        Self {
            id: Some(policy.id.clone()),
            arn: Some(policy.arn(organization)),
            name: Some(policy.name.clone()),
            description: Some(policy.description.clone()),
            kind: Some(policy.kind.into()),
            aws_managed: Some(policy.is_managed()),
        }
    }
}

impl Policy {
    /// What is told of a policy.
    pub(super) fn of(organization: &OrganizationRecord, policy: &OrganizationPolicyRecord) -> Self {
        Self {
            policy_summary: Some(PolicySummary::of(organization, policy)),
            content: Some(policy.content.text().to_owned()),
        }
    }
}

impl CreateAccountStatus {
    /// What is told of the making of an account.
    pub(super) fn of(record: &CreateAccountRecord) -> Self {
        let is_made = record.account.is_some();
        Self {
            id: Some(record.id.clone()),
            account_name: Some(record.account_name.clone()),
            state: Some(match is_made {
                true => CreateAccountState::Succeeded,
                false => CreateAccountState::Failed,
            }),
            requested_timestamp: Some(record.requested),
            completed_timestamp: Some(record.requested),
            account_id: record.account.map(|account| account.to_string()),
            gov_cloud_account_id: None,
            failure_reason: (!is_made).then_some(CreateAccountFailureReason::EmailAlreadyExists),
        }
    }
}

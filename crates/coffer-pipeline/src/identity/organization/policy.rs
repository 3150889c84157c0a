//! Policies of an organization, those of AWS's own among them.

use std::sync::{Arc, LazyLock};

use coffer_store::{Key, Record};
use serde::{Deserialize, Serialize};

use super::OrganizationRecord;
use crate::identity::PolicyDocument;

/// A policy that bounds what the accounts of an organization may do, or who may reach what they
/// have.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct OrganizationPolicyRecord {
    /// Its id, `p-…`.
    pub id: String,
    /// The organization's id; AWS's own policies have none.
    pub organization: String,
    /// Its type.
    pub kind: PolicyKind,
    /// Its name.
    pub name: String,
    /// What is said of it.
    pub description: String,
    /// Its text.
    pub content: PolicyDocument,
    /// To how many roots, units and accounts it is attached, in this epoch.
    pub attachments: u32,
    /// See `attachments`.
    pub epoch: u32,
}

/// The types of policies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum PolicyKind {
    /// What the callers of an account may do at most.
    #[serde(rename = "SERVICE_CONTROL_POLICY")]
    ServiceControl,
    /// What may be done to the resources of an account at most.
    #[serde(rename = "RESOURCE_CONTROL_POLICY")]
    ResourceControl,
}

impl PolicyKind {
    /// Both.
    pub const ALL: [Self; 2] = [Self::ServiceControl, Self::ResourceControl];

    /// The id of AWS's own policy of this type, which allows everything.
    pub const fn managed_id(self) -> &'static str {
        match self {
            Self::ServiceControl => "p-FullAWSAccess",
            Self::ResourceControl => "p-RCPFullAWSAccess",
        }
    }

    /// AWS's own policy of this type.
    pub fn managed(self) -> Arc<OrganizationPolicyRecord> {
        match self {
            Self::ServiceControl => FULL_ACCESS.clone(),
            Self::ResourceControl => RESOURCE_FULL_ACCESS.clone(),
        }
    }

    /// The characters that a policy of this type may have.
    pub const fn content_max(self) -> usize {
        5120
    }

    const fn folder(self) -> &'static str {
        match self {
            Self::ServiceControl => "service_control_policy",
            Self::ResourceControl => "resource_control_policy",
        }
    }
}

impl OrganizationPolicyRecord {
    /// The row of an organization's own policy.
    pub fn key_of(organization: &str, id: &str) -> Key {
        Key::of(Self::TABLE, &[organization, id])
    }

    /// The prefix of all policies of an organization.
    pub fn all_of(organization: &str) -> Vec<u8> {
        Key::of(Self::TABLE, &[organization]).prefix()
    }

    /// AWS's own policy of an id.
    pub fn managed_of(id: &str) -> Option<Arc<Self>> {
        PolicyKind::ALL.into_iter().find(|kind| kind.managed_id() == id).map(PolicyKind::managed)
    }

    /// Whether it is AWS's own.
    pub fn is_managed(&self) -> bool {
        self.organization.is_empty()
    }

    /// Its ARN.
    pub fn arn(&self, organization: &OrganizationRecord) -> String {
        let folder = self.kind.folder();
        if self.is_managed() {
            return format!("arn:aws:organizations::aws:policy/{folder}/{}", self.id);
        }
        let account = organization.management_account;
        let organization = &organization.id;
        format!("arn:aws:organizations::{account}:policy/{organization}/{folder}/{}", self.id)
    }
}

impl Record for OrganizationPolicyRecord {
    const TABLE: &'static str = "organizations.policy";

    fn key(&self) -> Key {
        Self::key_of(&self.organization, &self.id)
    }
}

static FULL_ACCESS: LazyLock<Arc<OrganizationPolicyRecord>> = LazyLock::new(|| {
    let content =
        r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}"#;
    managed(
        PolicyKind::ServiceControl,
        "FullAWSAccess",
        "Allows access to every operation",
        content,
    )
});

static RESOURCE_FULL_ACCESS: LazyLock<Arc<OrganizationPolicyRecord>> = LazyLock::new(|| {
    let content = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}]}"#;
    managed(
        PolicyKind::ResourceControl,
        "RCPFullAWSAccess",
        "Allows access to every resource",
        content,
    )
});

fn managed(
    kind: PolicyKind,
    name: &str,
    description: &str,
    content: &str,
) -> Arc<OrganizationPolicyRecord> {
    Arc::new(OrganizationPolicyRecord {
        id: kind.managed_id().to_owned(),
        organization: String::new(),
        kind,
        name: name.to_owned(),
        description: description.to_owned(),
        content: PolicyDocument::new(content),
        attachments: 0,
        epoch: 0,
    })
}

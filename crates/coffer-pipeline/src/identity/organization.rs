//! Organizations: accounts in a tree of units, and the policies that bound what they may do.
//!
//! The road reads them on every request of an account that is in one, through
//! [`organization_view`]; the services `organizations` and `coffer` write them.

mod account;
mod drawn;
mod policy;
mod view;

use std::collections::{BTreeMap, BTreeSet};

use coffer_model::{AccountId, Timestamp};
use coffer_store::{Key, Record};
use serde::{Deserialize, Serialize};

pub use account::{AccountRecord, AccountStatus, FirstAccountRecord};
pub use drawn::{draw_account, draw_lower_case, draw_role_id, draw_root_access_key};
pub use policy::{OrganizationPolicyRecord, PolicyKind};
pub use view::{OrganizationView, organization_view};

/// An organization: its management account, its tree of units, and what is attached in the tree.
///
/// One row holds the tree, so that a change of it conflicts with every other one: accounts stand
/// in rows of their own, which say where in the tree they are.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct OrganizationRecord {
    /// The organization's id, `o-…`.
    pub id: String,
    /// The account that made it, which its policies do not restrict.
    pub management_account: AccountId,
    /// Whether its policies can be used.
    pub feature_set: FeatureSet,
    /// When it was made.
    pub created: Timestamp,
    /// The id of the tree's root, `r-…`.
    pub root_id: String,
    /// The root.
    pub root: Unit,
    /// The units below it, by id (`ou-…`).
    pub units: BTreeMap<String, Unit>,
    /// How many accounts it has.
    pub accounts: u32,
    /// How many policies of its own it has.
    pub policies: u32,
    /// How often a type of policies has been enabled.
    pub epochs: u32,
    /// The types of policies that are enabled, and since which epoch.
    pub enabled: BTreeMap<PolicyKind, u32>,
}

/// What an organization may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum FeatureSet {
    /// Everything.
    All,
    /// Bills alone: no policies.
    ConsolidatedBilling,
}

/// A root or an organizational unit.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Unit {
    /// Its name.
    pub name: String,
    /// The unit or root above it; a root has none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub parent: String,
    /// How many accounts are in it, those of the units below it left out.
    pub accounts: u32,
    /// The policies that are attached to it.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub attached: Attached,
}

/// The policies that are attached to a root, a unit or an account.
pub type Attached = BTreeMap<PolicyKind, Attachments>;

/// Policies of one type, as they have been attached since the type was enabled.
///
/// Enabling a type attaches AWS's own policy to everything, and disabling it detaches all: what was
/// attached in an earlier epoch counts no more, so neither has to touch every row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attachments {
    /// The epoch that this was written in.
    pub epoch: u32,
    /// The ids of the policies.
    pub policies: BTreeSet<String>,
}

impl OrganizationRecord {
    /// The row of an organization.
    pub fn key_of(id: &str) -> Key {
        Key::of(Self::TABLE, &[id])
    }

    /// The root or the unit of an id.
    pub fn unit(&self, id: &str) -> Option<&Unit> {
        if id == self.root_id { Some(&self.root) } else { self.units.get(id) }
    }

    /// The same, to be changed.
    pub fn unit_mut(&mut self, id: &str) -> Option<&mut Unit> {
        if id == self.root_id { Some(&mut self.root) } else { self.units.get_mut(id) }
    }

    /// The ids from the root down to a root or unit, itself included.
    pub fn way_to<'a>(&'a self, id: &'a str) -> Vec<&'a str> {
        let mut way = Vec::with_capacity(DEPTH_MAX + 1);
        let mut next = id;
        while let Some(unit) = self.unit(next).filter(|_| way.len() <= DEPTH_MAX) {
            way.push(next);
            next = &unit.parent;
        }
        way.reverse();
        way
    }

    /// The path of a root or unit, as `aws:PrincipalOrgPaths` has it: `o-…/r-…/ou-…/`.
    pub fn path_of(&self, id: &str) -> String {
        let mut path = format!("{}/", self.id);
        for step in self.way_to(id) {
            path.push_str(step);
            path.push('/');
        }
        path
    }

    /// The policies of a type that count for what has these; none where the type is not enabled.
    pub fn policies_of(&self, attached: &Attached, kind: PolicyKind) -> BTreeSet<String> {
        let Some(epoch) = self.enabled.get(&kind) else { return BTreeSet::new() };
        match attached.get(&kind).filter(|attachments| attachments.epoch == *epoch) {
            Some(attachments) => attachments.policies.clone(),
            None => BTreeSet::from([kind.managed_id().to_owned()]),
        }
    }

    /// The organization's ARN.
    pub fn arn(&self) -> String {
        self.arn_of("organization", "")
    }

    /// The ARN of the root.
    pub fn root_arn(&self) -> String {
        self.arn_of("root", &self.root_id)
    }

    /// The ARN of a unit.
    pub fn unit_arn(&self, id: &str) -> String {
        self.arn_of("ou", id)
    }

    /// The ARN of an account.
    pub fn account_arn(&self, account: AccountId) -> String {
        self.arn_of("account", account.as_str())
    }

    /// The ARN of what an id says it is, whether it is there or not.
    pub fn arn_of_id(&self, id: &str) -> String {
        match id.split_once('-') {
            Some(("r", _)) => self.arn_of("root", id),
            Some(("ou", _)) => self.arn_of("ou", id),
            Some(("p", _)) => self.arn_of("policy", id),
            _ => self.arn_of("account", id),
        }
    }

    fn arn_of(&self, kind: &str, id: &str) -> String {
        let (account, organization) = (self.management_account, &self.id);
        let slash = if id.is_empty() { "" } else { "/" };
        format!("arn:aws:organizations::{account}:{kind}/{organization}{slash}{id}")
    }
}

impl Record for OrganizationRecord {
    const TABLE: &'static str = "organizations.organization";

    fn key(&self) -> Key {
        Self::key_of(&self.id)
    }
}

/// Units above one another below a root.
pub const DEPTH_MAX: usize = 5;
/// Units of an organization: their names and attachments have to fit one row.
pub const UNITS_MAX: usize = 700;
/// Accounts of an organization.
pub const ACCOUNTS_MAX: u32 = 10_000;
/// Policies of an organization's own.
pub const POLICIES_MAX: u32 = 1_000;
/// Policies of one type that can be attached to one root, unit or account.
pub const ATTACHMENTS_MAX: usize = 5;

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use coffer_model::{AccountId, Timestamp};

    use super::{Attached, Attachments, FeatureSet, OrganizationRecord, PolicyKind, Unit};

    fn unit(name: &str, parent: &str) -> Unit {
        let (name, parent) = (name.to_owned(), parent.to_owned());
        Unit { name, parent, accounts: 0, attached: Attached::new() }
    }

    fn organization() -> OrganizationRecord {
        OrganizationRecord {
            id: "o-abcdefghij".to_owned(),
            management_account: AccountId::dev(),
            feature_set: FeatureSet::All,
            created: Timestamp::from_millis(0),
            root_id: "r-abcd".to_owned(),
            root: unit("Root", ""),
            units: BTreeMap::from([
                ("ou-abcd-00000001".to_owned(), unit("a", "r-abcd")),
                ("ou-abcd-00000002".to_owned(), unit("b", "ou-abcd-00000001")),
            ]),
            accounts: 1,
            policies: 0,
            epochs: 0,
            enabled: BTreeMap::new(),
        }
    }

    #[test]
    fn a_path_leads_from_the_organization_down_to_the_unit() {
        let organization = organization();
        assert_eq!(organization.path_of("r-abcd"), "o-abcdefghij/r-abcd/");
        assert_eq!(
            organization.path_of("ou-abcd-00000002"),
            "o-abcdefghij/r-abcd/ou-abcd-00000001/ou-abcd-00000002/"
        );
    }

    #[test]
    fn what_was_attached_before_a_type_was_enabled_anew_counts_no_more() {
        let kind = PolicyKind::ServiceControl;
        let mut organization = organization();
        let own = || BTreeSet::from(["p-own".to_owned()]);
        let attached = BTreeMap::from([(kind, Attachments { epoch: 1, policies: own() })]);
        assert!(organization.policies_of(&attached, kind).is_empty());
        organization.enabled.insert(kind, 1);
        assert_eq!(organization.policies_of(&attached, kind), own());
        organization.enabled.insert(kind, 2);
        let managed = BTreeSet::from(["p-FullAWSAccess".to_owned()]);
        assert_eq!(organization.policies_of(&attached, kind), managed);
        assert_eq!(organization.policies_of(&Attached::new(), kind), managed);
    }
}

//! Who is simulated to call.

use std::collections::BTreeMap;

use coffer_model::AccountId;
use coffer_policy::{Principal, PrincipalKind};
use coffer_protocol::Fault;

use super::source::invalid;

/// A user, group or role that is simulated to call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::iam) struct SimulatedCaller {
    /// The account it belongs to.
    pub(in crate::iam) account: AccountId,
    is_role: bool,
    /// The ARN that policies know it by.
    arn: String,
    /// The ARN it calls by.
    calling_arn: String,
    /// Its unique id, where it is somebody.
    id: Option<String>,
    /// The condition keys that it brings, by lower-case name.
    pub(super) keys: BTreeMap<String, String>,
}

impl SimulatedCaller {
    /// Somebody of an account, of whom no more is known.
    pub(in crate::iam) fn anybody(account: AccountId) -> Self {
        Self {
            account,
            is_role: false,
            arn: String::new(),
            calling_arn: String::new(),
            id: None,
            keys: BTreeMap::new(),
        }
    }

    /// The user, group or role of an ARN, who need not be there.
    ///
    /// # Errors
    /// `InvalidInput` for any other ARN.
    pub(in crate::iam) fn of_arn(arn: &str) -> Result<Self, Fault> {
        let refused = || invalid(&format!("Invalid caller ARN: {arn}"));
        let rest = arn.strip_prefix("arn:aws:iam::").ok_or_else(refused)?;
        let (account, resource) = rest.split_once(':').ok_or_else(refused)?;
        let account: AccountId = account.parse().map_err(|_| refused())?;
        let (kind, path) = resource.split_once('/').ok_or_else(refused)?;
        let name = path.rsplit('/').next().filter(|name| !name.is_empty()).ok_or_else(refused)?;
        if !["user", "group", "role"].contains(&kind) {
            return Err(refused());
        }
        let is_role = kind == "role";
        let mut keys = BTreeMap::from([
            ("aws:principalarn".to_owned(), arn.to_owned()),
            ("aws:principalaccount".to_owned(), account.to_string()),
        ]);
        if kind == "user" {
            keys.insert("aws:username".to_owned(), name.to_owned());
        }
        if kind != "group" {
            let principal_type = if is_role { "AssumedRole" } else { "User" };
            keys.insert("aws:principaltype".to_owned(), principal_type.to_owned());
        }
        let calling_arn = match is_role {
            true => format!("arn:aws:sts::{account}:assumed-role/{name}/{SESSION_NAME}"),
            false => arn.to_owned(),
        };
        Ok(Self { account, is_role, arn: arn.to_owned(), calling_arn, id: None, keys })
    }

    /// The same with what is known of one who is there.
    pub(in crate::iam) fn known(mut self, id: &str, tags: &BTreeMap<String, String>) -> Self {
        let id = if self.is_role { format!("{id}:{SESSION_NAME}") } else { id.to_owned() };
        self.keys.insert("aws:userid".to_owned(), id.clone());
        for (name, value) in tags {
            let key = format!("aws:principaltag/{}", name.to_ascii_lowercase());
            self.keys.insert(key, value.clone());
        }
        self.id = Some(id);
        self
    }

    /// The caller as the evaluator knows it.
    pub(super) fn principal(&self) -> Principal<'_> {
        let id = self.id.as_deref();
        let kind = match self.is_role {
            true => PrincipalKind::AssumedRole {
                role_arn: &self.arn,
                role_id: id.and_then(|id| id.split(':').next()),
            },
            false => PrincipalKind::User,
        };
        Principal { account: Some(self.account), kind, arn: &self.calling_arn, id }
    }
}

/// The name of the session that a simulated role calls by.
const SESSION_NAME: &str = "simulation";

#[cfg(test)]
mod tests {
    use super::SimulatedCaller;

    #[test]
    fn users_groups_and_roles_may_be_simulated_and_nobody_else() {
        let user = SimulatedCaller::of_arn("arn:aws:iam::111122223333:user/team/ann").unwrap();
        assert_eq!(user.keys.get("aws:username").map(String::as_str), Some("ann"));
        let role = SimulatedCaller::of_arn("arn:aws:iam::111122223333:role/app").unwrap();
        assert_eq!(role.principal().arn, "arn:aws:sts::111122223333:assumed-role/app/simulation");
        for arn in [
            "arn:aws:iam::111122223333:root",
            "arn:aws:sts::111122223333:assumed-role/app/s",
            "arn:aws:iam::1:user/ann",
            "ann",
        ] {
            assert_eq!(SimulatedCaller::of_arn(arn).unwrap_err().code, "InvalidInput", "{arn}");
        }
    }
}

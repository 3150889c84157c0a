//! Who calls, from where, when: all that a decision may know besides its input and the store.

use std::collections::BTreeMap;
use std::sync::Arc;

use coffer_model::{AccountId, Arn, Region, Timestamp};
use coffer_store::Key;

use crate::audit::{TlsDetails, WrittenIdentity};
use crate::identity::{RoleRecord, SessionClaims, UserRecord};
use crate::permissions::Permissions;

/// The account and region that a piece of state belongs to.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Scope {
    /// The owning account.
    pub account: AccountId,
    /// The region.
    pub region: Region,
}

impl Scope {
    /// Makes the ARN of a resource in this scope.
    pub fn arn(&self, service: &str, resource: &str) -> Arn {
        Arn::new(service, &self.region, self.account, resource)
    }

    /// Writes the ARN of a resource in this scope, the resource given in pieces.
    pub fn arn_text(&self, service: &str, resource: &[&str]) -> String {
        Arn::text(service, &self.region, self.account, resource)
    }

    /// The key of a row in this scope: table, account, region, then `parts`.
    pub fn key(&self, table: &'static str, parts: &[&str]) -> Key {
        let mut key = Key::build(table);
        key.push(self.account.as_str());
        key.push(self.region.as_str());
        parts.iter().for_each(|part| key.push(part));
        key.key()
    }

    /// The same account in another region.
    pub fn in_region(&self, region: Region) -> Self {
        Self { account: self.account, region }
    }
}

/// Who makes a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// The account the caller belongs to.
    pub account: AccountId,
    /// The caller's ARN, as `GetCallerIdentity` gives it.
    pub arn: String,
    /// The ARN that policies know the caller by, `aws:PrincipalArn`: the role's for its sessions.
    pub principal_arn: String,
    /// The caller's unique id, as `GetCallerIdentity` gives it.
    pub user_id: String,
    /// The access key that signed, or nothing for a job.
    pub access_key_id: Option<String>,
    /// What kind of principal this is.
    pub kind: CallerKind,
    /// The session that signed, where it was one.
    pub session: Option<Arc<SessionClaims>>,
    /// The tags of user or role, and above them those of the session.
    pub tags: BTreeMap<String, String>,
}

/// The kinds of principals that can make a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CallerKind {
    /// The root of an account, or a session of its own.
    Root,
    /// A user, or a session of its own.
    User {
        /// The user's name, in the case it has.
        user_name: String,
    },
    /// A session of a role.
    AssumedRole {
        /// The role's name, in the case it has.
        role_name: String,
    },
    /// A federated user, with the permissions of whoever made it.
    FederatedUser,
    /// Nobody that is known yet: an unsigned request of an operation that allows it.
    Anonymous,
    /// coffer itself, carrying out what an earlier call asked for.
    Service,
}

impl Caller {
    /// The root of an account, signing with this access key.
    pub fn root(account: AccountId, access_key_id: &str) -> Self {
        let arn = Arn::root(account).to_string();
        Self {
            account,
            principal_arn: arn.clone(),
            arn,
            user_id: account.to_string(),
            access_key_id: Some(access_key_id.to_owned()),
            kind: CallerKind::Root,
            session: None,
            tags: BTreeMap::new(),
        }
    }

    /// A user, by no access key yet.
    pub fn of_user(user: &UserRecord) -> Self {
        Self {
            account: user.account,
            arn: user.arn(),
            principal_arn: user.arn(),
            user_id: user.user_id.clone(),
            access_key_id: None,
            kind: CallerKind::User { user_name: user.user_name.clone() },
            session: None,
            tags: user.tags.clone(),
        }
    }

    /// A session of a role, without tags and policies of its own, by no access key yet.
    pub fn of_role(role: &RoleRecord, session_name: &str) -> Self {
        Self {
            account: role.account,
            arn: role.session_arn(session_name),
            principal_arn: role.arn(),
            user_id: format!("{}:{session_name}", role.role_id),
            access_key_id: None,
            kind: CallerKind::AssumedRole { role_name: role.role_name.clone() },
            session: None,
            tags: role.tags.clone(),
        }
    }

    /// Nobody known: whoever sends an unsigned request.
    pub fn anonymous(account: AccountId) -> Self {
        Self { access_key_id: None, ..Self::named(account, "anonymous", CallerKind::Anonymous) }
    }

    /// The service itself, at work in an account.
    pub fn service(account: AccountId, service: &str) -> Self {
        Self::named(account, &format!("{service}.amazonaws.com"), CallerKind::Service)
    }

    fn named(account: AccountId, name: &str, kind: CallerKind) -> Self {
        Self {
            account,
            arn: name.to_owned(),
            principal_arn: name.to_owned(),
            user_id: name.to_owned(),
            access_key_id: None,
            kind,
            session: None,
            tags: BTreeMap::new(),
        }
    }

    /// Whether temporary credentials signed.
    pub fn is_session(&self) -> bool {
        self.session.is_some()
    }
}

/// What is fixed for a request from the door to the answer.
#[derive(Debug, Clone)]
pub struct RequestContext {
    /// The id in `x-amzn-RequestId`: a UUID.
    pub request_id: String,
    /// Who calls.
    pub caller: Arc<Caller>,
    /// The caller as audit records tell it, where that has been written.
    pub identity: Option<Arc<WrittenIdentity>>,
    /// The policies that the caller has.
    pub permissions: Arc<Permissions>,
    /// The caller's account and the region the request was signed for.
    pub scope: Scope,
    /// The time of the decision; under `coffer dev` it may be moved.
    pub now: Timestamp,
    /// The caller's address, or the service's name for a job.
    pub source_ip: Arc<str>,
    /// The `User-Agent` header, cut to a bounded length.
    pub user_agent: String,
    /// Whether the request came over TLS, or is of a service.
    pub is_secure: bool,
    /// How its connection was secured, where that is known.
    pub tls: Option<Arc<TlsDetails>>,
}

/// An instant as text that sorts as the instants do.
pub fn sortable(instant: Timestamp) -> String {
    let shifted = i128::from(instant.as_millis()) - i128::from(i64::MIN);
    format!("{shifted:016x}")
}

#[cfg(test)]
mod tests {
    use super::sortable;
    use coffer_model::Timestamp;

    #[test]
    fn sortable_text_keeps_the_order_of_instants() {
        let texts: Vec<_> = [-5, 0, 1, 999, 1_700_000_000_000]
            .map(|ms| sortable(Timestamp::from_millis(ms)))
            .into();
        let mut sorted = texts.clone();
        sorted.sort();
        assert_eq!(texts, sorted);
    }
}

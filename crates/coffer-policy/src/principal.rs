//! Who asks, and whom policies speak of.

use coffer_model::AccountId;

/// Who makes a request.
#[derive(Debug, Clone, Copy)]
pub struct Principal<'a> {
    /// The account whose identity this is; none for services, anonymous callers, and the bearers
    /// of a token that is yet to be exchanged for a role's credentials.
    pub account: Option<AccountId>,
    /// What it is.
    pub kind: PrincipalKind<'a>,
    /// Its ARN: of the root, the user, the role's session or the federated user.
    pub arn: &'a str,
    /// Its unique id, such as `AIDA…` or `AROA…:session`.
    pub id: Option<&'a str>,
}

/// What a principal is.
#[derive(Debug, Clone, Copy)]
pub enum PrincipalKind<'a> {
    /// The root of an account.
    Root,
    /// A user.
    User,
    /// A session of a role.
    AssumedRole {
        /// The role's ARN.
        role_arn: &'a str,
        /// The role's unique id, `AROA…`.
        role_id: Option<&'a str>,
    },
    /// A session that a user asked for another with GetFederationToken.
    FederatedUser {
        /// The ARN of the user who asked.
        user_arn: &'a str,
        /// That user's unique id, `AIDA…`.
        user_id: Option<&'a str>,
    },
    /// The bearer of a token of an identity provider, who wants a role.
    Federated {
        /// The provider's ARN, or its name where AWS knows it.
        provider: &'a str,
    },
    /// A service, such as `secretsmanager.amazonaws.com`.
    Service(&'a str),
    /// Nobody knows.
    Anonymous,
}

impl Principal<'_> {
    /// Whether organizations' service control policies leave this principal alone.
    // AWS: service-linked roles are not restricted by them (Organizations user guide, "SCPs").
    pub(crate) fn is_of_service(&self) -> bool {
        match self.kind {
            PrincipalKind::AssumedRole { role_arn, .. } => {
                // At its place in the ARN: a path may say anything behind it.
                let resource = role_arn.splitn(6, ':').nth(5);
                resource.is_some_and(|resource| resource.starts_with("role/aws-service-role/"))
            }
            PrincipalKind::Service(_) => true,
            _ => false,
        }
    }
}

/// How closely a policy names a principal; what comes later is closer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Reach {
    /// Not at all.
    None,
    /// By its account.
    Account,
    /// By the role or the user behind its session.
    Entity,
    /// By itself, or as everybody.
    Direct,
}

/// One of the principals that a statement names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PrincipalEntry {
    /// `*`.
    Everyone,
    /// An account, by its number or the ARN of its root.
    Account(AccountId),
    /// A user, a role, a role's session or a federated user, by its ARN.
    Arn(Box<str>),
    /// A user or role by its unique id: what is left of a principal that was deleted.
    Id(Box<str>),
    /// A service; `*` is any.
    Service(Box<str>),
    /// An identity provider; `*` is any.
    Federated(Box<str>),
    /// A user of S3, who cannot come here.
    CanonicalUser(Box<str>),
}

impl PrincipalEntry {
    /// How closely this names a principal.
    pub(crate) fn reach(&self, principal: &Principal<'_>) -> Reach {
        match self {
            Self::Everyone => Reach::Direct,
            Self::Account(account) if principal.account == Some(*account) => Reach::Account,
            Self::Arn(arn) if **arn == *principal.arn => Reach::Direct,
            Self::Arn(arn) => match principal.kind {
                PrincipalKind::AssumedRole { role_arn: behind, .. }
                | PrincipalKind::FederatedUser { user_arn: behind, .. }
                    if **arn == *behind =>
                {
                    Reach::Entity
                }
                _ => Reach::None,
            },
            Self::Id(id) if principal.id == Some(&**id) => Reach::Direct,
            Self::Id(id) => match principal.kind {
                PrincipalKind::AssumedRole { role_id: behind, .. }
                | PrincipalKind::FederatedUser { user_id: behind, .. }
                    if behind == Some(&**id) =>
                {
                    Reach::Entity
                }
                _ => Reach::None,
            },
            Self::Service(name) => match principal.kind {
                PrincipalKind::Service(service) if is_any_or(name, service) => Reach::Direct,
                _ => Reach::None,
            },
            Self::Federated(name) => match principal.kind {
                PrincipalKind::Federated { provider } if is_any_or(name, provider) => Reach::Direct,
                _ => Reach::None,
            },
            Self::Account(_) | Self::CanonicalUser(_) => Reach::None,
        }
    }
}

fn is_any_or(name: &str, wanted: &str) -> bool {
    name == "*" || name == wanted
}

/// The principals of a statement.
#[derive(Debug, Clone)]
pub(crate) struct Principals {
    /// Whether they are those who are not meant.
    pub(crate) are_excepted: bool,
    /// Whom it names.
    pub(crate) entries: Box<[PrincipalEntry]>,
}

impl Principals {
    /// How closely an allowing statement names a principal.
    pub(crate) fn reach(&self, principal: &Principal<'_>) -> Reach {
        self.entries.iter().map(|entry| entry.reach(principal)).max().unwrap_or(Reach::None)
    }

    /// Whether a denying statement is about a principal.
    pub(crate) fn denies(&self, principal: &Principal<'_>, has_boundary: bool) -> bool {
        if !self.are_excepted {
            return self.reach(principal) > Reach::None;
        }
        // AWS: a denial with NotPrincipal is always about principals with a permissions boundary
        // (IAM user guide, "Policy elements: NotPrincipal").
        has_boundary || !self.excepts(principal)
    }

    // AWS: the account of an excepted principal must be excepted too, and excepting an account is
    // not enough for the principals in it (the same page).
    fn excepts(&self, principal: &Principal<'_>) -> bool {
        let mut is_account_named = principal.account.is_none();
        let mut is_named = matches!(principal.kind, PrincipalKind::Root);
        for entry in &self.entries {
            match entry.reach(principal) {
                Reach::None => {}
                Reach::Account => is_account_named = true,
                Reach::Entity | Reach::Direct => is_named = true,
            }
            if *entry == PrincipalEntry::Everyone {
                return true;
            }
        }
        is_account_named && is_named
    }
}

#[cfg(test)]
mod tests {
    use super::{Principal, PrincipalKind};

    #[test]
    fn only_the_beginning_of_a_path_makes_a_role_a_services_own() {
        let is_of_service = |role_arn| {
            let kind = PrincipalKind::AssumedRole { role_arn, role_id: None };
            Principal { account: None, kind, arn: "", id: None }.is_of_service()
        };
        assert!(is_of_service("arn:aws:iam::111122223333:role/aws-service-role/a.amazonaws.com/A"));
        assert!(!is_of_service("arn:aws:iam::111122223333:role/x:role/aws-service-role/A"));
        assert!(!is_of_service("arn:aws:iam::111122223333:role/x/aws-service-role/A"));
    }
}

//! The outcome of an evaluation, and AWS's words for it.

/// The kinds of policies that decide.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PolicyType {
    /// An organization's service control policy.
    ServiceControl,
    /// An organization's resource control policy.
    ResourceControl,
    /// A policy of a resource, a key policy too.
    Resource,
    /// A role's trust policy.
    RoleTrust,
    /// A policy of a user, a group or a role.
    Identity,
    /// A permissions boundary.
    Boundary,
    /// A policy passed for a session.
    Session,
}

/// Whether a request is allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// It is.
    Allowed,
    /// A statement of such a policy denies it.
    ExplicitlyDenied(PolicyType),
    /// No statement of such a policy allows it.
    ImplicitlyDenied(PolicyType),
}

/// Where a statement is, among the policies of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Place {
    /// The kind of its policy.
    pub policy_type: PolicyType,
    /// The level of its policy, for those of organizations; otherwise 0.
    pub level: usize,
    /// The index of its policy in the slice of its kind and level.
    pub policy: usize,
    /// Its index in its policy.
    pub statement: usize,
}

/// The outcome of an evaluation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Decision {
    /// Whether the request is allowed.
    pub outcome: Outcome,
    /// The statement that denies or allows it; none where nothing does, and where a root or a grant
    /// is allowed without one.
    pub place: Option<Place>,
}

impl Decision {
    pub(crate) fn allowed(place: Option<Place>) -> Self {
        Self { outcome: Outcome::Allowed, place }
    }

    pub(crate) fn denied_by(place: Place) -> Self {
        Self { outcome: Outcome::ExplicitlyDenied(place.policy_type), place: Some(place) }
    }

    pub(crate) fn not_allowed(policy_type: PolicyType) -> Self {
        Self { outcome: Outcome::ImplicitlyDenied(policy_type), place: None }
    }

    /// Whether the request is allowed.
    pub fn is_allowed(&self) -> bool {
        self.outcome == Outcome::Allowed
    }

    /// The end of AWS's sentence about a denial: `because no identity-based policy allows the
    /// ssm:GetParameter action`. Empty for what is allowed.
    // AWS: IAM user guide, "Troubleshoot access denied error messages". It has "a sessions policy"
    // in one example, where answers say "a session policy"; and no example of a resource control
    // policy that does not allow, which their default one rules out.
    pub fn reason(&self, action: &str) -> String {
        match self.outcome {
            Outcome::Allowed => String::new(),
            Outcome::ExplicitlyDenied(PolicyType::RoleTrust) => {
                "with an explicit deny in the role trust policy".to_owned()
            }
            Outcome::ExplicitlyDenied(policy_type) => {
                let article = if policy_type == PolicyType::Identity { "an" } else { "a" };
                format!("with an explicit deny in {article} {}", policy_type.name())
            }
            Outcome::ImplicitlyDenied(policy_type) => {
                format!("because no {} allows the {action} action", policy_type.name())
            }
        }
    }
}

impl PolicyType {
    /// AWS's name of the kind, as in its sentences.
    pub fn name(self) -> &'static str {
        match self {
            Self::ServiceControl => "service control policy",
            Self::ResourceControl => "resource control policy",
            Self::Resource => "resource-based policy",
            Self::RoleTrust => "role trust policy",
            Self::Identity => "identity-based policy",
            Self::Boundary => "permissions boundary",
            Self::Session => "session policy",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Decision, Outcome, PolicyType};

    fn check(outcome: Outcome, wanted: &str) {
        let decision = Decision { outcome, place: None };
        assert_eq!(decision.reason("ssm:GetParameter"), wanted);
    }

    #[test]
    fn denials_are_explained_in_the_words_of_aws() {
        use PolicyType::{
            Boundary, Identity, Resource, ResourceControl, RoleTrust, ServiceControl, Session,
        };
        for (policy_type, wanted) in [
            (
                ServiceControl,
                "because no service control policy allows the ssm:GetParameter action",
            ),
            (
                ResourceControl,
                "because no resource control policy allows the ssm:GetParameter action",
            ),
            (Resource, "because no resource-based policy allows the ssm:GetParameter action"),
            (RoleTrust, "because no role trust policy allows the ssm:GetParameter action"),
            (Identity, "because no identity-based policy allows the ssm:GetParameter action"),
            (Boundary, "because no permissions boundary allows the ssm:GetParameter action"),
            (Session, "because no session policy allows the ssm:GetParameter action"),
        ] {
            check(Outcome::ImplicitlyDenied(policy_type), wanted);
        }
        for (policy_type, wanted) in [
            (ServiceControl, "with an explicit deny in a service control policy"),
            (ResourceControl, "with an explicit deny in a resource control policy"),
            (Resource, "with an explicit deny in a resource-based policy"),
            (RoleTrust, "with an explicit deny in the role trust policy"),
            (Identity, "with an explicit deny in an identity-based policy"),
            (Boundary, "with an explicit deny in a permissions boundary"),
            (Session, "with an explicit deny in a session policy"),
        ] {
            check(Outcome::ExplicitlyDenied(policy_type), wanted);
        }
        check(Outcome::Allowed, "");
    }
}

//! A request, the policies that apply to it as JSON, and what becomes of it.

use std::collections::BTreeMap;

use coffer_policy::{
    ContextKeys, ContextValues, Decision, Explanation, Grammar, Place, Policies, Policy,
    PolicyType, Principal, PrincipalKind, Request, ResourceKind, ResourcePolicy, allows, evaluate,
    explain,
};
use serde_json::{Value, json};

pub(crate) const HOME: &str = "111122223333";
pub(crate) const AWAY: &str = "444455556666";
pub(crate) const ROOT: &str = "arn:aws:iam::111122223333:root";
pub(crate) const USER: &str = "arn:aws:iam::111122223333:user/ada";
pub(crate) const USER_ID: &str = "AIDAADAADAADAADAADAA";
pub(crate) const ROLE: &str = "arn:aws:iam::111122223333:role/team/app";
pub(crate) const ROLE_ID: &str = "AROAAPPAPPAPPAPPAPPA";
pub(crate) const SESSION: &str = "arn:aws:sts::111122223333:assumed-role/app/one";
pub(crate) const SESSION_ID: &str = "AROAAPPAPPAPPAPPAPPA:one";
pub(crate) const FEDERATED: &str = "arn:aws:sts::111122223333:federated-user/bob";
pub(crate) const LINKED_ROLE: &str =
    "arn:aws:iam::111122223333:role/aws-service-role/rotation.amazonaws.com/Rotation";
pub(crate) const SERVICE: &str = "secretsmanager.amazonaws.com";
pub(crate) const PROVIDER: &str =
    "arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com";

/// The callers of these tests, all of account `HOME`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Who {
    Root,
    User,
    Role,
    LinkedRole,
    Federated,
    Token,
    Service,
    Anonymous,
}

impl Who {
    pub(crate) fn principal(self) -> Principal<'static> {
        let (kind, arn, id) = match self {
            Self::Root => (PrincipalKind::Root, ROOT, Some(HOME)),
            Self::User => (PrincipalKind::User, USER, Some(USER_ID)),
            Self::Role => {
                let kind = PrincipalKind::AssumedRole { role_arn: ROLE, role_id: Some(ROLE_ID) };
                (kind, SESSION, Some(SESSION_ID))
            }
            Self::LinkedRole => {
                let kind = PrincipalKind::AssumedRole { role_arn: LINKED_ROLE, role_id: None };
                (kind, "arn:aws:sts::111122223333:assumed-role/Rotation/one", None)
            }
            Self::Federated => {
                let kind = PrincipalKind::FederatedUser { user_arn: USER, user_id: Some(USER_ID) };
                (kind, FEDERATED, Some("111122223333:bob"))
            }
            Self::Token => (PrincipalKind::Federated { provider: PROVIDER }, "", None),
            Self::Service => (PrincipalKind::Service(SERVICE), "", None),
            Self::Anonymous => (PrincipalKind::Anonymous, "", None),
        };
        let has_account = !matches!(self, Self::Token | Self::Service | Self::Anonymous);
        let account = has_account.then(|| HOME.parse().unwrap());
        Principal { account, kind, arn, id }
    }
}

/// Keys by their names in lower case; a list is a key with several values.
#[derive(Debug, Clone, Default)]
pub(crate) struct Keys(pub(crate) BTreeMap<String, Value>);

impl ContextKeys for Keys {
    fn values(&self, key: &str) -> Option<ContextValues<'_>> {
        match self.0.get(key)? {
            Value::Array(values) => {
                Some(values.iter().map(|value| value.as_str().unwrap()).collect())
            }
            Value::Bool(flag) => Some((*flag).into()),
            Value::Number(number) => Some(number.as_i64().unwrap().into()),
            value => Some(value.as_str().unwrap().into()),
        }
    }
}

/// A request and the documents that apply to it.
#[derive(Debug, Clone)]
pub(crate) struct Case {
    pub(crate) who: Who,
    pub(crate) action: String,
    pub(crate) resource: String,
    pub(crate) owner: Option<String>,
    pub(crate) keys: Keys,
    pub(crate) service_control: Vec<Vec<Value>>,
    pub(crate) resource_control: Vec<Vec<Value>>,
    pub(crate) identity: Vec<Value>,
    pub(crate) boundary: Option<Value>,
    pub(crate) session: Option<Vec<Value>>,
    pub(crate) of_resource: Option<(ResourceKind, Vec<Value>)>,
    pub(crate) grant: bool,
}

impl Case {
    /// A caller who reads a parameter of its own account.
    pub(crate) fn of(who: Who) -> Self {
        Self {
            who,
            action: "ssm:GetParameter".to_owned(),
            resource: format!("arn:aws:ssm:us-east-1:{HOME}:parameter/a/b"),
            owner: Some(HOME.to_owned()),
            keys: Keys::default(),
            service_control: Vec::new(),
            resource_control: Vec::new(),
            identity: Vec::new(),
            boundary: None,
            session: None,
            of_resource: None,
            grant: false,
        }
    }

    /// The same of a parameter of another account.
    pub(crate) fn away(mut self) -> Self {
        self.owner = Some(AWAY.to_owned());
        self.resource = format!("arn:aws:ssm:us-east-1:{AWAY}:parameter/a/b");
        self
    }

    pub(crate) fn identity(mut self, statements: Value) -> Self {
        self.identity.push(document(statements));
        self
    }

    pub(crate) fn boundary(mut self, statements: Value) -> Self {
        self.boundary = Some(document(statements));
        self
    }

    pub(crate) fn session(mut self, statements: Value) -> Self {
        self.session.get_or_insert_default().push(document(statements));
        self
    }

    pub(crate) fn of_resource(mut self, statements: Value) -> Self {
        let kind = ResourceKind::Ordinary;
        self.of_resource.get_or_insert((kind, Vec::new())).1.push(document(statements));
        self
    }

    pub(crate) fn of_key(mut self, statements: Value) -> Self {
        self.action = "kms:Decrypt".to_owned();
        self.of_resource = Some((ResourceKind::KmsKey, vec![document(statements)]));
        self
    }

    pub(crate) fn of_role(mut self, statements: Value) -> Self {
        self.action = if self.who == Who::Token {
            "sts:AssumeRoleWithWebIdentity".to_owned()
        } else {
            "sts:AssumeRole".to_owned()
        };
        self.of_resource = Some((ResourceKind::RoleTrust, vec![document(statements)]));
        self
    }

    pub(crate) fn key(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.keys.0.insert(name.to_lowercase(), value.into());
        self
    }

    pub(crate) fn decide(&self) -> Decision {
        self.with(evaluate)
    }

    /// The decision and what explains it, as numbers and ids.
    pub(crate) fn explain(&self) -> (Decision, Vec<String>) {
        self.with(|request, policies| {
            let explanation: Explanation<'_> = explain(request, policies);
            let sids = explanation.deciding().map(|matched| {
                format!(
                    "{:?} {} {}",
                    matched.place.policy_type,
                    matched.place.policy,
                    matched.statement.sid().unwrap_or("-")
                )
            });
            (explanation.decision, sids.collect())
        })
    }

    /// Where the statements are that decide.
    pub(crate) fn deciding(&self) -> Vec<Place> {
        self.with(|request, policies| {
            explain(request, policies).deciding().map(|matched| matched.place).collect()
        })
    }

    /// Where the statements are that the decision rests on.
    pub(crate) fn reasons(&self) -> Vec<Place> {
        self.with(|request, policies| {
            explain(request, policies).reasons().map(|matched| matched.place).collect()
        })
    }

    /// Whether one kind of policies, by themselves, lets the request through.
    pub(crate) fn allows(&self, policy_type: PolicyType) -> bool {
        self.with(|request, policies| allows(request, policies, policy_type))
    }

    fn with<T>(&self, decide: impl FnOnce(&Request<'_>, &Policies<'_>) -> T) -> T {
        let of_resource = self.of_resource.as_ref().map(|(kind, documents)| {
            let grammar = match kind {
                ResourceKind::Ordinary => Grammar::Resource,
                ResourceKind::KmsKey => Grammar::Key,
                ResourceKind::RoleTrust => Grammar::Trust,
            };
            (*kind, parse(documents, grammar))
        });
        let of_resource = of_resource
            .as_ref()
            .map(|(kind, policies)| (*kind, policies.iter().collect::<Vec<_>>()));
        let identity = parse(&self.identity, Grammar::Identity);
        let boundary = parse(self.boundary.as_slice(), Grammar::Identity);
        let session = self.session.as_ref().map(|all| parse(all, Grammar::Session));
        let session = session.as_ref().map(|policies| policies.iter().collect::<Vec<_>>());
        let levels = |levels: &[Vec<Value>], grammar| -> Vec<Vec<Policy>> {
            levels.iter().map(|level| parse(level, grammar)).collect()
        };
        let service = levels(&self.service_control, Grammar::ServiceControl);
        let service: Vec<Vec<&Policy>> = service.iter().map(|all| all.iter().collect()).collect();
        let resource = levels(&self.resource_control, Grammar::ResourceControl);
        let resource: Vec<Vec<&Policy>> = resource.iter().map(|all| all.iter().collect()).collect();
        let request = Request {
            principal: self.who.principal(),
            action: &self.action,
            resource: &self.resource,
            resource_account: self.owner.as_ref().map(|owner| owner.parse().unwrap()),
            keys: &self.keys,
        };
        let policies = Policies {
            service_control: &service.iter().map(Vec::as_slice).collect::<Vec<_>>(),
            resource_control: &resource.iter().map(Vec::as_slice).collect::<Vec<_>>(),
            identity: &identity.iter().collect::<Vec<_>>(),
            boundary: boundary.first(),
            session: session.as_deref(),
            resource: of_resource
                .as_ref()
                .map(|(kind, policies)| ResourcePolicy { kind: *kind, policies }),
            grant_allows: self.grant,
        };
        decide(&request, &policies)
    }

    /// Checks the decision: `allowed`, or the end of AWS's sentence about its denial.
    #[track_caller]
    pub(crate) fn check(&self, wanted: &str) {
        let decision = self.decide();
        let said = if decision.is_allowed() {
            "allowed".to_owned()
        } else {
            decision.reason(&self.action)
        };
        let (explained, _) = self.explain();
        assert_eq!(explained, decision);
        assert_eq!(said, wanted, "{self:#?}");
    }
}

fn parse(documents: &[Value], grammar: Grammar) -> Vec<Policy> {
    let read = |document: &Value| {
        Policy::parse(&document.to_string(), grammar)
            .unwrap_or_else(|refusal| panic!("{refusal}: {document}"))
    };
    documents.iter().map(read).collect()
}

/// A document of the newer version with these statements.
pub(crate) fn document(statements: Value) -> Value {
    json!({"Version": "2012-10-17", "Statement": statements})
}

/// A statement that allows everything.
pub(crate) fn allow() -> Value {
    json!({"Effect": "Allow", "Action": "*", "Resource": "*"})
}

/// A statement that denies everything.
pub(crate) fn deny() -> Value {
    json!({"Effect": "Deny", "Action": "*", "Resource": "*"})
}

/// A statement that allows something else.
pub(crate) fn allow_other() -> Value {
    json!({"Effect": "Allow", "Action": "s3:*", "Resource": "*"})
}

/// A resource's statement that allows a principal everything.
pub(crate) fn allow_to(principal: Value) -> Value {
    json!({"Effect": "Allow", "Principal": principal, "Action": "*", "Resource": "*"})
}

/// A resource's statement that denies a principal everything.
pub(crate) fn deny_to(principal: Value) -> Value {
    json!({"Effect": "Deny", "Principal": principal, "Action": "*", "Resource": "*"})
}

pub(crate) fn aws(name: &str) -> Value {
    json!({ "AWS": name })
}

pub(crate) const NO_IDENTITY: &str =
    "because no identity-based policy allows the ssm:GetParameter action";
pub(crate) const NO_RESOURCE: &str =
    "because no resource-based policy allows the ssm:GetParameter action";
pub(crate) const NO_BOUNDARY: &str =
    "because no permissions boundary allows the ssm:GetParameter action";
pub(crate) const NO_SESSION: &str = "because no session policy allows the ssm:GetParameter action";

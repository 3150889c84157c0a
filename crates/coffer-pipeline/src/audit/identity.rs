//! Who called, as an audit record says it.

use std::borrow::Cow;
use std::collections::BTreeMap;

use coffer_model::{AccountId, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::draft::{FNV_SEED, fnv_1a};
use crate::context::{Caller, CallerKind};
use crate::identity::{SessionClaims, SessionKind};

/// CloudTrail's `userIdentity`; instants are kept as numbers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UserIdentity<'a> {
    /// What kind of identity this is.
    #[serde(rename = "type")]
    pub kind: IdentityKind,
    /// The unique id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub principal_id: Option<Cow<'a, str>>,
    /// The ARN of who called.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub arn: Option<Cow<'a, str>>,
    /// The account that the identity belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account_id: Option<AccountId>,
    /// The access key that signed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub access_key_id: Option<Cow<'a, str>>,
    /// The friendly name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_name: Option<Cow<'a, str>>,
    /// The service that called, or through which was called.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub invoked_by: Option<Cow<'a, str>>,
    /// The provider of a web identity, where that is all that is known of the caller.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub identity_provider: Option<Cow<'a, str>>,
    /// The session, where temporary credentials signed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session_context: Option<SessionContext<'a>>,
}

/// A caller's identity, written once for all of its records.
#[derive(Debug)]
pub struct WrittenIdentity {
    /// The JSON of it.
    pub(super) json: Vec<u8>,
    /// A number that other callers are unlikely to have.
    pub(super) likeness: u64,
}

impl WrittenIdentity {
    /// Writes a caller's identity.
    pub(crate) fn of(caller: &Caller) -> Self {
        let identity = UserIdentity::of(caller);
        Self { json: identity.to_json(), likeness: identity.likeness() }
    }
}

/// The kinds of identities, by CloudTrail's names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum IdentityKind {
    /// The root of an account.
    Root,
    /// A user.
    #[serde(rename = "IAMUser")]
    IamUser,
    /// A role's session.
    AssumedRole,
    /// A federated user.
    FederatedUser,
    /// Somebody of another account, in the record that the resource's owner gets.
    #[serde(rename = "AWSAccount")]
    AwsAccount,
    /// A service.
    #[serde(rename = "AWSService")]
    AwsService,
    /// Somebody whom an identity provider vouches for.
    WebIdentityUser,
    /// Nobody knows who.
    Unknown,
}

/// The session of temporary credentials.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SessionContext<'a> {
    /// Whose session it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session_issuer: Option<SessionIssuer<'a>>,
    /// The identity provider that vouched for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub web_id_federation_data: Option<WebIdFederationData<'a>>,
    /// The source identity that was given with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_identity: Option<Cow<'a, str>>,
    /// When and how it began.
    pub attributes: SessionAttributes,
}

/// Whose session it is: the role, or the user.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SessionIssuer<'a> {
    /// `Role`, `IAMUser` or `Root`.
    #[serde(rename = "type")]
    pub kind: Cow<'a, str>,
    /// The unique id.
    pub principal_id: Cow<'a, str>,
    /// The ARN.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub arn: Option<Cow<'a, str>>,
    /// The account.
    pub account_id: AccountId,
    /// The friendly name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_name: Option<Cow<'a, str>>,
}

/// What an identity provider said.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WebIdFederationData<'a> {
    /// The provider.
    pub federated_provider: Cow<'a, str>,
    /// The application and user ids that it told.
    pub attributes: BTreeMap<Cow<'a, str>, Cow<'a, str>>,
}

/// When and how a session began.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SessionAttributes {
    /// When it was given out.
    pub creation_date: Timestamp,
    /// Whether whoever asked for it proved to have an MFA device.
    pub mfa_authenticated: bool,
}

impl Default for SessionAttributes {
    fn default() -> Self {
        Self { creation_date: Timestamp::EPOCH, mfa_authenticated: false }
    }
}

impl<'a> UserIdentity<'a> {
    /// An identity of which nothing is known but its kind.
    pub fn bare(kind: IdentityKind) -> Self {
        Self {
            kind,
            principal_id: None,
            arn: None,
            account_id: None,
            access_key_id: None,
            user_name: None,
            invoked_by: None,
            identity_provider: None,
            session_context: None,
        }
    }

    /// Whoever makes a call.
    pub fn of(caller: &'a Caller) -> Self {
        let kind = match &caller.kind {
            CallerKind::Root => IdentityKind::Root,
            CallerKind::User { .. } => IdentityKind::IamUser,
            CallerKind::AssumedRole { .. } => IdentityKind::AssumedRole,
            CallerKind::FederatedUser => IdentityKind::FederatedUser,
            CallerKind::Anonymous => return Self::bare(IdentityKind::Unknown),
            CallerKind::Service => {
                return Self {
                    account_id: Some(caller.account),
                    invoked_by: Some(Cow::Borrowed(&caller.arn)),
                    ..Self::bare(IdentityKind::AwsService)
                };
            }
        };
        let user_name = match &caller.kind {
            CallerKind::User { user_name } => Some(Cow::Borrowed(user_name.as_str())),
            _ => None,
        };
        Self {
            principal_id: Some(Cow::Borrowed(&caller.user_id)),
            arn: Some(Cow::Borrowed(&caller.arn)),
            account_id: Some(caller.account),
            access_key_id: caller.access_key_id.as_deref().map(Cow::Borrowed),
            user_name,
            session_context: caller.session.as_deref().map(|of| session(caller, of)),
            ..Self::bare(kind)
        }
    }

    /// The access key of a request that nobody's secret has signed: it says who may have sent it,
    /// not who did.
    pub fn unproven(access_key_id: Option<&'a str>, account: Option<AccountId>) -> Self {
        Self {
            account_id: account,
            access_key_id: access_key_id.map(Cow::Borrowed),
            ..Self::bare(IdentityKind::Unknown)
        }
    }

    /// The same caller as the owner of a resource in another account gets to see it.
    ///
    /// AWS: the id of the principal and its account, nothing else (CloudTrail user guide,
    /// "userIdentity element", AWSAccount).
    pub fn seen_from_another_account(caller: &'a Caller) -> Self {
        Self {
            principal_id: Some(Cow::Borrowed(&caller.user_id)),
            account_id: Some(caller.account),
            ..Self::bare(IdentityKind::AwsAccount)
        }
    }

    /// The same, through a service that acts on behalf of the caller.
    #[must_use]
    pub fn through(mut self, service_host: &'a str) -> Self {
        self.invoked_by = Some(Cow::Borrowed(service_host));
        self
    }

    /// The identity as records hold it.
    pub(super) fn to_json(&self) -> Vec<u8> {
        // It has no key that is no text, so this does not fail.
        serde_json::to_vec(self).unwrap_or_else(|_| b"null".to_vec())
    }

    /// A number that others are unlikely to have: FNV-1a of who it is.
    pub(super) fn likeness(&self) -> u64 {
        let who = self.access_key_id.as_deref().or(self.principal_id.as_deref());
        fnv_1a(FNV_SEED, who.unwrap_or_default().bytes())
    }

    /// The name by which LookupEvents finds it.
    pub fn lookup_name(&self) -> Option<&str> {
        match self.kind {
            IdentityKind::Root => Some("root"),
            // AWS: a role's session goes by the session's name.
            IdentityKind::AssumedRole | IdentityKind::FederatedUser => {
                self.principal_id.as_deref()?.split_once(':').map(|(_, name)| name)
            }
            _ => self.user_name.as_deref(),
        }
    }

    /// The same, owning all of it.
    pub fn into_owned(self) -> UserIdentity<'static> {
        UserIdentity {
            kind: self.kind,
            principal_id: self.principal_id.map(owned),
            arn: self.arn.map(owned),
            account_id: self.account_id,
            access_key_id: self.access_key_id.map(owned),
            user_name: self.user_name.map(owned),
            invoked_by: self.invoked_by.map(owned),
            identity_provider: self.identity_provider.map(owned),
            session_context: self.session_context.map(|context| SessionContext {
                session_issuer: context.session_issuer.map(|issuer| SessionIssuer {
                    kind: owned(issuer.kind),
                    principal_id: owned(issuer.principal_id),
                    arn: issuer.arn.map(owned),
                    account_id: issuer.account_id,
                    user_name: issuer.user_name.map(owned),
                }),
                web_id_federation_data: context.web_id_federation_data.map(|data| {
                    let pairs = data.attributes.into_iter();
                    WebIdFederationData {
                        federated_provider: owned(data.federated_provider),
                        attributes: pairs.map(|(name, id)| (owned(name), owned(id))).collect(),
                    }
                }),
                source_identity: context.source_identity.map(owned),
                attributes: context.attributes,
            }),
        }
    }
}

fn owned(text: Cow<'_, str>) -> Cow<'static, str> {
    Cow::Owned(text.into_owned())
}

fn session<'a>(caller: &'a Caller, claims: &'a SessionClaims) -> SessionContext<'a> {
    SessionContext {
        session_issuer: issuer(caller, claims),
        web_id_federation_data: federation(claims),
        source_identity: claims.source_identity.as_deref().map(Cow::Borrowed),
        attributes: SessionAttributes {
            creation_date: claims.issued,
            mfa_authenticated: claims.mfa_authenticated.is_some(),
        },
    }
}

/// AWS: the session of a user's or root's own has attributes alone.
fn issuer<'a>(caller: &'a Caller, claims: &'a SessionClaims) -> Option<SessionIssuer<'a>> {
    let account_id = claims.account;
    match (&claims.kind, &caller.kind) {
        (SessionKind::Role { role, role_id, .. }, kind) => {
            let name = match kind {
                CallerKind::AssumedRole { role_name } => role_name,
                _ => role,
            };
            Some(SessionIssuer {
                kind: Cow::Borrowed("Role"),
                principal_id: Cow::Borrowed(role_id),
                arn: Some(Cow::Borrowed(&caller.principal_arn)),
                account_id,
                user_name: Some(Cow::Borrowed(name)),
            })
        }
        (SessionKind::Federated { user: Some(user), user_id: Some(id), .. }, _) => {
            Some(SessionIssuer {
                kind: Cow::Borrowed("IAMUser"),
                principal_id: Cow::Borrowed(id),
                arn: None,
                account_id,
                user_name: Some(Cow::Borrowed(user)),
            })
        }
        (SessionKind::Federated { .. }, _) => Some(SessionIssuer {
            kind: Cow::Borrowed("Root"),
            principal_id: Cow::Borrowed(account_id_text(caller)),
            arn: None,
            account_id,
            user_name: None,
        }),
        (SessionKind::User { .. } | SessionKind::Root, _) => None,
    }
}

/// The part of `ACCOUNT:NAME` that is the account.
fn account_id_text(caller: &Caller) -> &str {
    caller.user_id.split(':').next().unwrap_or_default()
}

fn federation(claims: &SessionClaims) -> Option<WebIdFederationData<'_>> {
    let first = |values: &'_ [String]| values.first().cloned();
    let provider = claims.federation.get(FEDERATED_PROVIDER).and_then(|values| first(values))?;
    let others = claims.federation.iter().filter(|(name, _)| *name != FEDERATED_PROVIDER);
    // AWS: the ids of application and user, `aud` and `sub`; no further claim is told.
    let told = others.filter(|(name, _)| name.ends_with(":aud") || name.ends_with(":sub"));
    let pair = |(name, values): (&'_ String, &'_ Vec<String>)| {
        first(values).map(|value| (Cow::Owned(name.clone()), Cow::Owned(value)))
    };
    Some(WebIdFederationData {
        federated_provider: Cow::Owned(provider),
        attributes: told.filter_map(pair).collect(),
    })
}

/// What a record of version 1 knew of its caller, as of version 2.
pub(super) fn of_version_1(account: &Value, arn: &Value, access_key_id: Value) -> Value {
    match arn.as_str() {
        Some(arn) if arn.ends_with(".amazonaws.com") => {
            json!({"type": "AWSService", "accountId": account, "invokedBy": arn})
        }
        _ => {
            let mut identity = json!({
                "type": "Root", "principalId": account, "arn": arn, "accountId": account,
            });
            if let (Value::Object(members), Value::String(key)) = (&mut identity, access_key_id) {
                members.insert("accessKeyId".to_owned(), Value::String(key));
            }
            identity
        }
    }
}

const FEDERATED_PROVIDER: &str = "aws:federatedprovider";

//! Authenticate: whose signature is this, and is it right?

use std::sync::Arc;

use coffer_model::{AccountId, Region, Timestamp};
use coffer_protocol::sigv4::{self, AuthFault, Expected, FaultStyle, RequestView, SigningKeys};
use coffer_protocol::{Fault, MessageMember};
use coffer_store::Store;

use super::{Received, Road, Route};
use crate::audit::WrittenIdentity;
use crate::context::{Caller, RequestContext, Scope};
use crate::identity::SessionKind;
use crate::identity::directory::{Directory, Known, Unknown};
use crate::operation::{Protocol, Signing};
use crate::permissions::Permissions;

/// A request whose signature has been verified. Only this room makes it.
pub struct Authenticated {
    route: Route,
    context: RequestContext,
    received: Box<Received>,
}

impl Authenticated {
    /// The operation asked for.
    pub fn route(&self) -> Route {
        self.route
    }

    /// Who calls, from where, when.
    pub fn context(&self) -> &RequestContext {
        &self.context
    }

    /// The real time it came at.
    pub(crate) fn real_now(&self) -> Timestamp {
        self.received.real_now
    }

    pub(crate) fn into_parts(self) -> (Route, RequestContext, Box<Received>) {
        (self.route, self.context, self.received)
    }
}

/// The callers that are known, and the keys of their signatures, derived once a day for each
/// access key, region and service.
pub(crate) struct Authenticator {
    signing_keys: SigningKeys,
    directory: Directory,
}

impl Authenticator {
    pub(crate) fn new(store: &dyn Store) -> Self {
        Self { signing_keys: SigningKeys::new(), directory: Directory::new(store) }
    }
}

/// A request that nobody is known to have sent.
pub(super) struct Stranger {
    pub(super) request_id: String,
    pub(super) received: Box<Received>,
    pub(super) fault: Fault,
}

/// Verifies the signature against the secret of the access key that it names.
///
/// # Errors
/// AWS's fault, and the request that it is about.
pub(super) async fn authenticate(
    road: &Road,
    route: Route,
    request_id: String,
    received: Box<Received>,
) -> Result<Authenticated, Box<Stranger>> {
    match verified(road, route, &received).await {
        Ok(Proved { caller, identity, permissions, scope }) => {
            let context = RequestContext {
                request_id,
                caller,
                identity,
                permissions,
                scope,
                now: received.now,
                source_ip: received.source_ip.clone(),
                user_agent: received.user_agent().to_owned(),
                is_secure: received.tls.is_some(),
                tls: received.tls_details().map(Arc::new),
            };
            Ok(Authenticated { route, context, received })
        }
        Err(fault) => Err(Box::new(Stranger { request_id, received, fault })),
    }
}

/// The access key that a request names, whether or not it is right.
pub(super) fn named_access_key(received: &Received) -> Option<String> {
    let view = view_of(received);
    sigv4::parse(&view).ok().map(|unverified| unverified.access_key_id().to_owned())
}

/// Who sent a request, with all that is known of it.
struct Proved {
    caller: Arc<Caller>,
    identity: Option<Arc<WrittenIdentity>>,
    permissions: Arc<Permissions>,
    scope: Scope,
}

async fn verified(road: &Road, route: Route, received: &Received) -> Result<Proved, Fault> {
    let style = match route.service.protocol {
        Protocol::Json { .. } => FaultStyle::Json,
        Protocol::Query { .. } => FaultStyle::Query,
        Protocol::RestJson => FaultStyle::Rest,
    };
    let refused = |fault: AuthFault| refusal(&fault, style);
    let view = view_of(received);
    let unverified = match sigv4::parse(&view) {
        Err(AuthFault::Missing) if route.entry.signing == Signing::Optional => return Ok(nobody()),
        unverified => unverified.map_err(refused)?,
    };
    let known = known(road, &unverified, received.now).await;
    let known = known.map_err(|unknown| unknown.unwrap_or_fault(refused))?;
    let key = road.authenticator.signing_keys.get(unverified.scope(), known.secret());
    let expected = Expected { service: route.service.name, now: received.real_now };
    let verified = sigv4::verify(unverified, &view, &received.body, &key, &expected);
    let region = verified.map_err(refused)?.region().clone();
    if !reaches(&known.caller, route.service.name) {
        return Err(refused(AuthFault::UnknownKey));
    }
    let used = known.use_to_note(received.now, &region, route.service.name);
    if let Some(used) = used {
        Box::pin(used.note(&road.world)).await;
    }
    Ok(Proved {
        caller: known.caller.clone(),
        identity: Some(known.identity.clone()),
        permissions: known.permissions.clone(),
        scope: Scope { account: known.caller.account, region },
    })
}

/// Whether a caller may turn to a service at all. AWS: federated users do not reach IAM, and users'
/// own sessions do only after proof of an MFA device (STS, GetFederationToken, GetSessionToken).
fn reaches(caller: &Caller, service: &str) -> bool {
    let Some(session) = &caller.session else { return true };
    match session.kind {
        SessionKind::Role { .. } => true,
        SessionKind::Federated { .. } => service != "iam",
        SessionKind::User { .. } | SessionKind::Root => {
            service != "iam" || session.mfa_authenticated.is_some()
        }
    }
}

fn view_of(received: &Received) -> RequestView<'_> {
    RequestView {
        method: received.head.method.as_str(),
        path: received.head.uri.path(),
        query: received.head.uri.query(),
        authority: received.head.uri.authority().map(http::uri::Authority::as_str),
        headers: &received.head.headers,
    }
}

async fn known(
    road: &Road,
    unverified: &sigv4::Unverified<'_>,
    now: Timestamp,
) -> Result<Arc<Known>, Unknown> {
    let (id, token) = (unverified.access_key_id(), unverified.session_token());
    road.authenticator.directory.look_up(&road.world, id, token, now).await
}

impl Unknown {
    fn unwrap_or_fault(self, refused: impl FnOnce(AuthFault) -> Fault) -> Fault {
        match self {
            Self::Key => refused(AuthFault::UnknownKey),
            Self::Token => refused(AuthFault::TokenInvalid),
            Self::Expired => refused(AuthFault::TokenExpired),
            Self::Fault(fault) => fault,
        }
    }
}

/// Who sends an unsigned request: nobody, in no account, in the region of global services.
fn nobody() -> Proved {
    let account = AccountId::dev();
    Proved {
        caller: Arc::new(Caller::anonymous(account)),
        identity: None,
        permissions: Arc::new(Permissions::unbounded()),
        scope: Scope { account, region: Region::global() },
    }
}

fn refusal(fault: &AuthFault, style: FaultStyle) -> Fault {
    let member = MessageMember::Lower;
    Fault::new(fault.code(style), fault.status(style), member, fault.message(style).into_owned())
}

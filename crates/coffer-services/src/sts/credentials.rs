//! Gives out temporary credentials: the claims of a session, sealed into its token.

use std::collections::BTreeMap;
use std::time::Duration;

use coffer_model::AccountId;
use coffer_pipeline::Call;
use coffer_pipeline::identity::{SessionClaims, SessionKind};
use coffer_protocol::Fault;

use super::access_key_id;
use super::wire::Credentials;

/// The claims of a session that begins now and is bounded by nothing yet.
pub(super) fn claims(
    call: &Call<'_>,
    account: AccountId,
    kind: SessionKind,
    lasts: Duration,
) -> SessionClaims {
    SessionClaims {
        access_key_id: access_key_id::temporary(account, call.entropy()),
        account,
        kind,
        issued: call.now(),
        expires: call.now().plus(lasts),
        mfa_authenticated: None,
        policy: None,
        policy_arns: Vec::new(),
        tags: BTreeMap::new(),
        transitive: Vec::new(),
        source_identity: None,
        federation: BTreeMap::new(),
        is_chained: false,
    }
}

/// Credentials, and what is told of their token.
pub(super) struct Issued {
    pub(super) credentials: Credentials,
    /// How long the token is.
    pub(super) token_size: i32,
    /// How long it is in percent of the longest one.
    pub(super) token_utilization: i32,
}

/// Seals claims into a token of at least so many characters, and derives the secret beside it.
pub(super) fn issue(
    call: &Call<'_>,
    claims: &SessionClaims,
    characters_min: Option<i32>,
) -> Result<Issued, Fault> {
    let characters_min = usize::try_from(characters_min.unwrap_or(0)).unwrap_or(0);
    let token = claims.to_token_of(characters_min, call.sessions(), call.entropy());
    let token = token.ok_or_else(|| Fault::internal("the claims of a session are not written"))?;
    let characters = i32::try_from(token.len()).unwrap_or(i32::MAX);
    let credentials = Credentials {
        access_key_id: claims.access_key_id.clone(),
        secret_access_key: claims.secret(call.sessions()),
        session_token: token.into(),
        expiration: claims.expires,
    };
    Ok(Issued {
        credentials,
        token_size: characters,
        token_utilization: percent(characters, TOKEN_CHARACTERS_MAX),
    })
}

/// A part in percent of the whole, rounded up.
pub(super) fn percent(part: i32, whole: i32) -> i32 {
    let exact = i64::from(part) * 100;
    i32::try_from((exact + i64::from(whole) - 1) / i64::from(whole)).unwrap_or(i32::MAX)
}

/// More than the longest token that the bounds on policies and tags let there be.
const TOKEN_CHARACTERS_MAX: i32 = 24_576;

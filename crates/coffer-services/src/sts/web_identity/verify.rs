//! Verifies a token: whose provider, whose signature, for whom, and when.

use std::collections::BTreeMap;

use coffer_model::AccountId;
use coffer_pipeline::identity::OidcProviderRecord;
use coffer_pipeline::{Call, FederatedPrincipal, KeyValues};
use coffer_protocol::Fault;

use super::claims;
use super::issuer::url_of_issuer;
use super::issuer_keys::candidates;
use super::token::Token;
use crate::sts::errors::StsError;

/// Who a verified token says it is.
pub(in crate::sts) struct WebIdentity {
    /// The provider.
    pub(in crate::sts) principal: FederatedPrincipal,
    /// The claim `sub`.
    pub(in crate::sts) subject: String,
    /// The audience that was found in order.
    pub(in crate::sts) audience: String,
    /// The condition keys for the trust policy.
    pub(in crate::sts) keys: Vec<(String, KeyValues)>,
    /// The condition keys that stay with the session.
    pub(in crate::sts) session_keys: BTreeMap<String, Vec<String>>,
    /// The session's tags.
    pub(in crate::sts) tags: BTreeMap<String, String>,
    /// The names of those that are handed on.
    pub(in crate::sts) transitive: Vec<String>,
    /// The source identity.
    pub(in crate::sts) source_identity: Option<String>,
}

/// Verifies a token by the providers of the account that the role is in.
///
/// # Errors
/// In AWS's words; no more is told of the account than whether it has the token's provider.
pub(in crate::sts) async fn verify(
    call: &mut Call<'_>,
    account: AccountId,
    text: &str,
) -> Result<WebIdentity, Fault> {
    let token = Token::parse(text).ok_or_else(not_a_token)?;
    let issuer = token.text("iss").ok_or_else(|| missing("iss"))?;
    let no_provider = || {
        let shown: String = issuer.chars().take(ISSUER_CHARACTERS_MAX).collect();
        invalid(format!("No OpenIDConnect provider found in your account for {shown}"))
    };
    let url = url_of_issuer(issuer).ok_or_else(no_provider)?;
    let provider = OidcProviderRecord::key_of(account, url);
    let provider = call.get::<OidcProviderRecord>(&provider).await?.ok_or_else(no_provider)?;
    let keys = candidates(call, account, url, &token).await?;
    let fitting = keys.iter().filter(|key| key.is_for(&token.algorithm_name));
    let is_signed = fitting.filter_map(|key| key.token_key()).any(|key| {
        key.fits(token.algorithm)
            && key.verifies(token.algorithm, token.signed.as_bytes(), &token.signature)
    });
    if !is_signed {
        return Err(not_a_token());
    }
    // Tokens go by the real time, whatever `coffer dev` has moved its own to.
    must_be_in_time(&token, call.clock().real_now().as_secs())?;
    let audience = audience_of(&token, &provider)?;
    let subject = token.text("sub").filter(|subject| !subject.is_empty());
    let subject = subject.ok_or_else(|| missing("sub"))?;
    let claimed = claims::tags(&token).ok_or_else(|| rejected("tags"))?;
    let source_identity =
        claims::source_identity(&token).map_err(|()| rejected("source_identity"))?;
    let mut session_keys: BTreeMap<String, Vec<String>> = claims::session_keys(url, &token)
        .into_iter()
        .map(|(name, values)| match values {
            KeyValues::One(value) => (name, vec![value]),
            KeyValues::Many(values) => (name, values),
        })
        .collect();
    session_keys.insert(FEDERATED_PROVIDER.to_owned(), vec![provider.arn()]);
    let mut keys = claims::condition_keys(url, &token);
    keys.push((FEDERATED_PROVIDER.to_owned(), KeyValues::One(provider.arn())));
    Ok(WebIdentity {
        principal: FederatedPrincipal { provider_arn: provider.arn(), account },
        subject: subject.to_owned(),
        audience,
        keys,
        session_keys,
        tags: claimed.tags,
        transitive: claimed.transitive,
        source_identity: source_identity.map(str::to_owned),
    })
}

fn must_be_in_time(token: &Token<'_>, now: i64) -> Result<(), Fault> {
    let expires = token.seconds("exp").ok_or_else(|| missing("exp"))?;
    if now >= expires.saturating_add(SKEW_SECONDS_MAX) {
        // AWS: recorded from AssumeRoleWithWebIdentity.
        return Err(StsError::ExpiredTokenException.with(format!(
            "Token expired: current date/time {now} must be before the expiration date/time \
             {expires}"
        )));
    }
    let begins = |name: &str| token.seconds(name).unwrap_or(i64::MIN);
    token.seconds("iat").ok_or_else(|| missing("iat"))?;
    if begins("nbf").max(begins("iat")) > now.saturating_add(SKEW_SECONDS_MAX) {
        return Err(StsError::IDPRejectedClaimException.with("The ID Token is not valid yet."));
    }
    Ok(())
}

/// The audience that the provider knows: the authorised party, where there is one.
fn audience_of(token: &Token<'_>, provider: &OidcProviderRecord) -> Result<String, Fault> {
    let audiences = match token.text("azp") {
        Some(party) => vec![party],
        None => token.texts("aud"),
    };
    let known = audiences.into_iter().find(|audience| provider.client_ids.contains(*audience));
    known.map(str::to_owned).ok_or_else(|| invalid("Incorrect token audience"))
}

fn not_a_token() -> Fault {
    // AWS: recorded from AssumeRoleWithWebIdentity.
    invalid(
        "The ID Token provided is not a valid JWT. (You may see this error if you sent an Access \
         Token)",
    )
}

fn missing(claim: &str) -> Fault {
    invalid(format!("Missing a required claim: {claim}"))
}

fn rejected(claim: &str) -> Fault {
    let message = format!("The claim {claim} of the ID Token is not valid.");
    StsError::IDPRejectedClaimException.with(message)
}

fn invalid(message: impl Into<String>) -> Fault {
    StsError::InvalidIdentityTokenException.with(message)
}

const FEDERATED_PROVIDER: &str = "aws:federatedprovider";
const ISSUER_CHARACTERS_MAX: usize = 255;
/// How far an issuer's clock may be from ours.
const SKEW_SECONDS_MAX: i64 = 60;

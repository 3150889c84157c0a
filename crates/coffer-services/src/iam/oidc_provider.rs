//! Identity providers of OpenID Connect: found by their ARNs, and what they may be.

use std::collections::BTreeSet;
use std::sync::Arc;

use coffer_pipeline::identity::OidcProviderRecord;
use coffer_pipeline::{Call, Demand};
use coffer_protocol::Fault;
use coffer_store::Key;

use super::errors::IamError;
use super::{find, permissions};

/// Finds a provider.
///
/// # Errors
/// `NoSuchEntity` where there is none.
pub(super) async fn find(call: &mut Call<'_>, arn: &str) -> Result<Arc<OidcProviderRecord>, Fault> {
    let found = match key_of(call, arn).await? {
        Some(key) => call.get::<OidcProviderRecord>(&key).await?,
        None => None,
    };
    found.ok_or_else(|| {
        let message = format!("OpenIDConnect Provider not found for arn {arn}");
        IamError::NoSuchEntityException.with(message)
    })
}

/// The row of a provider of the account that is there.
///
/// # Errors
/// `ValidationError` for what is not the ARN of a provider.
pub(super) async fn key_of(call: &mut Call<'_>, arn: &str) -> Result<Option<Key>, Fault> {
    let (account, url) = must_be_arn(arn)?;
    if account != call.account().as_str() {
        return Ok(None);
    }
    let key = OidcProviderRecord::key_of(call.account(), url);
    Ok(call.get::<OidcProviderRecord>(&key).await?.map(|_| key))
}

/// What is demanded for an action on a provider.
///
/// # Errors
/// `ValidationError` for what is not the ARN of a provider.
pub(super) async fn demand_on(
    call: &mut Call<'_>,
    action: &'static str,
    arn: &str,
) -> Result<Demand, Fault> {
    let demand = Demand::of(action, arn);
    let Some(key) = key_of(call, arn).await? else { return Ok(demand) };
    Ok(match call.get::<OidcProviderRecord>(&key).await? {
        Some(provider) => find::with_tags(demand, &provider.tags),
        None => demand,
    })
}

/// A provider's URL as its ARN has it: without the scheme.
///
/// # Errors
/// `ValidationError` for what tokens cannot be issued by.
pub(super) fn url_of(url: &str) -> Result<String, Fault> {
    // AWS: HTTPS, no query; a path may be (IAM API reference, CreateOpenIDConnectProvider).
    let rest = url.strip_prefix("https://").unwrap_or_default();
    let host = rest.split('/').next().unwrap_or_default();
    let is_host = !host.is_empty()
        && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-:_".contains(&byte));
    let is_path = rest.bytes().all(|byte| byte.is_ascii_graphic() && !b"?#\\".contains(&byte));
    if is_host && is_path {
        return Ok(rest.to_owned());
    }
    Err(Fault::validation("Invalid Open ID Connect Provider URL"))
}

/// Refuses more audiences than a provider may have.
///
/// # Errors
/// `LimitExceeded`.
pub(super) fn must_be_few(client_ids: &BTreeSet<String>) -> Result<(), Fault> {
    match client_ids.len() > CLIENT_IDS_MAX {
        true => Err(permissions::exceeds("ClientIdsPerOpenIdConnectProvider", CLIENT_IDS_MAX)),
        false => Ok(()),
    }
}

/// The thumbprints that a request gives.
///
/// # Errors
/// `InvalidInput` for too many of them.
pub(super) fn thumbprints_of(given: Option<&[String]>) -> Result<Vec<String>, Fault> {
    let given = given.unwrap_or_default();
    if given.len() > THUMBPRINTS_MAX {
        return Err(IamError::InvalidInputException
            .with("Thumbprint list must contain fewer than 5 entries."));
    }
    Ok(given.to_vec())
}

/// The account and the URL in a provider's ARN.
fn must_be_arn(arn: &str) -> Result<(&str, &str), Fault> {
    let parts = arn.strip_prefix("arn:aws:iam::").and_then(|rest| rest.split_once(':'));
    parts
        .and_then(|(account, resource)| Some((account, resource.strip_prefix("oidc-provider/")?)))
        .filter(|(_, url)| !url.is_empty())
        .ok_or_else(|| Fault::validation(format!("ARN {arn} is not valid.")))
}

/// AWS: IAM user guide, quotas.
const CLIENT_IDS_MAX: usize = 100;
const THUMBPRINTS_MAX: usize = 5;

#[cfg(test)]
mod tests {
    use super::{must_be_arn, url_of};

    #[test]
    fn a_url_is_https_with_a_host_and_no_query() {
        for (url, wanted) in [
            ("https://token.actions.githubusercontent.com", "token.actions.githubusercontent.com"),
            ("https://oidc.example.com/id/1", "oidc.example.com/id/1"),
            ("https://k8s.example.com:6443", "k8s.example.com:6443"),
        ] {
            assert_eq!(url_of(url).unwrap(), wanted);
        }
        for url in [
            "",
            "https://",
            "http://a.example.com",
            "a.example.com",
            "https://a.example.com?x=1",
            "https://a b",
            "https:///x",
            "https://a.example.com#x",
        ] {
            let fault = url_of(url).unwrap_err();
            assert_eq!(fault.message, "Invalid Open ID Connect Provider URL", "{url}");
        }
    }

    #[test]
    fn an_arn_names_account_and_url() {
        let arn = "arn:aws:iam::111122223333:oidc-provider/a.example.com/b";
        assert_eq!(must_be_arn(arn).unwrap(), ("111122223333", "a.example.com/b"));
        for arn in ["a.example.com", "arn:aws:iam::111122223333:role/x"] {
            assert!(must_be_arn(arn).is_err(), "{arn}");
        }
    }
}

//! The job that fetches an issuer's keys: OpenID Connect Discovery 1.0.

use std::time::Duration;

use coffer_model::{AccountId, Timestamp};
use coffer_pipeline::identity::OidcProviderRecord;
use coffer_pipeline::{Call, Job, Outside, Verdict};
use coffer_protocol::Fault;
use serde::{Deserialize, Serialize};

use super::issuer::{host_of, url_of_issuer};
use super::issuer_keys::{IssuerKeysRecord, KeySource, scope_of};
use super::json_web_key::{JsonWebKey, read_key_set};

/// Fetches the keys of a provider's issuer, and asks for the next time.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct FetchIssuerKeys {
    /// The provider's account.
    pub account: AccountId,
    /// The issuer's URL without its scheme.
    pub url: String,
    /// The time that the record of the keys has for this job.
    pub wanted: Timestamp,
}

/// What is read of the document at `.well-known/openid-configuration`.
#[derive(Deserialize)]
struct Discovery {
    issuer: String,
    jwks_uri: String,
}

impl Job for FetchIssuerKeys {
    const KIND: &'static str = "sts.fetch-issuer-keys";

    async fn run(&self, call: &mut Call<'_>) -> Result<Verdict, Fault> {
        let row = IssuerKeysRecord::key_of(self.account, &self.url);
        let provider = OidcProviderRecord::key_of(self.account, &self.url);
        if call.get::<OidcProviderRecord>(&provider).await?.is_none() {
            call.delete::<IssuerKeysRecord>(&row).await?;
            return Ok(Verdict::Done);
        }
        let found = call.get::<IssuerKeysRecord>(&row).await?;
        let is_wanted = |record: &IssuerKeysRecord| {
            record.source == KeySource::Discovered && record.next == Some(self.wanted)
        };
        let Some(record) = found.filter(|record| is_wanted(record)) else {
            return Ok(Verdict::Done);
        };
        let outside = call.outside().ok_or_else(|| Fault::internal("not a job's call"))?;
        let fetched = fetch(outside, &self.url).await;
        let mut record = IssuerKeysRecord::clone(&record);
        let now = call.now();
        record.tried = Some(now);
        let pause = match fetched {
            Ok(keys) => {
                record.keys = keys;
                record.known = Some(now);
                record.failures = 0;
                record.failure = None;
                AGAIN
            }
            Err(why) => {
                tracing::warn!(issuer.url = self.url, account = %self.account, "no keys: {why}");
                record.failures = record.failures.saturating_add(1);
                record.failure = Some(why);
                record.pause()
            }
        };
        let next = now.plus(pause);
        record.next = Some(next);
        call.put(record).await?;
        let job = Self { wanted: next, ..self.clone() };
        call.schedule_in(scope_of(self.account), next, &job).await?;
        Ok(Verdict::Done)
    }
}

async fn fetch(outside: &dyn Outside, url: &str) -> Result<Vec<JsonWebKey>, String> {
    match fetch_by("https", outside, url).await {
        // An issuer on this very machine may do without TLS.
        Err(_) if outside.is_plain(host_of(url)) => fetch_by("http", outside, url).await,
        fetched => fetched,
    }
}

async fn fetch_by(
    scheme: &str,
    outside: &dyn Outside,
    url: &str,
) -> Result<Vec<JsonWebKey>, String> {
    // OpenID Connect Discovery 1.0, 4: a slash at the issuer's end is taken away.
    let document = format!("{scheme}://{}{DISCOVERY}", url.trim_end_matches('/'));
    let told = |error: &dyn std::fmt::Display, at: &str| format!("`{at}`: {error}");
    let text = outside.get(&document).await.map_err(|error| told(&error, &document))?;
    let discovery: Discovery =
        serde_json::from_slice(&text).map_err(|error| told(&error, &document))?;
    // The same document, 4.3: it has to be about the issuer that was asked for.
    if url_of_issuer(&discovery.issuer) != Some(url) {
        return Err(format!("`{document}`: it is about issuer `{}`", shown(&discovery.issuer)));
    }
    let keys = outside.get(&discovery.jwks_uri).await;
    let keys = keys.map_err(|error| told(&error, shown(&discovery.jwks_uri)))?;
    read_key_set(&keys).map_err(|error| told(&error, shown(&discovery.jwks_uri)))
}

/// The beginning of a text that somebody else wrote.
fn shown(text: &str) -> &str {
    let end = text.char_indices().nth(SHOWN_CHARACTERS_MAX).map_or(text.len(), |(end, _)| end);
    text.get(..end).unwrap_or_default()
}

const DISCOVERY: &str = "/.well-known/openid-configuration";
const AGAIN: Duration = Duration::from_secs(3600);
const SHOWN_CHARACTERS_MAX: usize = 300;

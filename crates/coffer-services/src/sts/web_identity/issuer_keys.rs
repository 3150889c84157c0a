//! The keys of an issuer, as an account knows them: fetched from the issuer by a job, or given by
//! the account's operator.

use std::time::Duration;

use coffer_model::{AccountId, Region, Timestamp};
use coffer_pipeline::{Call, Scope};
use coffer_protocol::Fault;
use coffer_store::{Key, Record};
use serde::{Deserialize, Serialize};

use super::fetch_issuer_keys::FetchIssuerKeys;
use super::json_web_key::JsonWebKey;
use super::token::Token;
use crate::sts::errors::StsError;

/// The keys of an issuer. Each account has its own: what one lets be put here, another one does not
/// trust.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IssuerKeysRecord {
    /// The account whose provider the issuer is.
    pub account: AccountId,
    /// The issuer's URL without its scheme.
    pub url: String,
    /// The keys.
    pub keys: Vec<JsonWebKey>,
    /// Where they are from.
    pub source: KeySource,
    /// When they were last fetched or given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub known: Option<Timestamp>,
    /// When fetching was last tried.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tried: Option<Timestamp>,
    /// How often fetching has failed since it last succeeded.
    #[serde(default, skip_serializing_if = "is_none")]
    pub failures: u32,
    /// Why fetching failed the last time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<String>,
    /// When they are to be fetched next; a job that was asked for with another time is not wanted
    /// any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<Timestamp>,
}

/// Where an issuer's keys are from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum KeySource {
    /// From the issuer, by OpenID Connect Discovery.
    Discovered,
    /// From the operator.
    Given,
}

impl IssuerKeysRecord {
    /// What is known of an issuer that nobody has asked yet.
    pub fn unknown(account: AccountId, url: &str) -> Self {
        Self {
            account,
            url: url.to_owned(),
            keys: Vec::new(),
            source: KeySource::Discovered,
            known: None,
            tried: None,
            failures: 0,
            failure: None,
            next: None,
        }
    }

    /// The row of an issuer, by its URL without the scheme.
    pub fn key_of(account: AccountId, url: &str) -> Key {
        Key::of(Self::TABLE, &[account.as_str(), url])
    }

    /// Whether its keys may be relied on: not when the issuer could not be asked for long, since it
    /// may have taken back one of them.
    fn is_fresh(&self, now: Timestamp) -> bool {
        self.source == KeySource::Given
            || self.known.is_some_and(|known| now.since(known) <= AGE_MAX)
    }

    /// Whether somebody has asked for them and no answer has come yet.
    fn is_asked(&self, now: Timestamp) -> bool {
        self.next.is_some_and(|next| {
            let is_tried = self.tried.is_some_and(|tried| tried >= next);
            next <= now && !is_tried && now.since(next) < ANSWER_MAX
        })
    }

    /// Whether they were asked for so lately that asking again would be too much.
    fn is_tried_lately(&self, now: Timestamp) -> bool {
        self.tried.is_some_and(|tried| now.since(tried) < self.pause())
    }

    /// How long the issuer is left alone, whoever asks: the longer the oftener it has failed.
    pub(super) fn pause(&self) -> Duration {
        let doublings = self.failures.saturating_sub(1).min(DOUBLINGS_MAX);
        ASK_PAUSE.saturating_mul(1 << doublings)
    }
}

fn is_none(count: &u32) -> bool {
    *count == 0
}

impl Record for IssuerKeysRecord {
    const TABLE: &'static str = "sts.issuer-keys";

    fn key(&self) -> Key {
        Self::key_of(self.account, &self.url)
    }
}

/// The keys that may have signed a token. Where none is known, a job is asked to fetch them.
///
/// # Errors
/// That the issuer is being asked, which clients try again; or that it has no such key.
pub(super) async fn candidates(
    call: &mut Call<'_>,
    account: AccountId,
    url: &str,
    token: &Token<'_>,
) -> Result<Vec<JsonWebKey>, Fault> {
    let now = call.now();
    let found = call.get::<IssuerKeysRecord>(&IssuerKeysRecord::key_of(account, url)).await?;
    let Some(record) = found else {
        ask(call, IssuerKeysRecord::unknown(account, url)).await?;
        return Err(being_asked());
    };
    if record.is_fresh(now) {
        let keys = matching(&record.keys, token);
        if !keys.is_empty() {
            return Ok(keys);
        }
    }
    if record.source == KeySource::Given {
        return Err(no_key());
    }
    if record.is_asked(now) {
        return Err(being_asked());
    }
    if record.is_tried_lately(now) {
        return Err(no_key());
    }
    ask(call, IssuerKeysRecord::clone(&record)).await?;
    Err(being_asked())
}

/// The keys that have the id that the token names; where it or they name none, all of those.
fn matching(keys: &[JsonWebKey], token: &Token<'_>) -> Vec<JsonWebKey> {
    let Some(kid) = &token.kid else { return keys.to_vec() };
    let named: Vec<_> = keys.iter().filter(|key| key.kid.as_ref() == Some(kid)).cloned().collect();
    match named.is_empty() {
        true => keys.iter().filter(|key| key.kid.is_none()).cloned().collect(),
        false => named,
    }
}

/// Asks for the keys of a provider that is being made, in the commit that makes it.
///
/// # Errors
/// A store that cannot be read.
pub(crate) async fn ask_for_new(
    call: &mut Call<'_>,
    account: AccountId,
    url: &str,
) -> Result<(), Fault> {
    let now = call.now();
    let job = FetchIssuerKeys { account, url: url.to_owned(), wanted: now };
    let record = IssuerKeysRecord { next: Some(now), ..IssuerKeysRecord::unknown(account, url) };
    call.put(record).await?;
    call.schedule_in(scope_of(account), now, &job).await
}

/// Asks for the keys at once: the note that they are asked for and the job are one commit, which
/// stands although this call is refused.
async fn ask(call: &mut Call<'_>, record: IssuerKeysRecord) -> Result<(), Fault> {
    let now = call.now();
    let job = FetchIssuerKeys { account: record.account, url: record.url.clone(), wanted: now };
    let scope = scope_of(record.account);
    call.touch_and_schedule(IssuerKeysRecord { next: Some(now), ..record }, scope, now, &job).await
}

/// IAM is one for all regions, and so are an account's providers.
pub(super) fn scope_of(account: AccountId) -> Scope {
    Scope { account, region: Region::global() }
}

fn being_asked() -> Fault {
    StsError::IDPCommunicationErrorException
        .with("The keys of the identity provider are being fetched. Try again.")
}

fn no_key() -> Fault {
    // AWS: recorded from AssumeRoleWithWebIdentity, both blanks too.
    StsError::InvalidIdentityTokenException.with(
        "Couldn't retrieve verification key from your identity provider,  please reference \
         AssumeRoleWithWebIdentity documentation for requirements",
    )
}

/// Keys of an issuer that could not be asked for so long are not relied on.
const AGE_MAX: Duration = Duration::from_secs(24 * 3600);
/// An issuer is asked on behalf of unknown keys no more often than this.
const ASK_PAUSE: Duration = Duration::from_secs(30);
/// Half a minute doubled so often is about an hour.
const DOUBLINGS_MAX: u32 = 7;
/// A job that has not answered by then is asked for anew.
const ANSWER_MAX: Duration = Duration::from_secs(60);

#[cfg(test)]
mod tests {
    use coffer_model::{AccountId, Timestamp};

    use super::{IssuerKeysRecord, KeySource};

    fn at(seconds: i64) -> Option<Timestamp> {
        Some(Timestamp::from_millis(seconds * 1000))
    }

    #[test]
    fn keys_are_relied_on_for_a_day_and_given_ones_for_ever() {
        let mut record = IssuerKeysRecord::unknown(AccountId::dev(), "a.example");
        let (soon, late) = (at(86_400).unwrap(), at(86_401).unwrap());
        assert!(!record.is_fresh(soon));
        record.known = at(0);
        assert!(record.is_fresh(soon) && !record.is_fresh(late));
        record.source = KeySource::Given;
        assert!(record.is_fresh(late));
    }

    #[test]
    fn an_issuer_is_asked_once_at_a_time_and_not_too_often() {
        let mut record = IssuerKeysRecord::unknown(AccountId::dev(), "a.example");
        let asked = |record: &IssuerKeysRecord, seconds| record.is_asked(at(seconds).unwrap());
        assert!(!asked(&record, 100));
        record.next = at(100);
        assert!(!asked(&record, 99) && asked(&record, 100) && asked(&record, 159));
        assert!(!asked(&record, 160), "a lost answer is not waited for");
        record.tried = at(101);
        record.next = at(3701);
        assert!(!asked(&record, 110));
        let pauses = [(0, 30), (1, 30), (2, 60), (3, 120), (8, 3840), (9, 3840), (u32::MAX, 3840)];
        for (failures, pause) in pauses {
            record.failures = failures;
            assert!(record.is_tried_lately(at(100 + pause).unwrap()), "{failures}");
            assert!(!record.is_tried_lately(at(101 + pause).unwrap()), "{failures}");
        }
    }
}

//! What the targets of `fuzz/` reach of this service.

use std::collections::BTreeMap;

use coffer_model::Timestamp;
use coffer_pipeline::Scope;
use coffer_protocol::Input;
use coffer_store::golden::Rewriter;

use super::filter::{Filter, Filters, Subject};
use super::id::SecretName;
use super::peers::arriving::ArrivingRecord;
use super::peers::delivery::DeliveryRecord;
pub use super::peers::fuzzed::{message_again, reply_again};
use super::policy::Policy;
use super::schedule::Schedule;
use super::secret::{
    SecretAccessRecord, SecretPolicyRecord, SecretRecord, SecretValueRecord, VersionAccessRecord,
};

/// Its tables.
pub const RECORDS: &[Rewriter] = &[
    Rewriter::of::<ArrivingRecord>(),
    Rewriter::of::<DeliveryRecord>(),
    Rewriter::of::<SecretAccessRecord>(),
    Rewriter::of::<SecretPolicyRecord>(),
    Rewriter::of::<SecretRecord>(),
    Rewriter::of::<SecretValueRecord>(),
    Rewriter::of::<VersionAccessRecord>(),
];

/// The next windows of a rotation schedule that is set now, as the times when they open and close.
/// Nothing for rules that are refused.
pub fn windows(
    expression: &str,
    duration: Option<&str>,
    now: Timestamp,
    windows_max: usize,
) -> Option<Vec<(Timestamp, Timestamp)>> {
    let schedule = Schedule::read(None, Some(expression), duration).ok()??;
    let mut windows = Vec::new();
    let mut next = schedule.first_window(now);
    while let Some(window) = next.filter(|_| windows.len() < windows_max) {
        windows.push((window.opens, window.closes));
        next = schedule.window_after(window.opens);
    }
    Some(windows)
}

#[derive(Input, Debug)]
struct Asked {
    filters: Option<Vec<Filter>>,
}

/// A secret as filters see it.
#[derive(Debug)]
pub struct Seen<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its description.
    pub description: &'a str,
    /// The keys and values of its tags.
    pub tags: &'a BTreeMap<String, String>,
}

/// Which of these secrets the filters of a request choose; nothing for filters that are refused.
///
/// # Errors
/// The name of a secret that is chosen and would not be looked at.
pub fn chosen(filters: &[u8], secrets: &[Seen<'_>]) -> Option<Result<Vec<bool>, String>> {
    let asked: Asked = coffer_protocol::json::decode(filters).ok()?;
    let filters = Filters::read(asked.filters.as_deref()).ok()?;
    let chosen = secrets.iter().map(|secret| {
        let Seen { name, description, tags } = *secret;
        let subject =
            Subject { name, description, tags, primary_region: None, owning_service: None };
        let is_met = filters.admit(&subject);
        let is_seen = !is_met || name.starts_with(filters.name_start());
        is_seen.then_some(is_met).ok_or_else(|| name.to_owned())
    });
    Some(chosen.collect())
}

/// What words for a secret mean, and whether all of a resource policy could be read that has these
/// words for its text.
pub fn read_texts(scope: &Scope, text: &str) -> (Option<String>, bool) {
    let name = SecretName::parse(scope, text).ok().map(|it| it.name);
    let policy = Policy::read(text).ok();
    let is_policy = policy.is_some();
    if let Some(policy) = policy {
        let findings = policy.findings(&["arn:aws:iam::111122223333:user/ada"]);
        let is_public = policy.must_not_be_public().is_err();
        // What is public is found to be.
        return (name, !is_public || !findings.is_empty());
    }
    (name, !is_policy)
}

//! Records that several accounts have: the caller's own, and one for each other account whose
//! resources were acted on. CloudTrail gives them one `sharedEventID`.

use std::collections::BTreeMap;

use coffer_model::{AccountId, Arn};

use super::shared_event_id;
use crate::context::{CallerKind, RequestContext};

/// The other accounts that are to have a record of a request, and what binds the records.
#[derive(Debug, Default)]
pub(crate) struct Shared<'a> {
    /// What of each account was acted on.
    pub(crate) resources: BTreeMap<AccountId, Vec<&'a str>>,
    /// The id that all of the records have; none where there is but one.
    pub(crate) id: Option<String>,
}

impl<'a> Shared<'a> {
    /// Finds the accounts of these resources that are not the caller's. What coffer does by itself
    /// has records of its own in each account.
    pub(crate) fn of(
        context: &RequestContext,
        part: u16,
        resources: impl Iterator<Item = &'a str>,
    ) -> Self {
        let mut found = Self::default();
        let caller = &context.caller;
        if matches!(caller.kind, CallerKind::Service | CallerKind::Anonymous) {
            return found;
        }
        for resource in resources {
            let owner = Arn::owner_of(resource).ok().flatten();
            if let Some(owner) = owner.filter(|owner| *owner != caller.account) {
                found.resources.entry(owner).or_default().push(resource);
            }
        }
        if !found.resources.is_empty() {
            found.id = Some(shared_event_id(&context.request_id, part));
        }
        found
    }
}

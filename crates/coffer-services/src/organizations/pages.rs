//! Pages of listings whose entries are in the order of their ids.

use std::sync::Arc;

use coffer_pipeline::Call;
use coffer_pipeline::identity::organization::{
    AccountRecord, OrganizationPolicyRecord, OrganizationRecord, PolicyKind,
};
use coffer_protocol::Fault;
use coffer_store::{Direction, Key};

use super::errors::invalid;
use crate::page;

/// A page, and the token of the next where there is one.
pub(super) struct Page<T> {
    /// What is on it.
    pub(super) items: Vec<T>,
    /// The token of the next page.
    pub(super) next_token: Option<String>,
}

/// What a caller says of the page.
#[derive(Clone, Copy)]
pub(super) struct Place<'a> {
    pub(super) max_results: Option<i32>,
    pub(super) next_token: Option<&'a String>,
}

impl<T> Page<T> {
    /// Takes a page out of entries, each with its id, in the order of their ids.
    pub(super) fn of(
        listing: &Key,
        entries: Vec<(String, T)>,
        at: Place<'_>,
    ) -> Result<Self, Fault> {
        let limit = at.rows_max();
        let after = at.after(&listing.prefix())?.map(|key| key.last_part());
        let mut rest = entries
            .into_iter()
            .filter(|(id, _)| after.as_ref().is_none_or(|after| id.as_bytes() > after.as_slice()));
        let page: Vec<(String, T)> = rest.by_ref().take(limit).collect();
        let has_more = rest.next().is_some();
        let last = page.last().filter(|_| has_more);
        let next_token = last.map(|(id, _)| page::token(&listing.child(id)));
        Ok(Self { items: page.into_iter().map(|(_, item)| item).collect(), next_token })
    }
}

impl Place<'_> {
    /// How many entries the page has at most.
    pub(super) fn rows_max(&self) -> usize {
        let said = self.max_results.and_then(|said| usize::try_from(said).ok());
        said.unwrap_or(PAGE_MAX).clamp(1, PAGE_MAX)
    }

    fn after(&self, prefix: &[u8]) -> Result<Option<Key>, Fault> {
        let token = self.next_token.map(|token| page::place(token, prefix));
        match token {
            Some(None) => Err(invalid(
                "INVALID_NEXT_TOKEN",
                "You provided a pagination token that is not valid.",
            )),
            Some(place) => Ok(place),
            None => Ok(None),
        }
    }
}

/// A page of the accounts under the prefix of an index.
pub(super) async fn accounts(
    call: &mut Call<'_>,
    prefix: &[u8],
    at: Place<'_>,
) -> Result<Page<Arc<AccountRecord>>, Fault> {
    let limit = at.rows_max();
    let after = at.after(prefix)?;
    let order = Direction::Ascending;
    let mut rows = call.scan_index(prefix, after.as_ref(), limit + 1, order).await?;
    let has_more = rows.len() > limit;
    rows.truncate(limit);
    let next_token = rows.last().filter(|_| has_more).map(|(place, _)| page::token(place));
    let keys: Vec<Key> = rows.into_iter().map(|(_, key)| key).collect();
    let items = call.get_many::<AccountRecord>(&keys).await?.into_iter().flatten().collect();
    Ok(Page { items, next_token })
}

/// All accounts of an organization.
pub(super) async fn all_accounts(
    call: &mut Call<'_>,
    organization: &OrganizationRecord,
) -> Result<Vec<Arc<AccountRecord>>, Fault> {
    let prefix = AccountRecord::all_of(&organization.id);
    let mut accounts = Vec::new();
    let mut after: Option<Key> = None;
    loop {
        let order = Direction::Ascending;
        let rows = call.scan_index(&prefix, after.as_ref(), ROWS_AT_ONCE, order).await?;
        let is_last = rows.len() < ROWS_AT_ONCE;
        after = rows.last().map(|(place, _)| place.clone());
        let keys: Vec<Key> = rows.into_iter().map(|(_, key)| key).collect();
        accounts.extend(call.get_many::<AccountRecord>(&keys).await?.into_iter().flatten());
        if is_last {
            return Ok(accounts);
        }
    }
}

/// All policies of a type, AWS's own first.
pub(super) async fn all_policies(
    call: &Call<'_>,
    organization: &OrganizationRecord,
    kind: PolicyKind,
) -> Result<Vec<(String, Arc<OrganizationPolicyRecord>)>, Fault> {
    let prefix = OrganizationPolicyRecord::all_of(&organization.id);
    let order = Direction::Ascending;
    let rows = call.scan::<OrganizationPolicyRecord>(&prefix, None, POLICY_ROWS_MAX, order).await?;
    let own = rows.into_iter().map(|(_, policy)| policy).filter(|policy| policy.kind == kind);
    let mut all: Vec<_> =
        [kind.managed()].into_iter().chain(own).map(|policy| (policy.id.clone(), policy)).collect();
    all.sort_by(|(one, _), (other, _)| one.cmp(other));
    Ok(all)
}

/// AWS: at most twenty entries a page (API reference, `MaxResults`).
const PAGE_MAX: usize = 20;
const ROWS_AT_ONCE: usize = 1000;
/// More than the policies that an organization may have.
const POLICY_ROWS_MAX: usize = 2_000;

//! Quotas: how often an account, or each principal of it, may ask for an operation in a region.
//!
//! A server counts for itself: nothing of it is in the store.

mod buckets;
mod rate;

use coffer_model::{AccountId, Region, Timestamp};
use smallvec::SmallVec;

use self::buckets::{BucketKey, Buckets};
use crate::context::{CallerKind, RequestContext};
use crate::operation::Service;
use crate::road::Route;

pub use rate::RequestRate;

/// How often some operations of a service may be asked for, all of them together.
#[derive(Debug, Clone)]
pub struct Quota {
    service: &'static str,
    operations: Vec<&'static str>,
    kind: Option<&'static str>,
    scope: QuotaScope,
    rate: RequestRate,
    elsewhere: Vec<(&'static [&'static str], RequestRate)>,
    accounts: Vec<AccountId>,
    principals: Vec<String>,
}

/// Who shares a quota.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum QuotaScope {
    /// All callers of an account, in a region.
    Account,
    /// Each principal for itself, in a region: a user, the root, all sessions of a role.
    Principal,
}

impl Quota {
    /// A quota of each account on these operations together; on none: on all that the service has.
    pub fn new(
        service: &'static str,
        operations: &[&'static str],
        rate: impl Into<RequestRate>,
    ) -> Self {
        Self {
            service,
            operations: operations.to_vec(),
            kind: None,
            scope: QuotaScope::Account,
            rate: rate.into(),
            elsewhere: Vec::new(),
            accounts: Vec::new(),
            principals: Vec::new(),
        }
    }

    /// The same quota on requests of one kind only: see
    /// [`Operation::quota_kind`](crate::Operation::quota_kind).
    #[must_use]
    pub fn on(self, kind: &'static str) -> Self {
        Self { kind: Some(kind), ..self }
    }

    /// The same quota with another rate in some regions.
    #[must_use]
    pub fn in_regions(
        mut self,
        regions: &'static [&'static str],
        rate: impl Into<RequestRate>,
    ) -> Self {
        self.elsewhere.push((regions, rate.into()));
        self
    }

    /// The same quota of whom this scope says.
    #[must_use]
    pub fn of(self, scope: QuotaScope) -> Self {
        Self { scope, ..self }
    }

    /// The same quota on these accounts only, and on these principals only; on all where none is
    /// named.
    #[must_use]
    pub fn only(self, accounts: Vec<AccountId>, principals: Vec<String>) -> Self {
        Self { accounts, principals, ..self }
    }

    /// The service.
    pub fn service(&self) -> &'static str {
        self.service
    }

    /// The operations; none stands for all.
    pub fn operations(&self) -> &[&'static str] {
        &self.operations
    }

    /// The kind of requests that it is on, where it is not on all.
    pub fn kind(&self) -> Option<&'static str> {
        self.kind
    }

    /// The rate in a region.
    pub fn rate_in(&self, region: &Region) -> RequestRate {
        let here = self.elsewhere.iter().find(|(regions, _)| regions.contains(&region.as_str()));
        here.map_or(self.rate, |(_, rate)| *rate)
    }

    fn is_on(&self, service: &str, operation: &str) -> bool {
        let is_named = self.operations.is_empty() || self.operations.contains(&operation);
        self.service == service && is_named
    }

    fn concerns(&self, context: &RequestContext) -> bool {
        let (account, principal) = (&context.scope.account, &context.caller.principal_arn);
        (self.accounts.is_empty() || self.accounts.contains(account))
            && (self.principals.is_empty() || self.principals.contains(principal))
    }
}

/// All quotas that are in force on this server, and what is left of them.
pub struct Quotas {
    quotas: Vec<Quota>,
    /// Those on each route, in the order of the routes' indexes.
    by_route: Vec<Vec<usize>>,
    buckets: Buckets,
}

impl Quotas {
    /// Puts quotas in force; every bucket is full.
    pub fn new(services: &[Service], quotas: Vec<Quota>) -> Self {
        let mut by_route = Vec::new();
        for service in services {
            for entry in service.operations {
                let all = quotas.iter().enumerate();
                let on_it = all.filter(|(_, quota)| quota.is_on(service.name, entry.name));
                by_route.push(on_it.map(|(index, _)| index).collect());
            }
        }
        Self { quotas, by_route, buckets: Buckets::new() }
    }

    /// Whether there is a quota on an operation, so that its requests have to be looked at.
    pub(crate) fn are_on(&self, route: Route) -> bool {
        self.by_route.get(route.index).is_some_and(|quotas| !quotas.is_empty())
    }

    /// Counts a request; false where a quota is used up, and then it counts to none.
    ///
    /// Unsigned requests count to none: whoever sends them could use up what is everybody's.
    pub(crate) fn admit(
        &self,
        route: Route,
        context: &RequestContext,
        kind: Option<&str>,
        real_now: Timestamp,
    ) -> bool {
        if context.caller.kind == CallerKind::Anonymous {
            return true;
        }
        let now = nanoseconds(real_now);
        let mut taken: SmallVec<[(BucketKey<'_>, RequestRate); 4]> = SmallVec::new();
        for (index, quota) in self.on(route, kind).filter(|(_, quota)| quota.concerns(context)) {
            let by_principal = quota.scope == QuotaScope::Principal;
            let key = BucketKey {
                quota: index,
                account: context.scope.account,
                region: &context.scope.region,
                principal: by_principal.then_some(context.caller.principal_arn.as_str()),
            };
            let rate = quota.rate_in(&context.scope.region);
            if !self.buckets.take(&key, rate, now) {
                for (key, rate) in &taken {
                    self.buckets.give_back(key, *rate);
                }
                return false;
            }
            taken.push((key, rate));
        }
        true
    }

    /// The quotas on a request. One whose kind is not known, as it cannot be read, counts to the
    /// first kind there is.
    fn on<'q>(
        &'q self,
        route: Route,
        kind: Option<&'q str>,
    ) -> impl Iterator<Item = (usize, &'q Quota)> {
        let indexes = self.by_route.get(route.index).map(Vec::as_slice).unwrap_or_default();
        let all = indexes.iter().filter_map(|index| Some((*index, self.quotas.get(*index)?)));
        let kind = kind.or_else(|| all.clone().find_map(|(_, quota)| quota.kind));
        all.filter(move |(_, quota)| quota.kind.is_none() || quota.kind == kind)
    }
}

impl std::fmt::Debug for Quotas {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_list().entries(&self.quotas).finish()
    }
}

fn nanoseconds(instant: Timestamp) -> u64 {
    u64::try_from(instant.as_millis()).unwrap_or(0).saturating_mul(NANOSECONDS_IN_MILLISECOND)
}

const NANOSECONDS_IN_MILLISECOND: u64 = 1_000_000;

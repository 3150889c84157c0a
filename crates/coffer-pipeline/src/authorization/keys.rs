//! The condition keys of a request: those that every request has, and those of its demand.

use coffer_model::{AccountId, Arn, Timestamp};
use coffer_policy::{ContextKeys, ContextValue, ContextValues};

use crate::context::{CallerKind, RequestContext};
use crate::demand::{Demand, Facts, tag_of};
use crate::identity::organization::OrganizationView;

/// All that is known of a request by condition key; a key is looked for when a policy asks for it.
pub(super) struct Keys<'a> {
    pub(super) context: &'a RequestContext,
    pub(super) demand: &'a Demand,
    /// What the operation's input says.
    pub(super) facts: &'a dyn Facts,
    /// The account that the resource belongs to, where that is said.
    pub(super) resource_account: Option<AccountId>,
    /// The organization of the resource's owner.
    pub(super) owner: Option<&'a OrganizationView>,
}

impl ContextKeys for Keys<'_> {
    fn values(&self, key: &str) -> Option<ContextValues<'_>> {
        if let Some((_, values)) = self.demand.keys.iter().find(|(known, _)| known == key) {
            return Some(values.values());
        }
        if let Some(values) = self.facts.fact(key) {
            return Some(values);
        }
        let resource = self.demand.facts.as_ref();
        if let Some(values) = resource.and_then(|facts| facts.fact(key)) {
            return Some(values);
        }
        match key.strip_prefix("aws:") {
            Some(rest) => self.global(rest),
            None => self.of_service(key),
        }
    }
}

impl Keys<'_> {
    /// AWS's global keys, as far as coffer knows what they tell (IAM user guide, "AWS global
    /// condition context keys").
    fn global(&self, key: &str) -> Option<ContextValues<'_>> {
        if let Some(name) = key.strip_prefix("principaltag/") {
            if self.demand.principal.is_some() {
                return None;
            }
            return tag_of(&self.context.caller.tags, name).map(ContextValues::from);
        }
        self.of_principal(key).or_else(|| self.of_network(key)).or_else(|| self.of_request(key))
    }

    fn of_principal(&self, key: &str) -> Option<ContextValues<'_>> {
        let caller = &*self.context.caller;
        let session = caller.session.as_deref();
        if caller.kind == CallerKind::Anonymous || self.demand.principal.is_some() {
            return None;
        }
        Some(match key {
            "principalarn" => caller.principal_arn.as_str().into(),
            "principalaccount" => caller.account.as_str().into(),
            "principaltype" => match caller.kind {
                CallerKind::Root => "Account",
                CallerKind::User { .. } => "User",
                CallerKind::FederatedUser => "FederatedUser",
                _ => "AssumedRole",
            }
            .into(),
            "principalorgid" => self.organization()?.organization_id.as_str().into(),
            "principalorgpaths" => [self.organization()?.path.as_str()].into_iter().collect(),
            "principalorgmasteraccount" => self.organization()?.management_account.as_str().into(),
            "principalisawsservice" => (caller.kind == CallerKind::Service).into(),
            "userid" => caller.user_id.as_str().into(),
            "username" => match &caller.kind {
                CallerKind::User { user_name } => user_name.as_str().into(),
                _ => return None,
            },
            // AWS: there for temporary credentials only; long-term ones do not have the key.
            "multifactorauthpresent" => session?.mfa_authenticated.is_some().into(),
            "multifactorauthage" => seconds_between(session?.mfa_authenticated?, self.context.now),
            "tokenissuetime" => session?.issued.into(),
            "sourceidentity" => session?.source_identity.as_deref()?.into(),
            "federatedprovider" => session?.federation.get("aws:federatedprovider")?.values(),
            _ => return None,
        })
    }

    /// The caller's organization.
    fn organization(&self) -> Option<&OrganizationView> {
        self.context.permissions.organization.as_deref()
    }

    fn of_network(&self, key: &str) -> Option<ContextValues<'_>> {
        let context = self.context;
        // AWS: what a service does for somebody does not come from the caller's network.
        let is_direct = self.demand.via.is_none();
        Some(match key {
            "sourceip" if is_direct => context.source_ip.parse::<std::net::IpAddr>().ok()?.into(),
            "securetransport" => (context.is_secure || !is_direct).into(),
            "useragent" => context.user_agent.as_str().into(),
            _ => return None,
        })
    }

    fn of_request(&self, key: &str) -> Option<ContextValues<'_>> {
        let (context, demand) = (self.context, self.demand);
        Some(match key {
            "currenttime" => context.now.into(),
            "epochtime" => (context.now.as_millis() / 1000).into(),
            "requestedregion" => context.scope.region.as_str().into(),
            "resourceaccount" => {
                self.resource_account.as_ref().unwrap_or(&context.caller.account).as_str().into()
            }
            "resourceorgid" => self.owner?.organization_id.as_str().into(),
            "resourceorgpaths" => [self.owner?.path.as_str()].into_iter().collect(),
            "viaawsservice" => demand.via.is_some().into(),
            "calledvia" => [host_of(demand.via?)].into_iter().collect(),
            "calledviafirst" | "calledvialast" => host_of(demand.via?).into_values(),
            _ => return None,
        })
    }

    /// Keys that come with a session: those of the token that it was exchanged for; and those of
    /// KMS, which every demand on a key has.
    fn of_service(&self, key: &str) -> Option<ContextValues<'_>> {
        let caller = &self.context.caller;
        Some(match key {
            "kms:calleraccount" if caller.kind != CallerKind::Anonymous => {
                caller.account.as_str().into()
            }
            "kms:viaservice" => {
                // The service of the key's own region, which a replica has in another one.
                let of_key = Arn::region_of(&self.demand.resource);
                let region = of_key.unwrap_or(self.context.scope.region.as_str());
                [self.demand.via?, ".", region, ".amazonaws.com"].concat().into_values()
            }
            _ if self.demand.principal.is_some() => return None,
            _ => caller.session.as_deref()?.federation.get(key)?.values(),
        })
    }
}

/// The host of a service, by which it is named as one that calls.
fn host_of(service: &str) -> String {
    format!("{service}.amazonaws.com")
}

fn seconds_between(from: Timestamp, to: Timestamp) -> ContextValues<'static> {
    ((to.as_millis() - from.as_millis()) / 1000).into()
}

/// Owned texts and lists of texts as values.
trait IntoValues {
    fn into_values(self) -> ContextValues<'static>;
}

impl IntoValues for String {
    fn into_values(self) -> ContextValues<'static> {
        ContextValues::One(ContextValue::from(self))
    }
}

/// Kept lists of texts as values.
trait Values {
    fn values(&self) -> ContextValues<'_>;
}

impl Values for Vec<String> {
    fn values(&self) -> ContextValues<'_> {
        match self.as_slice() {
            [one] => one.as_str().into(),
            many => many.iter().map(String::as_str).collect(),
        }
    }
}

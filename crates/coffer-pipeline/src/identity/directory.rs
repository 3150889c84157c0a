//! Who an access key belongs to, and what that caller may do: collected once, and kept until any
//! identity changes.

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use coffer_model::{AccountId, Region, Sensitive, Timestamp};
use coffer_protocol::Fault;
use coffer_seal::SessionSealer;
use coffer_store::{Key, Observer, Record, Revision, Store, Transaction};

use super::organization::AccountRecord;
use super::{
    AccessKeyLastUsedRecord, AccessKeyOwner, AccessKeyRecord, RoleLastUsedRecord, RoleRecord,
    SessionClaims, SessionKind, UserRecord, dev_access_key,
};
use crate::audit::WrittenIdentity;
use crate::context::{Caller, CallerKind};
use crate::permissions::Permissions;
use crate::world::World;

/// A caller that an access key leads to.
pub(crate) struct Known {
    pub(crate) caller: Arc<Caller>,
    pub(crate) identity: Arc<WrittenIdentity>,
    pub(crate) permissions: Arc<Permissions>,
    secret: Sensitive<String>,
    /// The token that has to come with the key.
    token: Option<String>,
    /// The hour of the last use that was noted.
    noted_hour: AtomicI64,
}

/// When something was last used.
pub(crate) enum LastUse {
    AccessKey(AccessKeyLastUsedRecord),
    Role(RoleLastUsedRecord),
}

impl LastUse {
    /// Notes it, as best as can be: a use that is not noted now is noted within the hour.
    pub(crate) async fn note(self, world: &World) {
        let mut transaction = Transaction::new();
        match self {
            Self::AccessKey(record) => transaction.put(record, None),
            Self::Role(record) => transaction.put(record, None),
        }
        if let Err(error) = world.tables.commit(transaction).await {
            tracing::debug!(%error, "a last use was not noted");
        }
    }
}

/// Why an access key leads to nobody.
pub(crate) enum Unknown {
    /// Nobody has it, or it is inactive, or who had it is gone.
    Key,
    /// The session token is not ours, or not this access key's.
    Token,
    /// The session is over.
    Expired,
    /// The store cannot be read.
    Fault(Fault),
}

/// The callers that are known.
///
/// INVARIANT: a caller is given out only as long as no row of an identity has changed since it was
/// read. The count of changes is read before the rows, and goes up after the cache of records has
/// dropped what changed, so what was read too early is never kept as if it were new.
pub(crate) struct Directory {
    changes: Arc<Changes>,
    known: Mutex<HashMap<String, (u64, Arc<Known>)>>,
}

/// Counts the changes of rows that callers are made of.
#[derive(Default)]
struct Changes(AtomicU64);

impl Observer for Changes {
    fn changed(&self, keys: &[Key], _: Revision) {
        let is_identity =
            |key: &Key| TABLES.iter().any(|prefix| key.as_bytes().starts_with(prefix.as_bytes()));
        if keys.iter().any(is_identity) {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }

    fn missed(&self) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

impl Known {
    /// The secret that the caller signs with.
    pub(crate) fn secret(&self) -> &Sensitive<String> {
        &self.secret
    }

    /// What is to be noted of this use of the key or role, once an hour: AWS is not more exact.
    pub(crate) fn use_to_note(
        &self,
        now: Timestamp,
        region: &Region,
        service: &str,
    ) -> Option<LastUse> {
        let hour = now.as_millis().div_euclid(HOUR_MS);
        if self.noted_hour.swap(hour, Ordering::Relaxed) == hour {
            return None;
        }
        let (caller, region) = (&*self.caller, region.clone());
        match (&caller.kind, &caller.access_key_id) {
            (CallerKind::AssumedRole { .. }, _) => {
                let role_id = caller.user_id.split_once(':')?.0.to_owned();
                let account = caller.account;
                Some(LastUse::Role(RoleLastUsedRecord { account, role_id, used: now, region }))
            }
            (CallerKind::User { .. } | CallerKind::Root, Some(id)) if !caller.is_session() => {
                let (access_key_id, service) = (id.clone(), service.to_owned());
                let record = AccessKeyLastUsedRecord { access_key_id, used: now, region, service };
                Some(LastUse::AccessKey(record))
            }
            _ => None,
        }
    }
}

impl Directory {
    /// Begins to listen for changes. The tables' own cache listens already, so it hears first.
    pub(crate) fn new(store: &dyn Store) -> Self {
        let changes = Arc::new(Changes::default());
        store.watch(Arc::<Changes>::clone(&changes));
        Self { changes, known: Mutex::new(HashMap::new()) }
    }

    /// Finds the caller of an access key and the token that came with it.
    pub(crate) async fn look_up(
        &self,
        world: &World,
        access_key_id: &str,
        token: Option<&str>,
        now: Timestamp,
    ) -> Result<Arc<Known>, Unknown> {
        let changes = self.changes.0.load(Ordering::SeqCst);
        let is_fresh = world.tables.store().is_fresh();
        let is_kept = |(at, _): &&(u64, _)| is_fresh && *at == changes;
        let known = self.lock().get(access_key_id).filter(is_kept).cloned();
        let known = match known {
            Some((_, known)) if known.token.as_deref() == token => known,
            _ => {
                let known = Arc::new(Box::pin(read(world, access_key_id, token)).await?);
                let mut kept = self.lock();
                if kept.len() >= KNOWN_MAX {
                    kept.clear();
                }
                kept.insert(access_key_id.to_owned(), (changes, known.clone()));
                known
            }
        };
        match known.caller.session.as_ref() {
            Some(session) if session.expires <= now => Err(Unknown::Expired),
            _ => Ok(known),
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, (u64, Arc<Known>)>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn read(world: &World, access_key_id: &str, token: Option<&str>) -> Result<Known, Unknown> {
    if let Some(key) = dev_access_key(world, access_key_id) {
        // LocalStack's users have a session token in their environment, too.
        if token.is_some_and(|token| token != super::DEV_SECRET) {
            return Err(Unknown::Token);
        }
        let caller = Caller::root(key.account, access_key_id);
        return known(world, caller, key.secret().clone(), token).await;
    }
    match token {
        Some(token) => of_session(world, access_key_id, token).await,
        None => of_key(world, access_key_id).await,
    }
}

async fn of_key(world: &World, access_key_id: &str) -> Result<Known, Unknown> {
    let key = get::<AccessKeyRecord>(world, AccessKeyRecord::key_of(access_key_id)).await?;
    let key = key.filter(|key| key.status.is_active()).ok_or(Unknown::Key)?;
    let caller = match &key.owner {
        AccessKeyOwner::Root => Caller::root(key.account, access_key_id),
        AccessKeyOwner::User { user, user_id } => {
            let user = user_of(world, key.account, user, user_id).await?;
            Caller { access_key_id: Some(access_key_id.to_owned()), ..Caller::of_user(&user) }
        }
    };
    known(world, caller, key.secret().clone(), None).await
}

async fn of_session(world: &World, access_key_id: &str, token: &str) -> Result<Known, Unknown> {
    let sealer: &SessionSealer = &world.sessions;
    let claims = SessionClaims::of_token(sealer, token).ok_or(Unknown::Token)?;
    if claims.access_key_id != access_key_id {
        return Err(Unknown::Token);
    }
    let secret = claims.secret(sealer);
    let mut caller = match &claims.kind {
        SessionKind::Root => Caller::root(claims.account, access_key_id),
        SessionKind::User { user, user_id } => {
            Caller::of_user(user_of(world, claims.account, user, user_id).await?.as_ref())
        }
        SessionKind::Role { role, role_id, session_name } => {
            let role = role_of(world, claims.account, role, role_id).await?;
            Caller::of_role(&role, session_name)
        }
        SessionKind::Federated { name, user, user_id } => {
            if let (Some(user), Some(user_id)) = (user, user_id) {
                user_of(world, claims.account, user, user_id).await?;
            }
            let arn = format!("arn:aws:sts::{}:federated-user/{name}", claims.account);
            Caller {
                account: claims.account,
                principal_arn: arn.clone(),
                arn,
                user_id: format!("{}:{name}", claims.account),
                access_key_id: None,
                kind: CallerKind::FederatedUser,
                session: None,
                tags: BTreeMap::new(),
            }
        }
    };
    caller.access_key_id = Some(access_key_id.to_owned());
    for (name, value) in &claims.tags {
        // AWS: a session's tag takes the place of its role's, whatever the case of its name.
        caller.tags.retain(|known, _| !known.eq_ignore_ascii_case(name));
        caller.tags.insert(name.clone(), value.clone());
    }
    caller.session = Some(Arc::new(claims));
    known(world, caller, secret, Some(token)).await
}

async fn known(
    world: &World,
    caller: Caller,
    secret: Sensitive<String>,
    token: Option<&str>,
) -> Result<Known, Unknown> {
    let account = AccountRecord::key_of(caller.account);
    if get::<AccountRecord>(world, account).await?.is_some_and(|account| account.is_closed()) {
        return Err(Unknown::Key);
    }
    let permissions = Permissions::read(world, &caller).await.map_err(Unknown::Fault)?;
    Ok(Known {
        identity: Arc::new(WrittenIdentity::of(&caller)),
        caller: Arc::new(caller),
        permissions: Arc::new(permissions),
        secret,
        token: token.map(str::to_owned),
        noted_hour: AtomicI64::new(i64::MIN),
    })
}

/// A user of this name, if it is still the one that had this unique id.
async fn user_of(
    world: &World,
    account: AccountId,
    user: &str,
    user_id: &str,
) -> Result<Arc<UserRecord>, Unknown> {
    let found = get::<UserRecord>(world, UserRecord::key_of(account, user)).await?;
    found.filter(|found| found.user_id == user_id).ok_or(Unknown::Key)
}

async fn role_of(
    world: &World,
    account: AccountId,
    role: &str,
    role_id: &str,
) -> Result<Arc<RoleRecord>, Unknown> {
    let found = get::<RoleRecord>(world, RoleRecord::key_of(account, role)).await?;
    found.filter(|found| found.role_id == role_id).ok_or(Unknown::Key)
}

async fn get<R: Record>(world: &World, key: Key) -> Result<Option<Arc<R>>, Unknown> {
    let found = world.tables.get::<R>(&key).await;
    let found = found.map_err(|error| Unknown::Fault(Fault::unavailable(error.to_string())))?;
    Ok(found.record)
}

/// What the tables of identities and organizations begin with. Rows that only note when something
/// was last used have other tables.
const TABLES: [&str; 2] = ["iam.", "organizations."];
const HOUR_MS: i64 = 3_600_000;
/// Callers that are known at once; beyond that they are read again.
const KNOWN_MAX: usize = 10_000;

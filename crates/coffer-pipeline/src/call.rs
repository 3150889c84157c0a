//! What an operation or a job decides with: typed reads, staged writes, a fixed `now`, entropy.

mod aftermath;
mod beside;
mod functions;
mod peers;
mod rotators;

use std::any::Any;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use coffer_model::{AccountId, Region, Timestamp};
use coffer_policy::Decision;
use coffer_protocol::Fault;
use coffer_seal::{Entropy, MessageKeys, RootKeys, SessionSealer, random_uuid};
use coffer_store::{Direction, Key, Record, Revision, Staged, StoreError, TableError, Transaction};

use crate::audit::{AuditRecord, ItemCall, KeyUse, ServiceEvent};
use crate::authorization::{self, Asked, Judgement};
use crate::context::{Caller, CallerKind, RequestContext, Scope};
use crate::demand::{Demand, Facts, Nothing};
use crate::identity::organization::{OrganizationView, organization_view};
use crate::job::{Job, JobRecord};
use crate::operation::Access;
use crate::outside::{FunctionOrder, Outside};
use crate::permissions::Permissions;
use crate::root_key::{RootKeyRing, StoreKeyRow};
use crate::world::{Clock, World};

/// One run of a decision. All that it reads becomes an expectation of its commit, so a decision
/// either rests on what is still true or is run again; scans are the exception, and never guard.
pub struct Call<'w> {
    world: &'w World,
    context: &'w RequestContext,
    access: Access,
    fresh: bool,
    transaction: Transaction,
    touched: Transaction,
    resources: Vec<String>,
    key_uses: Vec<KeyUse>,
    item_calls: Vec<ItemCall>,
    service_events: Vec<ServiceEvent>,
    events: u16,
    order: Option<Box<FunctionOrder>>,
    root_keys: OnceLock<Arc<RootKeys>>,
    has_sealed: AtomicBool,
    /// What a reading decision read last: what it asks for permission on is what it then reads.
    last: Option<(Key, Option<Arc<dyn Any + Send + Sync>>)>,
    rotations_given_up: u64,
}

/// The staged outcome of a call, for the room that commits it.
pub(crate) struct Outcome {
    pub(crate) transaction: Transaction,
    pub(crate) touched: Transaction,
    pub(crate) trace: Trace,
    /// Held until the commit is answered: a change of the root key waits for it.
    pub(crate) root_keys: Option<Arc<RootKeys>>,
    /// Whether anything that is staged is sealed under them.
    pub(crate) has_sealed: bool,
}

/// What a decision leaves for its audit records.
#[derive(Debug, Default)]
pub struct Trace {
    /// The ARNs that it acted on.
    pub(crate) resources: Vec<String>,
    /// What it did with keys on behalf of the caller.
    pub(crate) key_uses: Vec<KeyUse>,
    /// The calls that its answer stands for.
    pub(crate) item_calls: Vec<ItemCall>,
    /// What a service did by itself.
    pub(crate) service_events: Vec<ServiceEvent>,
    /// The records that its commit holds, for the journal; none where it changed nothing.
    pub(crate) committed: Vec<AuditRecord>,
    /// The function that it orders to be run.
    pub(crate) order: Option<Box<FunctionOrder>>,
    /// How many rotations it gives up.
    pub(crate) rotations_given_up: u64,
}

impl<'w> Call<'w> {
    /// Begins a run; a `fresh` one reads past every cache.
    pub(crate) fn begin(
        world: &'w World,
        context: &'w RequestContext,
        access: Access,
        fresh: bool,
    ) -> Self {
        Self {
            world,
            context,
            access,
            fresh,
            transaction: Transaction::default(),
            touched: Transaction::default(),
            resources: Vec::new(),
            key_uses: Vec::new(),
            item_calls: Vec::new(),
            service_events: Vec::new(),
            events: 0,
            order: None,
            root_keys: OnceLock::new(),
            has_sealed: AtomicBool::new(false),
            last: None,
            rotations_given_up: 0,
        }
    }

    pub(crate) fn finish(self) -> Outcome {
        let trace = Trace {
            resources: self.resources,
            key_uses: self.key_uses,
            item_calls: self.item_calls,
            service_events: self.service_events,
            committed: Vec::new(),
            order: self.order,
            rotations_given_up: self.rotations_given_up,
        };
        Outcome {
            transaction: self.transaction,
            touched: self.touched,
            trace,
            root_keys: self.root_keys.into_inner(),
            has_sealed: self.has_sealed.into_inner(),
        }
    }

    /// The lasting surroundings, for the parts of a call that have files of their own.
    pub(crate) fn world(&self) -> &'w World {
        self.world
    }

    /// The request this decides on.
    pub fn context(&self) -> &'w RequestContext {
        self.context
    }

    /// The caller's account and the request's region.
    pub fn scope(&self) -> &'w Scope {
        &self.context.scope
    }

    /// The caller's account.
    pub fn account(&self) -> AccountId {
        self.context.scope.account
    }

    /// The request's region.
    pub fn region(&self) -> &'w Region {
        &self.context.scope.region
    }

    /// The time of this decision; the same in every run.
    pub fn now(&self) -> Timestamp {
        self.context.now
    }

    /// The source of chance.
    pub fn entropy(&self) -> &'w dyn Entropy {
        self.world.entropy.as_ref()
    }

    /// The operator's root keys: key material is sealed under the one in force, and opened under
    /// either. They stay the same for this run of the decision.
    pub fn root_key(&self) -> &RootKeys {
        self.root_keys.get_or_init(|| self.world.root_key.keys())
    }

    /// The root keys, for what is sealed under them to be kept: its commit makes sure that every server
    /// of the store can open it.
    pub fn root_key_to_keep(&self) -> &RootKeys {
        self.has_sealed.store(true, Ordering::Relaxed);
        self.root_key()
    }

    /// Whether this process has the store to itself.
    pub fn is_alone(&self) -> bool {
        self.world.tables.store().is_exclusive()
    }

    /// The keys of messages that were opened lately.
    pub fn message_keys(&self) -> &'w MessageKeys {
        &self.world.message_keys
    }

    /// The ring of root keys, for the job that changes them.
    pub fn root_key_ring(&self) -> &'w RootKeyRing {
        &self.world.root_key
    }

    /// Reads the row that says which root key opens the store.
    pub async fn store_key(&mut self) -> Result<StoreKeyRow, Fault> {
        let found = StoreKeyRow::read(self.world.tables.store().as_ref()).await;
        let found = found.map_err(Fault::unavailable)?;
        let (row, revision) = found.ok_or_else(|| Fault::internal("the store has no key"))?;
        self.expect(&StoreKeyRow::row(), Some(revision));
        Ok(row)
    }

    /// Stages the row that says which root key opens the store.
    pub fn put_store_key(&mut self, row: &StoreKeyRow) -> Result<(), Fault> {
        self.must_write()?;
        self.transaction.put_plain(&StoreKeyRow::row(), row.to_bytes());
        Ok(())
    }

    /// The clock of decisions, for the operation that moves it.
    pub fn clock(&self) -> &'w dyn Clock {
        self.world.clock.as_ref()
    }

    /// Draws a random UUID.
    pub fn uuid(&self) -> String {
        random_uuid(self.entropy())
    }

    /// Refuses what the caller may not do.
    ///
    /// # Errors
    /// `AccessDeniedException` in AWS's sentence.
    pub async fn must_be_allowed(&self, demand: &Demand) -> Result<(), Fault> {
        self.must_be_allowed_by(demand, &Nothing).await
    }

    /// Refuses what the caller may not do, where the request says more of condition keys than its
    /// demand.
    ///
    /// # Errors
    /// See [`Call::must_be_allowed`].
    pub async fn must_be_allowed_by(
        &self,
        demand: &Demand,
        facts: &(dyn Facts + Sync),
    ) -> Result<(), Fault> {
        match self.decision_on(demand, facts).await? {
            Some(decision) if !decision.is_allowed() => {
                Err(authorization::refusal(self.context, demand, &decision))
            }
            _ => Ok(()),
        }
    }

    /// What the policies say of a demand; nothing where coffer itself carries out what has been
    /// allowed before.
    ///
    /// # Errors
    /// A policy that cannot be read.
    pub async fn decision_on(
        &self,
        demand: &Demand,
        facts: &(dyn Facts + Sync),
    ) -> Result<Option<Decision>, Fault> {
        if authorization::is_trusted(self.context) {
            return Ok(None);
        }
        let (context, resource_account) = (self.context, demand.owner());
        let owner = self.organization_of_owner(demand, resource_account).await?;
        let owner = owner.as_deref();
        authorization::decide(&Asked { context, demand, facts, resource_account, owner }).map(Some)
    }

    /// The organization that a resource belongs to; mostly the caller's own, which is known.
    async fn organization_of_owner(
        &self,
        demand: &Demand,
        resource_account: Option<AccountId>,
    ) -> Result<Option<Arc<OrganizationView>>, Fault> {
        let own = self.context.caller.account;
        match resource_account {
            Some(owner) if owner != own || demand.principal.is_some() => {
                organization_view(&self.world.tables, owner).await.map_err(unreadable)
            }
            _ => Ok(self.context.permissions.organization.clone()),
        }
    }

    /// This request as it would be somebody else's: a user's, or that of a role's session.
    ///
    /// # Errors
    /// A store that cannot be read.
    pub async fn as_if_by(&self, caller: Arc<Caller>) -> Result<RequestContext, Fault> {
        let permissions = Arc::new(Permissions::read(self.world, &caller).await?);
        Ok(RequestContext { caller, identity: None, permissions, ..self.context.clone() })
    }

    /// What policies say of a demand in a request, and why.
    ///
    /// # Errors
    /// A store that cannot be read, or a policy in it.
    pub async fn judgement_in(
        &self,
        context: &RequestContext,
        demand: &Demand,
    ) -> Result<Judgement, Fault> {
        let (facts, resource_account) = (&Nothing, demand.owner());
        let owner = self.organization_of_owner(demand, resource_account).await?;
        let owner = owner.as_deref();
        authorization::judge(&Asked { context, demand, facts, resource_account, owner })
    }

    /// What seals the tokens of sessions.
    pub fn sessions(&self) -> &'w SessionSealer {
        &self.world.sessions
    }

    /// What is outside the process; only for jobs, since nothing outside happens while a request is
    /// decided.
    pub fn outside(&self) -> Option<&'w dyn Outside> {
        let is_job = self.context.caller.kind == CallerKind::Service;
        is_job.then(|| self.world.outside.as_ref())
    }

    /// Computes something that takes long where no other request waits for it, such as a key pair.
    ///
    /// # Errors
    /// A computation that panicked.
    pub async fn aside<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Fault> {
        self.world.turns.aside(work).await
    }

    /// Reads a record, staged writes included.
    pub async fn get<R: Record>(&mut self, key: &Key) -> Result<Option<Arc<R>>, Fault> {
        match self.transaction.staged_get::<R>(key) {
            Staged::Untouched => {}
            Staged::Put(record) => return Ok(Some(record)),
            Staged::Deleted => return Ok(None),
        }
        if let Some(found) = self.read_last::<R>(key) {
            return Ok(found);
        }
        let found = if self.fresh {
            self.world.tables.get_fresh::<R>(key).await.map_err(unreadable)?
        } else {
            self.world.tables.get::<R>(key).await.map_err(unreadable)?
        };
        self.expect(key, found.revision);
        if self.access == Access::Read {
            let record = found.record.clone().map(|record| record as Arc<dyn Any + Send + Sync>);
            self.last = Some((key.clone(), record));
        }
        Ok(found.record)
    }

    /// The record of a key, where a reading decision has just read it.
    fn read_last<R: Record>(&self, key: &Key) -> Option<Option<Arc<R>>> {
        let (last, record) = self.last.as_ref()?;
        match record {
            _ if last != key => None,
            Some(record) => Arc::clone(record).downcast().ok().map(Some),
            None => Some(None),
        }
    }

    /// Reads several records at once, in the order of their keys.
    pub async fn get_many<R: Record>(
        &mut self,
        keys: &[Key],
    ) -> Result<Vec<Option<Arc<R>>>, Fault> {
        let found = self.world.tables.get_many::<R>(keys).await.map_err(unreadable)?;
        let mut records = Vec::with_capacity(found.len());
        for (key, versioned) in keys.iter().zip(found) {
            match self.transaction.staged_get::<R>(key) {
                Staged::Untouched => {
                    self.expect(key, versioned.revision);
                    records.push(versioned.record);
                }
                Staged::Put(record) => records.push(Some(record)),
                Staged::Deleted => records.push(None),
            }
        }
        Ok(records)
    }

    /// Reads records under a prefix in the order of keys. Staged writes are not seen.
    pub async fn scan<R: Record>(
        &self,
        prefix: &[u8],
        after: Option<&Key>,
        rows_max: usize,
        direction: Direction,
    ) -> Result<Vec<(Key, Arc<R>)>, Fault> {
        let rows = self.world.tables.scan::<R>(prefix, after, rows_max, direction).await;
        Ok(rows.map_err(unreadable)?.into_iter().map(|(key, record, _)| (key, record)).collect())
    }

    /// Reads index entries under a prefix: each entry's key and the key of the record it names.
    pub async fn scan_index(
        &self,
        prefix: &[u8],
        after: Option<&Key>,
        rows_max: usize,
        direction: Direction,
    ) -> Result<Vec<(Key, Key)>, Fault> {
        self.world.tables.scan_keys(prefix, after, rows_max, direction).await.map_err(unreadable)
    }

    /// Stages a record, and the index entries that follow from it, in place of what is there.
    pub async fn put<R: Record>(&mut self, record: R) -> Result<(), Fault> {
        self.must_write()?;
        let old = self.get::<R>(&record.key()).await?;
        self.transaction.put(record, old.as_deref());
        Ok(())
    }

    /// Stages the removal of a record and its index entries; nothing where it is not there.
    pub async fn delete<R: Record>(&mut self, key: &Key) -> Result<(), Fault> {
        self.must_write()?;
        if let Some(old) = self.get::<R>(key).await? {
            self.transaction.delete(old.as_ref());
        }
        Ok(())
    }

    /// Notes something in passing, as best as can be: also a reading operation may do so, and its
    /// answer does not depend on whether the note was kept. It is kept also where the call is
    /// refused. For last-accessed dates.
    pub async fn touch<R: Record>(&mut self, record: R) -> Result<(), Fault> {
        let key = record.key();
        let old = self.world.tables.get::<R>(&key).await.map_err(unreadable)?;
        // Of many that note at once one is enough, and none may take back what is newer.
        self.touched.expect(&key, old.revision);
        self.touched.put(record, old.record.as_deref());
        Ok(())
    }

    /// Asks for a job together with a note in passing, as one commit that stands or falls with that
    /// note: of many that ask at once, one does. It is asked for even where the call is refused.
    pub async fn touch_and_schedule<R: Record, J: Job>(
        &mut self,
        record: R,
        scope: Scope,
        due: Timestamp,
        job: &J,
    ) -> Result<(), Fault> {
        self.touch(record).await?;
        let job = JobRecord::new(self.uuid(), &scope, due, job)?;
        self.touched.put::<JobRecord>(job, None);
        Ok(())
    }

    /// Names a resource that this decision acted on, for its audit record.
    pub fn acted_on(&mut self, arn: &str) {
        if !self.resources.iter().any(|known| known == arn) {
            self.note_resource(arn.to_owned());
        }
    }

    pub(crate) fn note_resource(&mut self, arn: String) {
        if self.resources.len() < AUDITED_RESOURCES_MAX {
            self.resources.push(arn);
        }
    }

    /// Notes that a key was used through a service, for a record of its own.
    pub fn used_key(&mut self, key_use: KeyUse) {
        if self.key_uses.len() < KEY_USES_MAX {
            self.key_uses.push(key_use);
        }
    }

    /// Notes a call that the answer stands for, for a record of its own.
    pub fn stands_for(&mut self, call: ItemCall) {
        if self.item_calls.len() < ITEM_CALLS_MAX {
            self.item_calls.push(call);
        }
    }

    fn expect(&mut self, key: &Key, revision: Option<Revision>) {
        if self.access == Access::Write {
            self.transaction.expect(key, revision);
        }
    }

    /// Whether this operation may stage writes.
    pub fn may_write(&self) -> bool {
        self.access == Access::Write
    }

    fn must_write(&self) -> Result<(), Fault> {
        match self.access {
            Access::Write => Ok(()),
            Access::Read => Err(Fault::internal("an operation declared to read staged a write")),
        }
    }
}

fn unreadable(error: TableError) -> Fault {
    match error {
        TableError::Store(StoreError::Unavailable(cause)) => Fault::unavailable(cause),
        error => Fault::internal(error.to_string()),
    }
}

const AUDITED_RESOURCES_MAX: usize = 32;
/// As many as a batch of secrets has.
const ITEM_CALLS_MAX: usize = 20;
/// More than any operation needs: a batch opens twenty values.
const KEY_USES_MAX: usize = 256;

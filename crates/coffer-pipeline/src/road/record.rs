//! Record: each answer leaves its audit records in the node's journal before it goes out. Those of a
//! change are in its commit as well.

use coffer_journal::{JournalError, Slot, Ticket};
use coffer_model::{AccountId, Region, Timestamp};
use coffer_protocol::Fault;

use super::{Decoded, Received, Road, Route};
use crate::audit::trail::{OnFailure, Trail};
use crate::audit::{AuditDraft, DraftIdentity, EventType, Shared, UserIdentity, write_for_owners};
use crate::call::Trace;
use crate::context::RequestContext;
use crate::identity::AccessKeyRecord;
use crate::operation::{Access, Operation};

/// A record in the journal's buffer; nothing where none is to be kept there.
pub(super) struct Appended<'r>(Option<(&'r Trail, Result<Ticket, JournalError>)>);

/// Appends the record of an operation's answer.
pub(super) fn answered<'r, O: Operation>(
    road: &'r Road,
    decoded: &Decoded<O>,
    output: &O::Output,
    trace: &Trace,
) -> Appended<'r> {
    let trail = road.world.audit.trail.as_ref().filter(|_| trace.committed.is_empty());
    let Some(trail) = trail else { return Appended(None) };
    let resources: Vec<&str> = trace.resources.iter().map(String::as_str).collect();
    let shared = Shared::of(&decoded.context, 0, resources.iter().copied());
    let draft = AuditDraft {
        resources: &resources,
        shared_event_id: shared.id.as_deref(),
        key_uses: &trace.key_uses,
        item_calls: &trace.item_calls,
        ..AuditDraft::of_operation::<O>(&decoded.context, decoded.route.service.name)
    };
    let mut record = Vec::with_capacity(RECORD_BYTES_USUAL);
    draft.write_operation::<O>(Some(&decoded.input), Some(output), &mut record);
    let mut written = trail.append(decoded.context.now, draft.slot(), &record);
    let mut append = |slot: Slot, record: &[u8]| {
        let appended = trail.append(decoded.context.now, slot, record);
        if written.is_ok() {
            written = appended;
        }
    };
    let mut part = write_for_owners(&trace.key_uses, &decoded.context, &mut record, &mut append);
    for (owner, resources) in &shared.resources {
        record.clear();
        let copy = draft.for_owner(&decoded.context, *owner, resources, part);
        copy.write_operation::<O>(Some(&decoded.input), Some(output), &mut record);
        append(copy.slot(), &record);
        part = part.saturating_add(1);
    }
    Appended(Some((trail, written)))
}

/// Records that an operation was refused or failed.
///
/// # Errors
/// See [`Appended::kept`].
pub(super) async fn refused<O: Operation>(
    road: &Road,
    decoded: &Decoded<O>,
    fault: &Fault,
) -> Result<(), Fault> {
    let draft = AuditDraft {
        fault: Some(fault),
        ..AuditDraft::of_operation::<O>(&decoded.context, decoded.route.service.name)
    };
    let mut record = Vec::with_capacity(RECORD_BYTES_USUAL);
    draft.write_operation::<O>(Some(&decoded.input), None, &mut record);
    keep(road, decoded.context.now, draft.slot(), &record).await
}

/// Records that a request of a known caller was refused before its input could be read.
///
/// # Errors
/// See [`Appended::kept`].
pub(super) async fn unreadable(
    road: &Road,
    route: Route,
    context: &RequestContext,
    fault: &Fault,
) -> Result<(), Fault> {
    let draft = AuditDraft {
        read_only: route.entry.access == Access::Read,
        fault: Some(fault),
        ..AuditDraft::of(context, route.service.name, route.entry.name)
    };
    let mut record = Vec::with_capacity(RECORD_BYTES_USUAL);
    draft.write(|_| {}, |_| {}, &mut record);
    keep(road, context.now, draft.slot(), &record).await
}

/// Records that a request was refused before anybody was known to have sent it; `access_key_id` is
/// the one that it names.
///
/// # Errors
/// See [`Appended::kept`].
pub(super) async fn stranger(
    road: &Road,
    route: Route,
    request_id: &str,
    received: &Received,
    access_key_id: Option<&str>,
    fault: &Fault,
) -> Result<(), Fault> {
    if road.world.audit.trail.is_none() {
        return Ok(());
    }
    let key = match access_key_id {
        Some(id) => road.world.tables.get::<AccessKeyRecord>(&AccessKeyRecord::key_of(id)).await,
        None => return told(road, route, request_id, received, None, None, fault).await,
    };
    let account = key.ok().and_then(|found| found.record).map(|key| key.account);
    told(road, route, request_id, received, access_key_id, account, fault).await
}

async fn told(
    road: &Road,
    route: Route,
    request_id: &str,
    received: &Received,
    access_key_id: Option<&str>,
    account: Option<AccountId>,
    fault: &Fault,
) -> Result<(), Fault> {
    let (region, tls) = (Region::global(), received.tls_details());
    let draft = AuditDraft {
        time: received.now,
        service: route.service.name,
        event_name: route.entry.name,
        event_type: EventType::AwsApiCall,
        region: &region,
        recipient: account.unwrap_or(AccountId::dev()),
        identity: DraftIdentity::Of(Box::new(UserIdentity::unproven(access_key_id, account))),
        source_ip: &received.source_ip,
        user_agent: received.user_agent(),
        request_id,
        part: 0,
        read_only: route.entry.access == Access::Read,
        fault: Some(fault),
        resources: &[],
        key_uses: &[],
        item_calls: &[],
        additional_event_data: None,
        shared_event_id: None,
        tls: tls.as_ref(),
    };
    let mut record = Vec::with_capacity(RECORD_BYTES_USUAL);
    draft.write(|_| {}, |_| {}, &mut record);
    keep(road, received.now, draft.slot(), &record).await
}

async fn keep(road: &Road, time: Timestamp, slot: Slot, record: &[u8]) -> Result<(), Fault> {
    let trail = road.world.audit.trail.as_ref();
    Appended(trail.map(|trail| (trail, trail.append(time, slot, record)))).kept().await
}

impl Appended<'_> {
    /// Sees to it that the record is kept before its answer goes out.
    ///
    /// # Errors
    /// A journal that cannot be written, where the operator has not said to go on without it.
    pub(super) async fn kept(self) -> Result<(), Fault> {
        let Some((trail, appended)) = self.0 else { return Ok(()) };
        let settled = match appended {
            Ok(ticket) => {
                // Where many come, all requests that are ready in this turn of the runtime append
                // theirs first, and the first to come back writes for all of them.
                if trail.is_busy() {
                    tokio::task::yield_now().await;
                }
                trail.settle(ticket).await
            }
            Err(error) => Err(error),
        };
        match (settled, trail.on_failure()) {
            (Ok(()), _) => Ok(()),
            (Err(error), OnFailure::Refuse) => {
                Err(Fault::unavailable(format!("the audit journal cannot be written: {error}")))
            }
            (Err(error), OnFailure::Continue) => {
                tracing::error!(%error, "an audit record is missing: the journal takes none");
                Ok(())
            }
        }
    }
}

const RECORD_BYTES_USUAL: usize = 1024;

//! Writes a record straight from what a request and its answer are. Every request takes this way,
//! so it makes no tree of values and copies each text once.

use coffer_journal::{RECORD_BYTES_MAX, Slot};
use coffer_model::{AccountId, Region, Timestamp};
use coffer_protocol::{AuditObject, Encode, Fault, Veil};
use coffer_seal::uuid_text;
use coffer_store::{DecodeError, Record};
use serde::{Deserialize, Serialize};

use super::identity::{UserIdentity, WrittenIdentity};
use super::{AuditRecord, ItemCall, KeyUse};
use crate::context::{Caller, CallerKind, RequestContext};
use crate::operation::{Access, Operation};

/// All of a record but what was asked and answered.
#[derive(Debug, Clone)]
pub struct AuditDraft<'a> {
    /// When the decision was made.
    pub time: Timestamp,
    /// The service, such as `ssm`.
    pub service: &'a str,
    /// The operation, or the service's event.
    pub event_name: &'a str,
    /// What kind of event this is.
    pub event_type: EventType,
    /// The region.
    pub region: &'a Region,
    /// The account whose record this is.
    pub recipient: AccountId,
    /// Who called.
    pub identity: DraftIdentity<'a>,
    /// The caller's address, or the host of the service that acts for it.
    pub source_ip: &'a str,
    /// The caller's user agent, or that same host.
    pub user_agent: &'a str,
    /// The request's id.
    pub request_id: &'a str,
    /// Which of the request's records this is; 0 for that of the answer itself.
    pub part: u16,
    /// Whether nothing could be changed by this.
    pub read_only: bool,
    /// The fault, where it was refused or failed.
    pub fault: Option<&'a Fault>,
    /// The ARNs that were acted on.
    pub resources: &'a [&'a str],
    /// What services did with keys for this answer.
    pub key_uses: &'a [KeyUse],
    /// The calls that this answer stands for.
    pub item_calls: &'a [ItemCall],
    /// What belongs neither to what was asked nor to what was answered: an object's JSON.
    pub additional_event_data: Option<&'a [u8]>,
    /// What the records of several accounts about one thing share.
    pub shared_event_id: Option<&'a str>,
    /// How the connection was secured.
    pub tls: Option<&'a TlsDetails>,
}

/// Who called, as a draft has it.
#[derive(Debug, Clone)]
pub enum DraftIdentity<'a> {
    /// As it was written before.
    Written(&'a WrittenIdentity),
    /// Yet to be written.
    Of(Box<UserIdentity<'a>>),
}

impl DraftIdentity<'_> {
    fn likeness(&self) -> u64 {
        match self {
            Self::Written(written) => written.likeness,
            Self::Of(identity) => identity.likeness(),
        }
    }

    fn write(&self, out: &mut Vec<u8>) {
        match self {
            Self::Written(written) => out.extend_from_slice(&written.json),
            Self::Of(identity) => out.extend_from_slice(&identity.to_json()),
        }
    }
}

/// How a connection was secured.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TlsDetails {
    /// The version, such as `TLSv1.3`.
    pub tls_version: String,
    /// The cipher suite, such as `TLS_AES_128_GCM_SHA256`.
    pub cipher_suite: String,
    /// The host that the client asked for.
    pub client_provided_host_header: String,
}

/// The kinds of events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EventType {
    /// An API was called.
    AwsApiCall,
    /// A service did something by itself.
    AwsServiceEvent,
}

impl EventType {
    /// The kind of what a caller does.
    pub fn of(caller: &Caller) -> Self {
        match caller.kind {
            CallerKind::Service => Self::AwsServiceEvent,
            _ => Self::AwsApiCall,
        }
    }

    /// CloudTrail's name of it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AwsApiCall => "AwsApiCall",
            Self::AwsServiceEvent => "AwsServiceEvent",
        }
    }
}

impl<'a> AuditDraft<'a> {
    /// The record of a request's answer, in the caller's account.
    pub fn of(context: &'a RequestContext, service: &'a str, event_name: &'a str) -> Self {
        Self {
            time: context.now,
            service,
            event_name,
            event_type: EventType::of(&context.caller),
            region: &context.scope.region,
            recipient: context.caller.account,
            identity: match &context.identity {
                Some(written) => DraftIdentity::Written(written),
                None => DraftIdentity::Of(Box::new(UserIdentity::of(&context.caller))),
            },
            source_ip: &context.source_ip,
            user_agent: &context.user_agent,
            request_id: &context.request_id,
            part: 0,
            read_only: false,
            fault: None,
            resources: &[],
            key_uses: &[],
            item_calls: &[],
            additional_event_data: None,
            shared_event_id: None,
            tls: context.tls.as_deref(),
        }
    }

    /// The record of an operation's answer.
    pub fn of_operation<O: Operation>(context: &'a RequestContext, service: &'a str) -> Self {
        Self { read_only: O::ACCESS == Access::Read, ..Self::of(context, service, O::NAME) }
    }

    /// The same record as the owner of these resources gets it, whom the caller does not belong to.
    pub(crate) fn for_owner(
        &self,
        context: &'a RequestContext,
        owner: AccountId,
        resources: &'a [&'a str],
        part: u16,
    ) -> Self {
        let identity = UserIdentity::seen_from_another_account(&context.caller);
        Self {
            recipient: owner,
            identity: DraftIdentity::Of(Box::new(identity)),
            resources,
            part,
            key_uses: &[],
            item_calls: &[],
            ..self.clone()
        }
    }

    /// The records that this one is likely to be like: those of the same caller and event.
    pub fn slot(&self) -> Slot {
        slot_of(self.identity.likeness(), self.event_name, self.recipient)
    }

    /// Appends the record as the journal keeps it: its version, then JSON; with what the operation
    /// shows of its input and, where it answered, of its output.
    pub fn write_operation<O: Operation>(
        &self,
        input: Option<&O::Input>,
        output: Option<&O::Output>,
        out: &mut Vec<u8>,
    ) {
        let asked = |object: &mut AuditObject<'_>| {
            if let Some(input) = input {
                O::audit_parameters(input, object);
            }
        };
        let answered = |object: &mut AuditObject<'_>| {
            if let Some(output) = output {
                O::audit_response(output, object);
            }
        };
        let start = out.len();
        self.write(asked, answered, out);
        if out.len() - start > RECORD_BYTES_MAX {
            // Who did what to what matters more than how it was asked.
            out.truncate(start);
            self.write(|_| {}, |_| {}, out);
        }
    }

    /// The record that a commit keeps, of the same.
    ///
    /// # Errors
    /// Never, as long as what is written here can be read.
    pub fn to_record<O: Operation>(
        &self,
        input: Option<&O::Input>,
        output: Option<&O::Output>,
    ) -> Result<AuditRecord, DecodeError> {
        let mut bytes = Vec::with_capacity(RECORD_BYTES_USUAL);
        self.write_operation::<O>(input, output, &mut bytes);
        AuditRecord::from_journal(&bytes)
    }

    /// Appends the record as the journal keeps it, of what is no operation.
    pub fn write(
        &self,
        parameters: impl FnOnce(&mut AuditObject<'_>),
        elements: impl FnOnce(&mut AuditObject<'_>),
        out: &mut Vec<u8>,
    ) {
        out.push(AuditRecord::VERSION);
        out.extend_from_slice(b"{\"eventTime\":");
        self.time.as_millis().encode_json(out);
        out.extend_from_slice(b",\"eventSource\":\"");
        out.extend_from_slice(self.service.as_bytes());
        out.extend_from_slice(b".amazonaws.com\",\"eventName\":");
        self.event_name.encode_json(out);
        out.extend_from_slice(b",\"eventType\":\"");
        out.extend_from_slice(self.event_type.as_str().as_bytes());
        out.extend_from_slice(b"\",\"awsRegion\":");
        self.region.as_str().encode_json(out);
        out.extend_from_slice(b",\"recipientAccountId\":");
        self.recipient.as_str().encode_json(out);
        out.extend_from_slice(b",\"userIdentity\":");
        self.identity.write(out);
        text(b",\"sourceIPAddress\":", Some(self.source_ip), out);
        text(b",\"userAgent\":", Some(self.user_agent), out);
        text(b",\"requestID\":", Some(self.request_id), out);
        if self.part > 0 {
            out.extend_from_slice(b",\"part\":");
            i64::from(self.part).encode_json(out);
        }
        out.extend_from_slice(b",\"readOnly\":");
        self.read_only.encode_json(out);
        self.write_fault(out);
        let veil = veil_of(self.service);
        bounded(b",\"requestParameters\":", veil, parameters, out);
        if self.fault.is_none() {
            bounded(b",\"responseElements\":", veil, elements, out);
        }
        if let Some(data) = self.additional_event_data {
            out.extend_from_slice(b",\"additionalEventData\":");
            out.extend_from_slice(data);
        }
        self.write_resources(out);
        self.write_key_uses(out);
        self.write_item_calls(out);
        text(b",\"sharedEventID\":", self.shared_event_id, out);
        if let Some(tls) = self.tls {
            out.extend_from_slice(b",\"tlsDetails\":");
            write_serde(tls, out);
        }
        out.push(b'}');
    }

    fn write_fault(&self, out: &mut Vec<u8>) {
        let Some(fault) = self.fault else { return };
        text(b",\"errorCode\":", Some(record_code(fault)), out);
        text(b",\"errorMessage\":", message_of(fault), out);
    }

    fn write_item_calls(&self, out: &mut Vec<u8>) {
        if self.item_calls.is_empty() {
            return;
        }
        out.extend_from_slice(b",\"itemCalls\":[");
        for call in self.item_calls {
            call.write(out);
            out.push(b',');
        }
        coffer_protocol::encode::close(b']', out);
    }

    fn write_key_uses(&self, out: &mut Vec<u8>) {
        if self.key_uses.is_empty() {
            return;
        }
        out.extend_from_slice(b",\"keyUses\":[");
        let start = out.len();
        for key_use in self.key_uses {
            if out.len() - start > KEY_USES_BYTES_MAX {
                break;
            }
            key_use.write(out);
            out.push(b',');
        }
        coffer_protocol::encode::close(b']', out);
    }

    fn write_resources(&self, out: &mut Vec<u8>) {
        if self.resources.is_empty() {
            return;
        }
        out.extend_from_slice(b",\"resources\":[");
        let mut room = RESOURCES_BYTES_MAX;
        for arn in self.resources {
            let Some(left) = room.checked_sub(arn.len()) else { break };
            room = left;
            arn.encode_json(out);
            out.push(b',');
        }
        coffer_protocol::encode::close(b']', out);
    }
}

/// What stands for sensitive values in the records of a service.
///
/// AWS: SSM says that there was one, the others leave it out (CloudTrail records of PutParameter,
/// and "Logging Secrets Manager events", Secrets Manager user guide).
pub fn veil_of(service: &str) -> Veil {
    if service == "ssm" { Veil::Marked } else { Veil::Absent }
}

/// See [`AuditDraft::slot`].
pub(super) fn slot_of(likeness: u64, event_name: &str, recipient: AccountId) -> Slot {
    let texts = [event_name, recipient.as_str()];
    let hash = fnv_1a(likeness, texts.iter().flat_map(|text| text.bytes()));
    Slot(hash.to_le_bytes().into_iter().fold(0, |slot, byte| slot ^ byte))
}

/// The unique id of one of a request's events: a UUID that follows from the request's id.
pub fn event_id(request_id: &str, part: u16) -> String {
    derived_id(request_id, u64::from(part) + 1)
}

/// What the records of several accounts about one of a request's events share.
pub fn shared_event_id(request_id: &str, part: u16) -> String {
    derived_id(request_id, u64::from(part) + SHARED)
}

/// Two FNV-1a hashes, mixed: nothing rests on the id's being hard to guess, all on its being unique
/// where the request's id is.
fn derived_id(request_id: &str, salt: u64) -> String {
    let half = |seed: u64| {
        let hash = fnv_1a(seed, salt.to_be_bytes().into_iter().chain(request_id.bytes()));
        let hash = (hash ^ (hash >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let hash = (hash ^ (hash >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        hash ^ (hash >> 31)
    };
    let (high, low) = (half(FNV_SEED), half(0x6c62_272e_07bb_0142));
    uuid_text((u128::from(high) << 64) | u128::from(low))
}

/// Hashes bytes on from a seed, or from the hash of what is before them.
pub(super) fn fnv_1a(seed: u64, bytes: impl Iterator<Item = u8>) -> u64 {
    bytes.fold(seed, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

/// A fault's code, as records have it.
pub(super) fn record_code(fault: &Fault) -> &str {
    // AWS: a refusal goes by this name in the records of every service.
    match fault.code {
        "AccessDeniedException" => "AccessDenied",
        code => code,
    }
}

/// A fault's message, cut to a bounded length; nothing for an empty one.
pub(super) fn message_of(fault: &Fault) -> Option<&str> {
    Some(cut(&fault.message, MESSAGE_BYTES_MAX)).filter(|message| !message.is_empty())
}

/// As much of a text as so many bytes hold.
pub(super) fn cut(text: &str, bytes_max: usize) -> &str {
    text.get(..text.floor_char_boundary(bytes_max)).unwrap_or_default()
}

pub(super) fn text(key: &[u8], value: Option<&str>, out: &mut Vec<u8>) {
    if let Some(value) = value {
        out.extend_from_slice(key);
        value.encode_json(out);
    }
}

/// Appends a member that is an object; nothing for an empty one, and a note in the place of one
/// that is too long.
fn bounded(key: &[u8], veil: Veil, members: impl FnOnce(&mut AuditObject<'_>), out: &mut Vec<u8>) {
    let start = out.len();
    out.extend_from_slice(key);
    let value = out.len();
    AuditObject::write(out, veil, members);
    let length = out.len() - value;
    if out.get(value..) == Some(b"null") {
        out.truncate(start);
    } else if length > OBJECT_BYTES_MAX {
        out.truncate(value);
        out.extend_from_slice(b"{\"omitted\":true,\"originalSize\":");
        i64::try_from(length).unwrap_or(i64::MAX).encode_json(out);
        out.push(b'}');
    }
}

fn write_serde<T: Serialize>(value: &T, out: &mut Vec<u8>) {
    let start = out.len();
    // Writing to bytes does not fail, and none of these has a key that is no text.
    if serde_json::to_writer(&mut *out, value).is_err() {
        out.truncate(start);
        out.extend_from_slice(b"null");
    }
}

/// What a record keeps of what was asked, and of what was answered, at most.
const OBJECT_BYTES_MAX: usize = 20 * 1024;
/// An encryption context has at most 8 KiB, so one more than this still fits into a record.
const KEY_USES_BYTES_MAX: usize = 8 * 1024;
const RESOURCES_BYTES_MAX: usize = 12 * 1024;
const MESSAGE_BYTES_MAX: usize = 2048;
const RECORD_BYTES_USUAL: usize = 1024;
const SHARED: u64 = 1 << 32;
/// The usual one of FNV-1a.
pub(super) const FNV_SEED: u64 = 0xcbf2_9ce4_8422_2325;

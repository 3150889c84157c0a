//! Audit records: who did what, when, and how it was answered.
//!
//! All of them are records of the node's journal, [`trail`], and come to the store in batches,
//! [`ship`]. A mutation's record is a row of its own commit besides, and the receipt by which a commit
//! of unknown outcome is looked up. [`history`] reads both together.

mod batch;
pub mod catch_up;
mod draft;
mod event;
pub mod history;
mod identity;
mod item_call;
mod key_use;
mod pace;
mod service_event;
mod shared;
pub mod ship;
mod slice;
pub mod trail;

use coffer_journal::Slot;
use coffer_model::{AccountId, Region, Timestamp};
use coffer_store::{DecodeError, Key, Record};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use serde_json::{Value, json};

use crate::context::{RequestContext, sortable};

pub use batch::{AuditBatchRecord, ShippedRecord};
pub use draft::{
    AuditDraft, DraftIdentity, EventType, TlsDetails, event_id, shared_event_id, veil_of,
};
pub use event::{AuditedResource, resource_of};
pub use identity::{
    IdentityKind, SessionAttributes, SessionContext, SessionIssuer, UserIdentity,
    WebIdFederationData, WrittenIdentity,
};
pub use item_call::{ItemCall, KeptItemCall};
pub(crate) use key_use::write_for_owners;
pub use key_use::{KeptKeyUse, KeyUse};
pub use service_event::ServiceEvent;
pub(crate) use shared::Shared;
pub use slice::{Slice, slice};

/// A record in the form in which it is kept. [`AuditRecord::to_cloudtrail`] writes it as CloudTrail
/// does.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AuditRecord {
    /// When the decision was made.
    pub event_time: Timestamp,
    /// The service's host name, such as `ssm.amazonaws.com`.
    pub event_source: String,
    /// The operation, or the service's event.
    pub event_name: String,
    /// `AwsApiCall`, or `AwsServiceEvent`.
    pub event_type: String,
    /// The region of the call.
    pub aws_region: Region,
    /// The account whose record this is.
    pub recipient_account_id: AccountId,
    /// Who called.
    pub user_identity: UserIdentity<'static>,
    /// The caller's address.
    #[serde(rename = "sourceIPAddress")]
    pub source_ip_address: String,
    /// The caller's user agent.
    pub user_agent: String,
    /// The request's id.
    #[serde(rename = "requestID")]
    pub request_id: String,
    /// Which of the request's records this is; 0 for that of the answer itself.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub part: u16,
    /// Whether nothing could be changed by this; see [`AuditRecord::is_told_read_only`].
    pub read_only: bool,
    /// AWS's code of the fault.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error_code: Option<String>,
    /// What the caller was told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error_message: Option<String>,
    /// What was asked, without what must not be shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_parameters: Option<Box<RawValue>>,
    /// What a change answered, without what must not be shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub response_elements: Option<Box<RawValue>>,
    /// What belongs to neither.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub additional_event_data: Option<Box<RawValue>>,
    /// The ARNs that were acted on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub resources: Vec<String>,
    /// What the records of several accounts about one thing share.
    #[serde(rename = "sharedEventID", default, skip_serializing_if = "Option::is_none")]
    pub shared_event_id: Option<String>,
    /// The VPC endpoint that the request came through.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vpc_endpoint_id: Option<String>,
    /// How the connection was secured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tls_details: Option<TlsDetails>,
    /// Whether what was asked and answered is left out: it is in the row of the commit.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_abridged: bool,
    /// What services did with keys for this answer: records of their own, when it is read.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub key_uses: Vec<KeptKeyUse>,
    /// The calls that this answer stands for: records of their own as well.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub item_calls: Vec<KeptItemCall>,
}

impl AuditRecord {
    /// Makes the record of a decision about to be committed.
    pub fn new(
        context: &RequestContext,
        service: &str,
        event_name: &str,
        resources: Vec<String>,
    ) -> Self {
        let event_type = EventType::of(&context.caller);
        Self {
            event_time: context.now,
            event_source: format!("{service}.amazonaws.com"),
            event_name: event_name.to_owned(),
            event_type: event_type.as_str().to_owned(),
            aws_region: context.scope.region.clone(),
            recipient_account_id: context.caller.account,
            user_identity: UserIdentity::of(&context.caller).into_owned(),
            source_ip_address: context.source_ip.to_string(),
            user_agent: context.user_agent.clone(),
            request_id: context.request_id.clone(),
            part: 0,
            read_only: false,
            error_code: None,
            error_message: None,
            request_parameters: None,
            response_elements: None,
            additional_event_data: None,
            resources,
            shared_event_id: None,
            vpc_endpoint_id: None,
            tls_details: None,
            is_abridged: false,
            key_uses: Vec::new(),
            item_calls: Vec::new(),
        }
    }

    /// What the journal keeps of a change: who did what to what, and when. What was said of it is left
    /// out, since rows are sealed and the journal is not.
    pub(crate) fn abridged(&self) -> Self {
        Self {
            request_parameters: None,
            response_elements: None,
            additional_event_data: None,
            error_message: None,
            item_calls: Vec::new(),
            is_abridged: true,
            ..self.clone()
        }
    }

    /// The same record as the owner of these resources gets it, whom the caller does not belong to.
    pub(crate) fn for_owner(
        &self,
        context: &RequestContext,
        owner: AccountId,
        resources: &[&str],
        part: u16,
    ) -> Self {
        let identity = UserIdentity::seen_from_another_account(&context.caller);
        Self {
            recipient_account_id: owner,
            user_identity: identity.into_owned(),
            resources: resources.iter().map(|arn| (*arn).to_owned()).collect(),
            part,
            key_uses: Vec::new(),
            item_calls: Vec::new(),
            ..self.clone()
        }
    }

    /// The row of an answer's own record, which is the receipt of its commit.
    pub fn receipt_of(context: &RequestContext) -> Key {
        Key::of(Self::TABLE, &[&sortable(context.now), &context.request_id])
    }

    /// The unique id of this event. It follows from the request's id, so that a record that is
    /// written or shipped twice is still one event.
    pub fn event_id(&self) -> String {
        event_id(&self.request_id, self.part)
    }

    /// The record as the journal keeps it.
    ///
    /// # Errors
    /// Never, as long as all that a record holds can be written as JSON.
    pub fn to_journal(&self) -> Result<Vec<u8>, DecodeError> {
        let mut bytes = vec![Self::VERSION];
        serde_json::to_writer(&mut bytes, self)?;
        Ok(bytes)
    }

    /// The records that this one is likely to be like.
    pub(crate) fn slot(&self) -> Slot {
        let likeness = self.user_identity.likeness();
        draft::slot_of(likeness, &self.event_name, self.recipient_account_id)
    }

    /// Reads a record of the journal: its version, then JSON.
    ///
    /// # Errors
    /// What no release up to this one has written.
    pub fn from_journal(bytes: &[u8]) -> Result<Self, DecodeError> {
        let (version, json) = bytes.split_first().ok_or_else(|| DecodeError::new("it is empty"))?;
        if *version == Self::VERSION {
            return Ok(serde_json::from_slice(json)?);
        }
        if *version > Self::VERSION {
            return Err(DecodeError::version(*version, Self::VERSION));
        }
        let mut value = serde_json::from_slice(json)?;
        for step in *version..Self::VERSION {
            value = Self::upgrade(step, value)?;
        }
        Ok(serde_json::from_value(value)?)
    }
}

impl Record for AuditRecord {
    const TABLE: &'static str = "audit";
    const VERSION: u8 = 2;

    /// In the order of time over all accounts, so that old records can be dropped by one scan.
    fn key(&self) -> Key {
        let key = Key::of(Self::TABLE, &[&sortable(self.event_time), &self.request_id]);
        if self.part == 0 { key } else { key.child(format!("{:05}", self.part)) }
    }

    /// Version 1 had the caller's account, ARN and access key, and was about mutations alone.
    fn upgrade(version: u8, json: Value) -> Result<Value, DecodeError> {
        let Value::Object(mut old) = json else {
            return Err(DecodeError::new("it is no object"));
        };
        if version != 1 {
            return Err(DecodeError::version(version, Self::VERSION));
        }
        let mut take = |name: &str| old.remove(name).unwrap_or(Value::Null);
        let (account, arn, key) = (take("account"), take("callerArn"), take("accessKeyId"));
        let (address, request_id) = (take("sourceIpAddress"), take("requestId"));
        let identity = identity::of_version_1(&account, &arn, key);
        old.insert("recipientAccountId".to_owned(), account);
        old.insert("userIdentity".to_owned(), identity);
        old.insert("sourceIPAddress".to_owned(), address);
        old.insert("requestID".to_owned(), request_id);
        old.insert("readOnly".to_owned(), json!(false));
        Ok(Value::Object(old))
    }
}

fn is_zero(number: &u16) -> bool {
    *number == 0
}

//! What services did with KMS keys on behalf of a caller. CloudTrail has a record of its own for each
//! use; here they are kept within that of the answer, and told apart when it is read.

use std::collections::BTreeMap;

use coffer_journal::Slot;
use coffer_model::{AccountId, Arn};
use coffer_protocol::{AuditObject, Encode as _};
use coffer_seal::pairs_of_bytes;
use serde::{Deserialize, Serialize};
use serde_json::json;
use serde_json::value::to_raw_value;

use super::item_call::ITEM_PARTS;
use super::{AuditDraft, AuditRecord, DraftIdentity, UserIdentity, shared_event_id};
use crate::context::{CallerKind, RequestContext};

/// One use of a key through a service.
#[derive(Debug, Clone)]
pub struct KeyUse {
    /// KMS's operation, such as `Decrypt`.
    pub event_name: &'static str,
    /// The service that used it: `secretsmanager`.
    pub service: &'static str,
    /// The key's ARN.
    pub key_arn: String,
    /// The encryption context, as it is bound to the message.
    pub context: Vec<u8>,
}

/// The same, as it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct KeptKeyUse {
    event_name: String,
    service: String,
    key: String,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    context: BTreeMap<String, String>,
}

impl KeyUse {
    /// The account of the key, where it is not the caller's.
    fn other_owner(&self, context: &RequestContext) -> Option<AccountId> {
        let caller = &context.caller;
        if matches!(caller.kind, CallerKind::Service | CallerKind::Anonymous) {
            return None;
        }
        Arn::owner_of(&self.key_arn).ok().flatten().filter(|owner| *owner != caller.account)
    }

    /// Appends what is kept of it.
    pub(super) fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(b"{\"eventName\":");
        self.event_name.encode_json(out);
        out.extend_from_slice(b",\"service\":");
        self.service.encode_json(out);
        out.extend_from_slice(b",\"key\":");
        self.key_arn.encode_json(out);
        out.extend_from_slice(b",\"context\":");
        self.write_context(out);
        out.push(b'}');
    }

    fn write_context(&self, out: &mut Vec<u8>) {
        out.push(b'{');
        for (name, value) in pairs_of_bytes(&self.context) {
            name.encode_json(out);
            out.push(b':');
            value.encode_json(out);
            out.push(b',');
        }
        coffer_protocol::encode::close(b'}', out);
    }

    fn parameters(&self, object: &mut AuditObject<'_>) {
        let mut json = Vec::new();
        self.write_context(&mut json);
        object.json("encryptionContext", &json);
    }
}

/// Gives the records that the owners of keys in other accounts have of their uses, as the journal
/// keeps them, one after the other in the same buffer. Those of the request itself and of its key
/// uses come before; returns the part after the last.
pub(crate) fn write_for_owners(
    key_uses: &[KeyUse],
    context: &RequestContext,
    out: &mut Vec<u8>,
    mut each: impl FnMut(Slot, &[u8]),
) -> u16 {
    let mut next = u16::try_from(key_uses.len()).unwrap_or(u16::MAX).saturating_add(1);
    for (part, key_use) in (1..).zip(key_uses) {
        let Some(owner) = key_use.other_owner(context) else { continue };
        let host = format!("{}.amazonaws.com", key_use.service);
        let identity = UserIdentity::seen_from_another_account(&context.caller);
        let (resources, shared) =
            ([key_use.key_arn.as_str()], shared_event_id(&context.request_id, part));
        let draft = AuditDraft {
            recipient: owner,
            identity: DraftIdentity::Of(Box::new(identity.through(&host))),
            shared_event_id: Some(&shared),
            source_ip: &host,
            user_agent: &host,
            part: next,
            read_only: true,
            resources: &resources,
            // It is the service's own call.
            tls: None,
            ..AuditDraft::of(context, "kms", key_use.event_name)
        };
        out.clear();
        draft.write(|object| key_use.parameters(object), |_| {}, out);
        each(draft.slot(), out);
        next = next.saturating_add(1);
    }
    next
}

impl AuditRecord {
    /// The record of an answer, and behind it those of the keys that were used for it and of the
    /// calls that it stands for.
    pub fn told_apart(mut self) -> Vec<Self> {
        let uses = std::mem::take(&mut self.key_uses);
        let calls = std::mem::take(&mut self.item_calls);
        let mut records = Vec::with_capacity(uses.len() + calls.len() + 1);
        for (part, key_use) in (1..).zip(uses) {
            records.push(self.of_key_use(part, key_use));
        }
        for (part, call) in (ITEM_PARTS..).zip(calls) {
            records.push(self.of_item_call(part, call));
        }
        records.insert(0, self);
        records
    }

    /// AWS: the same caller, through the service, which stands for address and user agent (Secrets
    /// Manager user guide, "How Secrets Manager uses KMS").
    fn of_key_use(&self, part: u16, key_use: KeptKeyUse) -> Self {
        let owner = Arn::owner_of(&key_use.key).ok().flatten();
        let is_shared = owner.is_some_and(|owner| owner != self.recipient_account_id);
        let host = format!("{}.amazonaws.com", key_use.service);
        let mut user_identity = self.user_identity.clone();
        user_identity.invoked_by = Some(host.clone().into());
        let parameters = json!({"encryptionContext": key_use.context});
        Self {
            event_time: self.event_time,
            event_source: "kms.amazonaws.com".to_owned(),
            event_name: key_use.event_name,
            event_type: self.event_type.clone(),
            aws_region: self.aws_region.clone(),
            recipient_account_id: self.recipient_account_id,
            user_identity,
            source_ip_address: host.clone(),
            user_agent: host,
            request_id: self.request_id.clone(),
            part,
            read_only: true,
            error_code: None,
            error_message: None,
            request_parameters: to_raw_value(&parameters).ok(),
            response_elements: None,
            additional_event_data: None,
            resources: vec![key_use.key],
            shared_event_id: is_shared.then(|| shared_event_id(&self.request_id, part)),
            vpc_endpoint_id: None,
            tls_details: None,
            is_abridged: self.is_abridged,
            key_uses: Vec::new(),
            item_calls: Vec::new(),
        }
    }
}

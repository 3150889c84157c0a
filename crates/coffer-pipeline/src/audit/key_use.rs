//! What a service did with a KMS key on behalf of a caller: a record of its own, beside that of the
//! answer.

use coffer_model::AccountId;
use coffer_protocol::{AuditObject, Encode as _};
use coffer_seal::pairs_of_bytes;

use super::{AuditDraft, Shared, UserIdentity};
use crate::context::RequestContext;

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

impl KeyUse {
    /// Gives its records, as the journal keeps them, one after the other in the same buffer: that
    /// of the caller's account, and that of the key's where it is another. `part` is the first's
    /// place among those of the request; returns the place after the last.
    pub(crate) fn write(
        &self,
        context: &RequestContext,
        part: u16,
        out: &mut Vec<u8>,
        mut each: impl FnMut(&[u8]),
    ) -> u16 {
        let shared = Shared::of(context, part, std::iter::once(self.key_arn.as_str()));
        let recipients = std::iter::once(None).chain(shared.resources.keys().copied().map(Some));
        let mut next = part;
        for owner in recipients {
            out.clear();
            self.write_one(context, owner, shared.id.as_deref(), next, out);
            each(out);
            next = next.saturating_add(1);
        }
        next
    }

    fn write_one(
        &self,
        context: &RequestContext,
        owner: Option<AccountId>,
        shared_event_id: Option<&str>,
        part: u16,
        out: &mut Vec<u8>,
    ) {
        let identity = match owner {
            None => UserIdentity::of(&context.caller),
            Some(_) => UserIdentity::seen_from_another_account(&context.caller),
        };
        let host = format!("{}.amazonaws.com", self.service);
        let resources = [self.key_arn.as_str()];
        let draft = AuditDraft {
            recipient: owner.unwrap_or(context.caller.account),
            identity: identity.through(&host),
            shared_event_id,
            source_ip: &host,
            user_agent: &host,
            part,
            read_only: true,
            resources: &resources,
            ..AuditDraft::of(context, "kms", self.event_name)
        };
        draft.write(|object| self.parameters(object), |_| {}, out);
    }

    fn parameters(&self, object: &mut AuditObject<'_>) {
        let mut json = vec![b'{'];
        for (name, value) in pairs_of_bytes(&self.context) {
            name.encode_json(&mut json);
            json.push(b':');
            value.encode_json(&mut json);
            json.push(b',');
        }
        coffer_protocol::encode::close(b'}', &mut json);
        object.json("encryptionContext", &json);
    }
}

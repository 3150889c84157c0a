//! What a service did with a KMS key on behalf of a caller: a record of its own, beside that of the
//! answer.

use coffer_protocol::{AuditObject, Encode as _};
use coffer_seal::pairs_of_bytes;

use super::{AuditDraft, UserIdentity};
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
    /// Appends its record, as the journal keeps it; `part` is its place among those of the request.
    pub(crate) fn write(&self, context: &RequestContext, part: u16, out: &mut Vec<u8>) {
        let host = format!("{}.amazonaws.com", self.service);
        let resources = [self.key_arn.as_str()];
        let draft = AuditDraft {
            identity: UserIdentity::of(&context.caller).through(&host),
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

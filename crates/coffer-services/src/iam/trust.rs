//! Trust policies: whom they name, and who these are.
//!
//! AWS keeps the unique ids of users and roles that a trust policy names, so that one who is made
//! anew under the same name is not trusted. Here a role's record has the ids beside the text; where
//! an ARN's id is no longer that of who has the name, the text is shown, and decided by, with the
//! id in the ARN's place, as AWS does.

use std::borrow::Cow;
use std::collections::BTreeMap;

use coffer_pipeline::Call;
use coffer_pipeline::identity::{Missing, PolicyDocument, RoleRecord, ids_of, shown_text};
use coffer_protocol::Fault;

use super::permissions::exceeds;
use super::policy_text::{self, PolicyKind, malformed};

/// A trust policy that has been checked.
pub(super) struct Trust {
    /// The policy.
    pub(super) document: PolicyDocument,
    /// The unique ids of the users and roles it names, by ARN.
    pub(super) ids: BTreeMap<String, String>,
}

/// Takes a trust policy whose principals are there.
///
/// # Errors
/// `MalformedPolicyDocument` for what is no trust policy, or names somebody who is not there.
pub(super) async fn checked(call: &mut Call<'_>, text: &str) -> Result<Trust, Fault> {
    let document = policy_text::must_be_valid(text, PolicyKind::Trust)?;
    let ids = ids_of(call, text).await?.map_err(|Missing(principal)| {
        malformed(&format!("Invalid principal in policy: \"AWS\":\"{principal}\""))
    })?;
    if policy_text::characters(text) > CHARACTERS_MAX {
        return Err(exceeds("ACLSizePerRole", CHARACTERS_MAX));
    }
    Ok(Trust { document, ids })
}

/// The trust policy of a role as it is shown and decided by: where who was named by an ARN is gone,
/// with the unique id in its place.
///
/// # Errors
/// A store that cannot be read.
pub(crate) async fn shown(call: &mut Call<'_>, role: &RoleRecord) -> Result<PolicyDocument, Fault> {
    Ok(match shown_text(call, role.trust.text(), &role.trusted).await? {
        Cow::Borrowed(_) => role.trust.clone(),
        Cow::Owned(text) => PolicyDocument::new(text),
    })
}

/// AWS: without white space, where no more was asked for (IAM user guide, quotas).
const CHARACTERS_MAX: usize = 2048;

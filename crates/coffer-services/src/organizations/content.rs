//! What a policy's text and name must be.

use coffer_pipeline::Call;
use coffer_pipeline::identity::organization::PolicyKind;
use coffer_policy::{Grammar, Policy};
use coffer_protocol::Fault;

use super::errors::{OrganizationsError, limited};
use super::records::PolicyNameRecord;

/// Refuses a text that is no policy of its type.
///
/// # Errors
/// `MalformedPolicyDocumentException`; `ConstraintViolationException` for one that is too long.
pub(super) fn must_be_policy(kind: PolicyKind, content: &str) -> Result<(), Fault> {
    if content.chars().count() > kind.content_max() {
        return Err(limited(
            "POLICY_CONTENT_LIMIT_EXCEEDED",
            "You have exceeded the maximum size of a policy document.",
        ));
    }
    let grammar = match kind {
        PolicyKind::ServiceControl => Grammar::ServiceControl,
        PolicyKind::ResourceControl => Grammar::ResourceControl,
    };
    match Policy::parse(content, grammar) {
        Ok(_) => Ok(()),
        Err(error) => Err(OrganizationsError::MalformedPolicyDocumentException
            .with(
                "The provided policy document does not meet the requirements of the specified \
                 policy type.",
            )
            .with_cause(error)),
    }
}

/// Refuses a name that another policy of the type has.
///
/// # Errors
/// `DuplicatePolicyException`.
pub(super) async fn must_be_new_name(
    call: &mut Call<'_>,
    organization: &str,
    kind: PolicyKind,
    name: &str,
) -> Result<(), Fault> {
    let row = PolicyNameRecord::key_of(organization, kind, name);
    if call.get::<PolicyNameRecord>(&row).await?.is_none() && name != kind.managed().name {
        return Ok(());
    }
    Err(OrganizationsError::DuplicatePolicyException
        .with("A policy with the same name already exists."))
}

//! The policies of a user, group or role that is there.

use std::collections::BTreeMap;
use std::sync::Arc;

use coffer_pipeline::Call;
use coffer_pipeline::identity::EntityPermissions;
use coffer_pipeline::identity::organization::OrganizationPolicyRecord;
use coffer_policy::Grammar;
use coffer_protocol::Fault;

use super::caller::SimulatedCaller;
use super::source::{Source, Sources, invalid};
use crate::iam::managed_policy::{self, Managed};
use crate::iam::path::name_of_arn;
use crate::iam::wire_simulation::{
    AttachmentType, PolicyIdentifier, PolicyIdentifierPolicyType as PolicyType,
};
use crate::iam::{errors::IamError, find};

/// A user, group or role whose policies are simulated.
pub(in crate::iam) struct Subject {
    /// Its policies.
    pub(in crate::iam) sources: Sources,
    /// Itself, as one who calls.
    pub(in crate::iam) caller: SimulatedCaller,
}

/// Collects the policies of a user with its groups, of a group, or of a role.
///
/// # Errors
/// `NoSuchEntity` for who is not there, `InvalidInput` for any other ARN.
pub(in crate::iam) async fn subject_of(
    call: &mut Call<'_>,
    arn: &str,
    excluded: Option<&Vec<PolicyIdentifier>>,
) -> Result<Subject, Fault> {
    let caller = SimulatedCaller::of_arn(arn)?;
    let name = name_of_arn(arn).to_owned();
    if caller.account != call.account() {
        return Err(IamError::NoSuchEntityException.with(format!("{arn} cannot be found.")));
    }
    let excluded = excluded.map(Vec::as_slice).unwrap_or_default();
    let mut collected = Collected { sources: Sources::default(), excluded };
    collected.add_organization(call)?;
    let kind = arn.rsplit(':').next().and_then(|resource| resource.split('/').next());
    let caller = match kind {
        Some("user") => {
            let user = find::user(call, &name).await?;
            must_be(arn, &user.arn())?;
            collected.add(call, AttachmentType::User, &user.user_name, &user.permissions).await?;
            for group in &user.groups {
                let group = find::group(call, group).await?;
                let (name, permissions) = (&group.group_name, &group.permissions);
                collected.add(call, AttachmentType::Group, name, permissions).await?;
            }
            caller.known(&user.user_id, &user.tags)
        }
        Some("role") => {
            let role = find::role(call, &name).await?;
            must_be(arn, &role.arn())?;
            collected.add(call, AttachmentType::Role, &role.role_name, &role.permissions).await?;
            caller.known(&role.role_id, &role.tags)
        }
        _ => {
            let group = find::group(call, &name).await?;
            must_be(arn, &group.arn())?;
            let (name, permissions) = (&group.group_name, &group.permissions);
            collected.add(call, AttachmentType::Group, name, permissions).await?;
            caller.known(&group.group_id, &BTreeMap::new())
        }
    };
    Ok(Subject { sources: collected.sources, caller })
}

struct Collected<'e> {
    sources: Sources,
    excluded: &'e [PolicyIdentifier],
}

impl Collected<'_> {
    /// Adds the service control policies that bound the account, level by level.
    fn add_organization(&mut self, call: &Call<'_>) -> Result<(), Fault> {
        let is_left_out = self.excluded.iter().any(|identifier| {
            identifier.policy_type == Some(PolicyType::Scp)
                && identifier.policy_arn.is_none()
                && identifier.inline_policy_identifier.is_none()
        });
        let organization = call.context().permissions.organization();
        for level in organization.filter(|_| !is_left_out).iter().flat_map(|all| &all.scp_levels) {
            let read = |policy: &Arc<OrganizationPolicyRecord>| {
                let text = policy.content.text();
                Source::new(policy.id.clone(), text, Grammar::ServiceControl)
            };
            self.sources.levels.push(level.iter().map(read).collect::<Result<_, _>>()?);
        }
        Ok(())
    }

    async fn add(
        &mut self,
        call: &mut Call<'_>,
        holder: AttachmentType,
        holder_name: &str,
        permissions: &EntityPermissions,
    ) -> Result<(), Fault> {
        for (name, document) in &permissions.inline {
            if !self.is_inline_excluded(holder, holder_name, name) {
                let id = format!("{holder}_{holder_name}_{name}");
                let source = Source::new(id, document.text(), Grammar::Identity)?;
                self.sources.identity.push(source);
            }
        }
        for arn in &permissions.attached {
            let kind = match managed_policy::is_of_aws(arn) {
                true => PolicyType::AwsManaged,
                false => PolicyType::UserManaged,
            };
            if !self.is_excluded(kind, arn) {
                self.sources.identity.push(managed(call, arn).await?);
            }
        }
        let boundary = permissions.boundary.as_ref();
        let kind = PolicyType::PermissionBoundary;
        if let Some(arn) = boundary.filter(|arn| !self.is_excluded(kind, arn)) {
            self.sources.boundary = Some(managed(call, arn).await?);
        }
        Ok(())
    }

    /// An identifier is about the policies that all of its members fit.
    fn is_excluded(&self, kind: PolicyType, arn: &str) -> bool {
        self.excluded.iter().any(|identifier| {
            identifier.inline_policy_identifier.is_none()
                && (identifier.policy_type.is_some() || identifier.policy_arn.is_some())
                && identifier.policy_type.is_none_or(|wanted| wanted == kind)
                && identifier.policy_arn.as_deref().is_none_or(|wanted| wanted == arn)
        })
    }

    fn is_inline_excluded(&self, holder: AttachmentType, holder_name: &str, name: &str) -> bool {
        self.excluded.iter().any(|identifier| {
            let inline = identifier.inline_policy_identifier.as_ref();
            identifier.policy_arn.is_none()
                && (identifier.policy_type.is_some() || inline.is_some())
                && identifier.policy_type.is_none_or(|wanted| wanted == PolicyType::Inline)
                && inline.is_none_or(|wanted| {
                    wanted.attachment_type == holder
                        && wanted.attachment_name.eq_ignore_ascii_case(holder_name)
                        && wanted.policy_name == name
                })
        })
    }
}

async fn managed(call: &mut Call<'_>, arn: &str) -> Result<Source, Fault> {
    let document = match managed_policy::find(call, arn).await? {
        Managed::Aws(policy) => Some(policy.document()),
        Managed::Own(policy) => policy.document().cloned(),
    };
    let document = document.ok_or_else(|| invalid(&format!("{arn} has no version in force.")))?;
    Source::new(name_of_arn(arn), document.text(), Grammar::Identity)
}

fn must_be(wanted: &str, found: &str) -> Result<(), Fault> {
    if wanted == found {
        return Ok(());
    }
    Err(IamError::NoSuchEntityException.with(format!("{wanted} cannot be found.")))
}

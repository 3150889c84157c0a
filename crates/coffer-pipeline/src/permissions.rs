//! The policies that decide what a caller may do, collected once for each caller.

use std::sync::Arc;

use coffer_model::AccountId;
use coffer_policy::Grammar;
use coffer_protocol::Fault;
use coffer_store::{Key, Record};

use crate::context::{Caller, CallerKind};
use crate::identity::organization::{OrganizationView, organization_view};
use crate::identity::{
    EntityPermissions, GroupRecord, ManagedPolicyRecord, PolicyDocument, RoleRecord, SessionClaims,
    SessionKind, UserRecord, aws_managed,
};
use crate::world::World;

/// All policies of a caller, each of them readable.
#[derive(Debug, Default)]
pub struct Permissions {
    /// The policies of the user and its groups, or of the role.
    pub(crate) identity: Vec<PolicyDocument>,
    /// The permissions boundary.
    pub(crate) boundary: Option<PolicyDocument>,
    /// The policies that bound the session, where it was made with any.
    pub(crate) session: Option<Vec<PolicyDocument>>,
    /// The caller's organization, with the policies that bound its account.
    pub(crate) organization: Option<Arc<OrganizationView>>,
}

impl Permissions {
    /// What an account's root has where no organization bounds it: no policies at all.
    pub fn unbounded() -> Self {
        Self::default()
    }

    /// The caller's organization, with the policies that bound its account.
    pub fn organization(&self) -> Option<&OrganizationView> {
        self.organization.as_deref()
    }

    /// Collects the policies of a caller.
    ///
    /// # Errors
    /// A store that cannot be read, or a policy in it.
    pub(crate) async fn read(world: &World, caller: &Caller) -> Result<Self, Fault> {
        let organization = organization_view(&world.tables, caller.account).await;
        let organization = organization.map_err(|error| Fault::unavailable(error.to_string()))?;
        let mut found = Self { organization, ..Self::default() };
        match (&caller.kind, caller.session.as_deref()) {
            (CallerKind::User { user_name }, session) => {
                found.add_user(world, caller.account, user_name).await?;
                found.add_session(world, session).await?;
            }
            (CallerKind::AssumedRole { role_name }, session) => {
                found.add_role(world, caller.account, role_name).await?;
                found.add_session(world, session).await?;
            }
            (CallerKind::FederatedUser, Some(session)) => {
                if let SessionKind::Federated { user: Some(user), .. } = &session.kind {
                    found.add_user(world, caller.account, user).await?;
                }
                found.add_session(world, Some(session)).await?;
                // AWS: without policies a federated user may do nothing by those of its user.
                found.session.get_or_insert_default();
            }
            _ => {}
        }
        found.must_be_readable()?;
        Ok(found)
    }

    async fn add_user(
        &mut self,
        world: &World,
        account: AccountId,
        name: &str,
    ) -> Result<(), Fault> {
        let user = get::<UserRecord>(world, UserRecord::key_of(account, name)).await?;
        let Some(user) = user else { return Ok(()) };
        self.add(world, &user.permissions).await?;
        for group in &user.groups {
            let group = get::<GroupRecord>(world, GroupRecord::key_of(account, group)).await?;
            if let Some(group) = group {
                self.add(world, &group.permissions).await?;
            }
        }
        Ok(())
    }

    async fn add_role(
        &mut self,
        world: &World,
        account: AccountId,
        name: &str,
    ) -> Result<(), Fault> {
        let role = get::<RoleRecord>(world, RoleRecord::key_of(account, name)).await?;
        match role {
            Some(role) => self.add(world, &role.permissions).await,
            None => Ok(()),
        }
    }

    async fn add(&mut self, world: &World, entity: &EntityPermissions) -> Result<(), Fault> {
        self.identity.extend(entity.inline.values().cloned());
        for arn in &entity.attached {
            self.identity.push(managed(world, arn).await?);
        }
        if let Some(arn) = &entity.boundary {
            self.boundary = Some(managed(world, arn).await?);
        }
        Ok(())
    }

    async fn add_session(
        &mut self,
        world: &World,
        session: Option<&SessionClaims>,
    ) -> Result<(), Fault> {
        let Some(session) = session else { return Ok(()) };
        if session.policy.is_none() && session.policy_arns.is_empty() {
            return Ok(());
        }
        let mut documents: Vec<_> = session.policy.iter().map(PolicyDocument::new).collect();
        for arn in &session.policy_arns {
            documents.push(managed(world, arn).await?);
        }
        self.session = Some(documents);
        Ok(())
    }

    /// Compiles each policy now, so that one that cannot be read refuses every request.
    fn must_be_readable(&self) -> Result<(), Fault> {
        let session = self.session.iter().flatten();
        for document in self.identity.iter().chain(&self.boundary).chain(session) {
            document.policy(Grammar::Identity)?;
        }
        let levels = self.organization.iter().flat_map(|view| &view.scp_levels);
        for policy in levels.flatten() {
            policy.content.policy(Grammar::ServiceControl)?;
        }
        Ok(())
    }
}

/// A managed policy's document in force.
///
/// # Errors
/// One that is not there although somebody has it.
async fn managed(world: &World, arn: &str) -> Result<PolicyDocument, Fault> {
    if let Some(policy) = aws_managed(arn) {
        return Ok(policy.document());
    }
    let gone = || Fault::internal(format!("the policy `{arn}` is attached, and is not there"));
    let key = ManagedPolicyRecord::key_of_arn(arn).ok_or_else(gone)?;
    let found = get::<ManagedPolicyRecord>(world, key).await?;
    let found = found.filter(|found| found.arn() == arn).ok_or_else(gone)?;
    found.document().cloned().ok_or_else(gone)
}

async fn get<R: Record>(world: &World, key: Key) -> Result<Option<Arc<R>>, Fault> {
    let found = world.tables.get::<R>(&key).await;
    Ok(found.map_err(|error| Fault::unavailable(error.to_string()))?.record)
}

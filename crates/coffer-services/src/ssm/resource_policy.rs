//! Resource policies of parameters, which share them with other accounts.

use std::sync::Arc;

use coffer_model::{AccountId, Region};
use coffer_pipeline::identity::PolicyDocument;
use coffer_pipeline::{Call, Demand, Scope};
use coffer_protocol::Fault;
use coffer_store::{Key, Record};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::errors::SsmError;
use super::name;
use super::parameter::ParameterRecord;
use super::permission;

pub(super) mod document;

/// All resource policies of a parameter, in the order in which they were made.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ResourcePolicyRecord {
    /// The parameter's name.
    pub name: String,
    /// The parameter's UUID.
    pub parameter_id: String,
    /// The owning account.
    pub account: AccountId,
    /// Its region.
    pub region: Region,
    /// The policies.
    pub policies: Vec<ResourcePolicy>,
}

/// A resource policy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResourcePolicy {
    /// A UUID.
    pub id: String,
    /// Names this version of the policy; another one with each change.
    pub hash: String,
    /// The policy document as it was given.
    pub text: PolicyDocument,
}

impl ResourcePolicyRecord {
    /// The row of a parameter's policies.
    pub fn key_of(parameter: &ParameterRecord) -> Key {
        let parts = [name::path_of(&parameter.name), &parameter.id];
        parameter.scope().key(Self::TABLE, &parts)
    }

    /// The policies of a parameter, of which there may be none yet.
    pub(super) async fn of(
        call: &mut Call<'_>,
        parameter: &ParameterRecord,
    ) -> Result<Self, Fault> {
        let kept = call.get::<Self>(&Self::key_of(parameter)).await?;
        Ok(kept.as_deref().cloned().unwrap_or_else(|| Self {
            name: parameter.name.clone(),
            parameter_id: parameter.id.clone(),
            account: parameter.account,
            region: parameter.region.clone(),
            policies: Vec::new(),
        }))
    }

    /// The place of a policy that a caller knows by id and hash.
    ///
    /// # Errors
    /// `ResourcePolicyNotFoundException`, or `ResourcePolicyConflictException` where the hash is
    /// that of another version.
    pub(super) fn place_of(&self, id: &str, hash: &str) -> Result<usize, Fault> {
        let place = self.policies.iter().position(|policy| policy.id == id);
        let place =
            place.ok_or_else(|| SsmError::ResourcePolicyNotFoundException.with(NO_POLICY))?;
        let is_current = self.policies.get(place).is_some_and(|policy| policy.hash == hash);
        if is_current {
            Ok(place)
        } else {
            Err(SsmError::ResourcePolicyConflictException.with(OUTDATED))
        }
    }
}

impl Record for ResourcePolicyRecord {
    const TABLE: &'static str = "ssm.resource-policy";

    fn key(&self) -> Key {
        let scope = Scope { account: self.account, region: self.region.clone() };
        scope.key(Self::TABLE, &[name::path_of(&self.name), &self.parameter_id])
    }
}

/// Forgets the policies of a parameter that is being deleted.
///
/// # Errors
/// A store that cannot be read.
pub async fn forget(call: &mut Call<'_>, parameter: &ParameterRecord) -> Result<(), Fault> {
    call.delete::<ResourcePolicyRecord>(&ResourcePolicyRecord::key_of(parameter)).await
}

/// Finds the parameter of an ARN; of what else can have policies coffer has nothing.
///
/// # Errors
/// `ResourcePolicyInvalidParameterException` for what is no ARN of Systems Manager,
/// `ResourceNotFoundException`.
pub(super) async fn shared(call: &mut Call<'_>, arn: &str) -> Result<Arc<ParameterRecord>, Fault> {
    let parsed = arn.parse::<coffer_model::Arn>();
    let Some(found) = parsed.ok().filter(|arn| arn.service == "ssm") else {
        return Err(invalid(&["ResourceArn"], "The resource ARN isn't valid."));
    };
    let scope = call.scope();
    let is_ours =
        found.account == Some(scope.account) && found.region.as_ref() == Some(&scope.region);
    let name = found.resource.strip_prefix("parameter/").filter(|_| is_ours);
    let not_found = || SsmError::ResourceNotFoundException.with(NO_PARAMETER);
    let row = ParameterRecord::key_of(scope, name.ok_or_else(not_found)?);
    call.get::<ParameterRecord>(&row).await?.ok_or_else(not_found)
}

/// The permission to do something with the policies of a resource.
///
/// # Errors
/// A store that cannot be read.
pub(super) async fn demands_on(
    call: &mut Call<'_>,
    action: &'static str,
    arn: &str,
) -> Result<Vec<Demand>, Fault> {
    match shared(call, arn).await {
        Ok(parameter) => Ok(vec![permission::demand_on(call, action, parameter).await?]),
        Err(fault) if fault.is_server_fault() => Err(fault),
        Err(_) => Ok(vec![Demand::of(action, arn)]),
    }
}

/// The fault of members that cannot be as they are.
pub(super) fn invalid(names: &[&str], message: &str) -> Fault {
    SsmError::ResourcePolicyInvalidParameterException
        .with(message)
        .with_extra("ParameterNames", json!(names))
}

/// Whether a text is more than blanks: the model's pattern looks ahead, which `regex` cannot.
pub(super) fn is_not_blank(text: &str) -> bool {
    !text.trim().is_empty()
}

// AWS: these are the sentences with which the model describes the errors.
const NO_PARAMETER: &str = "The specified parameter to be shared could not be found.";
const NO_POLICY: &str = "No policies with the specified policy ID and hash could be found.";
const OUTDATED: &str = "The hash provided in the call doesn't match the stored hash. This \
                        exception is thrown when trying to update an obsolete policy version or \
                        when multiple requests to update a policy are sent.";

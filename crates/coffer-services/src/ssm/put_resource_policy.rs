//! PutResourcePolicy: attaches a policy to a parameter, or changes one that is attached.

use coffer_pipeline::identity::{Missing, PolicyDocument, ids_of};
use coffer_pipeline::{Access, Call, Demand, Operation};
use coffer_protocol::{ErrorRow, Fault, Input, Output};
use serde_json::json;

use super::errors::SsmError;
use super::parameter::{ParameterRecord, ParameterTier, ParameterType};
use super::resource_policy::document::must_be_policy;
use super::resource_policy::{
    ResourcePolicy, ResourcePolicyRecord, demands_on, invalid, is_not_blank, shared,
};
use crate::kms::key::{KeyManager, find_key};

/// Makes a policy where no id is given, and changes the named one where it is.
pub(super) struct PutResourcePolicy;

/// Which policy, to what.
#[derive(Input, Debug)]
#[shape(name = "PutResourcePolicyRequest")]
pub(super) struct PutResourcePolicyInput {
    #[shape(required, min = 20, max = 2048)]
    resource_arn: String,
    #[shape(required, pattern = r"^(?!\s*$).+", check = is_not_blank)]
    policy: String,
    policy_id: Option<String>,
    policy_hash: Option<String>,
}

/// The policy's id, and the hash that the next change must give.
#[derive(Output, Debug)]
#[shape(name = "PutResourcePolicyResponse")]
pub(super) struct PutResourcePolicyOutput {
    policy_id: Option<String>,
    policy_hash: Option<String>,
}

impl Operation for PutResourcePolicy {
    const NAME: &'static str = "PutResourcePolicy";
    const ACCESS: Access = Access::Write;
    const ERRORS: &'static [ErrorRow] = &[
        SsmError::InternalServerError.row(),
        SsmError::ResourcePolicyInvalidParameterException.row(),
        SsmError::ResourcePolicyLimitExceededException.row(),
        SsmError::ResourcePolicyConflictException.row(),
        SsmError::ResourceNotFoundException.row(),
        SsmError::MalformedResourcePolicyDocumentException.row(),
        SsmError::ResourcePolicyNotFoundException.row(),
    ];
    type Input = PutResourcePolicyInput;
    type Output = PutResourcePolicyOutput;

    async fn demands(call: &mut Call<'_>, input: &Self::Input) -> Result<Vec<Demand>, Fault> {
        demands_on(call, "ssm:PutResourcePolicy", &input.resource_arn).await
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        let parameter = shared(call, &input.resource_arn).await?;
        must_be_shareable(call, &parameter).await?;
        if input.policy.len() > POLICY_BYTES_MAX {
            return Err(too_much(POLICY_BYTES_MAX, "PolicySize"));
        }
        must_be_policy(&input.policy)?;
        let ids = ids_of(call, &input.policy).await?.map_err(|Missing(principal)| {
            let message = format!("Invalid principal in policy: {principal}");
            SsmError::MalformedResourcePolicyDocumentException.with(message)
        })?;
        let mut record = ResourcePolicyRecord::of(call, &parameter).await?;
        let mut policy = ResourcePolicy {
            id: call.uuid(),
            hash: draw_hash(call),
            text: PolicyDocument::naming(input.policy.as_str(), ids),
        };
        match (&input.policy_id, &input.policy_hash) {
            (None, None) if record.policies.len() >= POLICIES_MAX => {
                return Err(too_much(POLICIES_MAX, "PoliciesPerResource"));
            }
            (None, None) => record.policies.push(policy.clone()),
            (Some(id), Some(hash)) => {
                let place = record.place_of(id, hash)?;
                policy.id.clone_from(id);
                if let Some(kept) = record.policies.get_mut(place) {
                    kept.clone_from(&policy);
                }
            }
            (Some(_), None) => return Err(invalid(&["PolicyHash"], INCOMPLETE)),
            (None, Some(_)) => return Err(invalid(&["PolicyId"], INCOMPLETE)),
        }
        call.acted_on(&parameter.arn());
        call.put(record).await?;
        Ok(PutResourcePolicyOutput { policy_id: Some(policy.id), policy_hash: Some(policy.hash) })
    }
}

/// Refuses parameters that AWS does not let be shared.
async fn must_be_shareable(call: &mut Call<'_>, parameter: &ParameterRecord) -> Result<(), Fault> {
    let current = &parameter.current;
    if current.tier != ParameterTier::Advanced {
        return Err(invalid(&["ResourceArn"], NOT_ADVANCED));
    }
    let Some(key_id) = current.key_id.as_deref() else { return Ok(()) };
    if current.r#type == ParameterType::SecureString {
        let key = find_key(call, key_id).await;
        if key.is_ok_and(|key| key.manager == KeyManager::Aws) {
            return Err(invalid(&["ResourceArn"], NOT_ITS_OWN_KEY));
        }
    }
    Ok(())
}

/// A hash names one version of one policy; nothing of the policy is in it.
fn draw_hash(call: &Call<'_>) -> String {
    let mut random = [0; HASH_BYTES];
    call.entropy().fill(&mut random);
    random.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn too_much(limit: usize, kind: &str) -> Fault {
    SsmError::ResourcePolicyLimitExceededException
        .with(TOO_MUCH)
        .with_extra("Limit", json!(limit))
        .with_extra("LimitType", json!(kind))
}

const POLICY_BYTES_MAX: usize = 1024;
const POLICIES_MAX: usize = 50;
const HASH_BYTES: usize = 32;
const INCOMPLETE: &str = "To update a policy, you must specify PolicyId and PolicyHash.";
const NOT_ADVANCED: &str = "To share a parameter, it must be in the advanced parameter tier.";
const NOT_ITS_OWN_KEY: &str =
    "To share a SecureString parameter, it must be encrypted with a customer managed key.";
const TOO_MUCH: &str = "The PutResourcePolicy API action enforces limits on the size of a policy \
                        and on the number of policies of a resource. Verify these limits and try \
                        again.";

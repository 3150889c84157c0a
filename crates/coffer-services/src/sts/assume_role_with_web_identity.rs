//! AssumeRoleWithWebIdentity: a session of a role, for who has a token of a provider that the role
//! trusts.

use std::collections::BTreeMap;

use coffer_model::Sensitive;
use coffer_pipeline::identity::SessionClaims;
use coffer_pipeline::{Access, Call, Demand, Operation, Signing};
use coffer_protocol::{AuditObject, ErrorRow, Fault, Input, Output};

use super::credentials;
use super::errors::StsError;
use super::role::{self, Target};
use super::session_policy::SessionPolicies;
use super::session_tags::SessionTags;
use super::web_identity::{WebIdentity, verify};
use super::wire::{AssumedRoleUser, Credentials, PolicyDescriptorType};

/// Gives out credentials of a role for a token. The request needs no signature: the token says who
/// calls.
pub(super) struct AssumeRoleWithWebIdentity;

/// Which role, and the token.
#[derive(Input, Debug)]
#[shape(name = "AssumeRoleWithWebIdentityRequest")]
pub(super) struct AssumeRoleWithWebIdentityInput {
    #[shape(
        required,
        min = 20,
        max = 2048,
        pattern = r"[\u0009\u000A\u000D\u0020-\u007E\u0085\u00A0-\uD7FF\uE000-\uFFFD\u10000-\u10FFFF]+",
        check = super::role::is_arn_text
    )]
    role_arn: String,
    #[shape(required, min = 2, max = 64, pattern = r"[\w+=,.@-]*")]
    role_session_name: String,
    #[shape(required, min = 4, max = 20000)]
    web_identity_token: Sensitive<String>,
    #[shape(min = 4, max = 2048)]
    provider_id: Option<String>,
    policy_arns: Option<Vec<PolicyDescriptorType>>,
    #[shape(min = 1, max = 2048, pattern = r"[\u0009\u000A\u000D\u0020-\u00FF]+")]
    policy: Option<String>,
    #[shape(min = 900, max = 43200)]
    duration_seconds: Option<i32>,
    #[shape(min = 0, max = 4096)]
    minimum_session_token_size: Option<i32>,
}

/// The credentials, whose they are, and who the token says it is.
#[derive(Output, Debug)]
#[shape(name = "AssumeRoleWithWebIdentityResponse")]
pub(super) struct AssumeRoleWithWebIdentityOutput {
    credentials: Option<Credentials>,
    subject_from_web_identity_token: Option<String>,
    assumed_role_user: Option<AssumedRoleUser>,
    packed_policy_size: Option<i32>,
    provider: Option<String>,
    audience: Option<String>,
    source_identity: Option<String>,
    session_token_utilization: Option<i32>,
    session_token_size: Option<i32>,
}

impl Operation for AssumeRoleWithWebIdentity {
    const NAME: &'static str = "AssumeRoleWithWebIdentity";
    const ACCESS: Access = Access::Read;
    const ERRORS: &'static [ErrorRow] = &[
        StsError::MalformedPolicyDocumentException.row(),
        StsError::PackedPolicyTooLargeException.row(),
        StsError::IDPRejectedClaimException.row(),
        StsError::IDPCommunicationErrorException.row(),
        StsError::InvalidIdentityTokenException.row(),
        StsError::ExpiredTokenException.row(),
        StsError::RegionDisabledException.row(),
    ];
    const SIGNING: Signing = Signing::Optional;
    type Input = AssumeRoleWithWebIdentityInput;
    type Output = AssumeRoleWithWebIdentityOutput;

    // AWS: what is given out stands in the record, but for the secret.
    fn audit_response(output: &Self::Output, object: &mut AuditObject<'_>) {
        object.output(output);
    }

    async fn demands(call: &mut Call<'_>, input: &Self::Input) -> Result<Vec<Demand>, Fault> {
        let target = Target::find(call, &input.role_arn).await?;
        let identity = verify(call, target.account, input.web_identity_token.expose()).await?;
        let tags = tags_of(&identity)?;
        let demand = |action| {
            let mut demand = target
                .demand(action)
                .asked_by(identity.principal.clone())
                .with("sts:rolesessionname", input.role_session_name.clone())
                .with_some("sts:sourceidentity", identity.source_identity.clone())
                .with_some("sts:durationseconds", input.duration_seconds.map(|it| it.to_string()));
            let keys = identity.keys.iter().cloned();
            demand.keys.extend(keys.map(|(name, values)| (name.into(), values)));
            tags.asked_for(demand)
        };
        let mut demands = vec![demand(ASSUME_ROLE)];
        if tags.are_there() {
            demands.push(demand("sts:TagSession"));
        }
        if identity.source_identity.is_some() {
            demands.push(demand("sts:SetSourceIdentity"));
        }
        Ok(demands)
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        let target = Target::find(call, &input.role_arn).await?;
        let identity = verify(call, target.account, input.web_identity_token.expose()).await?;
        let Some(role) = target.role else {
            return Err(Fault::access_denied(format!("Not authorized to perform {ASSUME_ROLE}")));
        };
        let lasts = role::duration(&role, input.duration_seconds, false)?;
        let arns = input.policy_arns.as_deref();
        let policy = input.policy.as_deref();
        let policies = SessionPolicies::given(call, role.account, policy, arns).await?;
        let kind = role::session_of(&role, &input.role_session_name);
        let mut claims = SessionClaims {
            source_identity: identity.source_identity.clone(),
            federation: BTreeMap::clone(&identity.session_keys),
            ..credentials::claims(call, role.account, kind, lasts)
        };
        tags_of(&identity)?.put_into(&mut claims);
        let packed_policy_size = policies.bound(&mut claims)?;
        let issued = credentials::issue(call, &claims, input.minimum_session_token_size)?;
        call.acted_on(&role.arn());
        Ok(AssumeRoleWithWebIdentityOutput {
            credentials: Some(issued.credentials),
            subject_from_web_identity_token: Some(identity.subject),
            assumed_role_user: Some(role::assumed(&role, &input.role_session_name)),
            packed_policy_size,
            provider: Some(identity.principal.provider_arn),
            audience: Some(identity.audience),
            source_identity: identity.source_identity,
            session_token_utilization: Some(issued.token_utilization),
            session_token_size: Some(issued.token_size),
        })
    }
}

fn tags_of(identity: &WebIdentity) -> Result<SessionTags, Fault> {
    let pairs = identity.tags.iter().map(|(name, value)| (&**name, &**value));
    SessionTags::of_pairs(pairs, &identity.transitive, None)
}

const ASSUME_ROLE: &str = "sts:AssumeRoleWithWebIdentity";

//! AssumeRole: a session of a role, for who is trusted by it.

use coffer_pipeline::identity::SessionClaims;
use coffer_pipeline::{Access, Call, Caller, CallerKind, Demand, Operation};
use coffer_protocol::{ErrorRow, Fault, Input, Output};

use super::errors::StsError;
use super::role::{self, Target};
use super::session_policy::SessionPolicies;
use super::session_tags::SessionTags;
use super::wire::{AssumedRoleUser, Credentials, PolicyDescriptorType, ProvidedContext, Tag};
use super::{credentials, mfa};

/// Gives out credentials of a role of any account of this server.
pub(super) struct AssumeRole;

/// Which role, and what its session is to be.
#[derive(Input, Debug)]
#[shape(name = "AssumeRoleRequest")]
pub(super) struct AssumeRoleInput {
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
    policy_arns: Option<Vec<PolicyDescriptorType>>,
    #[shape(min = 1, pattern = r"[\u0009\u000A\u000D\u0020-\u00FF]+")]
    policy: Option<String>,
    #[shape(min = 900, max = 43200)]
    duration_seconds: Option<i32>,
    #[shape(max = 50)]
    tags: Option<Vec<Tag>>,
    #[shape(max = 50, member(min = 1, max = 128, pattern = r"[\p{L}\p{Z}\p{N}_.:/=+\-@]+"))]
    transitive_tag_keys: Option<Vec<String>>,
    #[shape(min = 2, max = 1224, pattern = r"[\w+=,.@:\/-]*")]
    external_id: Option<String>,
    #[shape(min = 9, max = 256, pattern = r"[\w+=/:,.@-]*")]
    serial_number: Option<String>,
    #[shape(min = 6, max = 6, pattern = r"[\d]*")]
    token_code: Option<String>,
    #[shape(min = 2, max = 64, pattern = r"[\w+=,.@-]*")]
    source_identity: Option<String>,
    #[shape(min = 1, max = 5)]
    provided_contexts: Option<Vec<ProvidedContext>>,
    #[shape(min = 0, max = 4096)]
    minimum_session_token_size: Option<i32>,
}

/// The credentials, and whose they are.
#[derive(Output, Debug)]
#[shape(name = "AssumeRoleResponse")]
pub(super) struct AssumeRoleOutput {
    credentials: Option<Credentials>,
    assumed_role_user: Option<AssumedRoleUser>,
    packed_policy_size: Option<i32>,
    source_identity: Option<String>,
    session_token_utilization: Option<i32>,
    session_token_size: Option<i32>,
}

impl Operation for AssumeRole {
    const NAME: &'static str = "AssumeRole";
    // A code of an MFA device is used up.
    const ACCESS: Access = Access::Write;
    const ERRORS: &'static [ErrorRow] = &[
        StsError::MalformedPolicyDocumentException.row(),
        StsError::PackedPolicyTooLargeException.row(),
        StsError::RegionDisabledException.row(),
        StsError::ExpiredTokenException.row(),
    ];
    type Input = AssumeRoleInput;
    type Output = AssumeRoleOutput;

    async fn demands(call: &mut Call<'_>, input: &Self::Input) -> Result<Vec<Demand>, Fault> {
        let caller = call.context().caller.clone();
        let target = Target::find(call, &input.role_arn).await?;
        must_be_able(&caller, &target)?;
        let tags = tags_of(input, &caller)?;
        let source_identity = source_identity_of(input, &caller, &target)?;
        let (serial, code) = (input.serial_number.as_deref(), input.token_code.as_deref());
        let is_proved = mfa::verified(call, serial, code).await?.is_some();
        let demand = |action| {
            let demand = target
                .demand(action)
                .with("sts:rolesessionname", input.role_session_name.clone())
                .with_some("sts:externalid", input.external_id.clone())
                .with_some("sts:sourceidentity", source_identity.clone())
                .with_some("sts:durationseconds", input.duration_seconds.map(|it| it.to_string()));
            let demand = tags.asked_for(demand);
            match is_proved {
                true => demand
                    .with("aws:multifactorauthpresent", "true")
                    .with("aws:multifactorauthage", "0"),
                false => demand,
            }
        };
        let mut demands = vec![demand(ASSUME_ROLE)];
        if tags.are_there() {
            demands.push(demand(TAG_SESSION));
        }
        if source_identity.is_some() {
            demands.push(demand(SET_SOURCE_IDENTITY));
        }
        Ok(demands)
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        let caller = call.context().caller.clone();
        let target = Target::find(call, &input.role_arn).await?;
        let Some(role) = target.role.clone() else {
            return Err(target.denied(&caller, ASSUME_ROLE));
        };
        if input.provided_contexts.is_some() {
            return Err(Fault::validation("ProvidedContexts are not supported."));
        }
        let is_chained = caller.is_session();
        let lasts = role::duration(&role, input.duration_seconds, is_chained)?;
        let arns = input.policy_arns.as_deref();
        let policy = input.policy.as_deref();
        let policies = SessionPolicies::given(call, role.account, policy, arns).await?;
        let kind = role::session_of(&role, &input.role_session_name);
        let mut claims = SessionClaims {
            is_chained,
            source_identity: source_identity_of(input, &caller, &target)?,
            // The demands have verified the code, which is used up by now.
            mfa_authenticated: input.serial_number.as_ref().map(|_| call.now()),
            ..credentials::claims(call, role.account, kind, lasts)
        };
        tags_of(input, &caller)?.put_into(&mut claims);
        let packed_policy_size = policies.bound(&mut claims)?;
        let issued = credentials::issue(call, &claims, input.minimum_session_token_size)?;
        call.acted_on(&role.arn());
        Ok(AssumeRoleOutput {
            credentials: Some(issued.credentials),
            assumed_role_user: Some(role::assumed(&role, &input.role_session_name)),
            packed_policy_size,
            source_identity: claims.source_identity,
            session_token_utilization: Some(issued.token_utilization),
            session_token_size: Some(issued.token_size),
        })
    }
}

fn must_be_able(caller: &Caller, target: &Target) -> Result<(), Fault> {
    match caller.kind {
        // AWS: recorded from AssumeRole.
        CallerKind::Root => Err(Fault::access_denied("Roles may not be assumed by root accounts.")),
        // AWS: "You cannot call any STS operations except GetCallerIdentity" (GetFederationToken).
        CallerKind::FederatedUser => Err(target.denied(caller, ASSUME_ROLE)),
        _ => Ok(()),
    }
}

fn tags_of(input: &AssumeRoleInput, caller: &Caller) -> Result<SessionTags, Fault> {
    let transitive = input.transitive_tag_keys.as_deref();
    SessionTags::of(input.tags.as_deref(), transitive, caller.session.as_deref())
}

/// The source identity of the session: once set, it stays through all chained roles.
fn source_identity_of(
    input: &AssumeRoleInput,
    caller: &Caller,
    target: &Target,
) -> Result<Option<String>, Fault> {
    let inherited = caller.session.as_ref().and_then(|session| session.source_identity.as_ref());
    match (inherited, &input.source_identity) {
        (Some(inherited), Some(given)) if inherited != given => {
            Err(target.denied(caller, SET_SOURCE_IDENTITY))
        }
        (Some(inherited), _) => Ok(Some(inherited.clone())),
        (None, given) => Ok(given.clone()),
    }
}

const ASSUME_ROLE: &str = "sts:AssumeRole";
const TAG_SESSION: &str = "sts:TagSession";
const SET_SOURCE_IDENTITY: &str = "sts:SetSourceIdentity";

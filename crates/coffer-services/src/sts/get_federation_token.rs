//! GetFederationToken: a session for somebody whom the caller vouches for.

use coffer_pipeline::identity::SessionKind;
use coffer_pipeline::{Access, Call, CallerKind, Demand, Operation};
use coffer_protocol::{AuditObject, ErrorRow, Fault, Input, Output};

use super::errors::StsError;
use super::get_session_token::seconds;
use super::session_policy::SessionPolicies;
use super::session_tags::SessionTags;
use super::wire::{Credentials, FederatedUser, PolicyDescriptorType, Tag};
use super::{credentials, role};

/// Gives out credentials that may do what both the caller and the session's policies let them.
pub(super) struct GetFederationToken;

/// For whom, and what they may do.
#[derive(Input, Debug)]
#[shape(name = "GetFederationTokenRequest")]
pub(super) struct GetFederationTokenInput {
    #[shape(required, min = 2, max = 32, pattern = r"[\w+=,.@-]*")]
    name: String,
    #[shape(min = 1, max = 2048, pattern = r"[\u0009\u000A\u000D\u0020-\u00FF]+")]
    policy: Option<String>,
    policy_arns: Option<Vec<PolicyDescriptorType>>,
    #[shape(min = 900, max = 129600)]
    duration_seconds: Option<i32>,
    #[shape(max = 50)]
    tags: Option<Vec<Tag>>,
    #[shape(min = 0, max = 4096)]
    minimum_session_token_size: Option<i32>,
}

/// The credentials, and whose they are.
#[derive(Output, Debug)]
#[shape(name = "GetFederationTokenResponse")]
pub(super) struct GetFederationTokenOutput {
    credentials: Option<Credentials>,
    federated_user: Option<FederatedUser>,
    packed_policy_size: Option<i32>,
    session_token_utilization: Option<i32>,
    session_token_size: Option<i32>,
}

impl Operation for GetFederationToken {
    const NAME: &'static str = "GetFederationToken";
    const ACCESS: Access = Access::Read;
    const ERRORS: &'static [ErrorRow] = &[
        StsError::MalformedPolicyDocumentException.row(),
        StsError::PackedPolicyTooLargeException.row(),
        StsError::RegionDisabledException.row(),
    ];
    type Input = GetFederationTokenInput;
    type Output = GetFederationTokenOutput;

    // AWS: what is given out stands in the record, but for the secret.
    fn audit_response(output: &Self::Output, object: &mut AuditObject<'_>) {
        object.output(output);
    }

    async fn demands(call: &mut Call<'_>, input: &Self::Input) -> Result<Vec<Demand>, Fault> {
        let arn = user_arn(call, &input.name);
        let tags = SessionTags::of(input.tags.as_deref(), None, None)?;
        let mut demands = vec![tags.asked_for(Demand::of("sts:GetFederationToken", arn.clone()))];
        if tags.are_there() {
            demands.push(tags.asked_for(Demand::of("sts:TagSession", arn)));
        }
        Ok(demands)
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        let caller = call.context().caller.clone();
        if caller.is_session() {
            return Err(Fault::access_denied(
                "Cannot call GetFederationToken with session credentials",
            ));
        }
        let (user, user_id) = match &caller.kind {
            CallerKind::User { user_name } => {
                (Some(user_name.to_ascii_lowercase()), Some(caller.user_id.clone()))
            }
            _ => (None, None),
        };
        let kind = SessionKind::Federated { name: input.name.clone(), user, user_id };
        let lasts = role::lasting(seconds(&caller.kind, input.duration_seconds));
        let arns = input.policy_arns.as_deref();
        let policy = input.policy.as_deref();
        let policies = SessionPolicies::given(call, caller.account, policy, arns).await?;
        let mut claims = credentials::claims(call, caller.account, kind, lasts);
        SessionTags::of(input.tags.as_deref(), None, None)?.put_into(&mut claims);
        let packed_policy_size = policies.bound(&mut claims)?;
        let issued = credentials::issue(call, &claims, input.minimum_session_token_size)?;
        let arn = user_arn(call, &input.name);
        call.acted_on(&arn);
        Ok(GetFederationTokenOutput {
            credentials: Some(issued.credentials),
            federated_user: Some(FederatedUser {
                federated_user_id: format!("{}:{}", caller.account, input.name),
                arn,
            }),
            packed_policy_size,
            session_token_utilization: Some(issued.token_utilization),
            session_token_size: Some(issued.token_size),
        })
    }
}

fn user_arn(call: &Call<'_>, name: &str) -> String {
    format!("arn:aws:sts::{}:federated-user/{name}", call.account())
}

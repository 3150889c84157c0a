//! RotateSecret: says how and when a secret rotates, and starts a rotation.

use coffer_model::Arn;
use coffer_pipeline::{Access, Call, ContextValues, Demand, Operation};
use coffer_protocol::{ErrorRow, Fault, Input, Output};

use super::errors::SecretsManagerError;
use super::id;
use super::rotation::{PlanRotation, schedule_of};
use super::secret::{CURRENT, PENDING, Rotation, SecretRecord};
use super::wire::{ExternalMetadata, RotationRules};
use super::write::Change;

/// Keeps the rules of a secret's rotation and plans the next one.
///
/// Functions cannot be run yet: a rotation that would begin at once is refused with AWS's answer
/// for a function that cannot be invoked, and changes nothing. With `RotateImmediately` false,
/// AWS would have the function test itself first; here the rules are kept without that test.
pub(super) struct RotateSecret;

/// The rules, where they change.
#[derive(Input, Debug)]
#[shape(name = "RotateSecretRequest")]
pub(super) struct RotateSecretInput {
    #[shape(required, min = 1, max = 2048)]
    secret_id: String,
    #[shape(min = 32, max = 64)]
    client_request_token: Option<String>,
    #[shape(wire = "RotationLambdaARN", min = 0, max = 2048)]
    rotation_lambda_arn: Option<String>,
    rotation_rules: Option<RotationRules>,
    external_secret_rotation_metadata: Option<Vec<ExternalMetadata>>,
    #[shape(min = 20, max = 2048)]
    external_secret_rotation_role_arn: Option<String>,
    rotate_immediately: Option<bool>,
}

/// The secret, and the version that the rotation makes.
#[derive(Output, Debug)]
#[shape(name = "RotateSecretResponse")]
pub(super) struct RotateSecretOutput {
    #[shape(wire = "ARN")]
    arn: Option<String>,
    name: Option<String>,
    version_id: Option<String>,
}

impl Operation for RotateSecret {
    const NAME: &'static str = "RotateSecret";
    const ACCESS: Access = Access::Write;
    const ERRORS: &'static [ErrorRow] = &[
        SecretsManagerError::ResourceNotFoundException.row(),
        SecretsManagerError::InvalidParameterException.row(),
        SecretsManagerError::InternalServiceError.row(),
        SecretsManagerError::InvalidRequestException.row(),
    ];
    type Input = RotateSecretInput;
    type Output = RotateSecretOutput;

    async fn demands(call: &mut Call<'_>, input: &Self::Input) -> Result<Vec<Demand>, Fault> {
        id::demands(call, "secretsmanager:RotateSecret", &input.secret_id).await
    }

    fn condition<'i>(input: &'i Self::Input, key: &str) -> Option<ContextValues<'i>> {
        match key {
            "secretsmanager:rotationlambdaarn" => {
                input.rotation_lambda_arn.as_deref().map(ContextValues::from)
            }
            "secretsmanager:rotateimmediately" => input.rotate_immediately.map(ContextValues::from),
            "secretsmanager:modifyrotationrules" => Some(input.rotation_rules.is_some().into()),
            "secretsmanager:externalsecretrotationrolearn" => {
                input.external_secret_rotation_role_arn.as_deref().map(ContextValues::from)
            }
            _ => None,
        }
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        // AWS: another code than for the operations that put a value.
        let token = input.client_request_token.as_deref().ok_or_else(|| {
            SecretsManagerError::InvalidParameterException.with(
                "You must provide a ClientRequestToken value. We recommend a UUID-type value.",
            )
        })?;
        let secret = id::find_changeable(call, &input.secret_id).await?;
        let mut rotation = input.applied_to(secret.rotation.clone().unwrap_or_default())?;
        let schedule = schedule_of(&rotation)?;
        must_be_rotatable(&secret, &rotation)?;
        if secret.versions.get(token).is_some_and(|version| version.has_value) {
            return Ok(answer(&secret, token));
        }
        if input.rotate_immediately.unwrap_or(true) {
            return Err(not_invoked(&rotation));
        }
        rotation.enabled = true;
        rotation.plan = call.uuid();
        rotation.next = schedule
            .and_then(|schedule| schedule.first_window(call.now()))
            .map(|window| window.closes);
        let mut change = Change::of(&secret);
        change.secret.rotation = Some(rotation);
        let secret = change.stage(call).await?;
        PlanRotation::schedule(call, &secret).await?;
        Ok(answer(&secret, token))
    }
}

impl RotateSecretInput {
    /// The rules as they become. Those that are given replace all that are there.
    fn applied_to(&self, mut rotation: Rotation) -> Result<Rotation, Fault> {
        if let Some(rules) = &self.rotation_rules {
            rotation.after_days = rules.automatically_after_days;
            rotation.duration = rules.duration.clone();
            rotation.schedule = rules.schedule_expression.clone();
        }
        if let Some(arn) = self.rotation_lambda_arn.as_ref().filter(|arn| !arn.is_empty()) {
            must_be_function(arn)?;
            rotation.lambda_arn = Some(arn.clone());
        }
        if let Some(metadata) = &self.external_secret_rotation_metadata {
            if metadata.len() > METADATA_MAX {
                return Err(SecretsManagerError::InvalidParameterException
                    .with("You can't specify more than 100 items of rotation metadata."));
            }
            let pair = |item: &ExternalMetadata| (item.key.clone(), item.value.clone());
            rotation.external_metadata = metadata.iter().map(pair).collect();
        }
        if let Some(role) = &self.external_secret_rotation_role_arn {
            rotation.external_role_arn = Some(role.clone());
        }
        Ok(rotation)
    }
}

/// Refuses a secret that nothing can rotate, and one at which a rotation is at work.
fn must_be_rotatable(secret: &SecretRecord, rotation: &Rotation) -> Result<(), Fault> {
    let refused = |message| Err(SecretsManagerError::InvalidRequestException.with(message));
    if rotation.lambda_arn.is_none() && secret.kind.is_none() {
        return refused("No Lambda rotation function ARN is associated with this secret.");
    }
    let pending = secret.version_with(PENDING);
    if pending.is_some() && pending != secret.version_with(CURRENT) {
        return refused("A previous rotation isn't complete. That rotation will be reattempted.");
    }
    Ok(())
}

fn must_be_function(arn: &str) -> Result<(), Fault> {
    let is_function = arn.parse::<Arn>().is_ok_and(|arn| {
        arn.service == "lambda" && arn.account.is_some() && arn.resource.starts_with("function:")
    });
    if is_function {
        return Ok(());
    }
    Err(SecretsManagerError::InvalidParameterException
        .with("The RotationLambdaARN must be the ARN of a Lambda function."))
}

/// The refusal of a rotation that cannot begin.
fn not_invoked(rotation: &Rotation) -> Fault {
    if rotation.lambda_arn.is_none() {
        return SecretsManagerError::InvalidRequestException
            .with("Secrets Manager can't reach the partner that rotates secrets of this type.");
    }
    Fault::access_denied(
        "Secrets Manager cannot invoke the specified Lambda function. Ensure that the function \
         policy grants access to the principal secretsmanager.amazonaws.com.",
    )
}

fn answer(secret: &SecretRecord, token: &str) -> RotateSecretOutput {
    RotateSecretOutput {
        arn: Some(secret.arn()),
        name: Some(secret.name.clone()),
        version_id: Some(token.to_owned()),
    }
}

/// Pairs of metadata that are kept; the model has no maximum.
const METADATA_MAX: usize = 100;

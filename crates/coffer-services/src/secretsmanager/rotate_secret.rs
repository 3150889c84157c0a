//! RotateSecret: says how and when a secret rotates, and starts a rotation.

use coffer_pipeline::{Access, Call, ContextValues, Demand, Operation};
use coffer_protocol::{ErrorRow, Fault, Input, Output};

use super::errors::SecretsManagerError;
use super::id;
use super::rotation::{
    PlanRotation, ReattemptRotation, Rotator, begin, must_be_invocable, named_by_tag,
    permitted_superuser, plan, schedule_of, unfinished,
};
use super::secret::{Rotation, SecretRecord};
use super::wire::{ExternalMetadata, RotationRules};
use super::write::Change;

/// Keeps the rules of a secret's rotation, plans the next one, and begins one at once, or with
/// `RotateImmediately` false a test that there can be one.
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
        let mut rotation = input.applied_to(call, &secret)?;
        let schedule = schedule_of(&rotation)?;
        if !rotation.is_set_up() && secret.kind.is_none() {
            return Err(SecretsManagerError::InvalidRequestException
                .with("No Lambda rotation function ARN is associated with this secret."));
        }
        if is_known(&secret, token) {
            return Ok(answer(&secret, token));
        }
        let is_test = !input.rotate_immediately.unwrap_or(true);
        let rotator = must_be_rotatable(call, &secret, &rotation, is_test).await?;
        rotation.superuser_arn = match &rotator {
            Some(Rotator::Native(native)) => permitted_superuser(call, &secret, native).await?,
            Some(Rotator::Function(_)) | None => None,
        };
        rotation.enabled = true;
        rotation.plan = call.uuid();
        plan(&mut rotation, schedule.and_then(|schedule| schedule.first_window(call.now())));
        let mut change = Change::of(&secret);
        change.secret.rotation = Some(rotation);
        let secret = match rotator {
            Some(_) => begin(call, change, token, is_test).await?,
            None => change.stage(call).await?,
        };
        PlanRotation::schedule(call, &secret).await?;
        Ok(answer(&secret, token))
    }
}

impl RotateSecretInput {
    /// The rules as they become. Those that are given replace all that are there.
    fn applied_to(&self, call: &Call<'_>, secret: &SecretRecord) -> Result<Rotation, Fault> {
        let mut rotation = secret.rotation.clone().unwrap_or_default();
        if let Some(rules) = &self.rotation_rules {
            rotation.after_days = rules.automatically_after_days;
            rotation.duration = rules.duration.clone();
            rotation.schedule = rules.schedule_expression.clone();
        }
        if let Some(arn) = self.rotation_lambda_arn.as_ref().filter(|arn| !arn.is_empty()) {
            Rotator::read(call, secret, arn)?;
            rotation.lambda_arn = Some(arn.clone());
        }
        // AWS: a managed secret rotates without a function (user guide, "Managed rotation"). The
        // name that its tag has now stays until the next call of this operation.
        let managed_by = named_by_tag(secret).filter(|_| rotation.lambda_arn.is_none());
        rotation.managed_by = managed_by.map(str::to_owned);
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

/// Whether a rotation with this token has begun or ended already.
fn is_known(secret: &SecretRecord, token: &str) -> bool {
    let rotation = secret.rotation.as_ref();
    let under_way = rotation.and_then(|rotation| rotation.under_way.as_ref());
    under_way.is_some_and(|under_way| under_way.version_id == token)
        || secret.versions.get(token).is_some_and(|version| version.has_value)
}

/// Refuses a secret that nothing can rotate, and one at which a rotation is at work; gives what
/// rotates it. A partner's is nothing that could be asked from here, so its rules are only kept.
async fn must_be_rotatable(
    call: &mut Call<'_>,
    secret: &SecretRecord,
    rotation: &Rotation,
    is_test: bool,
) -> Result<Option<Rotator>, Fault> {
    let refused = |message| Err(SecretsManagerError::InvalidRequestException.with(message));
    let Some(rotator) = Rotator::of(call, secret, rotation)? else {
        if is_test {
            return Ok(None);
        }
        return refused(
            "Secrets Manager can't reach the partner that rotates secrets of this type.",
        );
    };
    let under_way = rotation.under_way.as_ref();
    if unfinished(secret).is_some() || under_way.is_some() {
        // An attempt that is being made is not asked for again: a function that calls this from within
        // its own steps would have them follow one another without a pause, and never be given up.
        if under_way.is_none_or(|under_way| under_way.retry_at.is_some()) {
            ReattemptRotation::ask(call, secret).await?;
        }
        return refused("A previous rotation isn't complete. That rotation will be reattempted.");
    }
    if let Rotator::Function(arn) = &rotator {
        must_be_invocable(call, secret, arn).await?;
    }
    Ok(Some(rotator))
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

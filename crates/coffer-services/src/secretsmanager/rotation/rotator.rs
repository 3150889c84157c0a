//! What rotates a secret: a Lambda function, or one of coffer's own rotators.

use coffer_model::{Arn, Sensitive};
use coffer_pipeline::{Call, RotatorKind};
use coffer_protocol::Fault;

use super::super::errors::SecretsManagerError;
use super::super::secret::{Rotation, SecretRecord};

/// What a `RotationLambdaARN`, or a secret's tag, names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) enum Rotator {
    /// A Lambda function.
    Function(String),
    /// A rotator that needs no function.
    Native(Native),
}

/// A rotator of coffer's own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) struct Native {
    /// Its name.
    pub(super) name: String,
    /// What it is like.
    pub(super) kind: RotatorKind,
}

impl Rotator {
    /// What rotates a secret by these rules; nothing where they name nothing.
    ///
    /// # Errors
    /// See [`Rotator::read`]; `InvalidRequestException` for a name in a tag that none has.
    pub(in super::super) fn of(
        call: &Call<'_>,
        secret: &SecretRecord,
        rotation: &Rotation,
    ) -> Result<Option<Self>, Fault> {
        if let Some(arn) = &rotation.lambda_arn {
            return Self::read(call, secret, arn).map(Some);
        }
        let Some(name) = &rotation.managed_by else { return Ok(None) };
        let native = Native::named(call, name).map_err(|why| {
            SecretsManagerError::InvalidRequestException
                .with(format!("The tag {ROTATOR_TAG} does not name a rotator. {why}"))
        });
        native.map(|native| Some(Self::Native(native)))
    }

    /// Reads a `RotationLambdaARN` for a secret: `arn:aws:lambda:…:function:NAME`, or coffer's own
    /// `arn:aws:coffer:REGION:ACCOUNT:rotator/NAME`.
    ///
    /// # Errors
    /// `InvalidParameterException` for anything else.
    pub(in super::super) fn read(
        call: &Call<'_>,
        secret: &SecretRecord,
        text: &str,
    ) -> Result<Self, Fault> {
        let invalid = |message| SecretsManagerError::InvalidParameterException.with(message);
        let Ok(arn) = text.parse::<Arn>() else { return Err(invalid(NEITHER.to_owned())) };
        // What coffer has is in this one partition; other ARNs would be another's resources.
        let is_ours = arn.partition == "aws";
        match arn.service.as_str() {
            "lambda"
                if is_ours && arn.account.is_some() && arn.resource.starts_with("function:") =>
            {
                Ok(Self::Function(text.to_owned()))
            }
            "coffer" => {
                let is_here = is_ours
                    && arn.account == Some(secret.account)
                    && arn.region.as_ref() == Some(&secret.region);
                let name = arn.resource.strip_prefix("rotator/").filter(|_| is_here);
                let name = name.ok_or_else(|| invalid(NOT_HERE.to_owned()))?;
                let native = Native::named(call, name);
                native.map(Self::Native).map_err(|why| invalid(format!("{NOT_HERE} {why}")))
            }
            _ => Err(invalid(NEITHER.to_owned())),
        }
    }
}

impl Native {
    fn named(call: &Call<'_>, name: &str) -> Result<Self, String> {
        let kind = call.rotator(name).map_err(|why| why.0)?;
        Ok(Self { name: name.to_owned(), kind })
    }

    /// Refuses values that it could not rotate.
    ///
    /// # Errors
    /// `InvalidRequestException`.
    pub(super) fn must_take(
        &self,
        call: &Call<'_>,
        current: &Sensitive<String>,
        superuser: Option<&Sensitive<String>>,
    ) -> Result<(), Fault> {
        call.check_values(&self.name, current, superuser).map_err(|why| {
            SecretsManagerError::InvalidRequestException
                .with(format!("The secret can't be rotated: {why}."))
        })
    }
}

/// The name of the rotator in a secret's tag, for rotation that is managed.
pub(in super::super) fn named_by_tag(secret: &SecretRecord) -> Option<&str> {
    secret.tags.get(ROTATOR_TAG).map(String::as_str)
}

/// The tag that names the rotator of a secret whose rotation is managed.
const ROTATOR_TAG: &str = "coffer:rotator";
/// Who manages the rotation of such secrets.
pub(in super::super) const OWNING_SERVICE: &str = "coffer";
const NEITHER: &str = "The RotationLambdaARN must be the ARN of a Lambda function.";
const NOT_HERE: &str = "The RotationLambdaARN must be the ARN of a Lambda function, or of a rotator of coffer in the \
     partition `aws` and in the account and region of the secret.";

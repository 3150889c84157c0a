//! What rotates a secret: a Lambda function, or one of coffer's own rotators.

use coffer_model::Arn;
use coffer_protocol::Fault;

use super::super::errors::SecretsManagerError;
use super::super::secret::SecretRecord;

/// What a `RotationLambdaARN` names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) enum Rotator {
    /// A Lambda function.
    Function(String),
    /// A rotator that needs no function, by its name.
    Native(String),
}

impl Rotator {
    /// Reads a `RotationLambdaARN` for a secret: `arn:aws:lambda:…:function:NAME`, or coffer's own
    /// `arn:aws:coffer:REGION:ACCOUNT:rotator/NAME`.
    ///
    /// # Errors
    /// `InvalidParameterException` for anything else.
    pub(in super::super) fn read(secret: &SecretRecord, text: &str) -> Result<Self, Fault> {
        let invalid = |message| Err(SecretsManagerError::InvalidParameterException.with(message));
        let Ok(arn) = text.parse::<Arn>() else { return invalid(NEITHER) };
        match arn.service.as_str() {
            "lambda" if arn.account.is_some() && arn.resource.starts_with("function:") => {
                Ok(Self::Function(text.to_owned()))
            }
            "coffer" => {
                let is_here = arn.account == Some(secret.account)
                    && arn.region.as_ref() == Some(&secret.region);
                let name = arn.resource.strip_prefix("rotator/");
                match name.filter(|name| is_here && ROTATORS.contains(name)) {
                    Some(name) => Ok(Self::Native(name.to_owned())),
                    None => invalid(NO_SUCH_ROTATOR),
                }
            }
            _ => invalid(NEITHER),
        }
    }

    /// Whether it uses the secret of somebody who may change the password of others.
    pub(in super::super) fn needs_superuser(&self) -> bool {
        matches!(self, Self::Native(name) if name.ends_with("-alternating-users"))
    }
}

/// The rotators that need no function.
pub const ROTATORS: &[&str] = &[
    "mysql-alternating-users",
    "mysql-single-user",
    "postgresql-alternating-users",
    "postgresql-single-user",
    "redis-alternating-users",
    "redis-single-user",
];
const NEITHER: &str = "The RotationLambdaARN must be the ARN of a Lambda function.";
const NO_SUCH_ROTATOR: &str = "The RotationLambdaARN must be the ARN of a Lambda function, or of a rotator of coffer in the \
     account and region of the secret.";

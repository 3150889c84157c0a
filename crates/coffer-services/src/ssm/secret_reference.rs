//! Secrets read as parameters: `/aws/reference/secretsmanager/ID[:STAGE|:VERSION-ID]`.

use coffer_model::Sensitive;
use coffer_pipeline::{Call, Demand};
use coffer_protocol::audit::Shown;
use coffer_protocol::shape::{Rules, Shape};
use coffer_protocol::{Audit, Encode, Fault, Output, Veil, json};

use super::errors::SsmError;
use super::name;
use super::parameter::ParameterType;
use super::wire::Parameter;
use crate::secretsmanager::id;
use crate::secretsmanager::read::{ReadValue, Selector, secret_value};
use crate::secretsmanager::seal::Plain;

/// The id of the secret that a parameter's name or ARN refers to; nothing for all other parameters.
pub(crate) fn secret_of(words: &str) -> Option<&str> {
    SecretReference::of(words)?.words.split(':').next()
}

/// A caller's words for a secret, behind the prefix that makes them the name of a parameter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct SecretReference<'a> {
    /// The secret's id and perhaps, behind a colon, a stage or a version's id.
    words: &'a str,
}

impl<'a> SecretReference<'a> {
    /// The reference that a parameter's name or ARN is; nothing for all other parameters.
    pub(super) fn of(words: &'a str) -> Option<Self> {
        let words = words.trim();
        let path = match words.strip_prefix("arn:") {
            Some(_) => words.split_once(":parameter/").map_or("", |(_, path)| path),
            None => words.strip_prefix('/').unwrap_or_default(),
        };
        path.strip_prefix(PREFIX).map(|words| Self { words })
    }

    /// The permissions to read it: as a parameter by this action, and as a secret.
    pub(super) async fn demands(
        self,
        call: &mut Call<'_>,
        action: &'static str,
    ) -> Result<Vec<Demand>, Fault> {
        let secret_id = self.words.split(':').next().unwrap_or_default();
        let path = format!("{PREFIX}{secret_id}");
        let resource = name::arn_of(call.account(), call.region(), &path);
        let mut demands = vec![Demand::of(action, resource)];
        // What can be no secret's name is refused when it is read, in the words of that.
        if id::must_be_a_name(secret_id).is_ok() {
            let demand = id::demand(call, "secretsmanager:GetSecretValue", secret_id).await?;
            demands.push(demand);
        }
        Ok(demands)
    }

    /// Reads the secret.
    ///
    /// # Errors
    /// AWS's, and in its order: `ValidationException` for what cannot be a reference, then where
    /// it is not to be decrypted; `ParameterNotFound`; `ValidationException` for a secret that
    /// waits for its deletion; `InvalidKeyId` where its key cannot be used.
    pub(super) async fn read(
        self,
        call: &mut Call<'_>,
        with_decryption: bool,
    ) -> Result<Parameter, Fault> {
        let (secret_id, selector) = self.split()?;
        if !with_decryption {
            return Err(Fault::validation(NEEDS_DECRYPTION));
        }
        let read = select(call, secret_id, selector).await;
        let read = read.map_err(|fault| self.told(selector, fault))?;
        let value = match &read.plain {
            Plain::Text(text) => Some(text.clone()),
            // AWS: a binary secret comes without a value (observed by floci, 2026-09).
            Plain::Binary(_) => None,
        };
        Ok(Parameter {
            name: Some(format!("/{PREFIX}{secret_id}")),
            r#type: Some(ParameterType::SecureString),
            value,
            version: Some(0),
            selector: selector.map(|selector| format!(":{selector}")),
            last_modified_date: Some(read.created),
            arn: Some(read.arn.clone()),
            data_type: None,
            source_result: Some(SourceResult::of(&SecretAnswer::of(read))?),
        })
    }

    fn split(self) -> Result<(&'a str, Option<&'a str>), Fault> {
        let (secret_id, selector) = match self.words.split_once(':') {
            Some((secret_id, selector)) => (secret_id, Some(selector)),
            None => (self.words, None),
        };
        let is_selector = |text: &str| !text.is_empty() && !text.contains(':');
        if secret_id.is_empty() || selector.is_some_and(|selector| !is_selector(selector)) {
            return Err(Fault::validation(BAD_SELECTOR));
        }
        Ok((secret_id, selector))
    }

    /// A fault of Secrets Manager as Parameter Store tells it.
    fn told(self, selector: Option<&str>, fault: Fault) -> Fault {
        if fault.is_server_fault() {
            return fault;
        }
        let cause = fault.for_log();
        match fault.code {
            "DecryptionFailure" => SsmError::InvalidKeyId.with(fault.message).with_cause(cause),
            "AccessDeniedException" => Fault::access_denied(format!(
                "An error occurred (AccessDeniedException) when referencing Secrets Manager: {}",
                fault.message
            ))
            .with_cause(cause),
            "InvalidRequestException" => Fault::validation(INVALID_REQUEST).with_cause(cause),
            // AWS: `null` stands where a selector would (observed by floci, 2026-09).
            _ => SsmError::ParameterNotFound
                .with(format!(
                    "An error occurred (ParameterNotFound) when referencing Secrets Manager: \
                     Secret {PREFIX}{}{} not found.",
                    self.words,
                    if selector.is_none() { "null" } else { "" }
                ))
                .with_cause(cause),
        }
    }
}

/// Reads the version that a selector names: by its id, where it is as long as one, or by a stage.
async fn select(
    call: &mut Call<'_>,
    secret_id: &str,
    selector: Option<&str>,
) -> Result<ReadValue, Fault> {
    let by_stage = Selector { stage: selector, version_id: None };
    let Some(selector) = selector.filter(|text| VERSION_ID_BYTES.contains(&text.len())) else {
        return secret_value(call, secret_id, by_stage).await;
    };
    let by_id = Selector { stage: None, version_id: Some(selector) };
    match secret_value(call, secret_id, by_id).await {
        Err(fault) if fault.code == "ResourceNotFoundException" => {
            secret_value(call, secret_id, by_stage).await
        }
        read => read,
    }
}

/// The answer of Secrets Manager as Parameter Store writes it.
// AWS: names in this case and order, the date in words (observed by floci, 2026-09).
#[derive(Output)]
struct SecretAnswer {
    #[shape(wire = "ARN")]
    arn: Option<String>,
    #[shape(wire = "name")]
    name: Option<String>,
    #[shape(wire = "versionId")]
    version_id: Option<String>,
    #[shape(wire = "secretString")]
    secret_string: Option<Sensitive<String>>,
    #[shape(wire = "secretBinary")]
    secret_binary: Option<Sensitive<Vec<u8>>>,
    #[shape(wire = "versionStages")]
    version_stages: Option<Vec<String>>,
    #[shape(wire = "createdDate")]
    created_date: Option<String>,
}

impl SecretAnswer {
    fn of(read: ReadValue) -> Self {
        let (secret_string, secret_binary) = match read.plain {
            Plain::Text(text) => (Some(text), None),
            Plain::Binary(bytes) => (None, Some(bytes)),
        };
        let created = read.created.to_jiff().strftime("%b %-d, %Y %-I:%M:%S %p");
        Self {
            arn: Some(read.arn),
            name: Some(read.secret.name.clone()),
            version_id: Some(read.version_id),
            secret_string,
            secret_binary,
            version_stages: Some(read.stages),
            created_date: Some(created.to_string()),
        }
    }
}

/// `SourceResult`: a text with a secret in it, which the model does not call sensitive.
#[derive(Debug)]
pub(super) struct SourceResult(Sensitive<String>);

impl SourceResult {
    fn of(answer: &SecretAnswer) -> Result<Self, Fault> {
        let text = String::from_utf8(json::encode(answer)).map_err(|_| {
            // The error would show the bytes.
            Fault::internal("an answer of Secrets Manager is not UTF-8")
        })?;
        Ok(Self(Sensitive::new(text)))
    }
}

impl Encode for SourceResult {
    fn shape(rules: &Rules) -> Shape {
        <String as Encode>::shape(rules)
    }

    fn encode_json(&self, out: &mut Vec<u8>) {
        self.0.expose().encode_json(out);
    }

    fn encode_xml(&self, out: &mut Vec<u8>) {
        self.0.expose().encode_xml(out);
    }
}

impl<const SIDE: bool> Audit<SIDE> for SourceResult {
    const SHOWN: Shown = Shown::Veiled;

    fn audit(&self, _: &Rules, _: Veil, out: &mut Vec<u8>) {
        out.extend_from_slice(b"null");
    }
}

/// Behind the slash; a name's path, [`name::path_of`], has none.
const PREFIX: &str = "aws/reference/secretsmanager/";
/// How long the ids of versions are.
const VERSION_ID_BYTES: std::ops::RangeInclusive<usize> = 32..=64;
// AWS: these sentences were observed by floci (2026-09).
const NEEDS_DECRYPTION: &str =
    "WithDecryption flag must be True for retrieving a Secret Manager secret.";
const INVALID_REQUEST: &str = "Invalid Request to Secrets Manager";
const BAD_SELECTOR: &str = "Invalid parameter name. Please use correct syntax for referencing a \
                            version/label  <name>:<version/label>";

#[cfg(test)]
mod tests {
    use super::SecretReference;

    fn split(words: &str) -> Option<Result<(&str, Option<&str>), &'static str>> {
        let reference = SecretReference::of(words)?;
        Some(reference.split().map_err(|fault| fault.code))
    }

    #[test]
    fn only_names_below_the_prefix_are_references() {
        let prefix = "/aws/reference/secretsmanager/";
        let of = |rest: &str| format!("{prefix}{rest}");
        assert_eq!(split(&of("app/db")), Some(Ok(("app/db", None))));
        assert_eq!(split(&of("a+b@c:AWSCURRENT")), Some(Ok(("a+b@c", Some("AWSCURRENT")))));
        let arn = format!("arn:aws:ssm:us-east-1:000000000000:parameter{prefix}a:s");
        assert_eq!(split(&arn), Some(Ok(("a", Some("s")))));
        for bad in ["", ":x", "a:", "a:b:c", "arn:aws:secretsmanager:us-east-1:0:secret:a"] {
            assert_eq!(split(&of(bad)), Some(Err("ValidationException")), "{bad}");
        }
        for other in ["/aws/reference/a", "aws/reference/secretsmanager/a", "", "/a", "arn:x"] {
            assert_eq!(split(other), None, "{other}");
        }
    }
}

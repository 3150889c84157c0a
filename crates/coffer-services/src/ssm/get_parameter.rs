//! GetParameter: one parameter, by name or ARN, in its current or another version.

use coffer_pipeline::{Access, Call, Demand, Operation};
use coffer_protocol::{ErrorRow, Fault, Input, Output};

use super::errors::SsmError;
use super::name::Reference;
use super::permission;
use super::read;
use super::secret_reference::SecretReference;
use super::setting::throughput;
use super::wire::Parameter;

/// Reads a parameter, or a secret under `/aws/reference/secretsmanager/`.
pub(super) struct GetParameter;

/// Which one.
#[derive(Input, Debug)]
#[shape(name = "GetParameterRequest")]
pub(super) struct GetParameterInput {
    #[shape(required, min = 1, max = 2048)]
    name: String,
    with_decryption: Option<bool>,
}

/// The parameter.
#[derive(Output, Debug)]
#[shape(name = "GetParameterResult")]
pub(super) struct GetParameterOutput {
    parameter: Option<Parameter>,
}

impl Operation for GetParameter {
    const NAME: &'static str = "GetParameter";
    const ACCESS: Access = Access::Read;
    const ERRORS: &'static [ErrorRow] = &[
        SsmError::InternalServerError.row(),
        SsmError::InvalidKeyId.row(),
        SsmError::ParameterNotFound.row(),
        SsmError::ParameterVersionNotFound.row(),
    ];
    type Input = GetParameterInput;
    type Output = GetParameterOutput;

    async fn demands(call: &mut Call<'_>, input: &Self::Input) -> Result<Vec<Demand>, Fault> {
        if let Some(reference) = SecretReference::of(&input.name) {
            return reference.demands(call, ACTION).await;
        }
        permission::demands(call, ACTION, &input.name).await
    }

    async fn quota_kind(
        call: &mut Call<'_>,
        _: &Self::Input,
    ) -> Result<Option<&'static str>, Fault> {
        throughput(call).await.map(Some)
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        let with_decryption = input.with_decryption.unwrap_or(false);
        let found = match SecretReference::of(&input.name) {
            Some(reference) => reference.read(call, with_decryption).await?,
            None => read::read(call, &Reference::read(&input.name)?, with_decryption).await?,
        };
        Ok(GetParameterOutput { parameter: Some(found) })
    }
}

const ACTION: &str = "ssm:GetParameter";

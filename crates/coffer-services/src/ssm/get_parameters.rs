//! GetParameters: up to ten parameters at once.

use std::collections::BTreeSet;

use coffer_pipeline::{Access, Call, Demand, Operation};
use coffer_protocol::{AuditObject, ErrorRow, Fault, Input, Output};

use super::errors::SsmError;
use super::name::Reference;
use super::permission;
use super::read;
use super::secret_reference::SecretReference;
use super::setting::throughput;
use super::wire::Parameter;

/// Reads several parameters; those that are not there are told apart.
pub(super) struct GetParameters;

/// Which ones.
#[derive(Input, Debug)]
#[shape(name = "GetParametersRequest")]
pub(super) struct GetParametersInput {
    #[shape(required, min = 1, max = 10, member(min = 1, max = 2048))]
    names: Vec<String>,
    with_decryption: Option<bool>,
}

/// The parameters in the order of their names, and the names of those that are not there.
#[derive(Output, Debug)]
#[shape(name = "GetParametersResult")]
pub(super) struct GetParametersOutput {
    parameters: Option<Vec<Parameter>>,
    #[shape(min = 1, max = 10, member(min = 1, max = 2048))]
    invalid_parameters: Option<Vec<String>>,
}

impl Operation for GetParameters {
    const NAME: &'static str = "GetParameters";
    const ACCESS: Access = Access::Read;
    const ERRORS: &'static [ErrorRow] =
        &[SsmError::InvalidKeyId.row(), SsmError::InternalServerError.row()];
    type Input = GetParametersInput;
    type Output = GetParametersOutput;

    async fn demands(call: &mut Call<'_>, input: &Self::Input) -> Result<Vec<Demand>, Fault> {
        let mut demands = Vec::with_capacity(input.names.len());
        for words in &input.names {
            match SecretReference::of(words) {
                Some(reference) => demands.extend(reference.demands(call, ACTION).await?),
                None => demands.push(permission::demand(call, ACTION, words).await?),
            }
        }
        Ok(demands)
    }

    /// Tells which names were not found, since their values were not given away.
    fn audit_response(output: &Self::Output, object: &mut AuditObject<'_>) {
        if let Some(invalid) = output.invalid_parameters.as_ref().filter(|all| !all.is_empty()) {
            object.member("invalidParameters", invalid);
        }
    }

    async fn quota_kind(
        call: &mut Call<'_>,
        _: &Self::Input,
    ) -> Result<Option<&'static str>, Fault> {
        throughput(call).await.map(Some)
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        let with_decryption = input.with_decryption.unwrap_or(false);
        let mut found = Vec::with_capacity(input.names.len());
        let mut invalid = Vec::new();
        let names: BTreeSet<&String> = input.names.iter().collect();
        for words in names {
            match read_one(call, words, with_decryption).await {
                Ok(parameter) => found.push(parameter),
                Err(fault) if is_of_the_name(&fault) => invalid.push(words.clone()),
                Err(fault) => return Err(fault),
            }
        }
        found.sort_by(|left, right| (&left.name, left.version).cmp(&(&right.name, right.version)));
        Ok(GetParametersOutput { parameters: Some(found), invalid_parameters: Some(invalid) })
    }
}

async fn read_one(
    call: &mut Call<'_>,
    words: &str,
    with_decryption: bool,
) -> Result<Parameter, Fault> {
    match SecretReference::of(words) {
        Some(reference) => reference.read(call, with_decryption).await,
        None => read::read(call, &Reference::read(words)?, with_decryption).await,
    }
}

/// Whether the fault is about one name only and leaves the other parameters to be answered.
fn is_of_the_name(fault: &Fault) -> bool {
    ["ParameterNotFound", "ParameterVersionNotFound", "ValidationException"].contains(&fault.code)
}

const ACTION: &str = "ssm:GetParameters";

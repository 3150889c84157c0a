//! DeleteParameter: one parameter with all its versions.

use coffer_pipeline::{Access, Call, Demand, Operation};
use coffer_protocol::{ErrorRow, Fault, Input, Output};

use super::errors::SsmError;
use super::permission;
use super::{name, read, removal};

/// Deletes a parameter, its history, labels and tags.
pub(super) struct DeleteParameter;

/// Which one.
#[derive(Input, Debug)]
#[shape(name = "DeleteParameterRequest")]
pub(super) struct DeleteParameterInput {
    #[shape(required, min = 1, max = 2048)]
    name: String,
}

/// Nothing is given.
#[derive(Output, Debug)]
#[shape(name = "DeleteParameterResult")]
pub(super) struct DeleteParameterOutput {}

impl Operation for DeleteParameter {
    const NAME: &'static str = "DeleteParameter";
    const ACCESS: Access = Access::Write;
    const ERRORS: &'static [ErrorRow] =
        &[SsmError::InternalServerError.row(), SsmError::ParameterNotFound.row()];
    type Input = DeleteParameterInput;
    type Output = DeleteParameterOutput;

    async fn demands(call: &mut Call<'_>, input: &Self::Input) -> Result<Vec<Demand>, Fault> {
        permission::demands(call, "ssm:DeleteParameter", &input.name).await
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        let name = name::plain_name(&input.name)?;
        let parameter = read::find_named(call, name).await?;
        removal::remove(call, &parameter).await?;
        Ok(DeleteParameterOutput {})
    }
}

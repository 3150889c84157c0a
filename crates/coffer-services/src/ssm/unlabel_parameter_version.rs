//! UnlabelParameterVersion: takes labels off a version.

use coffer_pipeline::{Access, Call, Demand, Operation};
use coffer_protocol::{ErrorRow, Fault, Input, Output};

use super::errors::SsmError;
use super::parameter::ParameterRecord;
use super::permission;
use super::{name, read};

/// Takes labels off a version; those that are not on it come back and are no error.
pub(super) struct UnlabelParameterVersion;

/// Which labels, off which version.
#[derive(Input, Debug)]
#[shape(name = "UnlabelParameterVersionRequest")]
pub(super) struct UnlabelParameterVersionInput {
    #[shape(required, min = 1, max = 2048)]
    name: String,
    #[shape(required)]
    parameter_version: i64,
    #[shape(required, min = 1, max = 10, member(min = 1, max = 100))]
    labels: Vec<String>,
}

/// The labels that are off, and those that were not on.
#[derive(Output, Debug)]
#[shape(name = "UnlabelParameterVersionResult")]
pub(super) struct UnlabelParameterVersionOutput {
    #[shape(min = 1, max = 10, member(min = 1, max = 100))]
    removed_labels: Option<Vec<String>>,
    #[shape(min = 1, max = 10, member(min = 1, max = 100))]
    invalid_labels: Option<Vec<String>>,
}

impl Operation for UnlabelParameterVersion {
    const NAME: &'static str = "UnlabelParameterVersion";
    const ACCESS: Access = Access::Write;
    const ERRORS: &'static [ErrorRow] = &[
        SsmError::InternalServerError.row(),
        SsmError::TooManyUpdates.row(),
        SsmError::ParameterNotFound.row(),
        SsmError::ParameterVersionNotFound.row(),
    ];
    type Input = UnlabelParameterVersionInput;
    type Output = UnlabelParameterVersionOutput;

    async fn demands(call: &mut Call<'_>, input: &Self::Input) -> Result<Vec<Demand>, Fault> {
        permission::demands(call, "ssm:UnlabelParameterVersion", &input.name).await
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        let name = name::plain_name(&input.name)?;
        let parameter = read::find_named(call, name).await?;
        let number = input.parameter_version;
        if !parameter.has_version(number) {
            return Err(read::version_not_found(&parameter, number));
        }
        let mut unlabelled = ParameterRecord::clone(&parameter);
        let (mut removed, mut invalid) = (Vec::new(), Vec::new());
        for label in &input.labels {
            if unlabelled.labels.get(label) == Some(&number) {
                unlabelled.labels.remove(label);
                removed.push(label.clone());
            } else {
                invalid.push(label.clone());
            }
        }
        if !removed.is_empty() {
            call.acted_on(&unlabelled.arn());
            call.put(unlabelled).await?;
        }
        Ok(UnlabelParameterVersionOutput {
            removed_labels: Some(removed),
            invalid_labels: Some(invalid),
        })
    }
}

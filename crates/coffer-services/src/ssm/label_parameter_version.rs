//! LabelParameterVersion: puts labels on a version, moving those that sit on another.

use coffer_pipeline::{Access, Call, Demand, Operation};
use coffer_protocol::{ErrorRow, Fault, Input, Output};

use super::change::{self, Change};
use super::errors::SsmError;
use super::parameter::{LABELS_MAX, ParameterRecord};
use super::permission;
use super::{label, name, read};

/// Labels a version; labels against the rules come back and are no error.
pub(super) struct LabelParameterVersion;

/// Which labels, on which version; on the latest where none is named.
#[derive(Input, Debug)]
#[shape(name = "LabelParameterVersionRequest")]
pub(super) struct LabelParameterVersionInput {
    #[shape(required, min = 1, max = 2048)]
    name: String,
    parameter_version: Option<i64>,
    #[shape(required, min = 1, max = 10, member(min = 1, max = 100))]
    labels: Vec<String>,
}

/// The version, and the labels it did not get.
#[derive(Output, Debug)]
#[shape(name = "LabelParameterVersionResult")]
pub(super) struct LabelParameterVersionOutput {
    #[shape(min = 1, max = 10, member(min = 1, max = 100))]
    invalid_labels: Option<Vec<String>>,
    parameter_version: Option<i64>,
}

impl Operation for LabelParameterVersion {
    const NAME: &'static str = "LabelParameterVersion";
    const ACCESS: Access = Access::Write;
    const ERRORS: &'static [ErrorRow] = &[
        SsmError::InternalServerError.row(),
        SsmError::TooManyUpdates.row(),
        SsmError::ParameterNotFound.row(),
        SsmError::ParameterVersionNotFound.row(),
        SsmError::ParameterVersionLabelLimitExceeded.row(),
    ];
    type Input = LabelParameterVersionInput;
    type Output = LabelParameterVersionOutput;

    async fn demands(call: &mut Call<'_>, input: &Self::Input) -> Result<Vec<Demand>, Fault> {
        permission::demands(call, "ssm:LabelParameterVersion", &input.name).await
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        let name = name::plain_name(&input.name)?;
        let parameter = read::find_named(call, name).await?;
        let number = input.parameter_version.unwrap_or(parameter.current.number);
        if !parameter.has_version(number) {
            return Err(read::version_not_found(&parameter, number));
        }
        let (good, invalid): (Vec<_>, Vec<_>) =
            input.labels.iter().cloned().partition(|label| label::is_valid(label));
        if !good.is_empty() {
            let mut labelled = ParameterRecord::clone(&parameter);
            labelled.labels.extend(good.into_iter().map(|label| (label, number)));
            if labelled.labels_on(number).len() > LABELS_MAX {
                return Err(SsmError::ParameterVersionLabelLimitExceeded.with(TOO_MANY));
            }
            change::tell(call, Change::LabelParameterVersion, &labelled, None).await?;
            call.put(labelled).await?;
        }
        Ok(LabelParameterVersionOutput {
            invalid_labels: Some(invalid),
            parameter_version: Some(number),
        })
    }
}

const TOO_MANY: &str = "A parameter version can have maximum 10 labels. Move one or more labels \
                        to another version and try again.";

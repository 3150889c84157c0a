//! DeleteParameters: up to ten parameters at once.

use std::collections::BTreeSet;

use coffer_pipeline::{Access, Call, Demand, Operation};
use coffer_protocol::{ErrorRow, Fault, Input, Output};

use super::errors::SsmError;
use super::parameter::ParameterRecord;
use super::permission;
use super::{name, removal};

/// Deletes several parameters in one commit; those that are not there are told apart.
pub(super) struct DeleteParameters;

/// Which ones.
#[derive(Input, Debug)]
#[shape(name = "DeleteParametersRequest")]
pub(super) struct DeleteParametersInput {
    #[shape(required, min = 1, max = 10, member(min = 1, max = 2048))]
    names: Vec<String>,
}

/// The names of those that are gone, and of those that were not there.
#[derive(Output, Debug)]
#[shape(name = "DeleteParametersResult")]
pub(super) struct DeleteParametersOutput {
    #[shape(min = 1, max = 10, member(min = 1, max = 2048))]
    deleted_parameters: Option<Vec<String>>,
    #[shape(min = 1, max = 10, member(min = 1, max = 2048))]
    invalid_parameters: Option<Vec<String>>,
}

impl Operation for DeleteParameters {
    const NAME: &'static str = "DeleteParameters";
    const ACCESS: Access = Access::Write;
    const ERRORS: &'static [ErrorRow] = &[SsmError::InternalServerError.row()];
    type Input = DeleteParametersInput;
    type Output = DeleteParametersOutput;

    async fn demands(call: &mut Call<'_>, input: &Self::Input) -> Result<Vec<Demand>, Fault> {
        let mut demands = Vec::with_capacity(input.names.len());
        for words in &input.names {
            demands.push(permission::demand(call, "ssm:DeleteParameters", words).await?);
        }
        Ok(demands)
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        let (mut deleted, mut invalid) = (Vec::new(), Vec::new());
        let mut paths = BTreeSet::new();
        for words in &input.names {
            let Ok(name) = name::plain_name(words) else {
                invalid.push(words.clone());
                continue;
            };
            if !paths.insert(name::path_of(name)) {
                continue;
            }
            let key = ParameterRecord::key_of(call.scope(), name);
            match call.get::<ParameterRecord>(&key).await? {
                Some(parameter) => {
                    removal::remove(call, &parameter).await?;
                    deleted.push(words.clone());
                }
                None => invalid.push(words.clone()),
            }
        }
        Ok(DeleteParametersOutput {
            deleted_parameters: Some(deleted),
            invalid_parameters: Some(invalid),
        })
    }
}

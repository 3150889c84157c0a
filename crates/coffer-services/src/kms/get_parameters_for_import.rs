//! GetParametersForImport: gives what material has to be wrapped with to be imported.

use coffer_model::{Sensitive, Timestamp};
use coffer_pipeline::{Access, Call, ContextValues, Demand, Operation};
use coffer_protocol::{ErrorRow, Fault, Input, Output};

use super::errors::KmsError;
use super::find::find_to_change;
use super::import_token;
use super::permission::demand_on;
use super::usage;
use super::wire::{AlgorithmSpec, WrappingKeySpec};

/// Gives a public key to wrap material with, and the token to send it back with.
pub(super) struct GetParametersForImport;

/// For which key, and how it is to be wrapped.
#[derive(Input, Debug)]
#[shape(name = "GetParametersForImportRequest")]
pub(super) struct GetParametersForImportInput {
    #[shape(required, min = 1, max = 2048)]
    key_id: String,
    #[shape(required)]
    wrapping_algorithm: AlgorithmSpec,
    #[shape(required)]
    wrapping_key_spec: WrappingKeySpec,
}

/// Public key and token.
#[derive(Output, Debug)]
#[shape(name = "GetParametersForImportResponse")]
pub(super) struct GetParametersForImportOutput {
    key_id: Option<String>,
    import_token: Option<Vec<u8>>,
    public_key: Option<Sensitive<Vec<u8>>>,
    parameters_valid_to: Option<Timestamp>,
}

impl Operation for GetParametersForImport {
    const NAME: &'static str = "GetParametersForImport";
    const ACCESS: Access = Access::Read;
    const ERRORS: &'static [ErrorRow] = &[
        KmsError::InvalidArnException.row(),
        KmsError::UnsupportedOperationException.row(),
        KmsError::DependencyTimeoutException.row(),
        KmsError::NotFoundException.row(),
        KmsError::KMSInternalException.row(),
        KmsError::KMSInvalidStateException.row(),
    ];
    type Input = GetParametersForImportInput;
    type Output = GetParametersForImportOutput;

    async fn demands(call: &mut Call<'_>, input: &Self::Input) -> Result<Vec<Demand>, Fault> {
        Ok(vec![demand_on(call, "kms:GetParametersForImport", &input.key_id).await?])
    }

    fn condition<'i>(input: &'i Self::Input, key: &str) -> Option<ContextValues<'i>> {
        match key {
            "kms:wrappingalgorithm" => Some(input.wrapping_algorithm.as_str().into()),
            "kms:wrappingkeyspec" => Some(input.wrapping_key_spec.as_str().into()),
            _ => None,
        }
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        let key = find_to_change(call, &input.key_id, "kms:GetParametersForImport").await?;
        if !key.kind.is_external() {
            return Err(usage::invalid_origin(&key));
        }
        key.must_stay()?;
        let (wrapping, wrapping_key) = (input.wrapping_algorithm, input.wrapping_key_spec);
        let issued = import_token::issue(call, &key, wrapping, wrapping_key).await?;
        Ok(GetParametersForImportOutput {
            key_id: Some(key.arn()),
            import_token: Some(issued.token),
            public_key: Some(Sensitive::new(issued.public)),
            parameters_valid_to: Some(issued.expires),
        })
    }
}

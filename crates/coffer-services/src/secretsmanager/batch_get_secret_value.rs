//! BatchGetSecretValue: the current values of several secrets.

use coffer_model::{Sensitive, Timestamp};
use coffer_pipeline::audit::ItemCall;
use coffer_pipeline::{Access, Call, ContextValues, Demand, Facts, Operation};
use coffer_protocol::{ErrorRow, Fault, Input, Output};
use coffer_store::Direction;

use super::errors::SecretsManagerError;
use super::filter::{Filter, Filters};
use super::get_secret_value::GetSecretValue;
use super::id;
use super::listing::{Listing, Sort, invalid_next_token};
use super::read::{self, ReadValue, Selector};
use super::seal::Plain;
use super::secret::CURRENT;

/// Reads values by a list of secrets or by filters; what cannot be read is told secret by secret.
pub(super) struct BatchGetSecretValue;

/// Which secrets: a list, or filters.
#[derive(Input, Debug)]
#[shape(name = "BatchGetSecretValueRequest")]
pub(super) struct BatchGetSecretValueInput {
    #[shape(min = 1, max = 20, member(min = 1, max = 2048))]
    secret_id_list: Option<Vec<String>>,
    #[shape(max = 10)]
    filters: Option<Vec<Filter>>,
    #[shape(min = 1, max = 20)]
    max_results: Option<i32>,
    #[shape(min = 1, max = 4096)]
    next_token: Option<String>,
}

/// The values, and why others are lacking.
#[derive(Output, Debug)]
#[shape(name = "BatchGetSecretValueResponse")]
pub(super) struct BatchGetSecretValueOutput {
    secret_values: Option<Vec<SecretValueEntry>>,
    next_token: Option<String>,
    errors: Option<Vec<ApiError>>,
}

#[derive(Output, Debug)]
#[shape(name = "SecretValueEntry")]
struct SecretValueEntry {
    #[shape(wire = "ARN")]
    arn: Option<String>,
    name: Option<String>,
    version_id: Option<String>,
    secret_binary: Option<Sensitive<Vec<u8>>>,
    secret_string: Option<Sensitive<String>>,
    version_stages: Option<Vec<String>>,
    created_date: Option<Timestamp>,
}

#[derive(Output, Debug)]
#[shape(name = "APIErrorType")]
struct ApiError {
    secret_id: Option<String>,
    error_code: Option<String>,
    message: Option<String>,
}

impl Operation for BatchGetSecretValue {
    const NAME: &'static str = "BatchGetSecretValue";
    const ACCESS: Access = Access::Read;
    const ERRORS: &'static [ErrorRow] = &[
        SecretsManagerError::ResourceNotFoundException.row(),
        SecretsManagerError::InvalidParameterException.row(),
        SecretsManagerError::InvalidRequestException.row(),
        SecretsManagerError::DecryptionFailure.row(),
        SecretsManagerError::InternalServiceError.row(),
        SecretsManagerError::InvalidNextTokenException.row(),
    ];
    type Input = BatchGetSecretValueInput;
    type Output = BatchGetSecretValueOutput;

    async fn demands(_: &mut Call<'_>, input: &Self::Input) -> Result<Vec<Demand>, Fault> {
        let mut demands = Demand::any("secretsmanager:BatchGetSecretValue");
        if input.filters.is_some() {
            demands.extend(Demand::any("secretsmanager:ListSecrets"));
        }
        Ok(demands)
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        match (&input.secret_id_list, &input.filters) {
            (Some(ids), None) => by_ids(call, input, ids).await,
            (None, Some(filters)) => by_filters(call, input, filters).await,
            _ => Err(SecretsManagerError::InvalidParameterException
                .with("Either 'SecretIdList' or 'Filters' must be provided, but not both.")),
        }
    }
}

async fn by_ids(
    call: &mut Call<'_>,
    input: &BatchGetSecretValueInput,
    ids: &[String],
) -> Result<BatchGetSecretValueOutput, Fault> {
    if input.max_results.is_some() {
        return Err(SecretsManagerError::InvalidParameterException.with(
            "'Filters' not specified. 'Filters' must also be specified when 'MaxResults' is \
             provided.",
        ));
    }
    if input.next_token.is_some() {
        // A list is answered whole, so there is no token of such an answer.
        return Err(invalid_next_token());
    }
    read_all(call, ids.iter().map(String::as_str), None).await
}

async fn by_filters(
    call: &mut Call<'_>,
    input: &BatchGetSecretValueInput,
    filters: &[Filter],
) -> Result<BatchGetSecretValueOutput, Fault> {
    let listing = Listing {
        operation: BatchGetSecretValue::NAME,
        filters: Filters::read(Some(filters))?,
        sort: Sort::Created,
        direction: Direction::Ascending,
        with_deleted: false,
    };
    let secrets_max = usize::try_from(input.max_results.unwrap_or(PAGE_MAX)).unwrap_or(1);
    let page = listing.page(call, input.next_token.as_deref(), secrets_max).await?;
    let arns: Vec<_> = page.secrets.iter().map(|secret| secret.arn()).collect();
    read_all(call, arns.iter().map(String::as_str), page.next_token).await
}

async fn read_all<'a>(
    call: &mut Call<'_>,
    ids: impl Iterator<Item = &'a str>,
    next_token: Option<String>,
) -> Result<BatchGetSecretValueOutput, Fault> {
    let mut values = Vec::new();
    let mut errors = Vec::new();
    for id in ids {
        match read_one(call, id).await {
            Ok(value) => {
                call.stands_for(read_of(id, Some(value.arn.clone()), None));
                values.push(entry(value));
            }
            Err(fault) if fault.is_server_fault() => return Err(fault),
            Err(fault) => {
                call.stands_for(read_of(id, None, Some(fault.clone())));
                errors.push(ApiError {
                    secret_id: Some(id.to_owned()),
                    error_code: Some(fault.code.to_owned()),
                    message: Some(fault.message),
                });
            }
        }
    }
    Ok(BatchGetSecretValueOutput { secret_values: Some(values), next_token, errors: Some(errors) })
}

/// AWS: each secret of a batch has a record of GetSecretValue (API reference, BatchGetSecretValue).
fn read_of(id: &str, resource: Option<String>, fault: Option<Fault>) -> ItemCall {
    let parameter = ("secretId", id.to_owned());
    ItemCall { event_name: GetSecretValue::NAME, parameter, resource, fault }
}

/// The permission to read each value is looked at here, since its lack is told secret by secret.
async fn read_one(call: &mut Call<'_>, id: &str) -> Result<ReadValue, Fault> {
    let demand = id::demand(call, "secretsmanager:GetSecretValue", id).await?;
    call.must_be_allowed_by(&demand, &OfCurrentStage).await?;
    read::secret_value(call, id, Selector::default()).await
}

/// What each read of a batch says of condition keys: the one stage that it asks for.
struct OfCurrentStage;

impl Facts for OfCurrentStage {
    fn fact(&self, key: &str) -> Option<ContextValues<'_>> {
        (key == "secretsmanager:versionstage").then(|| CURRENT.into())
    }
}

fn entry(value: ReadValue) -> SecretValueEntry {
    let (secret_string, secret_binary) = match value.plain {
        Plain::Text(text) => (Some(text), None),
        Plain::Binary(bytes) => (None, Some(bytes)),
    };
    SecretValueEntry {
        arn: Some(value.arn),
        name: Some(value.secret.name.clone()),
        version_id: Some(value.version_id),
        secret_binary,
        secret_string,
        version_stages: Some(value.stages),
        created_date: Some(value.created),
    }
}

/// Secrets in one answer.
const PAGE_MAX: i32 = 20;

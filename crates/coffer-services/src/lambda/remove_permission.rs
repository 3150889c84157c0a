//! RemovePermission: takes a statement out of the policy of a function.

use coffer_pipeline::{Access, Call, Demand, Http, Operation};
use coffer_protocol::{ErrorRow, Fault, Input};
use coffer_store::Record as _;
use serde_json::Value;

use super::errors::LambdaError;
use super::function_name::FunctionName;
use super::policy::{FunctionPolicyRecord, document_of, must_be_revision};

/// Takes a statement away, and with the last one the policy.
pub(super) struct RemovePermission;

/// Which statement.
#[derive(Input, Debug)]
#[shape(name = "RemovePermissionRequest")]
pub(super) struct RemovePermissionInput {
    #[shape(
        required,
        uri,
        min = 1,
        max = 256,
        pattern = r"(arn:(aws[a-zA-Z-]*)?:lambda:)?((eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1}:)?(\d{12}:)?(function:)?([a-zA-Z0-9-_\.]+)(:(\$LATEST(\.PUBLISHED)?|[a-zA-Z0-9-_]+))?"
    )]
    function_name: String,
    #[shape(required, uri, min = 1, max = 100, pattern = r"([a-zA-Z0-9-_.]+)")]
    statement_id: String,
    #[shape(
        query = "Qualifier",
        min = 1,
        max = 128,
        pattern = r"\$(LATEST(\.PUBLISHED)?)|[a-zA-Z0-9-_$]+"
    )]
    qualifier: Option<String>,
    #[shape(query = "RevisionId")]
    revision_id: Option<String>,
}

impl Operation for RemovePermission {
    const NAME: &'static str = "RemovePermission";
    const ACCESS: Access = Access::Write;
    const HTTP: Option<Http> = Some(Http {
        method: "DELETE",
        path: "/2015-03-31/functions/{FunctionName}/policy/{StatementId}",
        status: 204,
    });
    const ERRORS: &'static [ErrorRow] = &[
        LambdaError::InvalidParameterValueException.row(),
        LambdaError::PublicPolicyException.row(),
        LambdaError::ServiceException.row(),
        LambdaError::TooManyRequestsException.row(),
        LambdaError::ResourceNotFoundException.row(),
        LambdaError::PreconditionFailedException.row(),
    ];
    type Input = RemovePermissionInput;
    type Output = ();

    async fn demands(call: &mut Call<'_>, input: &Self::Input) -> Result<Vec<Demand>, Fault> {
        let name = name_of(call, input)?;
        name.demands(call, "lambda:RemovePermission").await
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        let name = name_of(call, input)?;
        name.find(call).await?;
        let Some(policy) = FunctionPolicyRecord::of(call, &name).await? else {
            return Err(LambdaError::ResourceNotFoundException
                .with("No policy is associated with the given resource."));
        };
        must_be_revision(input.revision_id.as_deref(), Some(&policy.revision_id))?;
        let mut statements = policy.statements();
        let had = statements.len();
        statements.retain(|it| it.get("Sid") != Some(&Value::from(input.statement_id.as_str())));
        if statements.len() == had {
            return Err(LambdaError::ResourceNotFoundException.with(format!(
                "Statement {} is not found in resource policy.",
                input.statement_id
            )));
        }
        call.acted_on(&name.arn());
        if statements.is_empty() {
            return call.delete::<FunctionPolicyRecord>(&policy.key()).await;
        }
        let document = document_of(call, statements).await?;
        let revision_id = call.uuid();
        call.put(FunctionPolicyRecord { document, revision_id, ..policy.as_ref().clone() }).await
    }
}

fn name_of(call: &Call<'_>, input: &RemovePermissionInput) -> Result<FunctionName, Fault> {
    FunctionName::qualified(&input.function_name, input.qualifier.as_deref(), call.context())
}

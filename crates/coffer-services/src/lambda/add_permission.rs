//! AddPermission: lets somebody else call a function.

use coffer_pipeline::{Access, Call, ContextValues, Demand, Http, Operation};
use coffer_protocol::{ErrorRow, Fault, Input, Output};
use serde_json::Value;

use super::errors::LambdaError;
use super::function::Found;
use super::function_name::FunctionName;
use super::policy::{FunctionPolicyRecord, NewStatement, document_of, must_be_revision};
use super::settings::{Foreign, named};
use super::wire::FunctionUrlAuthType;

/// Adds a statement to the policy of a function, or of one of its versions.
pub(super) struct AddPermission;

/// The statement.
#[derive(Input, Debug)]
#[shape(name = "AddPermissionRequest")]
pub(super) struct AddPermissionInput {
    #[shape(
        required,
        uri,
        min = 1,
        max = 256,
        pattern = r"(arn:(aws[a-zA-Z-]*)?:lambda:)?((eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1}:)?(\d{12}:)?(function:)?([a-zA-Z0-9-_\.]+)(:(\$LATEST(\.PUBLISHED)?|[a-zA-Z0-9-_]+))?"
    )]
    function_name: String,
    #[shape(required, min = 1, max = 100, pattern = r"([a-zA-Z0-9-_]+)")]
    statement_id: String,
    #[shape(required, max = 10000, pattern = r"(lambda:[*]|lambda:[a-zA-Z]+|[*])")]
    action: String,
    #[shape(required, max = 2048, pattern = r"[^\s]+")]
    principal: String,
    #[shape(
        max = 10000,
        pattern = r"arn:(aws[a-zA-Z0-9-]*):([a-zA-Z0-9\-])+:((eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1})?:(\d{12})?:(.*)"
    )]
    source_arn: Option<String>,
    function_url_auth_type: Option<FunctionUrlAuthType>,
    invoked_via_function_url: Option<bool>,
    #[shape(max = 12, pattern = r"\d{12}")]
    source_account: Option<String>,
    #[shape(max = 256, pattern = r"[a-zA-Z0-9._\-]+")]
    event_source_token: Option<String>,
    #[shape(
        query = "Qualifier",
        min = 1,
        max = 128,
        pattern = r"\$(LATEST(\.PUBLISHED)?)|[a-zA-Z0-9-_$]+"
    )]
    qualifier: Option<String>,
    revision_id: Option<String>,
    #[shape(wire = "PrincipalOrgID", min = 12, max = 34, pattern = r"o-[a-z0-9]{10,32}")]
    principal_org_id: Option<String>,
}

/// The statement, as it was written.
#[derive(Output, Debug, Default)]
#[shape(name = "AddPermissionResponse")]
pub(super) struct AddPermissionOutput {
    statement: Option<String>,
}

impl Operation for AddPermission {
    const NAME: &'static str = "AddPermission";
    const ACCESS: Access = Access::Write;
    const HTTP: Option<Http> = Some(Http {
        method: "POST",
        path: "/2015-03-31/functions/{FunctionName}/policy",
        status: 201,
    });
    const ERRORS: &'static [ErrorRow] = &[
        LambdaError::InvalidParameterValueException.row(),
        LambdaError::ResourceConflictException.row(),
        LambdaError::PublicPolicyException.row(),
        LambdaError::ServiceException.row(),
        LambdaError::TooManyRequestsException.row(),
        LambdaError::PolicyLengthExceededException.row(),
        LambdaError::ResourceNotFoundException.row(),
        LambdaError::PreconditionFailedException.row(),
    ];
    type Input = AddPermissionInput;
    type Output = AddPermissionOutput;

    async fn demands(call: &mut Call<'_>, input: &Self::Input) -> Result<Vec<Demand>, Fault> {
        let name = name_of(call, input)?;
        name.demands(call, "lambda:AddPermission").await
    }

    fn condition<'i>(input: &'i Self::Input, key: &str) -> Option<ContextValues<'i>> {
        match key {
            "lambda:principal" => Some(input.principal.as_str().into()),
            _ => None,
        }
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        let name = name_of(call, input)?;
        let found = Found::find(call, &name).await?;
        let others = [
            named("FunctionUrlAuthType", &input.function_url_auth_type),
            named("InvokedViaFunctionUrl", &input.invoked_via_function_url),
        ];
        let others = others.into_iter().flatten().collect();
        Foreign { others, ..Foreign::default() }.must_be_absent()?;
        let policy = FunctionPolicyRecord::of(call, &name).await?;
        let revision = policy.as_ref().map(|policy| policy.revision_id.as_str());
        must_be_revision(input.revision_id.as_deref(), revision)?;
        let mut statements = policy.map(|policy| policy.statements()).unwrap_or_default();
        let is_same = |statement: &Value| {
            statement.get("Sid") == Some(&Value::from(input.statement_id.as_str()))
        };
        if statements.iter().any(is_same) {
            return Err(LambdaError::ResourceConflictException.with(format!(
                "The statement id ({}) provided already exists. Please provide a new statement id, \
                 or remove the existing statement.",
                input.statement_id
            )));
        }
        let statement = input.statement().written(&name.arn())?;
        let written = statement.to_string();
        statements.push(statement);
        let document = document_of(call, statements).await?;
        let revision_id = call.uuid();
        let function = &found.function;
        call.put(FunctionPolicyRecord {
            account: function.account,
            region: function.region.clone(),
            name: function.name.clone(),
            qualifier: name.qualifier.clone().unwrap_or_default(),
            document,
            revision_id,
        })
        .await?;
        call.acted_on(&name.arn());
        Ok(AddPermissionOutput { statement: Some(written) })
    }
}

impl AddPermissionInput {
    fn statement(&self) -> NewStatement<'_> {
        NewStatement {
            id: &self.statement_id,
            action: &self.action,
            principal: &self.principal,
            source_arn: self.source_arn.as_deref(),
            source_account: self.source_account.as_deref().filter(|text| !text.is_empty()),
            event_source_token: self.event_source_token.as_deref(),
            organization: self.principal_org_id.as_deref(),
        }
    }
}

fn name_of(call: &Call<'_>, input: &AddPermissionInput) -> Result<FunctionName, Fault> {
    FunctionName::qualified(&input.function_name, input.qualifier.as_deref(), call.context())
}

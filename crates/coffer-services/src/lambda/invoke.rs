//! Invoke: calls a function, now or later.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use coffer_model::Sensitive;
use coffer_pipeline::{Access, Call, Demand, FunctionOutcome, Http, NotRun, Operation};
use coffer_protocol::{AuditObject, AwsEnum, ErrorRow, Fault, Input, Output};
use serde::de::IgnoredAny;
use serde_json::{Map, Value};

use super::errors::LambdaError;
use super::function::Found;
use super::function_name::FunctionName;
use super::invoke_later::InvokeLater;
use super::order::{Event, order, role_of};
use super::settings::{Foreign, must_be_on, named, off};

/// Calls a function: the decision orders it, and it is run once that stands.
pub(super) struct Invoke;

/// Which function, how, and with what.
#[derive(Input, Debug)]
#[shape(name = "InvocationRequest")]
pub(super) struct InvokeInput {
    #[shape(
        required,
        uri,
        min = 1,
        max = 256,
        pattern = r"(arn:(aws[a-zA-Z-]*)?:lambda:)?((eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1}:)?(\d{12}:)?(function:)?([a-zA-Z0-9-_\.]+)(:(\$LATEST(\.PUBLISHED)?|[a-zA-Z0-9-_]+))?"
    )]
    function_name: String,
    #[shape(header = "X-Amz-Invocation-Type")]
    invocation_type: Option<InvocationType>,
    #[shape(header = "X-Amz-Log-Type")]
    log_type: Option<LogType>,
    #[shape(header = "X-Amz-Client-Context")]
    client_context: Option<String>,
    #[shape(
        header = "X-Amz-Durable-Execution-Name",
        min = 1,
        max = 64,
        pattern = r"[a-zA-Z0-9-_]+"
    )]
    durable_execution_name: Option<String>,
    #[shape(payload)]
    payload: Option<Sensitive<Vec<u8>>>,
    #[shape(
        query = "Qualifier",
        min = 1,
        max = 128,
        pattern = r"\$(LATEST(\.PUBLISHED)?)|[a-zA-Z0-9-_$]+"
    )]
    qualifier: Option<String>,
    #[shape(header = "X-Amz-Tenant-Id", min = 1, max = 256, pattern = r"[a-zA-Z0-9\._:\/=+\-@ ]+")]
    tenant_id: Option<String>,
}

/// AWS's values of `InvocationType`.
#[derive(AwsEnum, Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum InvocationType {
    Event,
    RequestResponse,
    DryRun,
}

/// AWS's values of `LogType`.
#[derive(AwsEnum, Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum LogType {
    None,
    Tail,
}

/// What the function answered, and how that went.
#[derive(Output, Debug, Default)]
#[shape(name = "InvocationResponse")]
pub(super) struct InvokeOutput {
    #[shape(status)]
    status_code: Option<i32>,
    #[shape(header = "X-Amz-Function-Error")]
    function_error: Option<String>,
    #[shape(header = "X-Amz-Log-Result")]
    log_result: Option<String>,
    #[shape(payload)]
    payload: Option<Sensitive<Vec<u8>>>,
    #[shape(header = "X-Amz-Executed-Version")]
    executed_version: Option<String>,
    #[shape(header = "X-Amz-Durable-Execution-Arn")]
    durable_execution_arn: Option<String>,
}

impl Operation for Invoke {
    const NAME: &'static str = "Invoke";
    const ACCESS: Access = Access::Write;
    const HTTP: Option<Http> = Some(Http {
        method: "POST",
        path: "/2015-03-31/functions/{FunctionName}/invocations",
        status: 200,
    });
    const ERRORS: &'static [ErrorRow] = &[
        LambdaError::RuntimeAliasDeletedException.row(),
        LambdaError::CodeArtifactUserDeletedException.row(),
        LambdaError::ResourceNotReadyException.row(),
        LambdaError::ServiceQuotaExceededException.row(),
        LambdaError::InvalidSecurityGroupIDException.row(),
        LambdaError::SnapStartTimeoutException.row(),
        LambdaError::TooManyRequestsException.row(),
        LambdaError::EC2ThrottledException.row(),
        LambdaError::EFSMountConnectivityException.row(),
        LambdaError::SubnetIPAddressLimitReachedException.row(),
        LambdaError::KMSAccessDeniedException.row(),
        LambdaError::RequestTooLargeException.row(),
        LambdaError::KMSDisabledException.row(),
        LambdaError::UnsupportedMediaTypeException.row(),
        LambdaError::S3FilesMountConnectivityException.row(),
        LambdaError::SerializedRequestEntityTooLargeException.row(),
        LambdaError::InvalidRuntimeException.row(),
        LambdaError::NoPublishedVersionException.row(),
        LambdaError::EC2UnexpectedException.row(),
        LambdaError::InvalidSubnetIDException.row(),
        LambdaError::KMSNotFoundException.row(),
        LambdaError::InvalidParameterValueException.row(),
        LambdaError::EC2AccessDeniedException.row(),
        LambdaError::EFSIOException.row(),
        LambdaError::KMSInvalidStateException.row(),
        LambdaError::ResourceConflictException.row(),
        LambdaError::RuntimeVersionDeletedException.row(),
        LambdaError::ENILimitReachedException.row(),
        LambdaError::SnapStartNotReadyException.row(),
        LambdaError::ServiceException.row(),
        LambdaError::CodeArtifactUserPendingException.row(),
        LambdaError::SnapStartException.row(),
        LambdaError::RecursiveInvocationException.row(),
        LambdaError::S3FilesMountFailureException.row(),
        LambdaError::EFSMountTimeoutException.row(),
        LambdaError::ENINotReadyException.row(),
        LambdaError::S3FilesMountTimeoutException.row(),
        LambdaError::CodeArtifactUserFailedException.row(),
        LambdaError::ModeNotSupportedException.row(),
        LambdaError::ResourceNotFoundException.row(),
        LambdaError::InvalidRequestContentException.row(),
        LambdaError::SnapStartRegenerationFailureException.row(),
        LambdaError::DurableExecutionAlreadyStartedException.row(),
        LambdaError::InvalidZipFileException.row(),
        LambdaError::EFSMountFailureException.row(),
    ];
    type Input = InvokeInput;
    type Output = InvokeOutput;

    async fn demands(call: &mut Call<'_>, input: &Self::Input) -> Result<Vec<Demand>, Fault> {
        let name = name_of(call, input)?;
        name.demands(call, "lambda:InvokeFunction").await
    }

    /// What a client says of itself may be anything, so it is not shown.
    fn audit_parameters(input: &Self::Input, object: &mut AuditObject<'_>) {
        object.member("functionName", &input.function_name);
        if let Some(kind) = &input.invocation_type {
            object.member("invocationType", kind);
        }
        if let Some(kind) = &input.log_type {
            object.member("logType", kind);
        }
        if let Some(qualifier) = &input.qualifier {
            object.member("qualifier", qualifier);
        }
    }

    /// What a function answers and logs is nobody's business but its caller's.
    fn audit_response(_: &Self::Output, _: &mut AuditObject<'_>) {}

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        must_be_on(call)?;
        let name = name_of(call, input)?;
        let others = [
            named("DurableExecutionName", &input.durable_execution_name),
            named("TenantId", &input.tenant_id),
        ];
        let others = others.into_iter().flatten().collect();
        Foreign { others, ..Foreign::default() }.must_be_absent()?;
        let found = Found::find(call, &name).await?;
        let kind = input.invocation_type.unwrap_or(InvocationType::RequestResponse);
        let event = input.event(kind, call.context().request_id.clone())?;
        call.acted_on(&name.arn());
        match kind {
            InvocationType::DryRun => {
                role_of(call, &found).await?;
                Ok(InvokeOutput::of(NO_CONTENT))
            }
            InvocationType::Event => {
                role_of(call, &found).await?;
                InvokeLater::of(&name, &event).schedule(call, &name.scope, call.now()).await?;
                Ok(InvokeOutput::of(ACCEPTED))
            }
            InvocationType::RequestResponse => {
                let ordered = order(call, &name, &found, event).await?;
                call.order(ordered);
                let executed_version = Some(found.label);
                // That it is there asks for the log.
                let log_result = (input.log_type == Some(LogType::Tail)).then(String::new);
                Ok(InvokeOutput { executed_version, log_result, ..InvokeOutput::of(OK) })
            }
        }
    }

    fn carried_out(
        output: Self::Output,
        outcome: Result<FunctionOutcome, NotRun>,
    ) -> Result<Self::Output, Fault> {
        let outcome = outcome.map_err(|why| not_run(&why))?;
        let log = outcome.log_tail.expose();
        let tail = log.get(log.len().saturating_sub(LOG_BYTES_MAX)..).unwrap_or_default();
        Ok(InvokeOutput {
            function_error: outcome.function_error,
            log_result: output.log_result.as_ref().map(|_| STANDARD.encode(tail)),
            payload: Some(outcome.payload),
            executed_version: Some(outcome.executed_version),
            ..output
        })
    }
}

impl InvokeOutput {
    fn of(status: i32) -> Self {
        Self { status_code: Some(status), ..Self::default() }
    }
}

impl InvokeInput {
    /// What the function is given.
    ///
    /// # Errors
    /// What is no JSON, or too much.
    fn event(&self, kind: InvocationType, request_id: String) -> Result<Event, Fault> {
        let payload = match &self.payload {
            Some(payload) => payload.clone(),
            None => Sensitive::new(b"{}".to_vec()),
        };
        let (bytes, max) = (payload.expose().len(), kind.bytes_max());
        if bytes > max {
            return Err(LambdaError::RequestTooLargeException.with(format!(
                "{bytes} byte payload is too large for the {kind} invocation type (limit {max} \
                 bytes)"
            )));
        }
        // The parser's own words may quote the payload.
        // What is ignored is not looked at for UTF-8.
        let is_json = |text| serde_json::from_str::<IgnoredAny>(text).is_ok();
        if !std::str::from_utf8(payload.expose()).is_ok_and(is_json) {
            return Err(LambdaError::InvalidRequestContentException.with(
                "Could not parse request body into json: Could not parse payload into json",
            ));
        }
        let client_context = self.client_context.clone().filter(|context| !context.is_empty());
        let client_context = client_context.map(Sensitive::new);
        if client_context.as_ref().is_some_and(|it| it.expose().len() > CONTEXT_BYTES_MAX) {
            return Err(LambdaError::InvalidParameterValueException
                .with(format!("The client context has more than {CONTEXT_BYTES_MAX} bytes.")));
        }
        if client_context.as_ref().is_some_and(|it| !is_json_in_base64(it.expose())) {
            // Recorded from AWS (boto/boto3#2153).
            return Err(LambdaError::InvalidRequestContentException
                .with("Client context must be a valid Base64-encoded JSON object."));
        }
        Ok(Event { request_id, payload, client_context })
    }
}

impl InvocationType {
    const fn bytes_max(self) -> usize {
        match self {
            Self::Event => EVENT_BYTES_MAX,
            Self::RequestResponse | Self::DryRun => PAYLOAD_BYTES_MAX,
        }
    }
}

fn is_json_in_base64(text: &str) -> bool {
    let json = STANDARD.decode(text);
    json.is_ok_and(|json| serde_json::from_slice::<Map<String, Value>>(&json).is_ok())
}

/// How a caller is told of a function that was not run.
fn not_run(not_run: &NotRun) -> Fault {
    match not_run {
        NotRun::Off => off(),
        NotRun::Busy => LambdaError::TooManyRequestsException.with("Rate Exceeded."),
        NotRun::Unfit(_) => LambdaError::InvalidZipFileException
            .with("Lambda could not unzip the code, or is not let run it."),
        NotRun::Failed(_) => {
            LambdaError::ServiceException.with("The function could not be started.")
        }
    }
    .with_cause(not_run)
}

fn name_of(call: &Call<'_>, input: &InvokeInput) -> Result<FunctionName, Fault> {
    FunctionName::qualified(&input.function_name, input.qualifier.as_deref(), call.context())
}

const OK: i32 = 200;
const ACCEPTED: i32 = 202;
const NO_CONTENT: i32 = 204;
/// AWS: Lambda developer guide, quotas.
const PAYLOAD_BYTES_MAX: usize = 6 << 20;
const EVENT_BYTES_MAX: usize = 256 << 10;
const LOG_BYTES_MAX: usize = 4096;
/// AWS: Lambda API reference, Invoke: 3,583 bytes of base64 data.
const CONTEXT_BYTES_MAX: usize = 3583;

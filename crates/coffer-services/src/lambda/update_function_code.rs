//! UpdateFunctionCode: puts other code in the place of a function's.

use std::sync::Arc;

use coffer_model::Sensitive;
use coffer_pipeline::{Access, Call, Demand, Http, Operation};
use coffer_protocol::{ErrorRow, Fault, Input};

use super::code::{self, Given};
use super::errors::LambdaError;
use super::function::{Found, LATEST, Version};
use super::function_name::FunctionName;
use super::publish::{holder_of, publish};
use super::settings::{Foreign, must_be_on, named};
use super::wire::{Architecture, FunctionVersionLatestPublished, S3ObjectStorageMode};
use super::wire_configuration::FunctionConfiguration;

/// Replaces the code of the latest version.
pub(super) struct UpdateFunctionCode;

/// The code.
#[derive(Input, Debug)]
#[shape(name = "UpdateFunctionCodeRequest")]
pub(super) struct UpdateFunctionCodeInput {
    #[shape(
        required,
        uri,
        min = 1,
        max = 140,
        pattern = r"(arn:(aws[a-zA-Z-]*)?:lambda:)?((eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1}:)?(\d{12}:)?(function:)?([a-zA-Z0-9-_]+)(:(\$LATEST|[a-zA-Z0-9-_]+))?"
    )]
    function_name: String,
    zip_file: Option<Sensitive<Vec<u8>>>,
    #[shape(min = 3, max = 63, pattern = r"[0-9A-Za-z\.\-_]*(?<!\.)", check = super::code::is_bucket)]
    s3_bucket: Option<String>,
    #[shape(min = 1, max = 1024, pattern = r".*")]
    s3_key: Option<String>,
    #[shape(min = 1, max = 1024, pattern = r".*")]
    s3_object_version: Option<String>,
    s3_object_storage_mode: Option<S3ObjectStorageMode>,
    image_uri: Option<String>,
    #[shape(min = 1, max = 1)]
    architectures: Option<Vec<Architecture>>,
    publish: Option<bool>,
    publish_to: Option<FunctionVersionLatestPublished>,
    dry_run: Option<bool>,
    revision_id: Option<String>,
    #[shape(
        wire = "SourceKMSKeyArn",
        max = 10000,
        pattern = r"(arn:(aws[a-zA-Z-]*)?:[a-z0-9-.]+:.*)|()"
    )]
    source_kms_key_arn: Option<String>,
}

impl Operation for UpdateFunctionCode {
    const NAME: &'static str = "UpdateFunctionCode";
    const ACCESS: Access = Access::Write;
    const HTTP: Option<Http> = Some(Http {
        method: "PUT",
        path: "/2015-03-31/functions/{FunctionName}/code",
        status: 200,
    });
    const ERRORS: &'static [ErrorRow] = &[
        LambdaError::InvalidParameterValueException.row(),
        LambdaError::ResourceConflictException.row(),
        LambdaError::ServiceException.row(),
        LambdaError::TooManyRequestsException.row(),
        LambdaError::InvalidCodeSignatureException.row(),
        LambdaError::ResourceNotFoundException.row(),
        LambdaError::CodeVerificationFailedException.row(),
        LambdaError::CodeSigningConfigNotFoundException.row(),
        LambdaError::CodeStorageExceededException.row(),
        LambdaError::PreconditionFailedException.row(),
    ];
    type Input = UpdateFunctionCodeInput;
    type Output = FunctionConfiguration;

    async fn demands(call: &mut Call<'_>, input: &Self::Input) -> Result<Vec<Demand>, Fault> {
        let name = FunctionName::unqualified(&input.function_name, call.context())?;
        name.demands(call, "lambda:UpdateFunctionCode").await
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        must_be_on(call)?;
        let name = FunctionName::unqualified(&input.function_name, call.context())?;
        let others = named("PublishTo", &input.publish_to).into_iter().collect();
        Foreign { others, ..Foreign::default() }.must_be_absent()?;
        let mut function = name.find(call).await?.as_ref().clone();
        must_be_revision(input.revision_id.as_deref(), &function.latest)?;
        let checked = input.code().checked(call)?;
        if let Some(architecture) = input.architectures.as_ref().and_then(|all| all.first()) {
            architecture.as_str().clone_into(&mut function.latest.architecture);
        }
        let scope = function.scope();
        let is_dry = input.dry_run == Some(true);
        let code = match is_dry {
            true => checked.foreseen(),
            false => code::keep(call, &scope, checked).await?,
        };
        let old = std::mem::replace(&mut function.latest.code, code);
        function.latest.touch(call);
        if is_dry {
            return Ok(FunctionConfiguration::of(&Found::latest(Arc::new(function)), false));
        }
        let holder = holder_of(&function.name, LATEST);
        code::hold(call, &scope, &function.latest.code, holder.clone()).await?;
        let mut published = None;
        if input.publish == Some(true) {
            published = Some(publish(call, &mut function, None).await?);
        }
        if old != function.latest.code {
            code::release(call, &scope, &old, &holder).await?;
        }
        call.acted_on(&function.arn());
        call.put(function.clone()).await?;
        Ok(FunctionConfiguration::of_change(function, published))
    }
}

impl UpdateFunctionCodeInput {
    fn code(&self) -> Given<'_> {
        Given {
            zip: self.zip_file.as_ref().map(|zip| zip.expose().as_slice()),
            bucket: self.s3_bucket.as_deref(),
            key: self.s3_key.as_deref(),
            object_version: self.s3_object_version.as_deref(),
            storage_mode: self.s3_object_storage_mode,
            image_uri: self.image_uri.as_deref(),
            kms_key: self.source_kms_key_arn.as_deref(),
        }
    }
}

/// Refuses a change of another revision than the one that the caller knows.
///
/// # Errors
/// `PreconditionFailedException`.
pub(super) fn must_be_revision(given: Option<&str>, is: &Version) -> Result<(), Fault> {
    match given {
        Some(given) if given != is.revision_id => Err(LambdaError::PreconditionFailedException
            .with(
                "The Revision Id provided does not match the latest Revision Id. Call the \
                 GetFunction/GetAlias API to retrieve the latest Revision Id",
            )),
        _ => Ok(()),
    }
}

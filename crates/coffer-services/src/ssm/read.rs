//! Reads a parameter, in the version that a caller's words name.

use std::sync::Arc;

use coffer_pipeline::Call;
use coffer_protocol::Fault;

use super::errors::SsmError;
use super::name::Reference;
use super::parameter::{ParameterRecord, ParameterVersion, ParameterVersionRecord};
use super::value;
use super::wire::Parameter;

/// Reads the parameter and version that a reference names.
///
/// # Errors
/// `ParameterNotFound`, `ParameterVersionNotFound`, `InvalidKeyId`.
pub(super) async fn read(
    call: &mut Call<'_>,
    reference: &Reference<'_>,
    with_decryption: bool,
) -> Result<Parameter, Fault> {
    let parameter = find(call, reference).await?;
    let number = match reference.selector {
        Some(selector) => select(&parameter, selector)?,
        None => parameter.current.number,
    };
    let mut found = read_version(call, &parameter, number, with_decryption).await?;
    // AWS: `X` is told as `/X` to who asks for `/X` (LocalStack's test against AWS).
    if let Some(written) = reference.written {
        found.name = Some(written.to_owned());
    }
    // AWS: the selector is told with its colon (observed, 2026-09).
    found.selector = reference.selector.map(|selector| format!(":{selector}"));
    Ok(found)
}

/// Reads a version that the parameter has.
pub(super) async fn read_version(
    call: &mut Call<'_>,
    parameter: &ParameterRecord,
    number: i64,
    with_decryption: bool,
) -> Result<Parameter, Fault> {
    if number == parameter.current.number {
        return answer(call, parameter, &parameter.current, with_decryption).await;
    }
    let earlier = call.get::<ParameterVersionRecord>(&parameter.version_key(number)).await?;
    let earlier = earlier.ok_or_else(|| version_not_found(parameter, number))?;
    answer(call, parameter, &earlier.version, with_decryption).await
}

/// The parameter that a reference names.
///
/// # Errors
/// `ParameterNotFound`.
pub(super) async fn find(
    call: &mut Call<'_>,
    reference: &Reference<'_>,
) -> Result<Arc<ParameterRecord>, Fault> {
    let scope = reference.scope(call.scope());
    if scope.region != *call.region() {
        return Err(not_found());
    }
    let key = ParameterRecord::key_of(&scope, reference.path);
    call.get::<ParameterRecord>(&key).await?.ok_or_else(not_found)
}

/// The parameter of a plain name.
///
/// # Errors
/// `ParameterNotFound`.
pub(super) async fn find_named(
    call: &mut Call<'_>,
    name: &str,
) -> Result<Arc<ParameterRecord>, Fault> {
    let key = ParameterRecord::key_of(call.scope(), name);
    call.get::<ParameterRecord>(&key).await?.ok_or_else(not_found)
}

/// The fault of a parameter that is not there.
pub(super) fn not_found() -> Fault {
    // AWS: the error comes without a message (observed through boto3 and the JavaScript SDK).
    SsmError::ParameterNotFound.bare()
}

/// The fault of a version, or label, that is not there.
pub(super) fn version_not_found(
    parameter: &ParameterRecord,
    selector: impl std::fmt::Display,
) -> Fault {
    SsmError::ParameterVersionNotFound.with(format!(
        "Systems Manager could not find version {selector} of {}. Verify the version and try \
         again.",
        parameter.name
    ))
}

fn select(parameter: &ParameterRecord, selector: &str) -> Result<i64, Fault> {
    // No label begins with a digit.
    let number = match selector.bytes().all(|byte| byte.is_ascii_digit()) {
        true => selector.parse().ok(),
        false => parameter.labels.get(selector).copied(),
    };
    let kept = number.filter(|number| parameter.has_version(*number));
    kept.ok_or_else(|| version_not_found(parameter, selector))
}

async fn answer(
    call: &mut Call<'_>,
    parameter: &ParameterRecord,
    version: &ParameterVersion,
    with_decryption: bool,
) -> Result<Parameter, Fault> {
    let arn = parameter.arn();
    // By a path or in a batch the demands do not name each.
    call.acted_on(&arn);
    let value = value::reveal(call, &arn, version, with_decryption).await?;
    Ok(Parameter {
        name: Some(parameter.name.clone()),
        r#type: Some(version.r#type),
        value: Some(value),
        version: Some(version.number),
        selector: None,
        source_result: None,
        last_modified_date: Some(version.modified),
        arn: Some(arn),
        data_type: Some(version.data_type.clone()),
    })
}

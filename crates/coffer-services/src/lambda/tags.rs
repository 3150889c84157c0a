//! The rules of a function's tags.

use std::collections::BTreeMap;

use coffer_pipeline::{Call, RequestContext};
use coffer_protocol::Fault;

use super::errors::LambdaError;
use super::function_name::FunctionName;

/// The tags that there are when these are added.
///
/// # Errors
/// Too many; names that are AWS's.
pub(super) fn joined(
    mut has: BTreeMap<String, String>,
    given: &BTreeMap<String, String>,
) -> Result<BTreeMap<String, String>, Fault> {
    let is_reserved = |name: &String| {
        name.get(..RESERVED.len()).is_some_and(|start| start.eq_ignore_ascii_case(RESERVED))
    };
    if let Some(name) = given.keys().find(|name| is_reserved(name)) {
        return Err(LambdaError::InvalidParameterValueException
            .with(format!("Tag key {name} begins with {RESERVED}, which is reserved.")));
    }
    has.extend(given.iter().map(|(name, value)| (name.clone(), value.clone())));
    if has.len() > TAGS_MAX {
        return Err(LambdaError::InvalidParameterValueException
            .with(format!("A function has at most {TAGS_MAX} tags.")));
    }
    Ok(has)
}

/// The function that an ARN names for its tags.
///
/// # Errors
/// An ARN of what coffer has not, or of a version, which has no tags of its own.
pub(super) fn tagged(arn: &str, context: &RequestContext) -> Result<FunctionName, Fault> {
    if !arn.contains(":function:") {
        return Err(LambdaError::ResourceNotFoundException
            .with(format!("coffer has no such resource: {arn}")));
    }
    let name = FunctionName::read(arn, context)?;
    match &name.qualifier {
        None => Ok(name),
        Some(_) => Err(LambdaError::InvalidParameterValueException.with(
            "Tags on function aliases and versions are not supported. Please specify a function ARN.",
        )),
    }
}

/// Puts tags in the place of those that a function has.
///
/// # Errors
/// `ResourceNotFoundException`.
pub(super) async fn change(
    call: &mut Call<'_>,
    name: &FunctionName,
    changed: impl FnOnce(BTreeMap<String, String>) -> Result<BTreeMap<String, String>, Fault>,
) -> Result<(), Fault> {
    let mut function = name.find(call).await?.as_ref().clone();
    function.tags = changed(std::mem::take(&mut function.tags))?;
    call.acted_on(&function.arn());
    call.put(function).await
}

/// AWS: Lambda developer guide, "Using tags on Lambda functions".
const TAGS_MAX: usize = 50;
const RESERVED: &str = "aws:";

//! Publishing: code and configuration as they are get a number, under which they stay.

use coffer_pipeline::Call;
use coffer_protocol::Fault;

use super::code;
use super::errors::LambdaError;
use super::function::{FunctionRecord, VERSIONS_MAX, Version, VersionRecord};
use super::policy::FunctionPolicyRecord;

/// Publishes the latest version of a function that is about to be put; gives the version that there
/// is now, which is the last one where nothing has changed since.
///
/// # Errors
/// More versions than there may be.
pub(super) async fn publish(
    call: &mut Call<'_>,
    function: &mut FunctionRecord,
    description: Option<&str>,
) -> Result<VersionRecord, Fault> {
    let scope = function.scope();
    let last = VersionRecord::key_of(&scope, &function.name, function.published);
    if let Some(last) = call.get::<VersionRecord>(&last).await?
        && last.version.is_like(&function.latest)
    {
        return Ok(last.as_ref().clone());
    }
    if VersionRecord::all(call, function).await?.len() >= VERSIONS_MAX {
        return Err(LambdaError::CodeStorageExceededException.with(format!(
            "A function has at most {VERSIONS_MAX} versions here; delete those that are not used."
        )));
    }
    function.published = function.published.saturating_add(1);
    let mut version = Version { revision_id: call.uuid(), ..function.latest.clone() };
    if let Some(description) = description {
        description.clone_into(&mut version.description);
    }
    let record = VersionRecord {
        account: function.account,
        region: function.region.clone(),
        name: function.name.clone(),
        number: function.published,
        version,
    };
    let holder = holder_of(&function.name, &record.number.to_string());
    code::hold(call, &scope, &record.version.code, holder).await?;
    call.put(record.clone()).await?;
    Ok(record)
}

/// Stages the end of a version, its policy and its hold on its code.
///
/// # Errors
/// A store that cannot be read.
pub(super) async fn end(
    call: &mut Call<'_>,
    function: &FunctionRecord,
    record: &VersionRecord,
) -> Result<(), Fault> {
    let scope = function.scope();
    let label = record.number.to_string();
    let policy = FunctionPolicyRecord::key_of(&scope, &function.name, &label);
    call.delete::<FunctionPolicyRecord>(&policy).await?;
    let holder = holder_of(&function.name, &label);
    code::release(call, &scope, &record.version.code, &holder).await?;
    let key = VersionRecord::key_of(&scope, &function.name, record.number);
    call.delete::<VersionRecord>(&key).await
}

/// How a version is named as a holder of code.
pub(super) fn holder_of(name: &str, label: &str) -> String {
    format!("{name}:{label}")
}

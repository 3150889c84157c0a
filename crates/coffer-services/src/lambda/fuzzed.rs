//! What the targets of `fuzz/` reach of this service.

use coffer_pipeline::RequestContext;
use coffer_store::golden::Rewriter;

use super::code::CodeRecord;
use super::function::{FunctionRecord, VersionRecord};
use super::function_name::FunctionName;
use super::policy::FunctionPolicyRecord;

/// Its tables.
pub const RECORDS: &[Rewriter] = &[
    Rewriter::of::<CodeRecord>(),
    Rewriter::of::<FunctionRecord>(),
    Rewriter::of::<VersionRecord>(),
    Rewriter::of::<FunctionPolicyRecord>(),
];

/// The ARN of the function that is meant, and the one that this is in turn.
pub fn named(given: &str, context: &RequestContext) -> Option<(String, Option<String>)> {
    let name = FunctionName::read(given, context).ok()?;
    let again = FunctionName::read(&name.arn(), context).ok();
    Some((name.arn(), again.map(|again| again.arn())))
}

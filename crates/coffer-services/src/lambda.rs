//! Lambda: functions, who may call them, and their calls.
//!
//! What runs a function is not here: a decision orders it, and the host of functions carries the
//! order out.

mod add_permission;
mod code;
mod create_function;
mod delete_function;
mod environment;
mod errors;
mod function;
mod function_name;
#[cfg(feature = "fuzzed")]
pub mod fuzzed;
mod get_function;
mod get_function_code_signing_config;
mod get_function_concurrency;
mod get_function_configuration;
mod get_policy;
#[cfg(test)]
mod golden;
mod invoke;
mod invoke_later;
mod list_functions;
mod list_tags;
mod list_versions_by_function;
mod order;
mod pages;
mod policy;
mod publish;
mod publish_version;
mod remove_permission;
mod role;
mod runtime;
mod settings;
mod tag_resource;
mod tags;
mod untag_resource;
mod update_function_code;
mod update_function_configuration;
mod wire;
mod wire_configuration;

use coffer_pipeline::{Entry, Protocol, Service};

use crate::quotas;

pub(crate) use code::ForgetCode;
pub(crate) use invoke_later::InvokeLater;
pub(crate) use order::demand_to_invoke;
pub(crate) use order::must_be_invocable;
pub use order::{NotInvoked, Source, order_for};

/// Lambda on the port.
pub const SERVICE: Service = Service {
    name: "lambda",
    protocol: Protocol::RestJson,
    throttled: quotas::lambda_rate_exceeded,
    operations: &[
        Entry::of::<add_permission::AddPermission>(),
        Entry::of::<create_function::CreateFunction>(),
        Entry::of::<delete_function::DeleteFunction>(),
        Entry::of::<get_function::GetFunction>(),
        Entry::of::<get_function_code_signing_config::GetFunctionCodeSigningConfig>(),
        Entry::of::<get_function_concurrency::GetFunctionConcurrency>(),
        Entry::of::<get_function_configuration::GetFunctionConfiguration>(),
        Entry::of::<get_policy::GetPolicy>(),
        Entry::of::<invoke::Invoke>(),
        Entry::of::<list_functions::ListFunctions>(),
        Entry::of::<list_tags::ListTags>(),
        Entry::of::<list_versions_by_function::ListVersionsByFunction>(),
        Entry::of::<publish_version::PublishVersion>(),
        Entry::of::<remove_permission::RemovePermission>(),
        Entry::of::<tag_resource::TagResource>(),
        Entry::of::<untag_resource::UntagResource>(),
        Entry::of::<update_function_code::UpdateFunctionCode>(),
        Entry::of::<update_function_configuration::UpdateFunctionConfiguration>(),
    ],
};

//! Systems Manager, as far as it is Parameter Store.

mod add_tags_to_resource;
mod allowed_pattern;
pub mod change;
mod count;
pub mod data_type;
mod delete_parameter;
mod delete_parameters;
mod delete_resource_policy;
mod describe_parameters;
pub mod encryption_sdk;
pub mod errors;
mod filter;
#[cfg(feature = "fuzzed")]
pub mod fuzzed;
mod get_parameter;
mod get_parameter_history;
mod get_parameters;
mod get_parameters_by_path;
mod get_resource_policies;
mod get_service_setting;
#[cfg(test)]
mod golden;
mod label;
mod label_parameter_version;
mod list_tags_for_resource;
mod listing;
pub mod name;
pub mod parameter;
pub(crate) mod permission;
pub mod policy;
mod put_parameter;
mod put_resource_policy;
mod read;
pub mod removal;
mod remove_tags_from_resource;
mod reset_service_setting;
pub mod resource_policy;
pub(crate) mod secret_reference;
pub mod setting;
mod tag;
mod tier;
mod unlabel_parameter_version;
mod update_service_setting;
pub mod value;
mod wire;

use coffer_pipeline::{Entry, Protocol, Service};

use crate::quotas;

/// Parameter Store on the port.
pub const SERVICE: Service = Service {
    name: "ssm",
    protocol: Protocol::Json { target_prefix: "AmazonSSM" },
    throttled: quotas::rate_exceeded,
    operations: &[
        Entry::of::<add_tags_to_resource::AddTagsToResource>(),
        Entry::of::<delete_parameter::DeleteParameter>(),
        Entry::of::<delete_parameters::DeleteParameters>(),
        Entry::of::<delete_resource_policy::DeleteResourcePolicy>(),
        Entry::of::<describe_parameters::DescribeParameters>(),
        Entry::of::<get_parameter::GetParameter>(),
        Entry::of::<get_parameter_history::GetParameterHistory>(),
        Entry::of::<get_parameters::GetParameters>(),
        Entry::of::<get_parameters_by_path::GetParametersByPath>(),
        Entry::of::<get_resource_policies::GetResourcePolicies>(),
        Entry::of::<get_service_setting::GetServiceSetting>(),
        Entry::of::<label_parameter_version::LabelParameterVersion>(),
        Entry::of::<list_tags_for_resource::ListTagsForResource>(),
        Entry::of::<put_parameter::PutParameter>(),
        Entry::of::<put_resource_policy::PutResourcePolicy>(),
        Entry::of::<remove_tags_from_resource::RemoveTagsFromResource>(),
        Entry::of::<reset_service_setting::ResetServiceSetting>(),
        Entry::of::<unlabel_parameter_version::UnlabelParameterVersion>(),
        Entry::of::<update_service_setting::UpdateServiceSetting>(),
    ],
};

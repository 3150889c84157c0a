//! Tags, and what can have them.

use std::sync::Arc;

use coffer_pipeline::{Call, Demand};
use coffer_protocol::{AwsEnum, Fault, Input, Output};

use super::errors::SsmError;
use super::name;
use super::parameter::ParameterRecord;
use super::permission;

/// A tag.
#[derive(Debug, Clone, PartialEq, Eq, Input, Output)]
pub(super) struct Tag {
    /// Its key.
    #[shape(required, min = 1, max = 128, pattern = r"^([\p{L}\p{Z}\p{N}_.:/=+\-@]*)$")]
    pub(super) key: String,
    /// Its value, which may be empty.
    #[shape(required, min = 0, max = 256, pattern = r"^([\p{L}\p{Z}\p{N}_.:/=+\-@]*)$")]
    pub(super) value: String,
}

impl Tag {
    /// Refuses a key that only AWS itself may give.
    ///
    /// # Errors
    /// `ValidationException`.
    pub(super) fn must_be_a_callers(&self) -> Result<(), Fault> {
        let start = self.key.get(..RESERVED.len()).unwrap_or_default();
        if start.eq_ignore_ascii_case(RESERVED) {
            return Err(Fault::validation(NOT_A_CALLERS));
        }
        Ok(())
    }
}

/// What Systems Manager can tag; of these coffer has parameters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, AwsEnum)]
pub(super) enum ResourceTypeForTagging {
    /// A document.
    Document,
    /// A managed node.
    ManagedInstance,
    /// A maintenance window.
    MaintenanceWindow,
    /// A parameter.
    Parameter,
    /// A patch baseline.
    PatchBaseline,
    /// An operational work item.
    OpsItem,
    /// An application's metadata.
    OpsMetadata,
    /// A run of an automation.
    Automation,
    /// An association.
    Association,
    /// A connector to another cloud.
    CloudConnector,
}

/// The names and values of tags.
pub(super) fn pairs(tags: Option<&[Tag]>) -> impl Iterator<Item = (&str, &str)> {
    tags.unwrap_or_default().iter().map(|tag| (tag.key.as_str(), tag.value.as_str()))
}

/// The parameter whose tags are meant.
///
/// # Errors
/// `InvalidResourceId` where it is not there, which is also so of whatever coffer does not have.
pub(super) async fn tagged(
    call: &mut Call<'_>,
    r#type: ResourceTypeForTagging,
    id: &str,
) -> Result<Arc<ParameterRecord>, Fault> {
    // AWS: `ResourceId` is the parameter's name, with or without its leading slash; an ARN or a
    // selector is no name (API reference, AddTagsToResource).
    let is_name = r#type == ResourceTypeForTagging::Parameter && !id.is_empty();
    if !is_name || id.contains(':') || id.len() > name::NAME_WITH_ARN_BYTES_MAX {
        return Err(SsmError::InvalidResourceId.bare());
    }
    let row = ParameterRecord::key_of(call.scope(), id);
    let found = call.get::<ParameterRecord>(&row).await?;
    found.ok_or_else(|| SsmError::InvalidResourceId.bare())
}

/// The permission to do something with the tags of a resource.
///
/// # Errors
/// A store that cannot be read.
pub(super) async fn demands_on(
    call: &mut Call<'_>,
    action: &'static str,
    r#type: ResourceTypeForTagging,
    id: &str,
) -> Result<Vec<Demand>, Fault> {
    if let Ok(parameter) = tagged(call, r#type, id).await {
        return Ok(vec![permission::demand_on(call, action, parameter).await?]);
    }
    let kind = match r#type {
        ResourceTypeForTagging::Document => "document",
        ResourceTypeForTagging::ManagedInstance => "managed-instance",
        ResourceTypeForTagging::MaintenanceWindow => "maintenancewindow",
        ResourceTypeForTagging::Parameter => "parameter",
        ResourceTypeForTagging::PatchBaseline => "patchbaseline",
        ResourceTypeForTagging::OpsItem => "opsitem",
        ResourceTypeForTagging::OpsMetadata => "opsmetadata",
        ResourceTypeForTagging::Automation => "automation-execution",
        ResourceTypeForTagging::Association => "association",
        ResourceTypeForTagging::CloudConnector => "cloud-connector",
    };
    let path = name::path_of(id);
    Ok(Demand::on(action, call.scope(), "ssm", &format!("{kind}/{path}")))
}

const RESERVED: &str = "aws:";
const NOT_A_CALLERS: &str = "aws: prefixed tag key names are not allowed for external use.";

#[cfg(test)]
mod tests {
    use super::Tag;

    #[test]
    fn only_aws_gives_tags_of_its_own() {
        let of = |key: &str| Tag { key: key.to_owned(), value: String::new() };
        for key in ["aws:a", "AWS:"] {
            assert!(of(key).must_be_a_callers().is_err(), "{key}");
        }
        for key in ["aws", "a:aws:", "äws:b", "Überall"] {
            assert!(of(key).must_be_a_callers().is_ok(), "{key}");
        }
    }
}

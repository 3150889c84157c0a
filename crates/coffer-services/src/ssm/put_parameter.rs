//! PutParameter: makes a parameter, or gives it a new version.

use std::collections::BTreeMap;

use coffer_model::Sensitive;
use coffer_pipeline::{Access, Call, ContextValues, Demand, Operation, requested_tags};
use coffer_protocol::{ErrorRow, Fault, Input, Output};

use super::change::{self, Change};
use super::errors::SsmError;
use super::parameter::{
    ParameterRecord, ParameterTier, ParameterType, ParameterVersion, ParameterVersionRecord,
    VERSIONS_MAX,
};
use super::permission;
use super::setting::throughput;
use super::tag::{self, Tag};
use super::{count, name, policy};

mod rules;
mod settled;

use settled::Settled;

/// Makes a parameter, or gives it a new version that keeps what the request says nothing of.
pub(super) struct PutParameter;

/// The parameter.
#[derive(Input, Debug)]
#[shape(name = "PutParameterRequest")]
pub(super) struct PutParameterInput {
    #[shape(required, min = 1, max = 2048)]
    name: String,
    #[shape(min = 0, max = 1024)]
    description: Option<String>,
    #[shape(required)]
    value: Sensitive<String>,
    r#type: Option<ParameterType>,
    #[shape(min = 1, max = 256, pattern = "^([a-zA-Z0-9:/_-]+)$")]
    key_id: Option<String>,
    overwrite: Option<bool>,
    #[shape(min = 0, max = 1024)]
    allowed_pattern: Option<String>,
    #[shape(max = 1000)]
    tags: Option<Vec<Tag>>,
    tier: Option<ParameterTier>,
    #[shape(min = 1, max = 4096)]
    policies: Option<String>,
    #[shape(min = 0, max = 128)]
    data_type: Option<String>,
}

/// The version that was made, and its tier.
#[derive(Output, Debug)]
#[shape(name = "PutParameterResult")]
pub(super) struct PutParameterOutput {
    version: Option<i64>,
    tier: Option<ParameterTier>,
}

impl Operation for PutParameter {
    const NAME: &'static str = "PutParameter";
    const ACCESS: Access = Access::Write;
    const ERRORS: &'static [ErrorRow] = &[
        SsmError::InternalServerError.row(),
        SsmError::InvalidKeyId.row(),
        SsmError::ParameterLimitExceeded.row(),
        SsmError::TooManyUpdates.row(),
        SsmError::ParameterAlreadyExists.row(),
        SsmError::HierarchyLevelLimitExceededException.row(),
        SsmError::HierarchyTypeMismatchException.row(),
        SsmError::InvalidAllowedPatternException.row(),
        SsmError::ParameterMaxVersionLimitExceeded.row(),
        SsmError::ParameterPatternMismatchException.row(),
        SsmError::UnsupportedParameterType.row(),
        SsmError::PoliciesLimitExceededException.row(),
        SsmError::InvalidPolicyTypeException.row(),
        SsmError::InvalidPolicyAttributeException.row(),
        SsmError::IncompatiblePolicyException.row(),
    ];
    type Input = PutParameterInput;
    type Output = PutParameterOutput;

    async fn demands(call: &mut Call<'_>, input: &Self::Input) -> Result<Vec<Demand>, Fault> {
        let mut demands = permission::demands(call, "ssm:PutParameter", &input.name).await?;
        if input.tags.as_ref().is_some_and(|tags| !tags.is_empty()) {
            demands.push(permission::demand(call, "ssm:AddTagsToResource", &input.name).await?);
        }
        Ok(demands)
    }

    fn condition<'i>(input: &'i Self::Input, key: &str) -> Option<ContextValues<'i>> {
        match key {
            "ssm:overwrite" => Some(input.overwrite.unwrap_or(false).into()),
            "ssm:policies" => Some(input.policies.is_some().into()),
            _ => requested_tags(key, tag::pairs(input.tags.as_deref())),
        }
    }

    async fn quota_kind(
        call: &mut Call<'_>,
        _: &Self::Input,
    ) -> Result<Option<&'static str>, Fault> {
        throughput(call).await.map(Some)
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        let name = name::new_name(call.scope(), &input.name)?;
        let tags = rules::tags(input)?;
        rules::check_value(input.value.expose())?;
        let key = ParameterRecord::key_of(call.scope(), name);
        let before = call.get::<ParameterRecord>(&key).await?;
        let before = before.as_deref();
        let settled = Settled::of(call, input, before).await?;
        let name = before.map_or(name, |before| before.name.as_str());
        let version = settled.version(call, input, name, before).await?;
        let is_refused_later = rules::is_refused_later(&version.data_type, input.value.expose());
        let after = match before {
            Some(before) => updated(before, version)?,
            None => created(call, name, tags, version),
        };
        let version = Some(after.current.number);
        let tier = Some(after.current.tier);
        let change = if before.is_some() { Change::Update } else { Change::Create };
        if is_refused_later {
            change::tell(call, change, &after, Some(NO_SUCH_IMAGE)).await?;
        } else {
            store(call, before, after, change).await?;
        }
        Ok(PutParameterOutput { version, tier })
    }
}

/// A parameter that was not there.
fn created(
    call: &Call<'_>,
    name: &str,
    tags: BTreeMap<String, String>,
    version: ParameterVersion,
) -> ParameterRecord {
    ParameterRecord {
        id: call.uuid(),
        name: name.to_owned(),
        account: call.account(),
        region: call.region().clone(),
        oldest: version.number,
        current: version,
        labels: BTreeMap::new(),
        tags,
    }
}

/// A parameter with a new version; the oldest one goes where there would be too many, unless it
/// has a label.
fn updated(before: &ParameterRecord, version: ParameterVersion) -> Result<ParameterRecord, Fault> {
    let mut after = before.clone();
    after.current = version;
    if after.current.number - after.oldest >= VERSIONS_MAX {
        if !before.labels_on(before.oldest).is_empty() {
            return Err(SsmError::ParameterMaxVersionLimitExceeded.with(format!(
                "You attempted to create a new version of {} by calling the PutParameter API with \
                 the overwrite flag. Version {}, the oldest version, can't be deleted because it \
                 has a label associated with it. Move the label to another version of the \
                 parameter, and try again.",
                before.name, before.oldest
            )));
        }
        after.oldest += 1;
    }
    Ok(after)
}

async fn store(
    call: &mut Call<'_>,
    before: Option<&ParameterRecord>,
    after: ParameterRecord,
    change: Change,
) -> Result<(), Fault> {
    let tier_before = before.map(|before| before.current.tier);
    count::count(call, &after.name, tier_before, Some(after.current.tier)).await?;
    if let Some(before) = before {
        call.put(ParameterVersionRecord::of(before)).await?;
        if before.oldest < after.oldest {
            let dropped = before.version_key(before.oldest);
            call.delete::<ParameterVersionRecord>(&dropped).await?;
        }
    }
    policy::plan(call, &after).await?;
    change::tell(call, change, &after, None).await?;
    call.put(after).await
}

/// What AWS's event tells of an image that cannot be found (user guide, "Native parameter support
/// for Amazon Machine Image IDs").
const NO_SUCH_IMAGE: &str = "Unable to Describe Resource";

//! DescribeTrails: describes the trails that a region sees.

use coffer_pipeline::{Access, Call, Demand, Operation};
use coffer_protocol::{ErrorRow, Fault, Input, Output};

use super::errors::CloudTrailError;
use super::trail::{self, TrailName};
use super::wire::Trail;

/// Describes trails: all that the region sees, or those that are named. What is named and not
/// there is left out.
pub(super) struct DescribeTrails;

/// Which trails.
#[derive(Input, Debug)]
#[shape(name = "DescribeTrailsRequest")]
pub(super) struct DescribeTrailsInput {
    #[shape(wire = "trailNameList")]
    trail_name_list: Option<Vec<String>>,
    #[shape(wire = "includeShadowTrails")]
    include_shadow_trails: Option<bool>,
}

/// The trails.
#[derive(Output, Debug)]
#[shape(name = "DescribeTrailsResponse")]
pub(super) struct DescribeTrailsOutput {
    #[shape(wire = "trailList")]
    trail_list: Option<Vec<Trail>>,
}

impl Operation for DescribeTrails {
    const NAME: &'static str = "DescribeTrails";
    const ACCESS: Access = Access::Read;
    const ERRORS: &'static [ErrorRow] = &[
        CloudTrailError::UnsupportedOperationException.row(),
        CloudTrailError::OperationNotPermittedException.row(),
        CloudTrailError::InvalidTrailNameException.row(),
        CloudTrailError::CloudTrailARNInvalidException.row(),
        CloudTrailError::NoManagementAccountSLRExistsException.row(),
    ];
    type Input = DescribeTrailsInput;
    type Output = DescribeTrailsOutput;

    async fn demands(_: &mut Call<'_>, _: &Self::Input) -> Result<Vec<Demand>, Fault> {
        Ok(Demand::any("cloudtrail:DescribeTrails"))
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        let context = call.context();
        let names = input.trail_name_list.as_deref().unwrap_or_default().iter();
        let names = names.map(|name| TrailName::read(name, context));
        let named = names.collect::<Result<Vec<_>, _>>()?;
        let with_shadows = input.include_shadow_trails.unwrap_or(true);
        let region = call.region().clone();
        let trails = trail::visible(call).await?;
        let is_named = |trail: &super::trail::TrailRecord| {
            let is = |name: &TrailName| name.scope == trail.scope() && name.name == trail.name;
            named.is_empty() || named.iter().any(is)
        };
        let wanted = trails
            .iter()
            .filter(|trail| (with_shadows || trail.region == region) && is_named(trail));
        let list = wanted.map(|trail| Trail::of(trail)).collect();
        Ok(DescribeTrailsOutput { trail_list: Some(list) })
    }
}

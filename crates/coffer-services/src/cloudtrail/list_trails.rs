//! ListTrails: names the account's trails, of all regions.

use coffer_pipeline::{Access, Call, Demand, Operation};
use coffer_protocol::{ErrorRow, Fault, Input, Output};
use coffer_store::Direction;

use super::errors::CloudTrailError;
use super::trail::TrailRecord;
use crate::page;

/// Lists the trails of the account.
pub(super) struct ListTrails;

/// Which page.
#[derive(Input, Debug)]
#[shape(name = "ListTrailsRequest")]
pub(super) struct ListTrailsInput {
    next_token: Option<String>,
}

/// A page of trails.
#[derive(Output, Debug)]
#[shape(name = "ListTrailsResponse")]
pub(super) struct ListTrailsOutput {
    trails: Option<Vec<TrailInfo>>,
    next_token: Option<String>,
}

/// A trail by name.
#[derive(Output, Debug)]
pub(super) struct TrailInfo {
    #[shape(wire = "TrailARN")]
    trail_arn: Option<String>,
    name: Option<String>,
    home_region: Option<String>,
}

impl Operation for ListTrails {
    const NAME: &'static str = "ListTrails";
    const ACCESS: Access = Access::Read;
    const ERRORS: &'static [ErrorRow] = &[
        CloudTrailError::UnsupportedOperationException.row(),
        CloudTrailError::OperationNotPermittedException.row(),
    ];
    type Input = ListTrailsInput;
    type Output = ListTrailsOutput;

    async fn demands(_: &mut Call<'_>, _: &Self::Input) -> Result<Vec<Demand>, Fault> {
        Ok(Demand::any("cloudtrail:ListTrails"))
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        let prefix = TrailRecord::all_of(call.account());
        let after = match input.next_token.as_deref() {
            Some(token) => Some(page::place(token, &prefix).ok_or_else(|| {
                CloudTrailError::OperationNotPermittedException.with("The token is not valid.")
            })?),
            None => None,
        };
        let order = Direction::Ascending;
        let rows = call.scan::<TrailRecord>(&prefix, after.as_ref(), PAGE, order).await?;
        let last = rows.last().filter(|_| rows.len() == PAGE);
        let next_token = last.map(|(key, _)| page::token(key));
        let info = |trail: &TrailRecord| TrailInfo {
            trail_arn: Some(trail.arn()),
            name: Some(trail.name.clone()),
            home_region: Some(trail.region.to_string()),
        };
        let trails = rows.iter().map(|(_, trail)| info(trail)).collect();
        Ok(ListTrailsOutput { trails: Some(trails), next_token })
    }
}

const PAGE: usize = 100;

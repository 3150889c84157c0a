//! ListEvents: the events that were kept, oldest first.

use coffer_pipeline::{Access, Call, Demand, EventRecord, Operation};
use coffer_protocol::{ErrorRow, Fault, Input, Output};
use coffer_store::Direction;
use serde_json::json;

use super::errors::CofferError;
use crate::page;

/// Reads back the events of the caller's account and region, in EventBridge's shape.
pub(super) struct ListEvents;

/// Which page.
#[derive(Input, Debug)]
pub(super) struct ListEventsInput {
    #[shape(min = 1, max = 100)]
    max_results: Option<i32>,
    #[shape(max = 4096)]
    next_token: Option<String>,
}

/// A page of events, each as the JSON text that EventBridge would deliver.
#[derive(Output, Debug)]
pub(super) struct ListEventsOutput {
    events: Option<Vec<String>>,
    next_token: Option<String>,
}

impl Operation for ListEvents {
    const NAME: &'static str = "ListEvents";
    const ACCESS: Access = Access::Read;
    const ERRORS: &'static [ErrorRow] = &[CofferError::InvalidNextTokenException.row()];
    type Input = ListEventsInput;
    type Output = ListEventsOutput;

    async fn demands(_: &mut Call<'_>, _: &Self::Input) -> Result<Vec<Demand>, Fault> {
        Ok(Demand::any("coffer:ListEvents"))
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        let prefix = EventRecord::prefix_of(call.scope()).prefix();
        let after = match &input.next_token {
            Some(token) => Some(page::place(token, &prefix).ok_or_else(|| {
                CofferError::InvalidNextTokenException.with("The token is not valid.")
            })?),
            None => None,
        };
        let rows_max = usize::try_from(input.max_results.unwrap_or(PAGE_USUAL)).unwrap_or(1);
        let rows = call
            .scan::<EventRecord>(&prefix, after.as_ref(), rows_max, Direction::Ascending)
            .await?;
        let last = rows.last().filter(|_| rows.len() == rows_max);
        let next_token = last.map(|(key, _)| page::token(key));
        let events = rows.iter().map(|(_, event)| eventbridge_json(event)).collect();
        Ok(ListEventsOutput { events: Some(events), next_token })
    }
}

fn eventbridge_json(event: &EventRecord) -> String {
    json!({
        "version": "0",
        "id": event.id,
        "detail-type": event.detail_type,
        "source": event.source,
        "account": event.account,
        "time": event.time.to_iso8601(),
        "region": event.region,
        "resources": event.resources,
        "detail": event.detail,
    })
    .to_string()
}

const PAGE_USUAL: i32 = 50;

//! LookupEvents: the history of events of the account and region.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use coffer_model::Timestamp;
use coffer_pipeline::audit::history::{Place, Query};
use coffer_pipeline::{Access, AuditRecord, Call, Demand, Operation};
use coffer_protocol::{AwsEnum, ErrorRow, Fault, Input, Output};

use serde_json::{Map, Value};

use super::errors::CloudTrailError;
use super::resource_name::{is_meant, names};

/// Looks up events of the last 90 days, newest first: those that changed something, and, beyond
/// what AWS keeps, those that read or were refused as well.
pub(super) struct LookupEvents;

/// Which events.
#[derive(Input, Debug)]
#[shape(name = "LookupEventsRequest")]
pub(super) struct LookupEventsInput {
    lookup_attributes: Option<Vec<LookupAttribute>>,
    start_time: Option<Timestamp>,
    end_time: Option<Timestamp>,
    event_category: Option<EventCategory>,
    #[shape(min = 1, max = 50)]
    max_results: Option<i32>,
    next_token: Option<String>,
}

/// What all of them have in common.
#[derive(Input, Debug)]
pub(super) struct LookupAttribute {
    #[shape(required)]
    attribute_key: LookupAttributeKey,
    #[shape(required, min = 1, max = 2000)]
    attribute_value: String,
}

/// By what events are looked up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, AwsEnum)]
pub(super) enum LookupAttributeKey {
    EventId,
    EventName,
    ReadOnly,
    Username,
    ResourceType,
    ResourceName,
    EventSource,
    AccessKeyId,
}

/// Other kinds of events than those of APIs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, AwsEnum)]
pub(super) enum EventCategory {
    #[shape(wire = "insight")]
    Insight,
}

/// A page of events.
#[derive(Output, Debug)]
#[shape(name = "LookupEventsResponse")]
pub(super) struct LookupEventsOutput {
    events: Option<Vec<Event>>,
    next_token: Option<String>,
}

/// An event, and what it is looked up by.
#[derive(Output, Debug)]
pub(super) struct Event {
    event_id: Option<String>,
    event_name: Option<String>,
    read_only: Option<String>,
    access_key_id: Option<String>,
    event_time: Option<Timestamp>,
    event_source: Option<String>,
    username: Option<String>,
    resources: Option<Vec<Resource>>,
    cloud_trail_event: Option<String>,
}

/// A resource of an event.
#[derive(Output, Debug)]
pub(super) struct Resource {
    resource_type: Option<String>,
    resource_name: Option<String>,
}

impl Operation for LookupEvents {
    const NAME: &'static str = "LookupEvents";
    const ACCESS: Access = Access::Read;
    const ERRORS: &'static [ErrorRow] = &[
        CloudTrailError::InvalidLookupAttributesException.row(),
        CloudTrailError::InvalidTimeRangeException.row(),
        CloudTrailError::InvalidMaxResultsException.row(),
        CloudTrailError::InvalidNextTokenException.row(),
        CloudTrailError::InvalidEventCategoryException.row(),
        CloudTrailError::UnsupportedOperationException.row(),
        CloudTrailError::OperationNotPermittedException.row(),
    ];
    type Input = LookupEventsInput;
    type Output = LookupEventsOutput;

    async fn demands(_: &mut Call<'_>, _: &Self::Input) -> Result<Vec<Demand>, Fault> {
        Ok(Demand::any("cloudtrail:LookupEvents"))
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        let attributes = input.lookup_attributes.as_deref().unwrap_or_default();
        if attributes.len() > 1 {
            return Err(CloudTrailError::InvalidLookupAttributesException
                .with("You can only specify one lookup attribute."));
        }
        let end = input.end_time.unwrap_or(call.now());
        let start = input.start_time.unwrap_or(Timestamp::EPOCH);
        if start > end {
            return Err(CloudTrailError::InvalidTimeRangeException
                .with("Start time must be earlier than end time."));
        }
        if input.event_category.is_some() {
            // There are no insights, so there is nothing to find.
            return Ok(LookupEventsOutput { events: Some(Vec::new()), next_token: None });
        }
        let before = input.next_token.as_deref().map(place_of).transpose()?;
        // Seconds are what callers give; the whole last one is meant.
        let end = Timestamp::from_millis(end.as_secs().saturating_mul(1000).saturating_add(999));
        let query = Query {
            scope: call.scope(),
            start,
            end,
            before,
            records_max: usize::try_from(input.max_results.unwrap_or(PAGE_MAX)).unwrap_or(1),
        };
        let is_wanted = |record: &AuditRecord| attributes.iter().all(|wanted| wanted.is_in(record));
        let page = call.audit_page(&query, is_wanted).await?;
        Ok(LookupEventsOutput {
            events: Some(page.records.iter().map(|record| Event::of(record)).collect()),
            next_token: page.next.as_ref().map(token_of),
        })
    }
}

impl LookupAttribute {
    fn is_in(&self, record: &AuditRecord) -> bool {
        let wanted = self.attribute_value.as_str();
        match self.attribute_key {
            LookupAttributeKey::EventId => record.event_id() == wanted,
            LookupAttributeKey::EventName => record.event_name == wanted,
            LookupAttributeKey::ReadOnly => wanted == record.is_told_read_only().to_string(),
            LookupAttributeKey::Username => record.user_identity.lookup_name() == Some(wanted),
            LookupAttributeKey::EventSource => record.event_source == wanted,
            LookupAttributeKey::AccessKeyId => {
                record.user_identity.access_key_id.as_deref() == Some(wanted)
            }
            LookupAttributeKey::ResourceType => {
                record.audited_resources().any(|resource| resource.kind == Some(wanted))
            }
            LookupAttributeKey::ResourceName => {
                record.resources.iter().any(|arn| arn == wanted || names(arn, wanted))
                    || is_asked_for(record, wanted)
            }
        }
    }
}

impl Event {
    fn of(record: &AuditRecord) -> Self {
        let resource = |resource: coffer_pipeline::audit::AuditedResource<'_>| Resource {
            resource_type: resource.kind.map(str::to_owned),
            resource_name: Some(resource.arn.to_owned()),
        };
        Self {
            event_id: Some(record.event_id()),
            event_name: Some(record.event_name.clone()),
            read_only: Some(record.is_told_read_only().to_string()),
            access_key_id: record.user_identity.access_key_id.as_deref().map(str::to_owned),
            event_time: Some(record.event_time),
            event_source: Some(record.event_source.clone()),
            username: record.user_identity.lookup_name().map(str::to_owned),
            resources: Some(record.audited_resources().map(resource).collect()),
            cloud_trail_event: Some(record.to_cloudtrail()),
        }
    }
}

/// Whether a request asked for this by name: the record of one that was refused, or found nothing,
/// names no resource.
fn is_asked_for(record: &AuditRecord, name: &str) -> bool {
    let Some(parameters) = &record.request_parameters else { return false };
    let Ok(members) = serde_json::from_str::<Map<String, Value>>(parameters.get()) else {
        return false;
    };
    let is_it = |value: &Value| {
        value.as_str().is_some_and(|words| is_meant(words, name, &record.event_source))
    };
    NAMING_MEMBERS.iter().filter_map(|member| members.get(*member)).any(|value| match value {
        Value::Array(values) => values.iter().any(is_it),
        value => is_it(value),
    })
}

fn token_of(place: &Place) -> String {
    URL_SAFE_NO_PAD.encode(format!("{}/{}", place.time.as_millis(), place.id))
}

fn place_of(token: &str) -> Result<Place, Fault> {
    let read = || {
        let text = String::from_utf8(URL_SAFE_NO_PAD.decode(token).ok()?).ok()?;
        let (millis, id) = text.split_once('/')?;
        let time = Timestamp::from_millis(millis.parse().ok()?);
        Some(Place { time, id: id.to_owned() })
    };
    read().ok_or_else(|| {
        CloudTrailError::InvalidNextTokenException.with("The pagination token is not valid.")
    })
}

/// The token of the place that a token names.
#[cfg(feature = "fuzzed")]
pub(super) fn token_again(token: &str) -> Option<String> {
    place_of(token).ok().map(|place| token_of(&place))
}

/// The members of requests that name resources.
const NAMING_MEMBERS: [&str; 6] =
    ["secretId", "secretIdList", "name", "names", "keyId", "resourceId"];
const PAGE_MAX: i32 = 50;

#[cfg(test)]
mod tests {
    use coffer_model::Timestamp;
    use coffer_pipeline::audit::history::Place;

    use super::{place_of, token_of};

    #[test]
    fn a_token_is_the_place_it_was_made_of() {
        let place = Place { time: Timestamp::from_millis(5), id: "a/b".to_owned() };
        assert_eq!(place_of(&token_of(&place)).unwrap(), place);
        for bad in ["", "x", "e30", "\u{e4}"] {
            assert_eq!(place_of(bad).unwrap_err().code, "InvalidNextTokenException");
        }
    }
}

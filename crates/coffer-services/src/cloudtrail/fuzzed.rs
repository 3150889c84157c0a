//! What the targets of `fuzz/` reach of this service.

use coffer_pipeline::AuditRecord;
use coffer_protocol::{Input, Output, json};
use coffer_store::golden::Rewriter;

use super::deliver::DeliveryRecord;
use super::selectors::{self, AdvancedEventSelector, EventSelector, Selectors};
use super::signing_key::SigningKeyRecord;
use super::trail::TrailRecord;

/// Its tables.
pub const RECORDS: &[Rewriter] = &[
    Rewriter::of::<DeliveryRecord>(),
    Rewriter::of::<SigningKeyRecord>(),
    Rewriter::of::<TrailRecord>(),
];

/// The token of the place that a token names.
pub fn token_again(token: &str) -> Option<String> {
    super::lookup_events::token_again(token)
}

/// Whether words of a caller mean a resource of this name.
pub fn is_meant(words: &str, name: &str, source: &str) -> bool {
    super::resource_name::is_meant(words, name, source)
}

#[derive(Input, Debug)]
struct Asked {
    event_selectors: Option<Vec<EventSelector>>,
    advanced_event_selectors: Option<Vec<AdvancedEventSelector>>,
}

#[derive(Output, Debug)]
struct Told {
    event_selectors: Option<Vec<EventSelector>>,
    advanced_event_selectors: Option<Vec<AdvancedEventSelector>>,
}

/// What is told of the event selectors of a request, and whether they select each of these records, as
/// they were read and as they are kept. Nothing for selectors that are refused.
pub fn selected(body: &[u8], records: &[AuditRecord]) -> Option<(Vec<u8>, Vec<[bool; 2]>)> {
    let Asked { event_selectors, advanced_event_selectors } = json::decode(body).ok()?;
    let read = event_selectors.as_deref();
    let read = selectors::read(read, advanced_event_selectors.as_deref()).ok()?;
    let (event_selectors, advanced_event_selectors) = selectors::told(Some(&read));
    let told = json::encode(&Told { event_selectors, advanced_event_selectors });
    let kept: Selectors = serde_json::from_slice(&serde_json::to_vec(&read).ok()?).ok()?;
    let selected = records.iter().map(|record| [read.select(record), kept.select(record)]);
    Some((told, selected.collect()))
}

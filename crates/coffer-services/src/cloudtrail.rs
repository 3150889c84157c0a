//! CloudTrail: the history of events, and trails that export it.

mod add_tags;
mod create_trail;
mod delete_trail;
pub(crate) mod deliver;
mod describe_trails;
mod digest;
mod errors;
#[cfg(feature = "fuzzed")]
pub mod fuzzed;
mod get_event_selectors;
mod get_trail;
mod get_trail_status;
#[cfg(test)]
mod golden;
mod list_public_keys;
mod list_tags;
mod list_trails;
mod log_file;
mod lookup_events;
mod place;
mod put_event_selectors;
mod remove_tags;
mod resource_name;
mod selectors;
mod signing_key;
mod start_logging;
mod stop_logging;
mod tags;
mod trail;
mod update_trail;
mod wire;

use coffer_pipeline::{Entry, Protocol, Service};

use crate::quotas;

pub use resource_name::is_meant;

/// CloudTrail on the port.
pub const SERVICE: Service = Service {
    name: "cloudtrail",
    protocol: Protocol::Json {
        target_prefix: "com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101",
    },
    throttled: quotas::rate_exceeded,
    operations: &[
        Entry::of::<add_tags::AddTags>(),
        Entry::of::<create_trail::CreateTrail>(),
        Entry::of::<delete_trail::DeleteTrail>(),
        Entry::of::<describe_trails::DescribeTrails>(),
        Entry::of::<get_event_selectors::GetEventSelectors>(),
        Entry::of::<get_trail::GetTrail>(),
        Entry::of::<get_trail_status::GetTrailStatus>(),
        Entry::of::<list_public_keys::ListPublicKeys>(),
        Entry::of::<list_tags::ListTags>(),
        Entry::of::<list_trails::ListTrails>(),
        Entry::of::<lookup_events::LookupEvents>(),
        Entry::of::<put_event_selectors::PutEventSelectors>(),
        Entry::of::<remove_tags::RemoveTags>(),
        Entry::of::<start_logging::StartLogging>(),
        Entry::of::<stop_logging::StopLogging>(),
        Entry::of::<update_trail::UpdateTrail>(),
    ],
};

#[cfg(test)]
mod tests {
    #[test]
    fn every_record_reads_its_golden_rows() {
        let here = env!("CARGO_MANIFEST_DIR");
        coffer_store::golden::check::<super::trail::TrailRecord>(here);
        coffer_store::golden::check::<super::deliver::DeliveryRecord>(here);
        coffer_store::golden::check::<super::signing_key::SigningKeyRecord>(here);
    }
}

//! Times: what is written is read again, and arithmetic stays within what can be written.

use std::time::Duration;

use coffer_model::Timestamp;

use crate::{Target, input};

pub(crate) const TARGET: Target = Target { name: "timestamps", bytes_max: 256, run };

fn run(input: &[u8]) {
    let Some(text) = input::lines(input).and_then(|mut lines| lines.next()) else { return };
    let read = text.parse::<Timestamp>();
    let counted = text.parse().map(Timestamp::from_millis);
    for instant in [read.ok(), counted.ok()].into_iter().flatten() {
        let written = instant.to_iso8601();
        assert_eq!(written.parse::<Timestamp>().ok(), Some(instant), "{written}");
        let year = Duration::from_secs(366 * 86_400);
        for near in [instant.day(), instant.plus(year), instant.minus(year)] {
            assert_eq!(near.to_iso8601().parse::<Timestamp>().ok(), Some(near));
        }
        assert!(instant.day() <= instant && instant.to_basic().ends_with('Z'));
        assert!(instant.plus(year).since(instant) <= year);
    }
}

//! Rotation schedules: windows come one after the other, and each is open for a while.

use coffer_model::Timestamp;
use coffer_services::secretsmanager::fuzzed::windows;

use crate::{Target, input};

pub(crate) const TARGET: Target = Target { name: "schedule", bytes_max: 512, run };

/// The lines are expression, duration, and the milliseconds that it is set at.
fn run(input: &[u8]) {
    let Some(mut lines) = input::lines(input) else { return };
    let expression = lines.next().unwrap_or_default();
    let duration = lines.next().filter(|text| !text.is_empty());
    let now = lines.next().and_then(|text| text.parse().ok()).unwrap_or(1_800_000_000_000);
    // Beyond, windows come to the end of what can be written; no clock here gets there.
    let now = Timestamp::from_millis(now).min(Timestamp::from_millis(YEAR_9000));
    let Some(windows) = windows(expression, duration, now, WINDOWS_MAX) else { return };
    for (opens, closes) in &windows {
        assert!(opens < closes, "{expression}: {windows:?}");
    }
    for pair in windows.windows(2) {
        let [(before, closes), (after, _)] = pair else { continue };
        assert!(before < after && closes < after, "{expression}: {windows:?}");
    }
}

const YEAR_9000: i64 = 221_845_392_000_000;
const WINDOWS_MAX: usize = 8;

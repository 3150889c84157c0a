//! Whether requests can be answered now: what `/_coffer/ready` says.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use coffer_pipeline::Road;
use coffer_pipeline::audit::trail::{OnFailure, Trail};
use serde_json::{Value, json};

use crate::runtime;

/// What is known of it. Anybody may ask, so what takes a write is looked at once in a while.
#[derive(Default)]
pub(crate) struct Readiness {
    journal: Mutex<Option<Probed>>,
}

/// When it was last looked at whether the journal's folder takes a file, and why it did not.
struct Probed {
    at: Instant,
    refusal: Option<String>,
}

impl Readiness {
    /// Looks whether the store can be read and, where requests are refused whose records cannot be
    /// kept, whether the journal can be written.
    ///
    /// # Errors
    /// Why not, as it is told.
    pub(crate) async fn check(&self, road: &Road) -> Result<(), Value> {
        if let Err(fault) = road.is_ready().await {
            tracing::warn!(cause = fault.for_log(), "not ready");
            return Err(json!({"status": "store unavailable"}));
        }
        let trail = road.world().audit.trail.as_ref();
        let trail = trail.filter(|trail| trail.on_failure() == OnFailure::Refuse);
        let Some(reason) = trail.and_then(|trail| self.refusal_of(trail)) else { return Ok(()) };
        tracing::warn!(cause = reason, "not ready: the audit journal cannot be written");
        Err(json!({"status": "audit journal cannot be written", "reason": reason}))
    }

    /// Why the journal takes no records: the disk refuses those that it was given, or there is no
    /// room for more, which the journal itself learns from the next request alone.
    fn refusal_of(&self, trail: &Trail) -> Option<String> {
        let failure = trail.journal().failure();
        failure.or_else(|| self.probed(trail.folder()))
    }

    fn probed(&self, folder: &Path) -> Option<String> {
        let now = runtime::instant();
        let mut journal = self.journal.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(probed) = journal.as_ref().filter(|probed| now < probed.at + PROBE_AGE_MAX) {
            return probed.refusal.clone();
        }
        let refusal = probe(folder).err().map(|error| error.to_string());
        *journal = Some(Probed { at: now, refusal: refusal.clone() });
        refusal
    }
}

/// Writes a file beside the journal's segments and removes it.
fn probe(folder: &Path) -> io::Result<()> {
    let path = folder.join(PROBE_FILE);
    let mut options = OpenOptions::new();
    let file = options.write(true).create(true).truncate(true).mode(0o600).open(&path);
    let written = file.and_then(|mut file| file.write_all(&[0; PROBE_BYTES]));
    written.and(fs::remove_file(&path))
}

/// The journal removes what has this ending when it is opened.
const PROBE_FILE: &str = "probe.new";
/// More than a file system keeps beside a file's name.
const PROBE_BYTES: usize = 4096;
const PROBE_AGE_MAX: Duration = Duration::from_secs(1);

#[cfg(test)]
mod tests {
    use super::{PROBE_FILE, probe};

    #[test]
    fn a_probe_leaves_nothing_and_says_why_it_failed() {
        let folder = tempfile::tempdir().unwrap();
        probe(folder.path()).unwrap();
        assert!(!folder.path().join(PROBE_FILE).exists());
        let missing = folder.path().join("missing");
        assert!(probe(&missing).unwrap_err().to_string().contains("No such file"));
    }
}

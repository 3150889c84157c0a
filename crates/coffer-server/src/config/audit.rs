//! How audit records are kept.

use std::path::PathBuf;

use coffer_pipeline::audit::trail::{OnFailure, Sync};

use super::{InvalidConfig, wrong};

/// How audit records are kept.
#[derive(Debug, Default)]
pub struct AuditSettings {
    /// When an answer goes out.
    pub sync: Sync,
    /// What happens when records cannot be written.
    pub on_failure: OnFailure,
    /// The folder that trails are exported to.
    pub exports: Option<PathBuf>,
}

pub(super) fn audit(
    sync: Option<String>,
    on_failure: Option<String>,
    exports: Option<PathBuf>,
) -> Result<AuditSettings, InvalidConfig> {
    let sync = match sync.as_deref() {
        None | Some("soon") => Sync::Soon,
        Some("always") => Sync::Always,
        Some(other) => return Err(wrong(&format!("audit sync `{other}`: give soon or always"))),
    };
    let on_failure = match on_failure.as_deref() {
        None | Some("refuse") => OnFailure::Refuse,
        Some("continue") => OnFailure::Continue,
        Some(other) => {
            return Err(wrong(&format!("audit on-failure `{other}`: give refuse or continue")));
        }
    };
    Ok(AuditSettings { sync, on_failure, exports })
}

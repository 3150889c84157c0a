//! `coffer events`.

use std::io::Write;

use serde_json::{Value, json};

use crate::target::Target;

/// Prints every kept event of the caller's account and region, one a line.
///
/// # Errors
/// A sentence for the operator.
pub(crate) fn run(target: &Target) -> Result<(), String> {
    let mut out = std::io::stdout().lock();
    target.pages("ListEvents", json!({"MaxResults": 100}), |page| {
        for event in page.get("Events").and_then(Value::as_array).into_iter().flatten() {
            if let Some(text) = event.as_str() {
                writeln!(out, "{text}").map_err(|error| format!("cannot print: {error}"))?;
            }
        }
        Ok(())
    })
}

//! `coffer audit who-can-read`.

use std::io::Write;

use clap::Args;
use serde_json::{Value, json};

use crate::target::Target;

/// Of what, and where to ask.
#[derive(Args)]
pub(crate) struct WhoCanRead {
    /// The name or ARN of a secret, or of a parameter.
    #[arg(value_name = "NAME")]
    resource: String,
    #[command(flatten)]
    target: Target,
}

impl WhoCanRead {
    /// Prints each user and role that can read it now, and what lets it, one a line.
    ///
    /// # Errors
    /// A sentence for the operator.
    pub(crate) fn run(&self) -> Result<(), String> {
        let mut out = std::io::stdout().lock();
        self.target.pages("ListReaders", json!({"Resource": self.resource}), |page| {
            for reader in page.get("Readers").and_then(Value::as_array).into_iter().flatten() {
                writeln!(out, "{}", line(reader))
                    .map_err(|error| format!("cannot print: {error}"))?;
            }
            if let Some(why) = page.get("Unusable").and_then(Value::as_str) {
                writeln!(std::io::stderr(), "nobody can read it now: {why}")
                    .map_err(|error| format!("cannot print: {error}"))?;
            }
            Ok(())
        })
    }
}

fn line(reader: &Value) -> String {
    let text = |name: &str| reader.get(name).and_then(Value::as_str).unwrap_or_default();
    let list = |name: &str| {
        let items = reader.get(name).and_then(Value::as_array).into_iter().flatten();
        items.filter_map(Value::as_str).collect::<Vec<_>>().join(", ")
    };
    let (because, conditions) = (list("Because"), list("Conditions"));
    match conditions.is_empty() {
        true => format!("{}\t{because}", text("Principal")),
        false => format!("{}\t{because}\tif {conditions}", text("Principal")),
    }
}

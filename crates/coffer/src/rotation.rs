//! `coffer rotation list`, `show`, `retry` and `abort`.

use std::io::Write;

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use crate::target::Target;

/// What to do about rotations.
#[derive(Subcommand)]
pub(crate) enum Rotation {
    /// List the secrets that rotate, one a line: state, name, date of the next rotation, and why the
    /// last attempt failed.
    List(Target),
    /// Show where the rotation of a secret stands, as JSON.
    Show(Of),
    /// Make the next attempt now, also of a rotation that was given up.
    Retry(Of),
    /// End a rotation that has not succeeded: the current version stays.
    Abort(Of),
}

/// Which secret's.
#[derive(Args)]
pub(crate) struct Of {
    /// The secret's name or ARN.
    secret: String,
    #[command(flatten)]
    target: Target,
}

impl Rotation {
    /// Does it.
    ///
    /// # Errors
    /// A sentence for the operator.
    pub(crate) fn run(&self) -> Result<(), String> {
        match self {
            Self::List(target) => list(target),
            Self::Show(of) => of.call("DescribeRotation"),
            Self::Retry(of) => of.call("RetryRotation"),
            Self::Abort(of) => of.call("AbortRotation"),
        }
    }
}

impl Of {
    fn call(&self, operation: &str) -> Result<(), String> {
        let answer = self.target.call(operation, &json!({"SecretId": self.secret}))?;
        let Some(rotation) = answer.get("Rotation") else {
            return Err(format!("`{}` does not rotate", self.secret));
        };
        let text = serde_json::to_string_pretty(rotation).map_err(|error| error.to_string())?;
        print(&text)
    }
}

fn list(target: &Target) -> Result<(), String> {
    target.pages("ListRotations", json!({}), |page| {
        for rotation in page.get("Rotations").and_then(Value::as_array).into_iter().flatten() {
            let text = |name: &str| rotation.get(name).and_then(Value::as_str).unwrap_or("-");
            let next = rotation.get("NextRotationDate").and_then(Value::as_f64);
            let next = next.map_or_else(|| "-".to_owned(), date);
            print(&format!(
                "{}\t{}\t{next}\t{}",
                text("State"),
                text("Name"),
                text("LastFailure").replace(['\n', '\t'], " ")
            ))?;
        }
        Ok(())
    })
}

/// ISO 8601, to the second.
fn date(seconds: f64) -> String {
    let span = std::time::Duration::try_from_secs_f64(seconds).unwrap_or_default();
    let millis = i64::try_from(span.as_millis()).unwrap_or(i64::MAX);
    coffer_model::Timestamp::from_millis(millis).to_iso8601()
}

fn print(text: &str) -> Result<(), String> {
    writeln!(std::io::stdout().lock(), "{text}").map_err(|error| format!("cannot print: {error}"))
}

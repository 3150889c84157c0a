//! `coffer audit`: whether the journal is whole, and who read what.

use std::io::Write;
use std::time::Duration;

use clap::{Args, Subcommand};
use coffer_model::Timestamp;
use coffer_server::audit::{is_meant, verify_journal};
use coffer_server::{ServerOptions, runtime};
use serde_json::{Value, json};

use crate::target::Target;
use crate::who_can_read::WhoCanRead;

/// What is asked of the audit records.
#[derive(Subcommand)]
pub(crate) enum Audit {
    /// Prove the chain of the journal whole, or name the first record that is broken.
    Verify(Box<ServerOptions>),
    /// List who read a secret or parameter, or was refused to, newest first.
    WhoRead(WhoRead),
    /// List which users and roles can read a secret or parameter now, and what lets them.
    WhoCanRead(WhoCanRead),
}

/// Whose readers, and since when.
#[derive(Args)]
pub(crate) struct WhoRead {
    /// The name or ARN of a secret or parameter.
    #[arg(value_name = "NAME")]
    name: String,
    /// Only since so long ago, such as `7d` or `90m`, or since a time, such as
    /// `2026-11-22T10:00:00Z`.
    #[arg(long, value_name = "SPAN|TIME")]
    since: Option<String>,
    #[command(flatten)]
    target: Target,
}

impl Audit {
    /// Prints what is asked for.
    ///
    /// # Errors
    /// A sentence for the operator; also where the journal is broken.
    pub(crate) fn run(self) -> Result<(), String> {
        match self {
            Self::Verify(options) => verify(*options),
            Self::WhoRead(asked) => asked.run(),
            Self::WhoCanRead(asked) => asked.run(),
        }
    }
}

fn verify(options: ServerOptions) -> Result<(), String> {
    let report = verify_journal(options)?;
    for note in &report.notes {
        say(&format!("note at record {}, {}: {}", note.sequence, note.time, note.text))?;
    }
    if report.torn_bytes > 0 {
        say(&format!("{} bytes at the end are of a record being written", report.torn_bytes))?;
    }
    let (records, segments) = (report.records, report.segments);
    match report.first_broken {
        None => {
            let last = report.last.sequence;
            say(&format!("whole: {records} records in {segments} segments, up to number {last}"))
        }
        Some(broken) => Err(format!(
            "the audit journal is broken at record {}, in segment {} at byte {}: {}; {records} \
             records before it are whole. Keep the folder as it is, and compare it with a backup",
            broken.sequence, broken.segment, broken.offset, broken.why
        )),
    }
}

impl WhoRead {
    fn run(&self) -> Result<(), String> {
        let since = self.since.as_deref().map(since_of).transpose()?;
        let mut token: Option<Value> = None;
        loop {
            let mut input = json!({
                "LookupAttributes": [
                    {"AttributeKey": "ResourceName", "AttributeValue": self.name},
                ],
            });
            if let Some(members) = input.as_object_mut() {
                if let Some(since) = since {
                    members.insert("StartTime".to_owned(), json!(since.as_secs()));
                }
                if let Some(token) = token {
                    members.insert("NextToken".to_owned(), token);
                }
            }
            let page = self.target.call_service(SERVICE, TARGET, "LookupEvents", &input)?;
            for event in page.get("Events").and_then(Value::as_array).into_iter().flatten() {
                let text = event.get("CloudTrailEvent").and_then(Value::as_str).unwrap_or_default();
                let record: Value = serde_json::from_str(text).unwrap_or_default();
                if let Some(line) = line_of(&record, &self.name) {
                    say(&line)?;
                }
            }
            token = page.get("NextToken").cloned();
            if token.is_none() {
                return Ok(());
            }
        }
    }
}

/// Time, who, what, from where, and how it was answered about this name; nothing for what reads no
/// value.
fn line_of(record: &Value, name: &str) -> Option<String> {
    let text = |pointer: &str| record.pointer(pointer).and_then(Value::as_str);
    // A batch leaves a record of GetSecretValue for each secret, unless it is refused as a whole.
    let is_refused = text("/errorCode").is_some();
    let is_read = |event: &&str| READS.contains(event) || (*event == BATCH && is_refused);
    let event = text("/eventName").filter(is_read)?;
    let who = who_of(record);
    let when = text("/eventTime").unwrap_or_default();
    let from = text("/sourceIPAddress").unwrap_or_default();
    let outcome = outcome_of(record, name);
    Some(format!("{when} {who} {event} {from} {outcome}"))
}

/// Who called. Of somebody of another account a record has no more than the account and the
/// unique id.
fn who_of(record: &Value) -> String {
    let text = |member: &str| record.get("userIdentity")?.get(member)?.as_str();
    let known = text("arn").or_else(|| text("invokedBy")).map(str::to_owned);
    let foreign = || match (text("accountId"), text("principalId")) {
        (Some(account), Some(id)) => Some(format!("{account}:{id}")),
        (_, id) => id.map(str::to_owned),
    };
    let key = || text("accessKeyId").map(str::to_owned);
    known.or_else(foreign).or_else(key).unwrap_or_else(|| "unknown".to_owned())
}

/// How the request for this name was answered: `read`, or the code of the refusal. An answer about
/// several names has those that were refused within it.
fn outcome_of<'r>(record: &'r Value, name: &str) -> &'r str {
    let text = |value: &'r Value, pointer: &str| value.pointer(pointer).and_then(Value::as_str);
    if let Some(code) = text(record, "/errorCode") {
        return code;
    }
    let source = text(record, "/eventSource").unwrap_or_default();
    let is_it = |words: Option<&str>| words.is_some_and(|words| is_meant(words, name, source));
    let among = |pointer: &str| record.pointer(pointer).and_then(Value::as_array);
    let mut invalid = among("/responseElements/invalidParameters").into_iter().flatten();
    if invalid.any(|words| is_it(words.as_str())) {
        return "ParameterNotFound";
    }
    // What was too long for the record may have been refusals.
    let is_omitted = record.pointer("/responseElements/omitted").is_some();
    if is_omitted { "unknown" } else { "read" }
}

/// A span before now, or a time.
fn since_of(text: &str) -> Result<Timestamp, String> {
    if let Ok(time) = text.parse::<Timestamp>() {
        return Ok(time);
    }
    let wrong = || format!("--since `{text}`: give a span such as `7d`, `12h` or `90m`, or a time");
    let unit = text.chars().last().ok_or_else(wrong)?;
    let seconds =
        UNITS.iter().find(|(name, _)| *name == unit).map(|(_, s)| *s).ok_or_else(wrong)?;
    let number: u64 = text.trim_end_matches(unit).parse().map_err(|_| wrong())?;
    let span = Duration::from_secs(number.saturating_mul(seconds));
    Ok(runtime::real_now().minus(span))
}

fn say(line: &str) -> Result<(), String> {
    writeln!(std::io::stdout(), "{line}").map_err(|error| format!("cannot print: {error}"))
}

const UNITS: [(char, u64); 5] = [('s', 1), ('m', 60), ('h', 3600), ('d', 86_400), ('w', 604_800)];
/// The operations that give values away.
const READS: [&str; 5] = [
    "GetParameter",
    "GetParameterHistory",
    "GetParameters",
    "GetParametersByPath",
    "GetSecretValue",
];
const BATCH: &str = "BatchGetSecretValue";
const SERVICE: &str = "cloudtrail";
const TARGET: &str = "com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101";

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{line_of, outcome_of, since_of, who_of};

    #[test]
    fn a_line_says_when_who_what_from_where_and_how() {
        let read = json!({
            "eventName": "GetSecretValue", "eventTime": "T", "sourceIPAddress": "10.0.0.7",
            "userIdentity": {"arn": "arn:aws:iam::1:user/a"},
        });
        let line = "T arn:aws:iam::1:user/a GetSecretValue 10.0.0.7 read";
        assert_eq!(line_of(&read, "db").as_deref(), Some(line));
        let mut denied = read.clone();
        denied["errorCode"] = json!("AccessDenied");
        assert!(line_of(&denied, "db").unwrap().ends_with(" AccessDenied"));
        assert_eq!(line_of(&json!({"eventName": "DescribeSecret"}), "db"), None);
        let mut batch = json!({"eventName": "BatchGetSecretValue"});
        assert_eq!(line_of(&batch, "db"), None, "each secret has a record of its own");
        batch["errorCode"] = json!("AccessDenied");
        assert!(line_of(&batch, "db").unwrap().ends_with(" AccessDenied"));
    }

    #[test]
    fn somebody_of_another_account_is_told_with_the_account() {
        let who = |identity: serde_json::Value| who_of(&json!({"userIdentity": identity}));
        let foreign = json!({"principalId": "AROAX:s", "accountId": "111122223333"});
        assert_eq!(who(foreign), "111122223333:AROAX:s");
        assert_eq!(who(json!({"accessKeyId": "AKIAX"})), "AKIAX");
        assert_eq!(who(json!({})), "unknown");
    }

    #[test]
    fn an_answer_about_several_names_is_told_of_each() {
        let record = |elements: serde_json::Value| json!({"eventSource": "secretsmanager.amazonaws.com", "responseElements": elements});
        let parameters = record(json!({"invalidParameters": ["/a:3"]}));
        assert_eq!(outcome_of(&parameters, "/a"), "ParameterNotFound");
        assert_eq!(outcome_of(&parameters, "/b"), "read");
        assert_eq!(outcome_of(&record(json!({"omitted": true})), "a"), "unknown");
        assert_eq!(outcome_of(&record(json!(null)), "a"), "read");
    }

    #[test]
    fn since_is_a_span_or_a_time() {
        assert_eq!(since_of("1970-01-01T00:00:01Z").unwrap().as_secs(), 1);
        assert!(since_of("1d").unwrap() < since_of("1h").unwrap());
        for bad in ["", "d", "7", "7y", "-1d", "ä"] {
            assert!(since_of(bad).is_err(), "{bad}");
        }
    }
}

//! Filters of DescribeParameters and GetParametersByPath: whoever is chosen is looked at.

use coffer_services::ssm::fuzzed::chosen;
use coffer_services::ssm::parameter::ParameterRecord;

use crate::{Target, input};

pub(crate) const TARGET: Target = Target { name: "parameter_filters", bytes_max: 16 * 1024, run };

/// A line with the names of parameters, and the request's JSON.
fn run(input: &[u8]) {
    let Some((names, filters)) = input::head(input) else { return };
    let example: ParameterRecord = serde_json::from_str(EXAMPLE).unwrap();
    let names = names.split(' ').chain(["/app/db/password", "plain"]).take(NAMES_MAX);
    let parameters: Vec<ParameterRecord> = names
        .map(|name| {
            let tags = [("team".to_owned(), name.to_owned())].into_iter().collect();
            ParameterRecord { name: name.to_owned(), tags, ..example.clone() }
        })
        .collect();
    for is_description in [true, false] {
        if let Some(chosen) = chosen(is_description, filters, &parameters) {
            assert_eq!(chosen.map(|chosen| chosen.len()), Ok(parameters.len()));
        }
    }
}

const NAMES_MAX: usize = 8;
const EXAMPLE: &str = r#"{"id":"b2b3d7f2-6f0b-4d56-9d66-1b1f3a6a8f10","name":"a","account":"000000000000",
"region":"us-east-1","oldest":1,"current":{"number":1,"type":"String","value":{"Plain":"v"},
"data_type":"text","tier":"Standard","modified":0,"modified_by":"arn:aws:iam::000000000000:root"}}"#;

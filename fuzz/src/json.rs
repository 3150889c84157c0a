//! JSON bodies as inputs of operations: what is read is written and read again as the same.

use std::collections::BTreeMap;

use coffer_model::{Sensitive, Timestamp};
use coffer_protocol::{AwsEnum, Input, Output, json};

use crate::Target;

pub(crate) const TARGET: Target = Target { name: "json", bytes_max: 64 * 1024, run };

#[derive(Debug, Clone, Copy, PartialEq, Eq, AwsEnum)]
pub(crate) enum Kind {
    One,
    Two,
}

/// A structure with members of every type.
#[derive(Debug, Clone, Input, Output)]
pub(crate) struct Everything {
    #[shape(min = 1, max = 4, pattern = "[a-z]*")]
    a: Option<String>,
    #[shape(max = 300)]
    b: Option<Sensitive<String>>,
    c: Option<Kind>,
    #[shape(min = 1)]
    d: Option<i32>,
    e: Option<i64>,
    f: Option<f64>,
    g: Option<Vec<u8>>,
    h: Option<Timestamp>,
    #[shape(max = 30, member(min = 1))]
    i: Option<Vec<String>>,
    #[shape(key(max = 20), value(min = 1))]
    j: Option<BTreeMap<String, String>>,
    k: Option<Box<Everything>>,
    l: Option<Vec<Everything>>,
    m: Option<bool>,
    n: Option<String>,
}

fn run(input: &[u8]) {
    match json::decode::<Everything>(input) {
        Ok(read) => is_kept(&read),
        // The sentence about what is wrong echoes the values: it is bounded whatever they are.
        Err(fault) => assert!(fault.message.len() <= 4 * input.len() + 64 * 1024),
    }
}

/// Whether an input is the same when it is written and read again.
pub(crate) fn is_kept(read: &Everything) {
    let written = json::encode(read);
    assert!(serde_json::from_slice::<serde_json::Value>(&written).is_ok());
    let again: Everything = match json::decode(&written) {
        Ok(again) => again,
        Err(fault) => panic!("{}: {}", fault.message, String::from_utf8_lossy(&written)),
    };
    assert_eq!(String::from_utf8_lossy(&json::encode(&again)), String::from_utf8_lossy(&written));
}

//! Data types of parameters: what is of a data type is so for other readers, too, and nobody is told
//! the value that is refused.

use std::net::{Ipv4Addr, Ipv6Addr};

use coffer_services::ssm::fuzzed::is_of;
use serde_json::Value;

use crate::Target;

pub(crate) const TARGET: Target = Target { name: "data_types", bytes_max: 8 * 1024, run };

/// A value, which is given to every data type.
fn run(input: &[u8]) {
    let Ok(value) = std::str::from_utf8(input) else { return };
    let is = |data_type: &str| is_of(data_type, "String", value).unwrap().0;
    for data_type in DATA_TYPES {
        for parameter_type in ["String", "StringList", "SecureString"] {
            is_told(data_type, parameter_type, value);
        }
    }
    is_number(value, is("integer"), is("float"));
    is_document(value, is("json"), is("jsonc"));
    is_address(value, &is);
    if is("binary") {
        assert!(value.len().is_multiple_of(4) && !value.is_empty());
    }
    if is("boolean") {
        assert!(value.to_ascii_lowercase().parse::<bool>().is_ok());
    }
}

/// What is told is the same whatever value is refused, and a list is as good as all of its items.
fn is_told(data_type: &str, parameter_type: &str, value: &str) {
    let (is_met, told) = is_of(data_type, parameter_type, value).unwrap();
    if let Err(told) = &told {
        let of_another = is_of(data_type, parameter_type, NOTHING).unwrap().1;
        assert_eq!(Err(told), of_another.as_ref(), "{data_type} {parameter_type}");
    }
    if parameter_type == "StringList" {
        let is_item = |item| is_of(data_type, parameter_type, item).unwrap().1.is_ok();
        assert_eq!(told.is_ok(), value.split(',').all(is_item), "{data_type}");
    } else if told.is_ok() && data_type != "aws:ec2:image" {
        assert!(is_met, "{data_type}");
    }
}

fn is_number(value: &str, is_integer: bool, is_float: bool) {
    assert!(is_integer || value.parse::<i128>().is_err());
    assert!(is_float || !is_integer);
    let is_named = value.contains(['n', 'N']);
    assert_eq!(is_float, value.parse::<f64>().is_ok() && !is_named);
}

fn is_document(value: &str, is_json: bool, is_jsonc: bool) {
    // The other reader knows the bounds of numbers, too.
    assert!(is_json || serde_json::from_str::<Value>(value).is_err());
    assert!(is_jsonc || !is_json);
    assert!(is_json || !is_jsonc || value.contains('/'));
    let commented = format!("/*{{*/{value}// \"");
    let is_also = is_of("jsonc", "String", &commented).unwrap().0;
    assert!(is_also || !is_json);
}

fn is_address(value: &str, is: &impl Fn(&str) -> bool) {
    assert_eq!(is("ipv4-address"), value.parse::<Ipv4Addr>().is_ok());
    assert_eq!(is("ipv6-address"), value.parse::<Ipv6Addr>().is_ok());
    let url = |host: &str| is_of("url", "String", &format!("https://{host}/")).unwrap().0;
    assert!(url(value) || !is("hostname"));
    assert!(url(&format!("[{value}]")) || !is("ipv6-address"));
    if is("email") {
        let (_, domain) = value.rsplit_once('@').unwrap();
        assert!(is_of("hostname", "String", domain).unwrap().0);
    }
    assert!(!is("url") || !value.contains(char::is_whitespace));
}

const DATA_TYPES: [&str; 16] = [
    "text",
    "aws:ec2:image",
    "aws:ssm:integration",
    "aws:region",
    "aws:account:id",
    "boolean",
    "integer",
    "float",
    "binary",
    "hostname",
    "email",
    "ipv4-address",
    "ipv6-address",
    "url",
    "json",
    "jsonc",
];
/// A value of no data type that refuses any.
const NOTHING: &str = "\u{1}";

//! The variables of a function's environment, which may be secret.

use std::collections::BTreeMap;

use coffer_model::Sensitive;
use coffer_protocol::Fault;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::errors::LambdaError;

/// Variables by name. They are written into sealed rows, and shown nowhere else.
#[derive(Debug, Clone, Default)]
pub(super) struct Variables(pub(super) BTreeMap<String, Sensitive<String>>);

impl Variables {
    /// Takes the variables that a caller gives.
    ///
    /// # Errors
    /// Names that only the runtime sets; more than AWS lets there be.
    pub(super) fn given(given: BTreeMap<String, Sensitive<String>>) -> Result<Self, Fault> {
        let reserved: Vec<&str> =
            given.keys().map(String::as_str).filter(|name| RESERVED.contains(name)).collect();
        if !reserved.is_empty() {
            return Err(LambdaError::InvalidParameterValueException.with(format!(
                "Lambda was unable to configure your environment variables because the environment \
                 variables you have provided contains reserved keys that are currently not \
                 supported for modification. Reserved keys used in this request: {}",
                reserved.join(", ")
            )));
        }
        let bytes: usize =
            given.iter().map(|(name, value)| name.len() + value.expose().len()).sum();
        if bytes > BYTES_MAX {
            return Err(LambdaError::InvalidParameterValueException.with(
                "Lambda was unable to configure your environment variables because the environment \
                 variables you have provided exceeded the 4KB limit.",
            ));
        }
        if given.values().any(|value| value.expose().contains('\0')) {
            return Err(LambdaError::InvalidParameterValueException
                .with("An environment variable has a character that no environment can hold."));
        }
        Ok(Self(given))
    }
}

impl Variables {
    /// Names and values, to be written or compared.
    fn pairs(&self) -> impl Iterator<Item = (&String, &String)> {
        self.0.iter().map(|(name, value)| (name, value.expose()))
    }
}

impl PartialEq for Variables {
    fn eq(&self, other: &Self) -> bool {
        self.pairs().eq(other.pairs())
    }
}

impl Serialize for Variables {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        out.collect_map(self.pairs())
    }
}

impl<'de> Deserialize<'de> for Variables {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        let read = BTreeMap::<String, String>::deserialize(input)?;
        Ok(Self(read.into_iter().map(|(name, value)| (name, value.into())).collect()))
    }
}

/// AWS: 4 KB for all names and values (Lambda developer guide, quotas).
const BYTES_MAX: usize = 4096;
/// AWS: what the runtime sets and nobody else does (Lambda developer guide, "Defined runtime
/// environment variables"); what it sets as a default can be given.
const RESERVED: &[&str] = &[
    "_HANDLER",
    "_X_AMZN_TRACE_ID",
    "AWS_ACCESS_KEY",
    "AWS_ACCESS_KEY_ID",
    "AWS_DEFAULT_REGION",
    "AWS_EXECUTION_ENV",
    "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
    "AWS_LAMBDA_FUNCTION_NAME",
    "AWS_LAMBDA_FUNCTION_VERSION",
    "AWS_LAMBDA_INITIALIZATION_TYPE",
    "AWS_LAMBDA_LOG_GROUP_NAME",
    "AWS_LAMBDA_LOG_STREAM_NAME",
    "AWS_LAMBDA_RUNTIME_API",
    "AWS_REGION",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "LAMBDA_RUNTIME_DIR",
    "LAMBDA_TASK_ROOT",
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::Variables;

    fn given(pairs: &[(&str, &str)]) -> Result<Variables, coffer_protocol::Fault> {
        let pairs = pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Variables::given(pairs.map(|(name, value)| (name, value.into())).collect())
    }

    #[test]
    fn reserved_names_and_too_much_are_refused() {
        assert!(given(&[("AB", "\" \\ \u{e9}"), ("PATH", "/bin")]).is_ok());
        let refused = given(&[("AWS_REGION", "x"), ("_HANDLER", "y")]).unwrap_err();
        assert!(refused.message.ends_with("in this request: AWS_REGION, _HANDLER"), "{refused}");
        assert!(given(&[("AB", &"x".repeat(4094))]).is_ok());
        assert!(given(&[("AB", &"x".repeat(4095))]).is_err());
        assert!(given(&[("AB", "a\0b")]).is_err());
    }

    #[test]
    fn variables_are_written_for_rows_and_shown_nowhere_else() {
        let variables = given(&[("AB", "hunter2")]).unwrap();
        assert!(!format!("{variables:?}").contains("hunter2"));
        let row = serde_json::to_string(&variables).unwrap();
        assert_eq!(row, r#"{"AB":"hunter2"}"#);
        assert!(serde_json::from_str::<Variables>(&row).unwrap() == variables);
        assert!(Variables(BTreeMap::new()) != variables);
    }
}

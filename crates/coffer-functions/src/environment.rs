//! The environment of a function's process: what Lambda sets, what the operator and the function
//! add, and nothing of this process's own.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;

use crate::function::{Code, Credentials, Function};
use crate::settings::Settings;

/// What an instance is, as its environment tells it.
pub(crate) struct Surroundings<'a> {
    pub(crate) runtime_api: SocketAddr,
    pub(crate) task_root: &'a Path,
    pub(crate) runtime_dir: &'a Path,
    pub(crate) home: &'a Path,
    pub(crate) temporary: &'a Path,
    pub(crate) log_stream: &'a str,
}

/// The whole environment. A function's own variables come before the operator's and the usual ones,
/// but never before those that are [reserved](RESERVED_VARIABLES).
pub(crate) fn of(
    settings: &Settings,
    function: &Function,
    credentials: &Credentials,
    surroundings: &Surroundings<'_>,
) -> Vec<(String, String)> {
    let mut variables = BTreeMap::new();
    for (name, value) in USUAL {
        variables.insert((*name).to_owned(), (*value).to_owned());
    }
    variables
        .extend(settings.environment.iter().map(|(name, value)| (name.clone(), value.clone())));
    for (name, value) in &function.environment {
        variables.insert(name.clone(), value.expose().clone());
    }
    let log_group = format!("/aws/lambda/{}", function.name);
    let (runtime, handler) = match &function.code {
        Code::Zip { runtime, handler, .. } => (format!("AWS_Lambda_{runtime}"), handler.as_str()),
        Code::Command(_) | Code::Url(_) => ("AWS_Lambda_provided".to_owned(), ""),
    };
    let text = |path: &Path| path.display().to_string();
    for (name, value) in [
        ("_HANDLER", handler.to_owned()),
        ("AWS_ACCESS_KEY_ID", credentials.access_key_id.clone()),
        ("AWS_DEFAULT_REGION", function.region.clone()),
        ("AWS_ENDPOINT_URL", function.endpoint_url.clone()),
        ("AWS_EXECUTION_ENV", runtime),
        ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", function.memory_mb.to_string()),
        ("AWS_LAMBDA_FUNCTION_NAME", function.name.clone()),
        ("AWS_LAMBDA_FUNCTION_VERSION", function.version.clone()),
        ("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand".to_owned()),
        ("AWS_LAMBDA_LOG_GROUP_NAME", log_group),
        ("AWS_LAMBDA_LOG_STREAM_NAME", surroundings.log_stream.to_owned()),
        ("AWS_LAMBDA_RUNTIME_API", surroundings.runtime_api.to_string()),
        ("AWS_REGION", function.region.clone()),
        ("AWS_SECRET_ACCESS_KEY", credentials.secret_access_key.expose().clone()),
        ("AWS_SESSION_TOKEN", credentials.session_token.expose().clone()),
        ("HOME", text(surroundings.home)),
        ("LAMBDA_RUNTIME_DIR", text(surroundings.runtime_dir)),
        ("LAMBDA_TASK_ROOT", text(surroundings.task_root)),
        ("SECRETS_MANAGER_ENDPOINT", function.endpoint_url.clone()),
        ("TMPDIR", text(surroundings.temporary)),
    ] {
        variables.insert(name.to_owned(), value);
    }
    // Not set here, but not for a function to set either.
    for name in ["AWS_ACCESS_KEY", "_X_AMZN_TRACE_ID", "_LAMBDA_TELEMETRY_LOG_FD"] {
        variables.remove(name);
    }
    variables.into_iter().collect()
}

/// What stands where neither operator nor function say otherwise. The rest of this process's
/// environment stays here.
const USUAL: &[(&str, &str)] = &[
    ("LANG", "C.UTF-8"),
    ("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"),
    ("TZ", ":UTC"),
];

/// Variables that a function does not set: what it says of them is not heard. The endpoints are
/// among them because functions that come from AWS name AWS's there, and would send it secrets.
pub const RESERVED_VARIABLES: &[&str] = &[
    "_HANDLER",
    "_LAMBDA_TELEMETRY_LOG_FD",
    "_X_AMZN_TRACE_ID",
    "AWS_ACCESS_KEY",
    "AWS_ACCESS_KEY_ID",
    "AWS_DEFAULT_REGION",
    "AWS_ENDPOINT_URL",
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
    "HOME",
    "LAMBDA_RUNTIME_DIR",
    "LAMBDA_TASK_ROOT",
    "SECRETS_MANAGER_ENDPOINT",
    "TMPDIR",
];

/// AWS: names and values of a function's variables together (Lambda quotas, 2026-11).
pub const ENVIRONMENT_BYTES_MAX: usize = 4096;

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::path::{Path, PathBuf};
    use std::sync::Arc;
    use std::time::Duration;

    use async_trait::async_trait;
    use bytes::Bytes;
    use coffer_model::{Sensitive, Timestamp};

    use super::{RESERVED_VARIABLES, Surroundings, of};
    use crate::function::{Code, Credentials, Function, Supply};
    use crate::settings::Settings;

    struct Nothing;

    #[async_trait]
    impl Supply for Nothing {
        async fn archive(&self) -> Result<Bytes, String> {
            Err("none".to_owned())
        }

        async fn credentials(&self) -> Result<Credentials, String> {
            Err("none".to_owned())
        }
    }

    fn environment(own: &[(&str, &str)]) -> BTreeMap<String, String> {
        let mut settings = Settings::new(PathBuf::from("/nowhere"));
        settings.environment.insert("AWS_CA_BUNDLE".to_owned(), "/ca.pem".to_owned());
        let own = own
            .iter()
            .map(|(name, value)| ((*name).to_owned(), Sensitive::new((*value).to_owned())));
        let function = Function {
            arn: "arn:aws:lambda:eu-central-1:000000000001:function:rotate".to_owned(),
            name: "rotate".to_owned(),
            version: "$LATEST".to_owned(),
            revision: "1".to_owned(),
            code: Code::Zip {
                runtime: "python3.13".to_owned(),
                handler: "app.handler".to_owned(),
                sha256: [0; 32],
            },
            environment: own.collect(),
            timeout: Duration::from_secs(3),
            memory_mb: 128,
            storage_mb: 512,
            region: "eu-central-1".to_owned(),
            endpoint_url: "http://127.0.0.1:4566".to_owned(),
            supply: Arc::new(Nothing),
        };
        let credentials = Credentials {
            access_key_id: "ASIA1".to_owned(),
            secret_access_key: "secret".to_owned().into(),
            session_token: "token".to_owned().into(),
            expires: Timestamp::EPOCH,
        };
        let surroundings = Surroundings {
            runtime_api: ([127, 0, 0, 1], 9001).into(),
            task_root: Path::new("/code"),
            runtime_dir: Path::new("/runtime"),
            home: Path::new("/scratch"),
            temporary: Path::new("/scratch/tmp"),
            log_stream: "2026/11/26/[$LATEST]00",
        };
        of(&settings, &function, &credentials, &surroundings).into_iter().collect()
    }

    #[test]
    fn reserved_variables_are_not_a_function_s_to_set() {
        let own: Vec<_> = RESERVED_VARIABLES.iter().map(|&name| (name, "mine")).collect();
        assert_eq!(environment(&own), environment(&[]));
        let given = environment(&[]);
        assert_eq!(given["AWS_LAMBDA_RUNTIME_API"], "127.0.0.1:9001");
        assert_eq!(given["SECRETS_MANAGER_ENDPOINT"], "http://127.0.0.1:4566");
        let usual = ["AWS_CA_BUNDLE", "LANG", "PATH", "TZ"];
        for name in given.keys() {
            let is_known = RESERVED_VARIABLES.contains(&name.as_str());
            assert!(is_known || usual.contains(&name.as_str()), "{name}");
        }
    }

    #[test]
    fn a_function_s_own_variables_arrive_byte_for_byte() {
        let own =
            [("EXCLUDE", " /@\"'\\\n$HOME "), ("PATH", "/own"), ("AWS_CA_BUNDLE", "/own.pem")];
        let given = environment(&own);
        for (name, value) in own {
            assert_eq!(given[name], value);
        }
    }
}

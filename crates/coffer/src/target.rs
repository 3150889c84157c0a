//! Which server a command speaks to, and as whom.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;
use coffer_client::{Client, ClientError, Credentials};
use coffer_server::runtime;
use serde_json::Value;

/// The server and the caller, by the variables that AWS's own tools read.
#[derive(Args)]
pub(crate) struct Target {
    /// The server's URL.
    #[arg(
        long,
        value_name = "URL",
        env = "AWS_ENDPOINT_URL",
        default_value = "http://127.0.0.1:4566"
    )]
    endpoint: String,
    /// The caller's access key id [default: that of the credentials file, or else test].
    #[arg(long, value_name = "ID", env = "AWS_ACCESS_KEY_ID")]
    access_key_id: Option<String>,
    /// The secret of the access key [default: that of the credentials file, or else test].
    #[arg(long, value_name = "SECRET", env = "AWS_SECRET_ACCESS_KEY", hide_env_values = true)]
    secret_access_key: Option<String>,
    /// The token of temporary credentials.
    #[arg(long, value_name = "TOKEN", env = "AWS_SESSION_TOKEN", hide_env_values = true)]
    session_token: Option<String>,
    /// A credentials file as AWS's tools write it, read where no access key is given.
    #[arg(long, value_name = "FILE", env = "AWS_SHARED_CREDENTIALS_FILE")]
    credentials_file: Option<PathBuf>,
    /// The profile in the credentials file.
    #[arg(long, value_name = "NAME", env = "AWS_PROFILE", default_value = "default")]
    profile: String,
    /// The region [default: AWS_DEFAULT_REGION, or else us-east-1].
    #[arg(long, value_name = "REGION", env = "AWS_REGION")]
    region: Option<String>,
    #[arg(long, hide = true, env = "AWS_DEFAULT_REGION", default_value = "us-east-1")]
    default_region: String,
}

impl Target {
    /// Calls an operation of coffer's own service.
    ///
    /// # Errors
    /// A sentence for the operator.
    pub(crate) fn call(&self, operation: &str, input: &Value) -> Result<Value, String> {
        self.call_service("coffer", TARGET_PREFIX, operation, input)
    }

    /// Calls an operation of coffer's own service that answers in pages, and gives each of them.
    ///
    /// # Errors
    /// A sentence for the operator; also that of whoever is given a page.
    pub(crate) fn pages(
        &self,
        operation: &str,
        mut input: Value,
        mut each: impl FnMut(&Value) -> Result<(), String>,
    ) -> Result<(), String> {
        loop {
            let page = self.call(operation, &input)?;
            each(&page)?;
            let Some(token) = page.get("NextToken") else { return Ok(()) };
            if let Some(members) = input.as_object_mut() {
                members.insert("NextToken".to_owned(), token.clone());
            }
        }
    }

    /// Calls an operation of a JSON service.
    ///
    /// # Errors
    /// A sentence for the operator.
    pub(crate) fn call_service(
        &self,
        service: &str,
        target_prefix: &str,
        operation: &str,
        input: &Value,
    ) -> Result<Value, String> {
        let credentials = self.credentials()?;
        let told = |error: &dyn std::fmt::Display| {
            format!("cannot call {operation} at {}: {error}", self.endpoint)
        };
        let region = self.region.as_ref().unwrap_or(&self.default_region);
        let client = Client::new(&self.endpoint, credentials, region, Arc::new(runtime::real_now))
            .map_err(|error| told(&error))?;
        let target = format!("{target_prefix}.{operation}");
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| told(&error))?;
        runtime.block_on(client.call(service, &target, input)).map_err(|error| {
            let told = told(&error);
            match is_unknown_key(&error) {
                true => format!("{}{PASTE}", told.trim_end_matches('.')),
                false => told,
            }
        })
    }

    fn credentials(&self) -> Result<Credentials, String> {
        let (id, secret) = match (&self.access_key_id, &self.credentials_file) {
            (None, Some(file)) => in_file(file, &self.profile)?,
            (id, _) => {
                let given = |text: &Option<String>| text.as_deref().unwrap_or(DEV).to_owned();
                (given(id), given(&self.secret_access_key))
            }
        };
        // A token belongs to the access key beside it, not to one of the file.
        let token = self.session_token.clone().filter(|_| self.access_key_id.is_some());
        let session_token = token.map(Into::into);
        Ok(Credentials { access_key_id: id, secret_access_key: secret.into(), session_token })
    }
}

fn is_unknown_key(error: &ClientError) -> bool {
    matches!(error, ClientError::Service { code, .. } if code == "UnrecognizedClientException")
}

/// The access key of a profile.
fn in_file(file: &Path, profile: &str) -> Result<(String, String), String> {
    let shown = file.display();
    let text = std::fs::read_to_string(file)
        .map_err(|error| format!("cannot read credentials file `{shown}`: {error}{PASTE}"))?;
    let key = key_of(&text, profile);
    key.ok_or_else(|| {
        format!(
            "cannot find profile `{profile}` with an access key in `{shown}`; name it by --profile"
        )
    })
}

fn key_of(text: &str, profile: &str) -> Option<(String, String)> {
    let heading = format!("[{profile}]");
    let lines = text.lines().map(str::trim).skip_while(|line| *line != heading).skip(1);
    let settings: Vec<_> = lines
        .take_while(|line| !line.starts_with('['))
        .filter_map(|line| line.split_once('='))
        .map(|(name, value)| (name.trim(), value.trim()))
        .collect();
    let of = |wanted: &str| {
        let found = settings.iter().find(|(name, _)| *name == wanted);
        found.map(|(_, value)| (*value).to_owned())
    };
    Some((of("aws_access_key_id")?, of("aws_secret_access_key")?))
}

const TARGET_PREFIX: &str = "Coffer_20261123";
/// The access key of `coffer dev`, and its secret.
const DEV: &str = "test";
const PASTE: &str = "; paste the lines that the server printed when it started";

#[cfg(test)]
mod tests {
    use super::key_of;

    #[test]
    fn a_profile_has_the_key_between_its_heading_and_the_next() {
        let text = "# mine\n[other]\naws_access_key_id = B\n\n[default]\nregion = x\n\
                    aws_access_key_id=A\n aws_secret_access_key = s=/+ \n[last]\n";
        assert_eq!(key_of(text, "default"), Some(("A".to_owned(), "s=/+".to_owned())));
        for profile in ["other", "last", "none"] {
            assert_eq!(key_of(text, profile), None, "{profile}");
        }
    }
}

//! `coffer oidc`: the keys of OpenID Connect issuers.

use std::io::Write;
use std::path::PathBuf;

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use crate::target::Target;

/// What is done about an issuer's keys.
#[derive(Subcommand)]
pub(crate) enum Oidc {
    /// Give the keys of an issuer that the server cannot ask, such as a cluster with a private one.
    SetKeys(SetKeys),
    /// Have the keys asked from the issuer at once, and from now on.
    FetchKeys(FetchKeys),
}

/// Whose keys, and where they are.
#[derive(Args)]
pub(crate) struct SetKeys {
    /// The issuer, as its tokens have it, such as `https://kubernetes.default.svc`.
    #[arg(long, value_name = "URL")]
    issuer: String,
    /// A file with the issuer's JSON Web Key Set, as `kubectl get --raw /openid/v1/jwks` prints it.
    #[arg(long, value_name = "FILE")]
    file: PathBuf,
    #[command(flatten)]
    target: Target,
}

/// Whose keys.
#[derive(Args)]
pub(crate) struct FetchKeys {
    /// The issuer, as its tokens have it.
    #[arg(long, value_name = "URL")]
    issuer: String,
    #[command(flatten)]
    target: Target,
}

impl Oidc {
    /// Calls the server.
    ///
    /// # Errors
    /// A sentence for the operator.
    pub(crate) fn run(&self) -> Result<(), String> {
        match self {
            Self::SetKeys(SetKeys { issuer, file, target }) => {
                let keys = std::fs::read_to_string(file).map_err(|error| {
                    format!("cannot read keys in `{}`: {error}", file.display())
                })?;
                let told =
                    target.call("PutIssuerKeys", &json!({"Issuer": issuer, "Keys": keys}))?;
                let ids = told.get("KeyIds").and_then(Value::as_array);
                for id in ids.into_iter().flatten().filter_map(Value::as_str) {
                    writeln!(std::io::stdout(), "{id}")
                        .map_err(|error| format!("cannot print: {error}"))?;
                }
                Ok(())
            }
            Self::FetchKeys(FetchKeys { issuer, target }) => {
                target.call("PutIssuerKeys", &json!({"Issuer": issuer})).map(drop)
            }
        }
    }
}

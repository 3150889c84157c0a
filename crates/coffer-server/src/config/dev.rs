//! The settings of the throw-away server.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Args;
use coffer_pipeline::Quotas;

use super::collector_headers::HeadersText;
use super::quotas::quotas;
use super::traces::{TraceOptions, TraceTexts};
use super::{InvalidConfig, LISTEN_DEFAULT, LOG_DEFAULT, variable};
use crate::function_options::{FunctionOptions, FunctionTexts};
use crate::functions;

/// `coffer dev`: the throw-away server.
///
/// What it shares with [`Settings`](super::Settings) stands in both: serde would read a flattened group
/// without the places of its members, and then nobody is told which line of the file is wrong.
#[derive(Args, Debug)]
pub struct DevOptions {
    /// The address to listen on.
    #[arg(long, value_name = "ADDR", env = "COFFER_LISTEN", default_value = LISTEN_DEFAULT)]
    pub listen: SocketAddr,
    /// The folder that trails are exported to [default: a temporary one].
    #[arg(long, value_name = "DIR", env = "COFFER_AUDIT_EXPORTS")]
    pub audit_exports: Option<PathBuf>,
    /// Whether callers may make functions and have them run: whoever may make one runs code on this
    /// host.
    #[arg(long, env = "COFFER_FUNCTIONS_ENABLED")]
    pub functions_enabled: bool,
    /// Where functions find programs such as python3 [default: the system's folders].
    #[arg(long, value_name = "DIRS", env = "COFFER_FUNCTIONS_PATH")]
    pub functions_path: Option<String>,
    /// A command of this host that may be a function, by a name: a program by its whole path and its
    /// arguments, split at blanks outside of quotes and run without a shell. May be given several
    /// times; one a line in the variable.
    #[arg(
        long = "functions-command",
        value_name = "NAME=COMMAND",
        env = "COFFER_FUNCTIONS_COMMANDS",
        value_delimiter = '\n'
    )]
    pub functions_commands: Vec<String>,
    /// The URL of a service that answers Lambda's Invoke API and may be a function. May be given
    /// several times; one a line in the variable.
    #[arg(
        long = "functions-url",
        value_name = "URL",
        env = "COFFER_FUNCTIONS_URLS",
        value_delimiter = '\n'
    )]
    pub functions_urls: Vec<String>,
    /// A PEM file with certificate authorities that such services may have beside those that the
    /// system trusts.
    #[arg(long, value_name = "FILE", env = "COFFER_FUNCTIONS_CA_FILE")]
    pub functions_ca_file: Option<PathBuf>,
    /// Whether what functions write is written to the log.
    #[arg(long, env = "COFFER_FUNCTIONS_LOG")]
    pub functions_log: bool,
    /// A TOML file with rules by which API keys of services are rotated [default: none].
    #[arg(long, value_name = "FILE", env = "COFFER_ROTATION_RULES_FILE")]
    pub rotation_rules_file: Option<PathBuf>,
    /// Whose quotas on the rates of requests are in force: `aws`, those that AWS publishes, or `off`
    /// [default: off].
    #[arg(long, value_name = "WHOSE", env = "COFFER_QUOTAS")]
    pub quotas: Option<String>,
    /// A TOML file with quotas of your own, per account and per principal, beside those [default:
    /// none].
    #[arg(long, value_name = "FILE", env = "COFFER_QUOTAS_FILE")]
    pub quotas_file: Option<PathBuf>,
    /// What is traced, and where traces go.
    #[command(flatten)]
    pub traces: TraceTexts,
    /// What to log, such as `info` or `coffer_pipeline=debug`.
    #[arg(long, value_name = "FILTER", env = "COFFER_LOG", default_value = LOG_DEFAULT)]
    pub log: String,
}

impl DevOptions {
    /// The quotas that are in force, if there are any.
    pub(crate) fn quotas(&self) -> Result<Option<Quotas>, InvalidConfig> {
        quotas(self.quotas.as_deref(), self.quotas_file.as_deref())
    }

    /// Where traces go, if anything is traced.
    pub(crate) fn traces(&self) -> Result<Option<TraceOptions>, InvalidConfig> {
        let headers = HeadersText::find(variable)?;
        TraceOptions::read(TraceTexts { headers, ..self.traces.clone() }).map_err(InvalidConfig)
    }

    /// How there are functions, if there are any.
    pub(crate) fn functions(&self) -> Result<Option<FunctionOptions>, InvalidConfig> {
        let options = FunctionOptions::read(&FunctionTexts {
            path: self.functions_path.as_deref(),
            commands: &self.functions_commands,
            urls: &self.functions_urls,
            ca_file: self.functions_ca_file.as_deref(),
            logs_lines: self.functions_log,
            ..FunctionTexts::default()
        });
        let options = options.map_err(InvalidConfig)?;
        if self.functions_enabled {
            let run_as = functions::run_as_in_dev();
            options.must_be_runnable(run_as).map_err(InvalidConfig)?;
        }
        Ok(self.functions_enabled.then_some(options))
    }
}

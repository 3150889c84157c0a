//! Where traces go, and which are made.

use std::path::PathBuf;

use clap::Args;
use http::Uri;
use serde::Deserialize;

use crate::traces::Sampler;

/// What is said of traces, as flags or variables give it.
#[derive(Args, Deserialize, Debug, Default, Clone)]
#[serde(deny_unknown_fields, default)]
pub struct TraceTexts {
    /// The collector that traces are sent to over OTLP/HTTP, such as `http://localhost:4318`; its path
    /// `/v1/traces` is added [default: none, and nothing is traced].
    #[arg(long = "otlp-endpoint", value_name = "URL", env = "OTEL_EXPORTER_OTLP_ENDPOINT")]
    pub endpoint: Option<String>,
    /// A PEM file with certificate authorities that the collector may have beside those that the
    /// system trusts.
    #[arg(long = "otlp-ca-file", value_name = "FILE", env = "OTEL_EXPORTER_OTLP_CERTIFICATE")]
    pub ca_file: Option<PathBuf>,
    /// What the collector knows this server by [default: coffer].
    #[arg(long = "otlp-service-name", value_name = "NAME", env = "OTEL_SERVICE_NAME")]
    pub service_name: Option<String>,
    /// Which requests are traced: `always_on`, `always_off`, `traceidratio`, or one of these after
    /// `parentbased_`, by which a caller's own choice goes before [default: parentbased_always_on].
    #[arg(long = "otlp-sampler", value_name = "NAME", env = "OTEL_TRACES_SAMPLER")]
    pub sampler: Option<String>,
    /// How many of them `traceidratio` chooses, from 0 to 1 [default: 1].
    #[arg(long = "otlp-sampler-arg", value_name = "RATIO", env = "OTEL_TRACES_SAMPLER_ARG")]
    pub sampler_arg: Option<String>,
}

impl TraceTexts {
    /// These, and the others where nothing is said here.
    pub(crate) fn or(self, other: Self) -> Self {
        Self {
            endpoint: self.endpoint.or(other.endpoint),
            ca_file: self.ca_file.or(other.ca_file),
            service_name: self.service_name.or(other.service_name),
            sampler: self.sampler.or(other.sampler),
            sampler_arg: self.sampler_arg.or(other.sampler_arg),
        }
    }
}

/// Where traces go, and which are made.
#[derive(Debug)]
pub struct TraceOptions {
    pub(crate) collector: Uri,
    pub(crate) ca_file: Option<PathBuf>,
    pub(crate) service_name: String,
    pub(crate) sampler: Sampler,
}

impl TraceOptions {
    /// Reads what is said; nothing where no collector is named.
    ///
    /// # Errors
    /// A sentence for the operator.
    pub(crate) fn read(texts: TraceTexts) -> Result<Option<Self>, String> {
        let sampler = Sampler::read(texts.sampler.as_deref(), texts.sampler_arg.as_deref())?;
        let Some(endpoint) = texts.endpoint.filter(|endpoint| !endpoint.is_empty()) else {
            return Ok(None);
        };
        let collector: Uri = format!("{}/v1/traces", endpoint.trim_end_matches('/'))
            .parse()
            .map_err(|_| wrong_endpoint(&endpoint))?;
        // A fragment would take the path of traces with it, and a path that is there already twice.
        let is_other = endpoint.contains('#') || collector.path().contains("/v1/traces/");
        if coffer_http::Place::of(&collector).is_none() || collector.query().is_some() || is_other {
            return Err(wrong_endpoint(&endpoint));
        }
        let service_name = texts.service_name.filter(|name| !name.is_empty());
        let service_name = service_name.unwrap_or_else(|| "coffer".to_owned());
        if service_name.len() > NAME_BYTES_MAX {
            return Err(format!("--otlp-service-name: give {NAME_BYTES_MAX} bytes at most"));
        }
        Ok(Some(Self { collector, ca_file: texts.ca_file, service_name, sampler }))
    }
}

fn wrong_endpoint(endpoint: &str) -> String {
    // What stands before an `@` may be a password.
    let shown = endpoint.rsplit_once('@').map_or(endpoint, |(_, place)| place);
    format!(
        "--otlp-endpoint `{shown}`: give an http or https URL without a user, a query and the \
         path /v1/traces, such as http://localhost:4318"
    )
}

const NAME_BYTES_MAX: usize = 255;

#[cfg(test)]
mod tests {
    use super::{TraceOptions, TraceTexts};

    fn read(endpoint: &str) -> Result<Option<String>, String> {
        let texts = TraceTexts { endpoint: Some(endpoint.to_owned()), ..TraceTexts::default() };
        TraceOptions::read(texts).map(|read| read.map(|it| it.collector.to_string()))
    }

    #[test]
    fn a_collector_is_a_url_to_which_the_path_of_traces_is_added() {
        let wanted = Ok(Some("http://localhost:4318/v1/traces".to_owned()));
        assert_eq!(read("http://localhost:4318"), wanted);
        assert_eq!(read("http://localhost:4318/"), wanted);
        let below = Ok(Some("https://c.example/otlp/v1/traces".to_owned()));
        assert_eq!(read("https://c.example/otlp"), below);
        assert_eq!(read(""), Ok(None));
        for bad in [
            "localhost:4318",
            "grpc://localhost",
            "http://",
            "http://h/?a=b",
            "http://h:0",
            "http://h#f",
            "http://h/v1/traces",
        ] {
            assert!(read(bad).is_err(), "{bad}");
        }
        assert!(!read("http://ada:xyzzy@h").unwrap_err().contains("xyzzy"));
    }
}

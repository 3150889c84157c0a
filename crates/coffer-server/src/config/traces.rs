//! Where traces go, and which are made.

use std::path::PathBuf;

use clap::Args;
use http::{HeaderMap, Uri};
use serde::Deserialize;

use super::collector_headers::HeadersText;
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
    /// Headers that the collector wants. By the environment alone: a flag can be read by other users of
    /// the machine, and a configuration file is no place for keys.
    #[arg(skip)]
    #[serde(skip)]
    pub headers: Option<HeadersText>,
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
            headers: self.headers.or(other.headers),
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
    /// What is sent along, marked as nothing to be shown.
    pub(crate) headers: HeaderMap,
}

impl TraceOptions {
    /// Reads what is said; nothing where no collector is named.
    ///
    /// # Errors
    /// A sentence for the operator.
    pub(crate) fn read(texts: TraceTexts) -> Result<Option<Self>, String> {
        // An empty variable is one that is not set, says OpenTelemetry.
        let said = |text: Option<String>| text.filter(|text| !text.is_empty());
        let (sampler, argument) = (said(texts.sampler), said(texts.sampler_arg));
        let sampler = Sampler::read(sampler.as_deref(), argument.as_deref())?;
        let headers = texts.headers.as_ref().map(HeadersText::read).transpose()?;
        let ca_file = texts.ca_file.filter(|file| !file.as_os_str().is_empty());
        let Some(endpoint) = said(texts.endpoint) else {
            let needless = ca_file.is_some().then_some("--otlp-ca-file");
            let needless = needless.or(texts.headers.as_ref().map(HeadersText::variable));
            return match needless {
                Some(name) => Err(format!("{name} is for a collector: name it by --otlp-endpoint")),
                None => Ok(None),
            };
        };
        let collector: Uri = format!("{}/v1/traces", endpoint.trim_end_matches('/'))
            .parse()
            .map_err(|_| wrong_endpoint(&endpoint))?;
        // A fragment would take the path of traces with it, and a path that is there already twice.
        let is_other = endpoint.contains('#') || collector.path().contains("/v1/traces/");
        if coffer_http::Place::of(&collector).is_none() || collector.query().is_some() || is_other {
            return Err(wrong_endpoint(&endpoint));
        }
        let service_name = said(texts.service_name).unwrap_or_else(|| "coffer".to_owned());
        if service_name.len() > NAME_BYTES_MAX {
            return Err(format!("--otlp-service-name: give {NAME_BYTES_MAX} bytes at most"));
        }
        let headers = headers.unwrap_or_default();
        Ok(Some(Self { collector, ca_file, service_name, sampler, headers }))
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
    use super::{HeadersText, TraceOptions, TraceTexts};

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

    #[test]
    fn what_would_not_count_is_refused() {
        let refused = |texts| TraceOptions::read(texts).unwrap_err();
        let ca_file = || Some("ca.pem".into());
        let said = refused(TraceTexts { ca_file: ca_file(), ..TraceTexts::default() });
        assert_eq!(said, "--otlp-ca-file is for a collector: name it by --otlp-endpoint");
        let headers = HeadersText::find(|_| Ok(Some("a=b".to_owned()))).unwrap();
        let said = refused(TraceTexts { headers: headers.clone(), ..TraceTexts::default() });
        assert!(said.starts_with("OTEL_EXPORTER_OTLP_TRACES_HEADERS is for a collector"), "{said}");
        let endpoint = Some("https://c.example".to_owned());
        let good = TraceTexts { endpoint, ca_file: ca_file(), headers, ..TraceTexts::default() };
        let read = TraceOptions::read(good).unwrap().unwrap();
        assert_eq!((read.headers["a"].as_bytes(), read.ca_file), (&b"b"[..], ca_file()));

        let argument = |sampler: Option<&str>| TraceTexts {
            sampler: sampler.map(str::to_owned),
            sampler_arg: Some("0.5".to_owned()),
            ..TraceTexts::default()
        };
        for sampler in [None, Some(""), Some("always_on"), Some("parentbased_always_off")] {
            let said = refused(argument(sampler));
            assert!(said.starts_with("--otlp-sampler-arg is for traceidratio"), "{said}");
        }
        assert!(TraceOptions::read(argument(Some("parentbased_traceidratio"))).is_ok());
        let empty = || Some(String::new());
        let (ca_file, sampler_arg) = (Some("".into()), empty());
        let unset = TraceTexts { ca_file, sampler: empty(), sampler_arg, ..TraceTexts::default() };
        assert!(TraceOptions::read(unset).unwrap().is_none());
    }
}

//! What the operator may set: as a flag, an environment variable, or a key of a TOML file, in that
//! order of precedence. The one file that reads the environment.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;
use coffer_model::{AccountId, Sensitive};
use coffer_pipeline::audit::trail::{OnFailure, Sync};
use serde::Deserialize;

use crate::root_key::{self, CommandLine, Provider, credential};

/// `coffer server`: flags and environment variables.
#[derive(Args, Debug, Default)]
pub struct ServerOptions {
    /// A TOML file with any of these settings; flags and environment variables win over it.
    #[arg(long, value_name = "FILE", env = "COFFER_CONFIG")]
    pub config: Option<PathBuf>,
    /// The settings themselves.
    #[command(flatten)]
    pub settings: Settings,
}

/// `coffer dev`: the throw-away server.
#[derive(Args, Debug)]
pub struct DevOptions {
    /// The address to listen on.
    #[arg(long, value_name = "ADDR", env = "COFFER_LISTEN", default_value = LISTEN_DEFAULT)]
    pub listen: SocketAddr,
    /// The folder that trails are exported to [default: a temporary one].
    #[arg(long, value_name = "DIR", env = "COFFER_AUDIT_EXPORTS")]
    pub audit_exports: Option<PathBuf>,
    /// What to log, such as `info` or `coffer_pipeline=debug`.
    #[arg(long, value_name = "FILTER", env = "COFFER_LOG", default_value = LOG_DEFAULT)]
    pub log: String,
}

/// Every setting of the server.
#[derive(Args, Deserialize, Debug, Default)]
#[serde(rename_all = "snake_case", deny_unknown_fields, default)]
pub struct Settings {
    /// The address to listen on [default: 127.0.0.1:4566].
    #[arg(long, value_name = "ADDR", env = "COFFER_LISTEN")]
    pub listen: Option<SocketAddr>,
    /// The data directory [default: ./coffer-data].
    #[arg(long, value_name = "DIR", env = "COFFER_DATA")]
    pub data: Option<PathBuf>,
    /// A PEM file with the certificate chain; turns TLS on, together with --tls-key.
    #[arg(long, value_name = "FILE", env = "COFFER_TLS_CERT")]
    pub tls_cert: Option<PathBuf>,
    /// A PEM file with the certificate's private key.
    #[arg(long, value_name = "FILE", env = "COFFER_TLS_KEY")]
    pub tls_key: Option<PathBuf>,
    /// The file that holds the root key, 32 bytes in base64 [default: root.key in the data
    /// directory, made on first start].
    #[arg(long, value_name = "FILE", env = "COFFER_ROOT_KEY_FILE")]
    pub root_key_file: Option<PathBuf>,
    /// The systemd credential that holds the root key (`LoadCredential=`), in place of a file.
    #[arg(long, value_name = "NAME", env = "COFFER_ROOT_KEY_CREDENTIAL")]
    pub root_key_credential: Option<String>,
    /// A command that prints the root key, in place of a file: a program and its arguments, split
    /// at blanks outside of quotes and run without a shell.
    #[arg(long, value_name = "COMMAND", env = "COFFER_ROOT_KEY_COMMAND")]
    pub root_key_command: Option<String>,
    /// The root key itself, in place of a file. By the environment alone: a flag can be read by
    /// other users of the machine, and a configuration file is no place for it.
    #[arg(skip)]
    #[serde(skip)]
    pub root_key: Option<SecretText>,
    /// The first account's root access key id [default: drawn on first start].
    #[arg(long, value_name = "ID", env = "COFFER_ROOT_ACCESS_KEY_ID")]
    pub root_access_key_id: Option<String>,
    /// The secret of that access key [default: drawn on first start]. Give it by the environment
    /// or the file: a flag can be read by other users of the machine.
    #[arg(
        long,
        value_name = "SECRET",
        env = "COFFER_ROOT_SECRET_ACCESS_KEY",
        hide_env_values = true
    )]
    pub root_secret_access_key: Option<SecretText>,
    /// The first account's id, twelve digits [default: drawn on first start].
    #[arg(long, value_name = "ID", env = "COFFER_ACCOUNT_ID")]
    pub account_id: Option<String>,
    /// The region in the lines printed on first start [default: us-east-1].
    #[arg(long, value_name = "REGION", env = "COFFER_REGION")]
    pub region: Option<String>,
    /// A PEM file with certificate authorities that OpenID Connect issuers may have beside those
    /// that the system trusts.
    #[arg(long, value_name = "FILE", env = "COFFER_OIDC_CA_FILE")]
    pub oidc_ca_file: Option<PathBuf>,
    /// Whether issuers may be on this very machine, without TLS too [default: false].
    #[arg(long, value_name = "BOOL", env = "COFFER_OIDC_ALLOW_LOOPBACK")]
    pub oidc_allow_loopback: Option<bool>,
    /// A PEM file with certificate authorities that databases may have, whose passwords are rotated,
    /// beside those that the system trusts.
    #[arg(long, value_name = "FILE", env = "COFFER_ROTATION_CA_FILE")]
    pub rotation_ca_file: Option<PathBuf>,
    /// Whether rotators may reach databases on this very machine [default: false].
    #[arg(long, value_name = "BOOL", env = "COFFER_ROTATION_ALLOW_LOOPBACK")]
    pub rotation_allow_loopback: Option<bool>,
    /// When an answer goes out: `soon`, when the operating system has its audit record, or
    /// `always`, when the disk has it [default: soon].
    #[arg(long, value_name = "WHEN", env = "COFFER_AUDIT_SYNC")]
    pub audit_sync: Option<String>,
    /// What happens when audit records cannot be written: `refuse` requests, or `continue`
    /// [default: refuse].
    #[arg(long, value_name = "WHAT", env = "COFFER_AUDIT_ON_FAILURE")]
    pub audit_on_failure: Option<String>,
    /// The folder that trails are exported to [default: exports in the data directory].
    #[arg(long, value_name = "DIR", env = "COFFER_AUDIT_EXPORTS")]
    pub audit_exports: Option<PathBuf>,
    /// What to log, such as `info` or `coffer_pipeline=debug` [default: info].
    #[arg(long, value_name = "FILTER", env = "COFFER_LOG")]
    pub log: Option<String>,
}

/// How audit records are kept.
#[derive(Debug, Default)]
pub struct AuditSettings {
    /// When an answer goes out.
    pub sync: Sync,
    /// What happens when records cannot be written.
    pub on_failure: OnFailure,
    /// The folder that trails are exported to.
    pub exports: Option<PathBuf>,
}

/// A secret setting, which `Debug` does not show.
#[derive(Clone, Debug, Deserialize)]
#[serde(from = "String")]
pub struct SecretText(pub Sensitive<String>);

impl From<String> for SecretText {
    fn from(text: String) -> Self {
        Self(text.into())
    }
}

impl std::str::FromStr for SecretText {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(Self(text.to_owned().into()))
    }
}

/// The configuration with every default filled in and every value checked.
#[derive(Debug)]
pub struct Config {
    /// The address to listen on.
    pub listen: SocketAddr,
    /// The data directory.
    pub data: PathBuf,
    /// Certificate chain and private key, where TLS is on.
    pub tls: Option<(PathBuf, PathBuf)>,
    /// Where the root key is.
    pub root_key: Arc<Provider>,
    /// The preset root access key: id and secret.
    pub access_key: Option<(String, Sensitive<String>)>,
    /// The preset account.
    pub account: Option<AccountId>,
    /// The region to print.
    pub region: String,
    /// Certificate authorities of issuers.
    pub oidc_ca_file: Option<PathBuf>,
    /// Whether issuers may be on loopback.
    pub oidc_allow_loopback: bool,
    /// Certificate authorities of databases.
    pub rotation_ca_file: Option<PathBuf>,
    /// Whether databases may be on loopback.
    pub rotation_allow_loopback: bool,
    /// How audit records are kept.
    pub audit: AuditSettings,
    /// What to log.
    pub log: String,
}

/// A setting is wrong; the text says which and what to do.
#[derive(Debug)]
pub struct InvalidConfig(pub String);

impl ServerOptions {
    /// Reads the file, lays flags and environment over it, fills in defaults, checks.
    pub fn resolve(self) -> Result<Config, InvalidConfig> {
        let file = match &self.config {
            Some(path) => read_file(path)?,
            None => Settings::default(),
        };
        let mut settings = self.settings.or(file);
        settings.root_key = variable(root_key::VARIABLE)?.map(SecretText::from);
        settings.check()
    }
}

impl Settings {
    fn or(self, other: Self) -> Self {
        Self {
            listen: self.listen.or(other.listen),
            data: self.data.or(other.data),
            tls_cert: self.tls_cert.or(other.tls_cert),
            tls_key: self.tls_key.or(other.tls_key),
            root_key_file: self.root_key_file.or(other.root_key_file),
            root_key_credential: self.root_key_credential.or(other.root_key_credential),
            root_key_command: self.root_key_command.or(other.root_key_command),
            root_key: self.root_key.or(other.root_key),
            root_access_key_id: self.root_access_key_id.or(other.root_access_key_id),
            root_secret_access_key: self.root_secret_access_key.or(other.root_secret_access_key),
            account_id: self.account_id.or(other.account_id),
            region: self.region.or(other.region),
            oidc_ca_file: self.oidc_ca_file.or(other.oidc_ca_file),
            oidc_allow_loopback: self.oidc_allow_loopback.or(other.oidc_allow_loopback),
            rotation_ca_file: self.rotation_ca_file.or(other.rotation_ca_file),
            rotation_allow_loopback: self.rotation_allow_loopback.or(other.rotation_allow_loopback),
            audit_sync: self.audit_sync.or(other.audit_sync),
            audit_on_failure: self.audit_on_failure.or(other.audit_on_failure),
            audit_exports: self.audit_exports.or(other.audit_exports),
            log: self.log.or(other.log),
        }
    }

    fn check(mut self) -> Result<Config, InvalidConfig> {
        let data = self.data.take().unwrap_or_else(|| DATA_DEFAULT.into());
        let root_key = self.provider(&data)?;
        let tls = match (self.tls_cert, self.tls_key) {
            (Some(cert), Some(key)) => Some((cert, key)),
            (None, None) => None,
            _ => return Err(wrong("TLS needs both --tls-cert and --tls-key; give the other one")),
        };
        let access_key = match (self.root_access_key_id, self.root_secret_access_key) {
            (Some(id), Some(secret)) => Some(preset(id, secret.0)?),
            (None, None) => None,
            _ => {
                return Err(wrong(
                    "a preset access key needs both COFFER_ROOT_ACCESS_KEY_ID and \
                     COFFER_ROOT_SECRET_ACCESS_KEY; give the other one",
                ));
            }
        };
        let account = self.account_id.map(|text| {
            text.parse().map_err(|_| wrong(&format!("account id `{text}`: give twelve digits")))
        });
        let region = self.region.unwrap_or_else(|| REGION_DEFAULT.to_owned());
        if region.parse::<coffer_model::Region>().is_err() {
            return Err(wrong(&format!(
                "region `{region}`: give lower-case letters, digits and hyphens"
            )));
        }
        let audit = audit(self.audit_sync, self.audit_on_failure, self.audit_exports)?;
        Ok(Config {
            listen: match self.listen {
                Some(listen) => listen,
                None => LISTEN_DEFAULT.parse().map_err(|_| wrong("no address to listen on"))?,
            },
            tls,
            root_key: Arc::new(root_key),
            data,
            access_key,
            account: account.transpose()?,
            region,
            oidc_ca_file: self.oidc_ca_file,
            oidc_allow_loopback: self.oidc_allow_loopback.unwrap_or(false),
            rotation_ca_file: self.rotation_ca_file,
            rotation_allow_loopback: self.rotation_allow_loopback.unwrap_or(false),
            audit,
            log: self.log.unwrap_or_else(|| LOG_DEFAULT.to_owned()),
        })
    }
}

impl Settings {
    /// Where the root key is: in one place, which is a file unless another one is named.
    fn provider(&mut self, data: &Path) -> Result<Provider, InvalidConfig> {
        let named = [
            ("--root-key-file", self.root_key_file.is_some()),
            ("--root-key-credential", self.root_key_credential.is_some()),
            ("--root-key-command", self.root_key_command.is_some()),
            (root_key::VARIABLE, self.root_key.is_some()),
        ];
        let named: Vec<_> = named.iter().filter(|(_, is)| *is).map(|(name, _)| *name).collect();
        if named.len() > 1 {
            let named = named.join(" and ");
            return Err(wrong(&format!("the root key is named by {named}; keep one of them")));
        }
        if let Some(SecretText(text)) = self.root_key.take() {
            return Ok(Provider::Variable(text));
        }
        if let Some(name) = self.root_key_credential.take() {
            let folder = variable(CREDENTIALS_DIRECTORY)?.map(PathBuf::from);
            let path = credential::path_of(folder, &name).map_err(|text| wrong(&text))?;
            return Ok(Provider::Credential(path));
        }
        if let Some(line) = self.root_key_command.take() {
            let command = CommandLine::parse(&line).map_err(|text| wrong(&text))?;
            return Ok(Provider::Command(command));
        }
        let file = self.root_key_file.take();
        Ok(Provider::File(file.unwrap_or_else(|| data.join(ROOT_KEY_FILE))))
    }
}

#[expect(clippy::disallowed_methods, reason = "the one file that reads the environment")]
fn variable(name: &str) -> Result<Option<String>, InvalidConfig> {
    match std::env::var(name) {
        Ok(text) if text.is_empty() => Ok(None),
        Ok(text) => Ok(Some(text)),
        Err(std::env::VarError::NotPresent) => Ok(None),
        Err(std::env::VarError::NotUnicode(_)) => Err(wrong(&format!("{name} is not text"))),
    }
}

fn audit(
    sync: Option<String>,
    on_failure: Option<String>,
    exports: Option<PathBuf>,
) -> Result<AuditSettings, InvalidConfig> {
    let sync = match sync.as_deref() {
        None | Some("soon") => Sync::Soon,
        Some("always") => Sync::Always,
        Some(other) => return Err(wrong(&format!("audit sync `{other}`: give soon or always"))),
    };
    let on_failure = match on_failure.as_deref() {
        None | Some("refuse") => OnFailure::Refuse,
        Some("continue") => OnFailure::Continue,
        Some(other) => {
            return Err(wrong(&format!("audit on-failure `{other}`: give refuse or continue")));
        }
    };
    Ok(AuditSettings { sync, on_failure, exports })
}

fn preset(
    id: String,
    secret: Sensitive<String>,
) -> Result<(String, Sensitive<String>), InvalidConfig> {
    let well_formed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    if !(ID_BYTES_MIN..=ID_BYTES_MAX).contains(&id.len()) || !id.bytes().all(well_formed) {
        return Err(wrong(
            "COFFER_ROOT_ACCESS_KEY_ID: give 16 to 128 letters, digits or underscores",
        ));
    }
    if !(SECRET_BYTES_MIN..=SECRET_BYTES_MAX).contains(&secret.expose().len()) {
        return Err(wrong("COFFER_ROOT_SECRET_ACCESS_KEY: give 16 to 128 characters"));
    }
    Ok((id, secret))
}

fn read_file(path: &Path) -> Result<Settings, InvalidConfig> {
    let text = std::fs::read_to_string(path)
        .map_err(|error| wrong(&format!("cannot read `{}`: {error}", path.display())))?;
    // A parser's message may quote the line, and the line may hold the secret: only its place is
    // told.
    toml::from_str(&text).map_err(|error| {
        let line = error.span().and_then(|span| text.get(..span.start));
        let line = line.map_or(1, |before| before.matches('\n').count() + 1);
        wrong(&format!(
            "cannot read `{}`: line {line} is not a setting of coffer or has a value of the wrong \
             type",
            path.display()
        ))
    })
}

fn wrong(text: &str) -> InvalidConfig {
    InvalidConfig(text.to_owned())
}

impl std::fmt::Display for InvalidConfig {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(&self.0)
    }
}

impl std::error::Error for InvalidConfig {}

/// Where the server listens when nothing else is said.
pub const LISTEN_DEFAULT: &str = "127.0.0.1:4566";
pub(crate) const DATA_DEFAULT: &str = "coffer-data";
pub(crate) const ROOT_KEY_FILE: &str = "root.key";
/// Where systemd puts a service's credentials.
const CREDENTIALS_DIRECTORY: &str = "CREDENTIALS_DIRECTORY";
/// The region that is printed when nothing else is said.
pub const REGION_DEFAULT: &str = "us-east-1";
const LOG_DEFAULT: &str = "info";
const ID_BYTES_MIN: usize = 16;
const ID_BYTES_MAX: usize = 128;
const SECRET_BYTES_MIN: usize = 16;
const SECRET_BYTES_MAX: usize = 128;

#[cfg(test)]
mod tests {
    use super::{ServerOptions, Settings};

    fn resolve(settings: Settings) -> Result<super::Config, String> {
        ServerOptions { config: None, settings }.resolve().map_err(|error| error.0)
    }

    #[test]
    fn defaults_are_those_of_the_readme() {
        let config = resolve(Settings::default()).unwrap();
        assert_eq!(config.listen.to_string(), "127.0.0.1:4566");
        assert_eq!(config.root_key.to_string(), "file `coffer-data/root.key`");
        assert!(config.tls.is_none() && config.access_key.is_none());
    }

    #[test]
    fn the_root_key_is_in_one_place() {
        let command = || Some("pass show coffer".to_owned());
        let one = Settings { root_key_command: command(), ..Settings::default() };
        assert_eq!(resolve(one).unwrap().root_key.to_string(), "command `pass`");
        let two = Settings {
            root_key_command: command(),
            root_key_file: Some("root.key".into()),
            ..Settings::default()
        };
        let said = resolve(two).unwrap_err();
        assert!(said.contains("--root-key-file and --root-key-command; keep one"), "{said}");
        let alone = Settings { root_key_credential: Some("key".to_owned()), ..Settings::default() };
        assert!(resolve(alone).unwrap_err().contains("CREDENTIALS_DIRECTORY"));
    }

    #[test]
    fn half_a_pair_is_refused() {
        let tls = Settings { tls_cert: Some("c".into()), ..Settings::default() };
        assert!(resolve(tls).unwrap_err().contains("--tls-key"));
        let key = Settings {
            root_access_key_id: Some("AKIA0123456789ABCDEF".into()),
            ..Default::default()
        };
        assert!(resolve(key).unwrap_err().contains("COFFER_ROOT_SECRET_ACCESS_KEY"));
    }

    #[test]
    fn a_broken_file_is_named_without_its_text() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("coffer.toml");
        std::fs::write(&path, "listen = \"127.0.0.1:1\"\nroot_secret_access_key = hunter2\n")
            .unwrap();
        let options = ServerOptions { config: Some(path.clone()), ..Default::default() };
        let error = options.resolve().unwrap_err().0;
        assert!(error.contains("line 2") && !error.contains("hunter2"), "{error}");
        std::fs::write(&path, "listen = \"127.0.0.1:1\"\n").unwrap();
        let flags = Settings { listen: "127.0.0.1:2".parse().ok(), ..Default::default() };
        let options = ServerOptions { config: Some(path), settings: flags };
        assert_eq!(options.resolve().unwrap().listen.port(), 2);
    }
}

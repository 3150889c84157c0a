//! What the operator may set: as a flag, an environment variable, or a key of a TOML file, in that
//! order of precedence. The one file that reads the environment.

mod audit;
mod backups;
mod collector_headers;
mod dev;
#[cfg(feature = "fuzzed")]
pub mod fuzzed;
mod quotas;
mod settings;
mod store;
pub(crate) mod table_file;
mod traces;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;
use coffer_model::{AccountId, Sensitive};
use coffer_pipeline::Quotas;

use crate::command_line::CommandLine;
use crate::function_options::{FunctionOptions, FunctionTexts};
use crate::functions;
use crate::root_key::{self, Provider, credential};
use collector_headers::HeadersText;

pub use audit::AuditSettings;
pub use backups::BackupSettings;
pub(crate) use backups::{FOLDER_DEFAULT, KEEP_DEFAULT};
pub use dev::DevOptions;
pub use settings::{SecretText, Settings};
pub use store::StoreChoice;
pub(crate) use store::store;
pub use traces::{TraceOptions, TraceTexts};

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

/// The configuration with every default filled in and every value checked.
#[derive(Debug)]
pub struct Config {
    /// The address to listen on.
    pub listen: SocketAddr,
    /// The data directory.
    pub data: PathBuf,
    /// Which engine keeps the rows.
    pub store: StoreChoice,
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
    /// Rules by which API keys are rotated.
    pub rotation_rules_file: Option<PathBuf>,
    /// Whether databases may be on loopback.
    pub rotation_allow_loopback: bool,
    /// The file of peers.
    pub peers: Option<PathBuf>,
    /// Where peers are listened to.
    pub peer_listen: Option<SocketAddr>,
    /// How audit records are kept.
    pub audit: AuditSettings,
    /// Where backups go, and when they are made.
    pub backups: BackupSettings,
    /// How there are functions, if there are any.
    pub functions: Option<FunctionOptions>,
    /// How often operations may be asked for, where that is limited.
    pub quotas: Option<Quotas>,
    /// Where traces go; nothing where nothing is traced.
    pub traces: Option<TraceOptions>,
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
        settings.traces.headers = HeadersText::find(variable)?;
        settings.check()
    }
}

impl Settings {
    fn check(mut self) -> Result<Config, InvalidConfig> {
        let data = self.data.take().unwrap_or_else(|| DATA_DEFAULT.into());
        let root_key = self.provider(&data)?;
        let password_file = self.store_password_file.take();
        let store = store(self.store.take(), password_file.as_deref(), self.reads.as_deref())?;
        let functions = self.functions()?;
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
        let traces = TraceOptions::read(self.traces).map_err(|told| wrong(&told))?;
        let quotas = quotas::quotas(self.quotas.as_deref(), self.quotas_file.as_deref())?;
        let (keep, every) = (self.backups_keep, self.backup_every.as_deref());
        let backups = backups::backups(&data, self.backups, keep, every)?;
        let audit = audit::audit(self.audit_sync, self.audit_on_failure, self.audit_exports)?;
        Ok(Config {
            listen: match self.listen {
                Some(listen) => listen,
                None => LISTEN_DEFAULT.parse().map_err(|_| wrong("no address to listen on"))?,
            },
            store,
            tls,
            root_key: Arc::new(root_key),
            data,
            access_key,
            account: account.transpose()?,
            region,
            oidc_ca_file: self.oidc_ca_file,
            oidc_allow_loopback: self.oidc_allow_loopback.unwrap_or(false),
            rotation_ca_file: self.rotation_ca_file,
            rotation_rules_file: self.rotation_rules_file,
            rotation_allow_loopback: self.rotation_allow_loopback.unwrap_or(false),
            peer_listen: peer_listen(self.peer_listen, self.peers.is_some())?,
            peers: self.peers,
            audit,
            backups,
            functions,
            quotas,
            traces,
            log: self.log.unwrap_or_else(|| LOG_DEFAULT.to_owned()),
        })
    }
}

impl Settings {
    /// How there are functions, if there are to be any.
    fn functions(&self) -> Result<Option<FunctionOptions>, InvalidConfig> {
        let functions = FunctionOptions::read(&FunctionTexts {
            users: self.functions_users.as_deref(),
            path: self.functions_path.as_deref(),
            commands: &self.functions_commands,
            urls: &self.functions_urls,
            ca_file: self.functions_ca_file.as_deref(),
            logs_lines: self.functions_log.unwrap_or(false),
        });
        let functions = functions.map_err(|told| wrong(&told))?;
        let functions = self.functions_enabled.unwrap_or(false).then_some(functions);
        if let Some(functions) = &functions {
            let run_as = functions::run_as(functions.users);
            functions.must_be_runnable(run_as).map_err(|told| wrong(&told))?;
        }
        Ok(functions)
    }

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
            let command = CommandLine::parse(&line);
            let command = command.map_err(|text| wrong(&format!("root_key_command: {text}")))?;
            return Ok(Provider::Command(command));
        }
        let file = self.root_key_file.take();
        Ok(Provider::File(file.unwrap_or_else(|| data.join(ROOT_KEY_FILE))))
    }
}

fn peer_listen(
    address: Option<SocketAddr>,
    has_peers: bool,
) -> Result<Option<SocketAddr>, InvalidConfig> {
    match address {
        Some(_) if !has_peers => Err(wrong("--peer-listen is for peers: name them with --peers")),
        address => Ok(address),
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
    read_text(&text, path)
}

fn read_text(text: &str, path: &Path) -> Result<Settings, InvalidConfig> {
    // A parser's message may quote the line, and the line may hold the secret: only its place is
    // told.
    toml::from_str(text).map_err(|error| {
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
        assert!(config.functions.is_none());
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
    fn functions_of_the_operator_s_are_named() {
        let users = coffer_functions::is_root().then(|| "60000-60063:60000".to_owned());
        let settings = |command: &str| Settings {
            functions_enabled: Some(true),
            functions_users: users.clone(),
            functions_commands: vec![command.to_owned()],
            ..Settings::default()
        };
        let functions = resolve(settings("rotate=/bin/sh")).unwrap().functions.unwrap();
        assert!(functions.sources.commands.contains_key("rotate") && !functions.logs_lines);
        assert!(resolve(settings("rotate")).unwrap_err().contains("NAME=COMMAND"));
        // Before anything is opened or made.
        let nobody_s = Settings {
            functions_users: users.is_none().then(|| "60000-60063:60000".to_owned()),
            ..settings("rotate=/bin/sh")
        };
        assert!(resolve(nobody_s).unwrap_err().contains("root"));
        assert!(resolve(settings("rotate=/gone")).unwrap_err().contains("no such file"));
        // Flags are given in the place of what the file lists.
        let file = settings("other=/opt/other");
        let both = settings("rotate=/opt/rotate").or(file);
        assert_eq!(both.functions_commands, ["rotate=/opt/rotate"]);
        assert_eq!(Settings::default().or(both).functions_commands, ["rotate=/opt/rotate"]);
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

//! The settings of the server, as flags, variables and the file give them.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Args;
use coffer_model::Sensitive;
use serde::Deserialize;

use super::traces::TraceTexts;

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
    /// The database that keeps the rows, such as `postgres://coffer@db.example/coffer` or
    /// `etcd://a.example,b.example,c.example`; with it several servers may serve one store [default:
    /// the data directory keeps them]. A password in it can be read by other users of the machine when
    /// it is a flag: give it by the environment, or by --store-password-file.
    #[arg(long, value_name = "URL", env = "COFFER_STORE", hide_env_values = true)]
    pub store: Option<SecretText>,
    /// The file that holds the password to that database.
    #[arg(long, value_name = "FILE", env = "COFFER_STORE_PASSWORD_FILE")]
    pub store_password_file: Option<PathBuf>,
    /// How reads see what other servers of the store have written: `cached`, within a second, or
    /// `strong`, at once, by asking the database each time [default: cached].
    #[arg(long, value_name = "HOW", env = "COFFER_READS")]
    pub reads: Option<String>,
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
    /// A TOML file with rules by which API keys of services are rotated: which hosts are asked, and
    /// what [default: none].
    #[arg(long, value_name = "FILE", env = "COFFER_ROTATION_RULES_FILE")]
    pub rotation_rules_file: Option<PathBuf>,
    /// Whether rotators may reach databases and services on this very machine [default: false].
    #[arg(long, value_name = "BOOL", env = "COFFER_ROTATION_ALLOW_LOOPBACK")]
    pub rotation_allow_loopback: Option<bool>,
    /// A TOML file with other deployments: those that hold replicas of this one's secrets, and those
    /// that have replicas of theirs here [default: none].
    #[arg(long, value_name = "FILE", env = "COFFER_PEERS")]
    pub peers: Option<PathBuf>,
    /// The address to listen on for those that have replicas here; they prove who they are by
    /// certificates, and nothing else is answered there.
    #[arg(long, value_name = "ADDR", env = "COFFER_PEER_LISTEN")]
    pub peer_listen: Option<SocketAddr>,
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
    /// The folder that backups go into, which is made where it is missing [default: backups in the
    /// data directory].
    #[arg(long, value_name = "DIR", env = "COFFER_BACKUPS")]
    pub backups: Option<PathBuf>,
    /// How many backups stay in it: the newest ones [default: 7].
    #[arg(long, value_name = "COUNT", env = "COFFER_BACKUPS_KEEP")]
    pub backups_keep: Option<usize>,
    /// How often a backup is made by itself, such as 6h or 1d, 10m at least [default: only when it is
    /// asked for].
    #[arg(long, value_name = "SPAN", env = "COFFER_BACKUP_EVERY")]
    pub backup_every: Option<String>,
    /// Whether callers may make functions and have them run: whoever may make one runs code on this
    /// host [default: false].
    #[arg(long, value_name = "BOOL", env = "COFFER_FUNCTIONS_ENABLED")]
    pub functions_enabled: Option<bool>,
    /// Who functions run as, where the server runs as root: users that are nobody else's, the first
    /// and the last, and their group, such as `60000-60063:60000`.
    #[arg(long, value_name = "UID-UID:GID", env = "COFFER_FUNCTIONS_USERS")]
    pub functions_users: Option<String>,
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
    /// Whether what functions write is written to the log, which may show what they work with
    /// [default: false].
    #[arg(long, value_name = "BOOL", env = "COFFER_FUNCTIONS_LOG")]
    pub functions_log: Option<bool>,
    /// Whose quotas on the rates of requests are in force: `aws`, those that AWS publishes, or `off`
    /// [default: off].
    #[arg(long, value_name = "WHOSE", env = "COFFER_QUOTAS")]
    pub quotas: Option<String>,
    /// A TOML file with quotas of your own, per account and per principal, beside those [default:
    /// none].
    #[arg(long, value_name = "FILE", env = "COFFER_QUOTAS_FILE")]
    pub quotas_file: Option<PathBuf>,
    /// What is traced, and where traces go; the table `traces` of the file.
    #[command(flatten)]
    pub traces: TraceTexts,
    /// What to log, such as `info` or `coffer_pipeline=debug` [default: info].
    #[arg(long, value_name = "FILTER", env = "COFFER_LOG")]
    pub log: Option<String>,
}

impl Settings {
    /// These, and the others where nothing is said here.
    pub(super) fn or(self, other: Self) -> Self {
        Self {
            listen: self.listen.or(other.listen),
            data: self.data.or(other.data),
            store: self.store.or(other.store),
            store_password_file: self.store_password_file.or(other.store_password_file),
            reads: self.reads.or(other.reads),
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
            rotation_rules_file: self.rotation_rules_file.or(other.rotation_rules_file),
            rotation_allow_loopback: self.rotation_allow_loopback.or(other.rotation_allow_loopback),
            peers: self.peers.or(other.peers),
            peer_listen: self.peer_listen.or(other.peer_listen),
            audit_sync: self.audit_sync.or(other.audit_sync),
            audit_on_failure: self.audit_on_failure.or(other.audit_on_failure),
            audit_exports: self.audit_exports.or(other.audit_exports),
            backups: self.backups.or(other.backups),
            backups_keep: self.backups_keep.or(other.backups_keep),
            backup_every: self.backup_every.or(other.backup_every),
            functions_enabled: self.functions_enabled.or(other.functions_enabled),
            functions_users: self.functions_users.or(other.functions_users),
            functions_path: self.functions_path.or(other.functions_path),
            functions_commands: either(self.functions_commands, other.functions_commands),
            functions_urls: either(self.functions_urls, other.functions_urls),
            functions_ca_file: self.functions_ca_file.or(other.functions_ca_file),
            functions_log: self.functions_log.or(other.functions_log),
            quotas: self.quotas.or(other.quotas),
            quotas_file: self.quotas_file.or(other.quotas_file),
            traces: self.traces.or(other.traces),
            log: self.log.or(other.log),
        }
    }
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

/// The one list where it has something, the other one else.
fn either(one: Vec<String>, other: Vec<String>) -> Vec<String> {
    if one.is_empty() { other } else { one }
}

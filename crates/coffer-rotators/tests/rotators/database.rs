//! What tests ask of a database, by its own client programs, and secrets for it.

use std::net::IpAddr;
use std::time::Duration;

use coffer_model::Sensitive;
use coffer_rotators::{Limits, Network, RotationError, Rotator, Secrets};
use rustls::pki_types::CertificateDer;

/// A server, as those see it who look at what a rotation has done.
pub(crate) trait Database: Sync {
    /// What the member `engine` of secrets says.
    fn engine(&self) -> &'static str;
    /// How the names of its rotators begin.
    fn rotators(&self) -> &'static str;
    fn port(&self) -> u16;
    /// The superuser's name and password.
    fn superuser(&self) -> (&'static str, &'static str);
    /// The certificate that it proves `localhost` with, where it speaks TLS.
    fn authority(&self) -> Option<CertificateDer<'static>>;
    fn has_spaces_in_names(&self) -> bool {
        true
    }
    /// Adds a user who may read the goods.
    fn add_user(&self, user: &str, password: &str);
    fn set_password(&self, user: &str, password: &str);
    /// What it keeps of a user's password, and perhaps more of the user.
    fn kept(&self, user: &str) -> String;
    /// Whether the user may log in and read the goods.
    fn reads(&self, user: &str, password: &str) -> bool;
    /// Whether the user may log in.
    fn opens(&self, user: &str, password: &str) -> bool;
    /// All that it has written about what it was told.
    fn written(&self) -> String;
}

/// A secret for the server, with members that no rotator knows.
pub(crate) fn secret(database: &dyn Database, user: &str, password: &str) -> Sensitive<String> {
    secret_at(database, database.port(), user, password, "")
}

/// A secret for a port, with more members, each with its comma.
pub(crate) fn secret_at(
    database: &dyn Database,
    port: u16,
    user: &str,
    password: &str,
    more: &str,
) -> Sensitive<String> {
    let quoted = |text: &str| serde_json::to_string(text).unwrap();
    Sensitive::new(format!(
        r#"{{"note": {{"b":1.50,"a":[]}},"engine":"{}","host":"localhost","port":"{port}",
            "username":{},"password":{},{more}"masterarn":"arn:of:the:superuser","z":null}}"#,
        database.engine(),
        quoted(user),
        quoted(password),
    ))
}

pub(crate) fn superuser(database: &dyn Database) -> Sensitive<String> {
    let (user, password) = database.superuser();
    secret(database, user, password)
}

pub(crate) fn rotator(database: &dyn Database, form: &str) -> Rotator {
    Rotator::named(&format!("{}-{form}", database.rotators())).unwrap()
}

/// The way to servers of tests, which trusts what the server proves itself with.
pub(crate) fn network(database: &dyn Database) -> Network {
    network_of(database.authority())
}

pub(crate) fn network_of(authority: Option<CertificateDer<'static>>) -> Network {
    let is_loopback = |address: IpAddr| address.is_loopback();
    let limits = Limits {
        login: Duration::from_secs(20),
        statements: Duration::from_secs(20),
        request: Duration::from_secs(20),
    };
    Network::new(authority, is_loopback, limits).unwrap()
}

/// Creates, sets and tests; gives the pending secret.
pub(crate) async fn rotate(
    database: &dyn Database,
    rotator: Rotator,
    current: &Sensitive<String>,
    password: &str,
) -> Result<Sensitive<String>, RotationError> {
    let network = network(database);
    let pending = rotator.create(current, &Sensitive::new(password.to_owned()))?;
    let superuser = superuser(database);
    let secrets =
        Secrets { current, pending: &pending, previous: None, superuser: Some(&superuser) };
    rotator.set(&network, secrets).await?;
    rotator.test(&network, &pending).await?;
    Ok(pending)
}

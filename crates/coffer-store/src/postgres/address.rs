//! Where a database is and how it is trusted, by the URL that PostgreSQL's own programs take.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use rustls::ClientConfig;
use tokio_postgres::Config;
use tokio_postgres::config::{Host, SslMode, TargetSessionAttrs};
use zeroize::Zeroizing;

use crate::remote::tls::{self, TlsFiles};

/// A PostgreSQL database: `postgres://USER:PASSWORD@HOST:PORT,HOST:PORT/DATABASE?PARAMETERS`.
///
/// Beside libpq's parameters for connections there are `sslmode`, which is `verify-full` unless it is
/// `disable`, `sslrootcert`, `sslcert` and `sslkey`. Without `sslmode` connections by TCP to other
/// machines are verified, and those by a socket or to loopback go without TLS.
#[derive(Clone)]
pub struct PostgresAddress {
    config: Config,
    tls: Option<TlsFiles>,
}

impl PostgresAddress {
    /// Sets the password, for those who keep it out of the URL.
    pub fn set_password(&mut self, password: &str) {
        self.config.password(password);
    }

    pub(super) fn config(&self) -> &Config {
        &self.config
    }

    /// The configuration of TLS, where the connections go by it.
    ///
    /// # Errors
    /// A sentence that names the file.
    pub(super) fn tls(&self) -> Result<Option<ClientConfig>, String> {
        self.tls.as_ref().map(TlsFiles::read).transpose()
    }
}

impl FromStr for PostgresAddress {
    type Err = String;

    /// Reads a URL. What is wrong is told without the URL itself, which may hold a password.
    fn from_str(url: &str) -> Result<Self, String> {
        // What is no URL the parser takes for a list of options, and tells what it does not know.
        if !SCHEMES.iter().any(|scheme| url.starts_with(scheme)) {
            return Err("its scheme is neither `postgres` nor `postgresql`".to_owned());
        }
        let (place, parameters) = url.split_once('?').unwrap_or((url, ""));
        let (mut mode, mut tls) = (None, TlsFiles::default());
        let mut others = Vec::new();
        for parameter in parameters.split('&').filter(|parameter| !parameter.is_empty()) {
            let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
            let value = percent_encoding::percent_decode_str(value).decode_utf8();
            let value = value.map_err(|_| format!("{name} is not text"))?;
            match name {
                "sslmode" => mode = Some(value.into_owned()),
                "sslrootcert" => tls.authorities = Some(value.as_ref().into()),
                "sslcert" => tls.certificate = Some(value.as_ref().into()),
                "sslkey" => tls.key = Some(value.as_ref().into()),
                _ => others.push(parameter),
            }
        }
        let plain = format!("{place}?{}", others.join("&"));
        let mut config: Config = Zeroizing::new(plain).parse().map_err(|error| said(&error))?;
        if config.get_hosts().is_empty() {
            return Err("it names no host".to_owned());
        }
        let is_near = config.get_hosts().iter().all(is_near);
        let wants_tls = match mode.as_deref() {
            Some("verify-full") => true,
            Some("disable") => false,
            None => !is_near || tls.authorities.is_some(),
            Some(_) => {
                return Err(
                    "sslmode is `verify-full` or `disable`: no other one tells a database \
                            from somebody who pretends to be it"
                        .to_owned(),
                );
            }
        };
        if tls.certificate.is_some() != tls.key.is_some() {
            return Err("sslcert and sslkey go together; give the other one".to_owned());
        }
        if !wants_tls && tls.are_named() {
            return Err("there are files for TLS, and TLS is off; leave sslmode out".to_owned());
        }
        config.ssl_mode(if wants_tls { SslMode::Require } else { SslMode::Disable });
        // Of several servers the one that can be written to is the one to use.
        config.target_session_attrs(TargetSessionAttrs::ReadWrite);
        config.connect_timeout(CONNECT).tcp_user_timeout(SILENCE);
        config.keepalives(true).keepalives_idle(SILENCE);
        if config.get_application_name().is_none() {
            config.application_name("coffer");
        }
        Ok(Self { config, tls: wants_tls.then_some(tls) })
    }
}

impl fmt::Display for PostgresAddress {
    /// What may be shown of it: the hosts and the database.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("postgres://")?;
        for (index, host) in self.config.get_hosts().iter().enumerate() {
            let separator = if index == 0 { "" } else { "," };
            match host {
                Host::Tcp(name) => write!(formatter, "{separator}{name}")?,
                #[cfg(unix)]
                Host::Unix(path) => write!(formatter, "{separator}{}", path.display())?,
            }
        }
        write!(formatter, "/{}", self.config.get_dbname().unwrap_or(""))
    }
}

impl fmt::Debug for PostgresAddress {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

/// Whether connections to this host do not leave the machine.
fn is_near(host: &Host) -> bool {
    match host {
        Host::Tcp(name) => tls::is_near(name),
        #[cfg(unix)]
        Host::Unix(_) => true,
    }
}

/// What the parser says, with what is below it; it names parameters and never their values.
fn said(error: &tokio_postgres::Error) -> String {
    let below = std::error::Error::source(error);
    below.map_or_else(|| error.to_string(), ToString::to_string)
}

const SCHEMES: [&str; 2] = ["postgres://", "postgresql://"];
const CONNECT: Duration = Duration::from_secs(3);
/// How long a peer may be silent when it should say something.
const SILENCE: Duration = Duration::from_secs(10);

#[cfg(test)]
mod tests {
    use super::*;

    fn read(url: &str) -> Result<PostgresAddress, String> {
        url.parse()
    }

    #[test]
    fn other_machines_have_to_prove_who_they_are() {
        for (url, is_tls) in [
            ("postgres://coffer@db.example/coffer", true),
            ("postgres://coffer@127.0.0.1,db.example/coffer", true),
            ("postgres://coffer@db.example/coffer?sslmode=verify-full", true),
            ("postgres://coffer@db.example/coffer?sslmode=disable", false),
            ("postgres://coffer@127.0.0.1:5433/coffer", false),
            ("postgres://coffer@localhost/coffer?sslrootcert=/ca.pem", true),
            ("postgresql://coffer@%2Frun%2Fpostgresql/coffer", false),
        ] {
            let address = read(url).unwrap();
            assert_eq!(address.tls.is_some(), is_tls, "{url}");
            let mode = if is_tls { SslMode::Require } else { SslMode::Disable };
            assert_eq!(address.config.get_ssl_mode(), mode, "{url}");
        }
    }

    #[test]
    fn what_is_not_safe_or_not_known_is_refused() {
        for (url, told) in [
            ("postgres://db.example/coffer?sslmode=require", "verify-full"),
            ("postgres://db.example/coffer?sslmode=prefer", "verify-full"),
            ("postgres://db.example/coffer?sslcert=/a.pem", "go together"),
            ("postgres://db.example/coffer?sslmode=disable&sslrootcert=/a", "TLS is off"),
            ("postgres://db.example/coffer?nonsense=hunter2", "nonsense"),
            ("postgres:///coffer", "no host"),
        ] {
            let refused = read(url).unwrap_err();
            assert!(refused.contains(told), "{url}: {refused}");
            assert!(!refused.contains("hunter2"), "{refused}");
        }
    }

    #[test]
    fn passwords_are_not_printed() {
        let mut address = read("postgres://coffer:hunter2@db.example:5433,other/coffer").unwrap();
        address.set_password("hunter3");
        for printed in [format!("{address:?}"), address.to_string()] {
            assert_eq!(printed, "postgres://db.example,other/coffer");
        }
        for url in ["postgres://coffer:hunter2@db.example:port/c", "postgras://coffer:hunter2@db/c"]
        {
            let refused = read(url).unwrap_err();
            assert!(!refused.contains("hunter2"), "{refused}");
        }
    }
}

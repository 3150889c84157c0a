//! Connections to databases: to addresses that may be reached, in bounded time, by TLS.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::{CertificateDer, ServerName};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::RotationError;
use crate::error::said;

/// The way to the databases: what may be reached, who is trusted, how long it may take.
pub struct Network {
    /// MySQL's library takes certificates and builds its own configuration from them.
    authorities: Vec<CertificateDer<'static>>,
    tls: Arc<ClientConfig>,
    may_reach: Box<dyn Fn(IpAddr) -> bool + Send + Sync>,
    limits: Limits,
}

/// How long things may take.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Finding the address, connecting, TLS and logging in, together.
    pub login: Duration,
    /// All statements of one act, such as copying a user's rights and setting a password.
    pub statements: Duration,
    /// A request to a service and its answer.
    pub request: Duration,
}

impl Network {
    /// Makes it from the certificate authorities whose word counts, and from which addresses may be
    /// reached: it is asked about each after names are resolved, IPv4 addresses always in their own form.
    ///
    /// # Errors
    /// Insecure, where TLS cannot be set up.
    pub fn new(
        authorities: impl IntoIterator<Item = CertificateDer<'static>>,
        may_reach: impl Fn(IpAddr) -> bool + Send + Sync + 'static,
        limits: Limits,
    ) -> Result<Self, RotationError> {
        let mut roots = RootCertStore::empty();
        // Systems have some that nobody can read, and one of those is no reason to trust none.
        let is_readable =
            |authority: &CertificateDer<'static>| roots.add(authority.clone()).is_ok();
        let authorities = authorities.into_iter().filter(is_readable).collect();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let tls = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| RotationError::Insecure(format!("cannot set TLS up: {error}")))?
            .with_root_certificates(roots)
            .with_no_client_auth();
        Ok(Self { authorities, tls: Arc::new(tls), may_reach: Box::new(may_reach), limits })
    }

    pub(crate) fn authorities(&self) -> &[CertificateDer<'static>] {
        &self.authorities
    }

    pub(crate) fn limits(&self) -> Limits {
        self.limits
    }

    pub(crate) fn tls(&self) -> &Arc<ClientConfig> {
        &self.tls
    }

    /// The addresses of a host that may be reached.
    pub(crate) async fn addresses(
        &self,
        host: &str,
        port: u16,
    ) -> Result<Vec<SocketAddr>, RotationError> {
        let found = tokio::net::lookup_host((host, port)).await.map_err(|error| {
            RotationError::Unreachable(format!("cannot find the address of `{host}`: {error}"))
        })?;
        let allowed = found.filter(|address| (self.may_reach)(address.ip().to_canonical()));
        let allowed: Vec<_> = allowed.take(ADDRESSES_MAX).collect();
        match allowed.is_empty() {
            true => Err(RotationError::Unreachable(format!(
                "`{host}` has no address that rotators may reach; allow it in the configuration, \
                 or name another host"
            ))),
            false => Ok(allowed),
        }
    }

    /// A connection to a host, by an address of it that may be reached.
    pub(crate) async fn connect(&self, host: &str, port: u16) -> Result<TcpStream, RotationError> {
        self.connect_to(host, port, |_| true).await
    }

    /// The same, by an address that fits besides.
    pub(crate) async fn connect_to(
        &self,
        host: &str,
        port: u16,
        fits: impl Fn(IpAddr) -> bool,
    ) -> Result<TcpStream, RotationError> {
        let mut why = format!("`{host}` has no address that fits");
        let addresses = self.addresses(host, port).await?;
        for address in addresses.into_iter().filter(|it| fits(it.ip().to_canonical())) {
            match TcpStream::connect(address).await {
                Ok(stream) => return Ok(stream),
                Err(error) => why = format!("cannot connect to `{host}` at {address}: {error}"),
            }
        }
        Err(RotationError::Unreachable(why))
    }

    /// TLS on a connection, with a certificate that proves the host's name.
    pub(crate) async fn secure(
        &self,
        stream: TcpStream,
        host: &str,
    ) -> Result<TlsStream<TcpStream>, RotationError> {
        let name = ServerName::try_from(host.to_owned()).map_err(|_| {
            RotationError::Insecure(format!("`{host}` is no name that a certificate could prove"))
        })?;
        let connector = TlsConnector::from(Arc::clone(&self.tls));
        connector.connect(name, stream).await.map_err(|error| broken(host, &error))
    }

    /// Runs what connects and logs in, for as long as that may take.
    pub(crate) async fn within_login<T>(
        &self,
        host: &str,
        login: impl Future<Output = Result<T, RotationError>>,
    ) -> Result<T, RotationError> {
        let limit = self.limits.login;
        tokio::time::timeout(limit, login).await.unwrap_or_else(|_| {
            Err(RotationError::TimedOut(format!("no login at `{host}` within {limit:?}")))
        })
    }

    /// Runs what connects, for as long as logging in may take.
    pub(crate) async fn within_connection<T>(
        &self,
        host: &str,
        connecting: impl Future<Output = Result<T, RotationError>>,
    ) -> Result<T, RotationError> {
        let limit = self.limits.login;
        tokio::time::timeout(limit, connecting).await.unwrap_or_else(|_| {
            Err(RotationError::TimedOut(format!("no connection to `{host}` within {limit:?}")))
        })
    }

    /// Runs statements, for as long as they may take.
    pub(crate) async fn within_statements<T>(
        &self,
        host: &str,
        statements: impl Future<Output = Result<T, RotationError>>,
    ) -> Result<T, RotationError> {
        let limit = self.limits.statements;
        tokio::time::timeout(limit, statements).await.unwrap_or_else(|_| {
            let why = format!("`{host}` did not do what was asked within {limit:?}");
            Err(RotationError::TimedOut(why))
        })
    }
}

/// What a failed connection means: either it could not be secured, or it was cut.
pub(crate) fn broken(host: &str, error: &io::Error) -> RotationError {
    let tls = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
    match tls {
        Some(tls) => insecure(host, tls),
        None => RotationError::Unreachable(format!("lost the connection to `{host}`: {error}")),
    }
}

/// What a failure of TLS means.
pub(crate) fn insecure(host: &str, error: &rustls::Error) -> RotationError {
    let why = said(&error.to_string());
    RotationError::Insecure(match error {
        rustls::Error::InvalidCertificate(_) => {
            format!("the certificate of `{host}` is not trusted: {why}; make its authority known")
        }
        _ => format!("no TLS with `{host}`: {why}"),
    })
}

/// The sentence for a server that has no TLS where the secret demands it.
pub(crate) fn no_tls(host: &str) -> RotationError {
    RotationError::Insecure(format!(
        "`{host}` has no TLS, which the secret's member `ssl` demands; no password was sent"
    ))
}

const ADDRESSES_MAX: usize = 4;

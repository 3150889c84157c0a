//! Who is at the other end of a connection with a peer, by the word of that peer's authorities.

use std::path::Path;
use std::sync::Arc;

use rustls::client::verify_server_name;
use rustls::crypto::CryptoProvider;
use rustls::server::danger::ClientCertVerifier;
use rustls::server::{ParsedCertificate, WebPkiClientVerifier};
use rustls::{ClientConfig, RootCertStore, ServerConfig};
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};
use tokio_rustls::{TlsAcceptor, TlsConnector};

use super::file::PeerSettings;
use crate::certificate::Shown;
use crate::trust;

/// How a peer that writes here proves who it is.
pub(super) struct Identity {
    names: Vec<ServerName<'static>>,
    verifier: Arc<dyn ClientCertVerifier>,
}

/// What peers are let in by: a certificate of any peer's authority; whose it is, [`Identity`] says.
///
/// # Errors
/// A sentence for the operator.
pub(super) fn acceptor(own: &Arc<Shown>, peers: &[PeerSettings]) -> Result<TlsAcceptor, String> {
    let mut roots = RootCertStore::empty();
    for peer in peers {
        for authority in trust::read(&peer.authorities)? {
            roots.add(authority).map_err(|error| unusable(&peer.authorities, &error))?;
        }
    }
    let verifier = verifier(roots)?;
    let mut config = ServerConfig::builder_with_provider(provider())
        .with_protocol_versions(&[&rustls::version::TLS13])
        .map_err(|error| format!("cannot set TLS up: {error}"))?
        .with_client_cert_verifier(verifier)
        .with_cert_resolver(own.clone());
    // Each connection shows a certificate: none is let in by what an earlier one showed.
    config.session_storage = Arc::new(rustls::server::NoServerSessionStorage {});
    config.send_tls13_tickets = 0;
    Ok(TlsAcceptor::from(Arc::new(config)))
}

/// How a peer is connected to: its authorities alone count, and it is shown this deployment's
/// certificate.
///
/// # Errors
/// A sentence for the operator.
pub(super) fn client(own: &Arc<Shown>, peer: &PeerSettings) -> Result<TlsConnector, String> {
    let mut config = ClientConfig::builder_with_provider(provider())
        .with_protocol_versions(&[&rustls::version::TLS13])
        .map_err(|error| format!("cannot set TLS up: {error}"))?
        .with_root_certificates(roots(&peer.authorities)?)
        .with_client_cert_resolver(own.clone());
    config.resumption = rustls::client::Resumption::disabled();
    Ok(TlsConnector::from(Arc::new(config)))
}

impl Identity {
    /// What a peer's certificate has to be.
    ///
    /// # Errors
    /// A sentence for the operator.
    pub(super) fn of(peer: &PeerSettings) -> Result<Self, String> {
        let verifier = verifier(roots(&peer.authorities)?)?;
        Ok(Self { names: peer.certificate_names.clone(), verifier })
    }

    /// Whether this is a certificate of the peer: of its own authorities, with one of its names.
    pub(super) fn is(&self, chain: &[CertificateDer<'_>], now: UnixTime) -> bool {
        let Some((certificate, intermediates)) = chain.split_first() else { return false };
        let Ok(parsed) = ParsedCertificate::try_from(certificate) else { return false };
        let is_named = self.names.iter().any(|name| verify_server_name(&parsed, name).is_ok());
        is_named && self.verifier.verify_client_cert(certificate, intermediates, now).is_ok()
    }
}

fn verifier(roots: RootCertStore) -> Result<Arc<dyn ClientCertVerifier>, String> {
    WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider())
        .build()
        .map_err(|error| format!("the certificate authorities cannot be used: {error}"))
}

fn roots(authorities: &Path) -> Result<RootCertStore, String> {
    let mut roots = RootCertStore::empty();
    for authority in trust::read(authorities)? {
        roots.add(authority).map_err(|error| unusable(authorities, &error))?;
    }
    Ok(roots)
}

fn unusable(authorities: &Path, error: &rustls::Error) -> String {
    format!("a certificate in `{}` cannot be used: {error}", authorities.display())
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::aws_lc_rs::default_provider())
}

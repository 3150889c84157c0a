//! TLS by rustls, with the protocols that clients may ask for.

use std::path::Path;
use std::sync::Arc;

use coffer_pipeline::TlsSession;
use rustls::{ProtocolVersion, ServerConfig, ServerConnection};
use tokio_rustls::TlsAcceptor;

use crate::certificate::Shown;

/// How connections are secured.
pub(crate) struct Secured {
    /// What does the handshakes.
    pub(crate) acceptor: TlsAcceptor,
    /// The certificate that it shows.
    pub(crate) shown: Arc<Shown>,
}

/// Reads the certificate chain and its key.
///
/// # Errors
/// A sentence for the operator: which file, and what is wrong with it.
pub(crate) fn secured(cert: &Path, key: &Path) -> Result<Secured, String> {
    let shown = Arc::new(Shown::read(cert, key)?);
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| format!("cannot set TLS up: {error}"))?
        .with_no_client_auth()
        .with_cert_resolver(shown.clone());
    config.alpn_protocols = vec![HTTP_2.to_vec(), b"http/1.1".to_vec()];
    Ok(Secured { acceptor: TlsAcceptor::from(Arc::new(config)), shown })
}

/// What was agreed on with a client, in the names that CloudTrail uses: those of OpenSSL. Nothing
/// before the handshake has ended.
pub(crate) fn session(connection: &ServerConnection) -> Option<TlsSession> {
    let version = match connection.protocol_version()? {
        ProtocolVersion::TLSv1_2 => "TLSv1.2".to_owned(),
        ProtocolVersion::TLSv1_3 => "TLSv1.3".to_owned(),
        other => format!("{other:?}"),
    };
    let suite = connection.negotiated_cipher_suite()?.suite();
    Some(TlsSession { version, cipher_suite: openssl_name(&format!("{suite:?}")) })
}

/// `TLS13_AES_128_GCM_SHA256` is `TLS_AES_128_GCM_SHA256`, and
/// `TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256` is `ECDHE-RSA-AES128-GCM-SHA256`.
fn openssl_name(suite: &str) -> String {
    if let Some(rest) = suite.strip_prefix("TLS13_") {
        return format!("TLS_{rest}");
    }
    let name = suite.strip_prefix("TLS_").unwrap_or(suite).replace("_WITH_", "-").replace('_', "-");
    let name = name.replace("AES-", "AES");
    match name.strip_suffix("-POLY1305-SHA256") {
        Some(start) => format!("{start}-POLY1305"),
        None => name,
    }
}

/// The name of HTTP/2 in ALPN.
pub(crate) const HTTP_2: &[u8] = b"h2";

#[cfg(test)]
mod tests {
    use super::openssl_name;

    #[test]
    fn cipher_suites_have_the_names_that_openssl_gives_them() {
        let provider = rustls::crypto::aws_lc_rs::default_provider();
        let suites = provider.cipher_suites.iter().map(|suite| format!("{:?}", suite.suite()));
        let mut names: Vec<String> = suites.map(|suite| openssl_name(&suite)).collect();
        names.sort();
        // As `openssl ciphers -v` lists them.
        let known = [
            "ECDHE-ECDSA-AES128-GCM-SHA256",
            "ECDHE-ECDSA-AES256-GCM-SHA384",
            "ECDHE-ECDSA-CHACHA20-POLY1305",
            "ECDHE-RSA-AES128-GCM-SHA256",
            "ECDHE-RSA-AES256-GCM-SHA384",
            "ECDHE-RSA-CHACHA20-POLY1305",
            "TLS_AES_128_GCM_SHA256",
            "TLS_AES_256_GCM_SHA384",
            "TLS_CHACHA20_POLY1305_SHA256",
        ];
        assert_eq!(names, known);
    }
}

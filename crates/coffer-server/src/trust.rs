//! Certificate authorities whose word counts: the system's, and those that the operator adds.

use std::path::Path;
use std::sync::Arc;

use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;

/// Reads the operator's.
///
/// # Errors
/// A sentence for the operator.
pub(crate) fn read(path: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    let read = CertificateDer::pem_file_iter(path).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    let read = read.map_err(|error| {
        format!("cannot read certificate authorities in `{}`: {error}", path.display())
    })?;
    match read.is_empty() {
        true => Err(format!("no certificate in `{}`; give a PEM file", path.display())),
        false => Ok(read),
    }
}

/// Those of the system, and these.
pub(crate) fn with_system(added: &[CertificateDer<'static>]) -> Vec<CertificateDer<'static>> {
    let system = rustls_native_certs::load_native_certs();
    for error in &system.errors {
        tracing::warn!(%error, "a certificate authority of the system was not read");
    }
    let mut trusted = system.certs;
    trusted.extend(added.iter().cloned());
    trusted
}

/// How others prove who they are to this process: by the word of the system's authorities and of these,
/// which are those of a flag.
///
/// # Errors
/// A sentence for the operator.
pub(crate) fn client(
    added: &[CertificateDer<'static>],
    flag: &str,
) -> Result<Arc<ClientConfig>, String> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(with_system(added));
    if roots.is_empty() {
        return Err(format!("no certificate authority is known; give some with {flag}"));
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| format!("cannot set TLS up: {error}"))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(Arc::new(config))
}

//! Certificate authorities whose word counts: the system's, and those that the operator adds.

use std::path::Path;

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

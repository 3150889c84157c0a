//! TLS to where the rows are: by files that the operator names, or the system's authorities.

use std::path::{Path, PathBuf};

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, RootCertStore};

/// The files that TLS takes, each as PEM.
#[derive(Clone, Default)]
pub(crate) struct TlsFiles {
    /// Who may vouch for the peer; without one, whom the system trusts.
    pub(crate) authorities: Option<PathBuf>,
    pub(crate) certificate: Option<PathBuf>,
    pub(crate) key: Option<PathBuf>,
}

impl TlsFiles {
    pub(crate) fn are_named(&self) -> bool {
        self.authorities.is_some() || self.certificate.is_some() || self.key.is_some()
    }

    /// The configuration of TLS.
    ///
    /// # Errors
    /// A sentence that names the file.
    pub(crate) fn read(&self) -> Result<ClientConfig, String> {
        let mut roots = RootCertStore::empty();
        match &self.authorities {
            Some(file) => {
                for authority in certificates(file)? {
                    let told = |error| format!("cannot use `{}`: {error}", file.display());
                    roots.add(authority).map_err(told)?;
                }
            }
            // Systems have some that nobody can read, and one of those is no reason to trust none.
            None => drop(
                roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs),
            ),
        }
        let provider = rustls::crypto::aws_lc_rs::default_provider();
        let config = ClientConfig::builder_with_provider(provider.into())
            .with_safe_default_protocol_versions()
            .map_err(|error| format!("cannot set TLS up: {error}"))?
            .with_root_certificates(roots);
        let (Some(certificate), Some(key)) = (&self.certificate, &self.key) else {
            return Ok(config.with_no_client_auth());
        };
        let read = PrivateKeyDer::from_pem_file(key);
        let read = read.map_err(|error| format!("cannot read `{}`: {error}", key.display()))?;
        config
            .with_client_auth_cert(certificates(certificate)?, read)
            .map_err(|error| format!("cannot use `{}`: {error}", certificate.display()))
    }
}

fn certificates(file: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    let told = |error| format!("cannot read `{}`: {error}", file.display());
    let all: Result<Vec<_>, _> = CertificateDer::pem_file_iter(file).map_err(told)?.collect();
    let all = all.map_err(told)?;
    match all.is_empty() {
        true => Err(format!("no certificate is in `{}`", file.display())),
        false => Ok(all),
    }
}

/// Whether connections to a host do not leave the machine.
pub(crate) fn is_near(host: &str) -> bool {
    match host.parse::<std::net::IpAddr>() {
        Ok(address) => address.is_loopback(),
        Err(_) => host == "localhost",
    }
}

//! A certificate that this server shows. Its files are looked at again and again, so whoever renews
//! them, by hand or by a controller, has no server to start anew.

use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use coffer_model::Timestamp;
use rustls::SignatureScheme;
use rustls::client::ResolvesClientCert;
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls_pki_types::CertificateDer;
use rustls_pki_types::PrivateKeyDer;
use rustls_pki_types::pem::PemObject;
use tokio::sync::watch;
use x509_cert::Certificate;
use x509_cert::der::Decode as _;

/// A certificate chain and its key, as they are in their files.
pub(crate) struct Shown {
    chain_file: PathBuf,
    key_file: PathBuf,
    current: RwLock<Arc<CertifiedKey>>,
}

impl Shown {
    /// Reads the certificate chain and its key.
    ///
    /// # Errors
    /// A sentence for the operator: which file, and what is wrong with it.
    pub(crate) fn read(chain_file: &Path, key_file: &Path) -> Result<Self, String> {
        let current = RwLock::new(Arc::new(read(chain_file, key_file)?));
        Ok(Self { chain_file: chain_file.to_owned(), key_file: key_file.to_owned(), current })
    }

    /// When the first certificate of the chain ends, where that can be read.
    pub(crate) fn ends(&self) -> Option<Timestamp> {
        end_of(&self.current().cert)
    }

    /// Reads the files again; says whether another certificate is shown from now on.
    ///
    /// # Errors
    /// A sentence for the operator; what was shown before goes on being shown.
    fn read_again(&self) -> Result<bool, String> {
        let next = read(&self.chain_file, &self.key_file)?;
        if next.cert == self.current().cert {
            return Ok(false);
        }
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(next);
        Ok(true)
    }

    fn current(&self) -> Arc<CertifiedKey> {
        Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Shows what is in the files, until the server stops; tells when what is shown ends, each time that
/// it is another one.
///
/// Files that are changed one after the other do not fit in between, and controllers may put them
/// where they are to be bit by bit: then they are looked at once more.
pub(crate) async fn follow(
    shown: Arc<Shown>,
    mut stop: watch::Receiver<bool>,
    renewed: impl Fn(Option<Timestamp>),
) {
    let mut trouble = None;
    loop {
        tokio::select! {
            _ = stop.wait_for(|stopped| *stopped) => return,
            () = tokio::time::sleep(LOOK_EVERY) => {}
        }
        let looking = Arc::clone(&shown);
        let looked = tokio::task::spawn_blocking(move || looking.read_again()).await;
        let file = shown.chain_file.display();
        match looked.unwrap_or_else(|error| Err(error.to_string())) {
            Ok(false) => trouble = None,
            Ok(true) => {
                trouble = None;
                let ends = shown.ends();
                let until = ends.map(|ends| format!("; it ends at {ends}")).unwrap_or_default();
                tracing::info!("the certificate in `{file}` is another one now{until}");
                renewed(ends);
            }
            Err(why) => {
                // Once is enough for what goes on being wrong.
                if trouble.as_ref() != Some(&why) {
                    tracing::warn!("the certificate shown stays as it was: {why}");
                }
                trouble = Some(why);
            }
        }
    }
}

impl std::fmt::Debug for Shown {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Shown").field("chain_file", &self.chain_file).finish_non_exhaustive()
    }
}

impl ResolvesServerCert for Shown {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.current())
    }
}

impl ResolvesClientCert for Shown {
    fn resolve(&self, _: &[&[u8]], _: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        Some(self.current())
    }

    fn has_certs(&self) -> bool {
        true
    }
}

fn read(chain_file: &Path, key_file: &Path) -> Result<CertifiedKey, String> {
    let (chain, key) = (chain_file.display(), key_file.display());
    let certificates: Vec<CertificateDer<'static>> = CertificateDer::pem_file_iter(chain_file)
        .and_then(Iterator::collect)
        .map_err(|error| format!("cannot read certificates in `{chain}`: {error}"))?;
    if certificates.is_empty() {
        return Err(format!("no certificate in `{chain}`; give a PEM file"));
    }
    let private_key = PrivateKeyDer::from_pem_file(key_file)
        .map_err(|error| format!("cannot read the private key in `{key}`: {error}"))?;
    let provider = rustls::crypto::aws_lc_rs::default_provider();
    CertifiedKey::from_der(certificates, private_key, &provider)
        .map_err(|error| format!("certificate `{chain}` and key `{key}` do not work: {error}"))
}

/// When the first certificate of a chain ends, as far as they can be read.
fn end_of(chain: &[CertificateDer<'_>]) -> Option<Timestamp> {
    let end = |certificate: &CertificateDer<'_>| {
        let read = Certificate::from_der(certificate).ok()?;
        let seconds = read.tbs_certificate.validity.not_after.to_unix_duration().as_secs();
        Some(Timestamp::EPOCH.plus(Duration::from_secs(seconds)))
    };
    chain.iter().filter_map(end).min()
}

/// How often the files are looked at.
const LOOK_EVERY: Duration = Duration::from_secs(5);

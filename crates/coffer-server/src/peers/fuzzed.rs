//! What the targets of `fuzz/` reach of peers: the operator's file, and what comes to the listener.

use std::iter::repeat_n;
use std::sync::Arc;

use coffer_pipeline::{PeerRights, World};
use rustls::ServerConfig;
use rustls::server::ResolvesServerCertUsingSni;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio_rustls::TlsAcceptor;

use super::file::PeersFile;
use super::tally::Tally;
use super::{Peer, Peers, door};

/// Reads the text of a file of peers; what it names is not opened.
///
/// # Errors
/// What the operator is told.
pub fn peers(text: &str) -> Result<(), String> {
    PeersFile::parse(text).map(drop)
}

/// What a peer is answered that says these bytes and then so many zeros, and how many bytes were taken
/// of it.
///
/// # Errors
/// Why it could not be let in.
pub async fn answered(
    world: Arc<World>,
    said: &[u8],
    zeros: usize,
) -> Result<(Vec<u8>, usize), String> {
    let peers = Arc::new(known()?);
    let (ours, theirs) = tokio::io::duplex(PIECE_BYTES);
    let (mut answers, mut to) = tokio::io::split(theirs);
    let say = async {
        let pieces = repeat_n(&ZEROS[..], zeros / PIECE_BYTES);
        let mut taken = 0;
        for piece in said.chunks(PIECE_BYTES).chain(pieces) {
            if to.write_all(piece).await.is_err() {
                break;
            }
            taken += piece.len();
        }
        // Whoever hangs up while it is answered gets no answer; all is in memory, so it needs no time.
        for _ in 0..TURNS {
            tokio::task::yield_now().await;
        }
        to.shutdown().await.ok();
        taken
    };
    let hear = async {
        let mut answer = Vec::new();
        answers.read_to_end(&mut answer).await.ok();
        answer
    };
    let (taken, answer, ()) = tokio::join!(say, hear, door::serve_first(peers, world, ours));
    Ok((answer, taken))
}

/// One peer, of the region `eu-central-1`, that may have replicas in `us-east-1`.
fn known() -> Result<Peers, String> {
    let mut file = PeersFile::parse(FILE)?;
    let settings = file.peers.pop().ok_or("the file has no peer")?;
    let rights = PeerRights {
        name: settings.name.clone(),
        regions: file.regions,
        primary_regions: settings.primary_regions.clone(),
        primary_accounts: settings.primary_accounts.clone(),
    };
    let tally =
        Tally::new(std::slice::from_ref(&rights.name), None).map_err(|it| it.to_string())?;
    let peer = Peer { rights, client: None, identity: None, settings };
    // It shows nothing, and lets nobody in.
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(ResolvesServerCertUsingSni::new()));
    Ok(Peers { all: vec![peer], acceptor: TlsAcceptor::from(Arc::new(config)), tally, own: None })
}

const FILE: &str = r#"
regions = ["us-east-1"]
certificate = "/own.pem"
key = "/own.key"
[[peer]]
name = "frankfurt"
authorities = "/ca.pem"
certificate_names = ["frankfurt.example"]
primary_regions = ["eu-central-1"]
"#;
const PIECE_BYTES: usize = 16 * 1024;
const ZEROS: [u8; PIECE_BYTES] = [0; PIECE_BYTES];
const TURNS: usize = 64;

//! Other deployments, which hold replicas of this one's secrets, or have replicas of theirs here: how
//! they are reached, who they are, and what they may write.
//!
//! Both ends of each connection prove who they are by certificates of the authorities that the
//! operator names for that peer alone; those of the system count for nothing here.

mod client;
mod door;
mod file;
#[cfg(feature = "fuzzed")]
pub(crate) mod fuzzed;
mod identity;
mod tally;

use std::path::Path;
use std::sync::Arc;

use coffer_model::Sensitive;
use coffer_pipeline::{NotTold, PeerRights, ReplicaPlace};
use prometheus::core::Collector;
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;

use self::client::Client;
use self::file::{PeerSettings, PeersFile};
use self::identity::Identity;
use self::tally::Tally;
use crate::certificate::{self, Shown};
use crate::runtime;

pub(crate) use self::door::listen;

/// All peers of this deployment.
pub(crate) struct Peers {
    all: Vec<Peer>,
    acceptor: TlsAcceptor,
    tally: Tally,
    /// What both ends are shown of this deployment; nothing where there is only a door to be tried.
    own: Option<Arc<Shown>>,
}

/// One peer.
struct Peer {
    rights: PeerRights,
    /// Where it is reached, where it holds anything of ours.
    client: Option<Client>,
    /// How it proves who it is, where it may write here.
    identity: Option<Identity>,
    settings: PeerSettings,
}

impl Peers {
    /// Reads the operator's file, and all that it names.
    ///
    /// # Errors
    /// A sentence for the operator.
    pub(crate) fn read(path: &Path) -> Result<Self, String> {
        let told = |why: String| format!("cannot use the peers in `{}`: {why}", path.display());
        Self::of(PeersFile::read(path).map_err(told)?).map_err(told)
    }

    fn of(file: PeersFile) -> Result<Self, String> {
        let own = Arc::new(Shown::read(&file.certificate, &file.key)?);
        let acceptor = identity::acceptor(&own, &file.peers)?;
        let ends = own.ends();
        if let Some(ends) = ends.filter(|ends| *ends <= runtime::real_now()) {
            // All else can be served: replicas are behind until there is another one.
            tracing::warn!(
                "the certificate for peers in `{}` ended at {ends}: no peer takes it; renew it",
                file.certificate.display()
            );
        }
        let names: Vec<String> = file.peers.iter().map(|peer| peer.name.clone()).collect();
        let tally = Tally::new(&names, ends).map_err(|error| format!("no metrics: {error}"))?;
        let mut all = Vec::with_capacity(file.peers.len());
        for settings in file.peers {
            let rights = PeerRights {
                name: settings.name.clone(),
                regions: file.regions.clone(),
                primary_regions: settings.primary_regions.clone(),
                primary_accounts: settings.primary_accounts.clone(),
            };
            let client = match &settings.place {
                Some(place) => Some(Client::new(place.clone(), identity::client(&own, &settings)?)),
                None => None,
            };
            let is_writer = !settings.certificate_names.is_empty();
            let identity = is_writer.then(|| Identity::of(&settings)).transpose()?;
            all.push(Peer { rights, client, identity, settings });
        }
        Ok(Self { all, acceptor, tally, own: Some(own) })
    }

    /// Shows peers what is in the certificate's files, until the server stops.
    pub(crate) async fn follow_certificate(&self, stop: watch::Receiver<bool>) {
        if let Some(own) = self.own.clone() {
            certificate::follow(own, stop, |ends| self.tally.certificate_ends(ends)).await;
        }
    }

    /// Whether any peer may write here, so that there has to be a listener for them.
    pub(crate) fn have_writers(&self) -> bool {
        self.all.iter().any(|peer| peer.identity.is_some())
    }

    /// The peer that holds the replicas of a place.
    pub(crate) fn holder_of(&self, place: &ReplicaPlace) -> Option<String> {
        let holds = |peer: &&Peer| match place {
            ReplicaPlace::Region(region) => peer.settings.regions.contains(region),
            ReplicaPlace::Account(account) => peer.settings.accounts.contains(account),
        };
        self.all.iter().find(holds).map(|peer| peer.rights.name.clone())
    }

    /// Tells a peer something, and gives its answer.
    ///
    /// # Errors
    /// Why there is none.
    pub(crate) async fn tell(
        &self,
        name: &str,
        message: Sensitive<Vec<u8>>,
    ) -> Result<Vec<u8>, NotTold> {
        let peer = self.all.iter().find(|peer| peer.rights.name == name);
        let Some(client) = peer.and_then(|peer| peer.client.as_ref()) else {
            return Err(NotTold { why: format!("there is no peer `{name}`"), is_busy: false });
        };
        let answer = client.tell(message).await;
        self.tally.told(name, &answer);
        answer
    }

    /// What `/metrics` tells of them.
    pub(crate) fn collectors(&self) -> Vec<Box<dyn Collector>> {
        self.tally.collectors()
    }
}

/// Where peers send what they have to tell.
const PATH: &str = "/_coffer/peer/replica";

//! What is outside of the process, for jobs: documents on the internet, what rotators reach,
//! and other deployments.

use std::sync::Arc;

use async_trait::async_trait;
use coffer_http::Place;
use coffer_model::Sensitive;
use coffer_pipeline::{
    NewValue, NotRotated, NotTold, Outside, ReplicaPlace, RotatorKind, RotatorStep, Unreachable,
    spans,
};
use tracing::Instrument as _;

use crate::internet::Internet;
use crate::peers::Peers;
use crate::rotators::Rotators;

/// All that jobs can reach.
pub(crate) struct Beyond {
    pub(crate) internet: Internet,
    pub(crate) rotators: Rotators,
    pub(crate) peers: Option<Arc<Peers>>,
}

#[async_trait]
impl Outside for Beyond {
    async fn get(&self, url: &str) -> Result<Vec<u8>, Unreachable> {
        let host = url.parse().ok().and_then(|url| Place::of(&url)).map(|place| place.host);
        let span = spans::outgoing("GET", host.as_deref().unwrap_or_default());
        self.internet.get(url).instrument(span).await
    }

    fn is_plain(&self, host: &str) -> bool {
        self.internet.is_plain(host)
    }

    async fn rotate(&self, step: RotatorStep) -> Result<Option<NewValue>, NotRotated> {
        let span = spans::outgoing("rotate", "");
        self.rotators.rotate(step).instrument(span).await
    }

    fn rotator(&self, name: &str) -> Result<RotatorKind, Unreachable> {
        self.rotators.kind(name).map_err(Unreachable)
    }

    fn check_values(
        &self,
        rotator: &str,
        current: &Sensitive<String>,
        superuser: Option<&Sensitive<String>>,
    ) -> Result<(), Unreachable> {
        self.rotators.check(rotator, current, superuser).map_err(Unreachable)
    }
    fn peer_of(&self, place: &ReplicaPlace) -> Option<String> {
        self.peers.as_ref().and_then(|peers| peers.holder_of(place))
    }

    async fn tell_peer(&self, peer: &str, message: Sensitive<Vec<u8>>) -> Result<Vec<u8>, NotTold> {
        match &self.peers {
            Some(peers) => peers.tell(peer, message).await,
            None => Err(NotTold { why: "there are no peers".to_owned(), is_busy: false }),
        }
    }
}

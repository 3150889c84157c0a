//! What a decision may know of other deployments, and nobody is asked for.

use super::Call;
use crate::outside::ReplicaPlace;

impl Call<'_> {
    /// The name of the peer that holds the replicas of a place; nothing where that is this very
    /// deployment.
    pub fn peer_of(&self, place: &ReplicaPlace) -> Option<String> {
        self.world.outside.peer_of(place)
    }
}

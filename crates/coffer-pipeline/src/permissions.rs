//! The policies that decide what a caller may do, collected once for each caller.

use coffer_protocol::Fault;

use crate::context::Caller;
use crate::world::World;

/// All policies of a caller.
#[derive(Debug)]
pub struct Permissions {}

impl Permissions {
    /// What an account's root has where no organization bounds it.
    pub fn unbounded() -> Self {
        Self {}
    }

    /// Collects the policies of a caller.
    ///
    /// # Errors
    /// A store that cannot be read.
    pub(crate) async fn read(_: &World, _: &Caller) -> Result<Self, Fault> {
        Ok(Self {})
    }
}

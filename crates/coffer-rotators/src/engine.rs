//! What a rotator asks of a database, and the databases there are.

use async_trait::async_trait;

use crate::{Login, Network, RotationError};
use crate::{mysql, postgresql, redis};

/// A kind of database.
///
/// None of its calls has to mind how long it takes: whoever calls bounds that.
#[async_trait]
pub(crate) trait Engine: Send + Sync {
    /// The name in names of rotators.
    fn name(&self) -> &'static str;

    /// What the member `engine` of a secret says when it means this one.
    fn spellings(&self) -> &'static [&'static str];

    /// How many bytes the name of a user may have at most, in a database of this spelling.
    fn username_bytes_max(&self, spelling: &str) -> usize;

    /// Whether [`Session::keep`] does anything.
    fn keeps_apart(&self) -> bool {
        false
    }

    /// Logs in. Sends no password before the connection is as the login's `ssl` demands.
    async fn log_in(
        &self,
        network: &Network,
        login: &Login,
    ) -> Result<Box<dyn Session>, RotationError>;
}

/// A user that is logged in.
#[async_trait]
pub(crate) trait Session: Send {
    /// Makes sure that the session is good for reading.
    async fn check(&mut self) -> Result<(), RotationError>;

    /// By what the database knows the user who is logged in.
    async fn account(&mut self) -> Result<String, RotationError>;

    /// Gives the user who is logged in the password of `pending`.
    async fn set_own_password(&mut self, pending: &Login) -> Result<(), RotationError>;

    /// Makes sure that the user of `pending` is there, has at least the rights of the account, and
    /// has the password of `pending`.
    ///
    /// The password comes last: who finds that it works may take it that all the rest is done.
    async fn set_alternate(
        &mut self,
        account: &str,
        current: &Login,
        pending: &Login,
    ) -> Result<(), RotationError>;

    /// Makes what was set last, where the database does not do so by itself.
    async fn keep(&mut self) -> Result<(), RotationError> {
        Ok(())
    }

    /// Says goodbye, so that the server has nothing to complain about.
    async fn close(self: Box<Self>);
}

/// All databases.
pub(crate) const ENGINES: &[&dyn Engine] = &[&postgresql::Postgresql, &mysql::Mysql, &redis::Redis];

//! Errands: jobs that reach out of the process between two decisions.

use coffer_protocol::Fault;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::Verdict;
use crate::call::Call;
use crate::world::World;

/// Something to be done outside of the process, at or after a time.
///
/// A decision says what is to be done, then it is done with no decision open, and a second decision
/// draws the conclusion together with the verdict. Whatever is done outside may be done again: the
/// process may end between the two. While it is being done, nobody else is at it: the claim is
/// renewed.
pub trait Errand: Serialize + DeserializeOwned + Send + Sync + 'static {
    /// The name of the kind of job, an imperative: `secretsmanager.rotate-secret`.
    const KIND: &'static str;
    /// What is to be done, with all that is needed for it.
    type Order: Send;
    /// What came of it.
    type Report: Send + Sync;

    /// Says what is to be done, by the state as it is now. What it stages is committed before
    /// anything is done.
    fn prepare(
        &self,
        call: &mut Call<'_>,
    ) -> impl Future<Output = Result<Prepared<Self::Order>, Fault>> + Send;

    /// Does it: by [`World::outside`], [`World::run_function`] or [`World::backups`], and nothing else
    /// of the world.
    fn perform(world: &World, order: Self::Order) -> impl Future<Output = Self::Report> + Send;

    /// Says what follows; its staged writes and the verdict are one commit.
    fn conclude(
        &self,
        call: &mut Call<'_>,
        report: &Self::Report,
    ) -> impl Future<Output = Result<Verdict, Fault>> + Send;

    /// Says what follows where it has failed too often and is made no more, so that nobody waits for
    /// it; its staged writes are one commit with the end of the attempts.
    fn give_up(&self, call: &mut Call<'_>) -> impl Future<Output = Result<(), Fault>> + Send {
        let _ = call;
        std::future::ready(Ok(()))
    }
}

/// What an errand comes to before it goes out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Prepared<O> {
    /// This is to be done.
    Order(O),
    /// Nothing is to be done outside, and this is the verdict.
    Over(Verdict),
}

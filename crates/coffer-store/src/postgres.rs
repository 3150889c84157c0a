//! The engine for several nodes: rows in a PostgreSQL database.
//!
//! A commit is one round trip and one transaction, which takes advisory locks on all keys that it
//! expects something of or writes, checks, and writes. Connections live on a thread of their own, with
//! a runtime of its own, so the engine answers whatever runtime asks it.

mod address;
mod commits;
mod feed;
mod link;
mod parts;
mod reads;
mod snapshots;
mod statements;

use std::sync::Arc;

use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_postgres_rustls::MakeRustlsConnect;

pub use self::address::PostgresAddress;
use self::link::{Failure, Link, Place, Session};
use crate::StoreError;
use crate::remote::queue::Queue;
use crate::remote::tidings::Tidings;
use crate::remote::{Reads, Remote, SNAPSHOTS_WAITING_MAX, Started, WAITING_MAX, Ways};

/// A store in a PostgreSQL database, which any number of processes may have open.
pub type Postgres = Remote<PostgresEngine>;

/// The engine's mark.
pub enum PostgresEngine {}

impl Postgres {
    /// Opens the store at an address, or makes one there.
    ///
    /// # Errors
    /// Unavailable: a sentence for the operator.
    pub async fn open(address: PostgresAddress, reads: Reads) -> Result<Self, StoreError> {
        let failed = |cause: String| {
            StoreError::Unavailable(format!("cannot open the store at {address}: {cause}"))
        };
        let tls = address.tls().map_err(failed)?.map(MakeRustlsConnect::new);
        let place = Arc::new(Place { address: address.clone(), tls });
        let started =
            Self::start("store-postgres", reads, move |closing| start(place, reads, closing));
        started.await.map_err(failed)
    }
}

async fn start(
    place: Arc<Place>,
    reads: Reads,
    closing: watch::Receiver<bool>,
) -> Result<Started, String> {
    let node = prepare(&place).await.map_err(Failure::cause)?;
    let tidings = Arc::new(Tidings::new(node));
    let (ways, mut workers) = start_workers(&place, &tidings);
    if reads == Reads::Cached {
        let link = Link::new(&place, feed::STATEMENTS);
        workers.spawn(feed::run(Arc::clone(&tidings), link, closing));
    }
    Ok(Started { ways, tidings, workers })
}

fn start_workers(place: &Arc<Place>, tidings: &Arc<Tidings>) -> (Ways, JoinSet<()>) {
    let mut workers = JoinSet::new();
    let (commits, queue) = Queue::new(WAITING_MAX);
    let queue = Arc::new(queue);
    for _ in 0..COMMIT_CONNECTIONS {
        let link = Link::new(place, commits::STATEMENTS);
        workers.spawn(commits::run(Arc::clone(tidings), Arc::clone(&queue), link));
    }
    let mut start_reads = |connections: usize| {
        let (way, queue) = Queue::new(WAITING_MAX);
        let queue = Arc::new(queue);
        for _ in 0..connections {
            workers.spawn(reads::run(Arc::clone(&queue), Link::new(place, reads::STATEMENTS)));
        }
        way
    };
    // A long scan is not in the way of those who want one row.
    let (points, scans) = (start_reads(READ_CONNECTIONS), start_reads(SCAN_CONNECTIONS));
    let (snapshots, queue) = Queue::new(SNAPSHOTS_WAITING_MAX);
    workers.spawn(snapshots::run(Arc::new(queue), Link::new(place, snapshots::STATEMENTS)));
    (Ways { commits, points, scans, snapshots }, workers)
}

/// Looks at the server, makes the store where there is none, and draws this process's number.
async fn prepare(place: &Arc<Place>) -> Result<i64, Failure> {
    let mut link = Link::new(place, &[]);
    let session = link.session().await?;
    check_server(session).await?;
    session.client.batch_execute("BEGIN").await?;
    session.client.query(statements::LOCK_SCHEMA, &[&commits::LOCK_CLASS]).await?;
    let row = session.client.query_one(statements::HAS_FORMAT, &[]).await?;
    if row.try_get(0)? {
        let version: i64 =
            session.client.query_one(statements::READ_FORMAT, &[]).await?.try_get(0)?;
        if version != statements::FORMAT {
            return Err(Failure::NotDone(format!(
                "its format is version {version} and this release knows {}; start the release that \
                 wrote it, or a newer one",
                statements::FORMAT
            )));
        }
    } else {
        session.client.batch_execute(statements::SCHEMA).await?;
    }
    session.client.batch_execute("COMMIT").await?;
    Ok(session.client.query_one(statements::NEW_NODE, &[]).await?.try_get(0)?)
}

async fn check_server(session: &Session) -> Result<(), Failure> {
    let row = session.client.query_one(statements::SERVER, &[]).await?;
    let (name, version, syncs): (&str, i32, bool) =
        (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
    if name.contains("CockroachDB") {
        // Its advisory locks do nothing, and commits would lose each other's writes.
        return Err(Failure::NotDone("CockroachDB has no advisory locks".to_owned()));
    }
    if version < statements::SERVER_VERSION_MIN {
        return Err(Failure::NotDone(format!("{name} is too old: PostgreSQL 13 is needed")));
    }
    if !syncs {
        tracing::warn!("the database has fsync off: a crash of its machine loses commits");
    }
    Ok(())
}

const COMMIT_CONNECTIONS: usize = 4;
const READ_CONNECTIONS: usize = 2;
const SCAN_CONNECTIONS: usize = 2;

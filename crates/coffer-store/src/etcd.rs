//! The engine for several nodes that have an etcd cluster: rows are keys of etcd's.
//!
//! The verbs are nearly etcd's own: a commit is a transaction that compares the revisions of keys, a
//! snapshot is a revision, and observers hear of what a watch brings. Its gRPC is spoken over the HTTP/2
//! that is here anyway, so it is known of each request whether it was sent.

mod address;
mod channel;
mod commits;
mod failure;
mod feed;
#[cfg(feature = "fuzzed")]
pub mod fuzzed;
mod layout;
mod limits;
mod link;
mod messages;
mod reads;
mod snapshots;

use std::sync::Arc;

use tokio::sync::watch;
use tokio::task::JoinSet;

pub use self::address::EtcdAddress;
use self::failure::Failure;
use self::layout::{Layout, of_one, put, range, written_by};
use self::link::{ANSWER_BYTES_MAX, Cluster, Link};
use self::messages::TxnRequest;
use crate::StoreError;
use crate::remote::queue::Queue;
use crate::remote::tidings::Tidings;
use crate::remote::{Reads, Remote, SNAPSHOTS_WAITING_MAX, Started, WAITING_MAX, Ways};

/// A store in an etcd cluster, which any number of processes may have open.
pub type Etcd = Remote<EtcdEngine>;

/// The engine's mark.
pub enum EtcdEngine {}

impl Etcd {
    /// Opens the store at an address, or makes one there.
    ///
    /// # Errors
    /// Unavailable: a sentence for the operator.
    pub async fn open(address: EtcdAddress, reads: Reads) -> Result<Self, StoreError> {
        let failed = |cause: String| {
            StoreError::Unavailable(format!("cannot open the store at {address}: {cause}"))
        };
        let tls = address.tls().map_err(failed)?;
        let layout = Layout::new(&address.prefix);
        let cluster = Arc::new(Cluster { address: address.clone(), tls, layout });
        let started =
            Self::start("store-etcd", reads, move |closing| start(cluster, reads, closing));
        started.await.map_err(failed)
    }
}

async fn start(
    cluster: Arc<Cluster>,
    reads: Reads,
    closing: watch::Receiver<bool>,
) -> Result<Started, String> {
    limits::check(&cluster).await?;
    let node = prepare(&Link::new(&cluster)).await?;
    let tidings = Arc::new(Tidings::new(node));
    let (ways, mut workers) = start_workers(&cluster, &tidings);
    if reads == Reads::Cached {
        workers.spawn(feed::run(Arc::clone(&tidings), Link::new(&cluster), closing));
    }
    Ok(Started { ways, tidings, workers })
}

/// What is asked of one link goes at the same time, as far as there are workers.
fn start_workers(cluster: &Arc<Cluster>, tidings: &Arc<Tidings>) -> (Ways, JoinSet<()>) {
    let mut workers = JoinSet::new();
    let (commits, queue) = Queue::new(WAITING_MAX);
    let (queue, link) = (Arc::new(queue), Arc::new(Link::new(cluster)));
    for _ in 0..COMMITS_MAX {
        let (queue, link) = (Arc::clone(&queue), Arc::clone(&link));
        workers.spawn(commits::run(Arc::clone(tidings), queue, link));
    }
    let mut start_reads = |reads_max: usize| {
        let (way, queue) = Queue::new(WAITING_MAX);
        let (queue, link) = (Arc::new(queue), Arc::new(Link::new(cluster)));
        for _ in 0..reads_max {
            workers.spawn(reads::run(Arc::clone(&queue), Arc::clone(&link)));
        }
        way
    };
    // A long scan is not in the way of those who want one row.
    let (points, scans) = (start_reads(READS_MAX), start_reads(SCANS_MAX));
    let (snapshots, queue) = Queue::new(SNAPSHOTS_WAITING_MAX);
    workers.spawn(snapshots::run(Arc::new(queue), Link::new(cluster)));
    (Ways { commits, points, scans, snapshots }, workers)
}

/// Makes the store where there is none, and draws this process's number.
async fn prepare(link: &Link) -> Result<i64, String> {
    let layout = &link.cluster.layout;
    let format = || put(layout.format.clone(), FORMAT.into());
    let node = || put(layout.nodes.clone(), "".into());
    let question = TxnRequest {
        compare: vec![written_by(layout.format.clone(), 0)],
        success: vec![format(), node()],
        failure: vec![range(of_one(layout.format.clone())), node()],
    };
    // A number that is drawn twice is only left out.
    let answer = link.read(&question, ANSWER_BYTES_MAX).await.map_err(Failure::cause);
    let answer = answer.map_err(limits::explained)?;
    if !answer.succeeded {
        let found = answer.responses.first().and_then(|response| response.range.as_ref());
        let found = found.and_then(|found| found.kvs.first());
        let version = found.map_or(&b""[..], |found| found.value.as_slice());
        if version != FORMAT.as_bytes() {
            return Err(format!(
                "its format is version {} and this release knows {FORMAT}; start the release that \
                 wrote it, or a newer one",
                version.escape_ascii()
            ));
        }
    }
    answer.header.map(|header| header.revision).ok_or_else(|| "no revision".to_owned())
}

/// The version of [`Layout`].
const FORMAT: &str = "1";
const COMMITS_MAX: usize = 32;
const READS_MAX: usize = 32;
const SCANS_MAX: usize = 4;

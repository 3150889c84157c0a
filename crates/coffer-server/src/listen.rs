//! Accepts connections until the server is told to stop, then lets those that are open finish.

use std::sync::Arc;
use std::time::Duration;

use hyper_util::server::graceful::GracefulShutdown;
use prometheus::IntGauge;
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, watch};
use tokio_rustls::TlsAcceptor;

use crate::connection::{Door, connection};
use crate::head_timer::Ticks;
use crate::runtime;
use crate::serve::State;

/// Accepts and serves until `stop` says so; returns when every connection has ended, or after
/// [`FINISH_TIME_MAX`].
pub(crate) async fn listen(
    state: Arc<State>,
    listener: TcpListener,
    acceptor: Option<TlsAcceptor>,
    mut stop: watch::Receiver<bool>,
) {
    let places = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    let graceful = GracefulShutdown::new();
    // Connections are told once nobody new can come in, so that whoever is hung up on and connects
    // again is refused at once and goes elsewhere.
    let (shut, is_shut) = watch::channel(false);
    let ticks = Ticks::new();
    let ticking = runtime::spawn({
        let ticks = ticks.clone();
        async move { ticks.run().await }
    });
    loop {
        let accepted = tokio::select! {
            _ = stop.wait_for(|stopped| *stopped) => break,
            accepted = accept(&listener, &places) => accepted,
        };
        let Some((stream, peer, place)) = accepted else { continue };
        let (acceptor, stop, watcher) = (acceptor.clone(), is_shut.clone(), graceful.watcher());
        let door = Door { acceptor, stop, watcher, head_timer: ticks.timer() };
        let state = state.clone();
        runtime::spawn(async move {
            let counted = Counted::new(&state.metrics.connections);
            connection(state.clone(), stream, peer.ip(), door).await;
            drop((counted, place));
        });
    }
    drop(listener);
    shut.send_replace(true);
    if tokio::time::timeout(FINISH_TIME_MAX, graceful.shutdown()).await.is_err() {
        tracing::warn!("connections were still open after {FINISH_TIME_MAX:?} and were cut");
    }
    ticking.abort();
}

/// A connection in the gauge of open ones, also when its task panics.
struct Counted(IntGauge);

impl Counted {
    fn new(gauge: &IntGauge) -> Self {
        gauge.inc();
        Self(gauge.clone())
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.dec();
    }
}

/// The next connection, and its place among those that are open; nothing where none could be accepted.
pub(crate) async fn accept(
    listener: &TcpListener,
    places: &Arc<Semaphore>,
) -> Option<(tokio::net::TcpStream, std::net::SocketAddr, tokio::sync::OwnedSemaphorePermit)> {
    let place = places.clone().acquire_owned().await.ok()?;
    match listener.accept().await {
        Ok((stream, peer)) => {
            if let Err(error) = stream.set_nodelay(true) {
                tracing::debug!(%error, "connection keeps Nagle's delay");
            }
            Some((stream, peer, place))
        }
        Err(error) => {
            // Out of file descriptors, most likely: wait for some to come back.
            tracing::warn!(%error, "cannot accept a connection");
            tokio::time::sleep(ACCEPT_PAUSE).await;
            None
        }
    }
}

const CONNECTIONS_MAX: usize = 10_000;
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
const FINISH_TIME_MAX: Duration = Duration::from_secs(25);

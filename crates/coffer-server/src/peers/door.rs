//! The listener for peers that have replicas here. Nobody else gets an answer: the handshake takes a
//! certificate, and a request is read only once it is known whose that is.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use coffer_pipeline::World;
use coffer_services::secretsmanager::peers::receive::{
    MESSAGE_BYTES_MAX, NotReceived, Outcome, receive,
};
use http::{Method, Request, Response, StatusCode, header};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use rustls_pki_types::UnixTime;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio_rustls::server::TlsStream;
use zeroize::Zeroize as _;

use super::{PATH, Peer, Peers};
use crate::runtime;

/// What the connections share.
struct Door {
    peers: Arc<Peers>,
    world: Arc<World>,
    /// Places for messages in memory; strangers never have one.
    messages: Semaphore,
}

/// Accepts peers until `stop` says so, and lets them finish what was begun.
pub(crate) async fn listen(
    peers: Arc<Peers>,
    world: Arc<World>,
    listener: TcpListener,
    mut stop: watch::Receiver<bool>,
) {
    let door = Arc::new(Door { peers, world, messages: Semaphore::new(MESSAGES_MAX) });
    let places = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    let graceful = GracefulShutdown::new();
    loop {
        let accepted = tokio::select! {
            _ = stop.wait_for(|stopped| *stopped) => break,
            accepted = crate::listen::accept(&listener, &places) => accepted,
        };
        let Some((stream, from, place)) = accepted else { continue };
        let (door, watcher, stop) = (door.clone(), graceful.watcher(), stop.clone());
        runtime::spawn(async move {
            let connection = door.connection(stream, from, stop);
            if tokio::time::timeout(CONNECTION_TIME_MAX, connection).await.is_err() {
                tracing::debug!(%from, "a peer's connection took too long");
            }
            drop((place, watcher));
        });
    }
    drop(listener);
    if tokio::time::timeout(FINISH_TIME_MAX, graceful.shutdown()).await.is_err() {
        tracing::warn!("peers' connections were still open after {FINISH_TIME_MAX:?}");
    }
}

impl Door {
    async fn connection(
        &self,
        stream: TcpStream,
        from: SocketAddr,
        mut stop: watch::Receiver<bool>,
    ) {
        let opening = tokio::time::timeout(OPENING_TIME_MAX, self.peers.acceptor.accept(stream));
        let accepted = tokio::select! {
            biased;
            _ = stop.wait_for(|stopped| *stopped) => return,
            accepted = opening => accepted,
        };
        let stream = match accepted {
            Ok(Ok(stream)) => stream,
            // Anybody may come this far, so the log does not tell of each; a peer tells its own.
            Ok(Err(error)) => {
                self.peers.tally.stranger();
                tracing::debug!(%from, %error, "somebody who is no peer was not let in");
                return;
            }
            Err(_) => {
                self.peers.tally.stranger();
                tracing::debug!(%from, "a connection for peers took too long to open");
                return;
            }
        };
        let Some(peer) = whose(&self.peers, &stream) else {
            self.peers.tally.stranger();
            tracing::warn!(%from, "a certificate that is no peer's was not let in");
            return;
        };
        self.serve(peer, from, stream).await;
    }

    /// Answers what a peer asks that was let in.
    async fn serve(
        &self,
        peer: &Peer,
        from: SocketAddr,
        stream: impl AsyncRead + AsyncWrite + Unpin,
    ) {
        let Ok(_place) = self.messages.acquire().await else { return };
        let service = service_fn(|request| async move {
            Ok::<_, Infallible>(self.answer(peer, from, request).await)
        });
        let served = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(HEAD_TIME_MAX)
            .max_buf_size(HEAD_BYTES_MAX)
            // One message on each connection, so a stop waits for none.
            .keep_alive(false)
            .serve_connection(TokioIo::new(stream), service)
            .await;
        if let Err(error) = served {
            tracing::debug!(%from, %error, "a peer's connection ended early");
        }
    }

    async fn answer(
        &self,
        peer: &Peer,
        from: SocketAddr,
        request: Request<Incoming>,
    ) -> Response<Full<Bytes>> {
        if request.method() != Method::POST || request.uri().path() != PATH {
            return plain(StatusCode::NOT_FOUND, "no such path\n");
        }
        let name = peer.rights.name.as_str();
        let Ok(body) = Limited::new(request.into_body(), MESSAGE_BYTES_MAX).collect().await else {
            return plain(StatusCode::PAYLOAD_TOO_LARGE, "too long, or not whole\n");
        };
        let body = body.to_bytes();
        let received = receive(&self.world, &peer.rights, &body).await;
        wipe(body);
        self.peers.tally.received(name, received.as_ref().ok().map(|it| &it.outcome));
        match received {
            Ok(received) => {
                match &received.outcome {
                    Outcome::Taken => tracing::debug!(peer = name, %from, "a replica was received"),
                    Outcome::Refused(why) => {
                        tracing::warn!(peer = name, %from, "a replica was refused: {why}");
                    }
                    Outcome::Forbidden(why) => {
                        tracing::error!(peer = name, %from, "a peer goes beyond its rights: {why}");
                    }
                }
                let mut response = plain(StatusCode::OK, received.reply);
                let json = header::HeaderValue::from_static("application/json");
                response.headers_mut().insert(header::CONTENT_TYPE, json);
                response
            }
            Err(NotReceived::Malformed(why)) => {
                tracing::error!(peer = name, %from, "a peer's message makes no sense: {why}");
                plain(StatusCode::BAD_REQUEST, format!("{why}\n"))
            }
            Err(NotReceived::Unavailable(cause)) => {
                tracing::error!(peer = name, %from, cause, "a peer's message was not decided on");
                plain(StatusCode::SERVICE_UNAVAILABLE, "try again\n")
            }
        }
    }
}

/// Serves a connection on which the first of the peers was let in, for the targets of `fuzz/`.
#[cfg(feature = "fuzzed")]
pub(super) async fn serve_first(
    peers: Arc<Peers>,
    world: Arc<World>,
    stream: impl AsyncRead + AsyncWrite + Unpin,
) {
    let door = Door { peers, world, messages: Semaphore::new(MESSAGES_MAX) };
    if let Some(peer) = door.peers.all.first() {
        door.serve(peer, SocketAddr::from(([127, 0, 0, 1], 0)), stream).await;
    }
}

/// The peer whose certificate was shown.
fn whose<'p>(peers: &'p Peers, stream: &TlsStream<TcpStream>) -> Option<&'p Peer> {
    let (_, connection) = stream.get_ref();
    let chain = connection.peer_certificates()?;
    let millis = u64::try_from(runtime::real_now().as_millis()).ok()?;
    let now = UnixTime::since_unix_epoch(Duration::from_millis(millis));
    let is_its = |peer: &&Peer| peer.identity.as_ref().is_some_and(|it| it.is(chain, now));
    peers.all.iter().find(is_its)
}

/// Wipes a message, which holds values; nobody else has its bytes.
fn wipe(body: Bytes) {
    if let Ok(mut bytes) = body.try_into_mut() {
        bytes.as_mut().zeroize();
    }
}

fn plain(status: StatusCode, body: impl Into<Bytes>) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(body.into()));
    *response.status_mut() = status;
    response
}

/// Connections at one time, whoever makes them.
const CONNECTIONS_MAX: usize = 512;
/// Messages at one time.
const MESSAGES_MAX: usize = 64;
const OPENING_TIME_MAX: Duration = Duration::from_secs(5);
/// From the first byte to the last, handshake included.
const CONNECTION_TIME_MAX: Duration = Duration::from_secs(30);
const HEAD_TIME_MAX: Duration = Duration::from_secs(5);
const HEAD_BYTES_MAX: usize = 16 << 10;
const FINISH_TIME_MAX: Duration = Duration::from_secs(25);

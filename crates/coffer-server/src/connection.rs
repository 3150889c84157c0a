//! One connection, from its first bytes to its last, within bounds of time and size.

use std::future::poll_fn;
use std::net::IpAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Poll;
use std::time::Duration;

use hyper::rt::{Read, Write};
use hyper::server::conn::{http1, http2};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::graceful::Watcher;
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use crate::head_timer::HeadTimer;
use crate::serve::{Peer, State, serve};
use crate::tls;

/// The HTTP versions that are spoken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Version {
    Http1,
    Http2,
}

/// What a connection passes on its way in, and is watched by.
pub(crate) struct Door {
    /// TLS, where it is on.
    pub(crate) acceptor: Option<TlsAcceptor>,
    /// Whether the server stops: nobody comes in then, and who is in finishes what was begun.
    pub(crate) stop: watch::Receiver<bool>,
    /// Held until the connection ends: a stop waits for that.
    pub(crate) watcher: Watcher,
    /// How long a connection takes for the heads of its requests.
    pub(crate) head_timer: HeadTimer,
}

/// Serves a connection until it ends, at the latest with what is begun when the server stops.
pub(crate) async fn connection(state: Arc<State>, stream: TcpStream, peer: IpAddr, door: Door) {
    let Door { acceptor, mut stop, watcher, head_timer } = door;
    let opened = tokio::select! {
        biased;
        opened = tokio::time::timeout(OPENING_TIME_MAX, open(stream, acceptor)) => opened,
        _ = stop.wait_for(|stopped| *stopped) => return,
    };
    let ip = Arc::<str>::from(peer.to_string());
    let speech = Speech { stop, watcher, head_timer };
    match opened {
        Ok(Some(Opened::Plain(stream, version))) => {
            let peer = Peer { ip, tls: None };
            speech.speak(state, TokioIo::new(stream), peer, version).await;
        }
        Ok(Some(Opened::Tls(stream, version))) => {
            let peer = Peer { ip, tls: tls::session(stream.get_ref().1).map(Arc::new) };
            speech.speak(state, TokioIo::new(*stream), peer, version).await;
        }
        Ok(None) => {}
        Err(_) => tracing::debug!("connection took too long to open"),
    }
}

/// A connection whose HTTP version is known.
enum Opened {
    Plain(TcpStream, Version),
    Tls(Box<TlsStream<TcpStream>>, Version),
}

async fn open(stream: TcpStream, acceptor: Option<TlsAcceptor>) -> Option<Opened> {
    let Some(acceptor) = acceptor else {
        let version = version_of(&stream).await?;
        return Some(Opened::Plain(stream, version));
    };
    match acceptor.accept(stream).await {
        Ok(stream) => {
            let is_http_2 = stream.get_ref().1.alpn_protocol() == Some(tls::HTTP_2);
            let version = if is_http_2 { Version::Http2 } else { Version::Http1 };
            Some(Opened::Tls(Box::new(stream), version))
        }
        Err(error) => {
            tracing::debug!(%error, "TLS handshake failed");
            None
        }
    }
}

/// Looks at the first bytes without taking them. No HTTP/1 method begins as HTTP/2 does.
async fn version_of(stream: &TcpStream) -> Option<Version> {
    let mut seen = [0; HTTP_2_OPENING.len()];
    loop {
        let bytes = stream.peek(&mut seen).await.ok()?;
        let begun = seen.get(..bytes)?;
        if begun.is_empty() {
            return None;
        }
        if begun == HTTP_2_OPENING {
            return Some(Version::Http2);
        }
        if !HTTP_2_OPENING.starts_with(begun) {
            return Some(Version::Http1);
        }
        // What is there stays there, so the next look would not wait by itself.
        tokio::time::sleep(PEEK_PAUSE).await;
    }
}

/// What ends a connection that is open.
struct Speech {
    stop: watch::Receiver<bool>,
    watcher: Watcher,
    head_timer: HeadTimer,
}

impl Speech {
    async fn speak<I>(self, state: Arc<State>, io: I, peer: Peer, version: Version)
    where
        I: Read + Write + Unpin + Send + 'static,
    {
        let Self { stop, watcher, head_timer } = self;
        let asked = AtomicBool::new(false);
        let service = service_fn(|request| {
            asked.store(true, Ordering::Release);
            serve(state.clone(), peer.clone(), request)
        });
        let ended = match version {
            Version::Http1 => {
                let http = http_1(head_timer).serve_connection(io, service);
                until_stopped(http, stop, &asked, |http| http.graceful_shutdown()).await
            }
            Version::Http2 => {
                let http = http_2().serve_connection(io, service);
                until_stopped(http, stop, &asked, |http| http.graceful_shutdown()).await
            }
        };
        drop(watcher);
        if let Err(error) = ended {
            tracing::debug!(%error, "connection ended early");
        }
    }
}

/// Serves until the connection ends. When the server stops, hyper is told to finish what is begun;
/// where no request has come, it would go on waiting for a first one.
async fn until_stopped<C>(
    http: C,
    stop: watch::Receiver<bool>,
    asked: &AtomicBool,
    finish: impl Fn(Pin<&mut C>),
) -> hyper::Result<()>
where
    C: Future<Output = hyper::Result<()>>,
{
    let mut looking = stop.clone();
    let mut stopped = pin!(looking.wait_for(|stopped| *stopped));
    let mut http = pin!(http);
    let (mut is_heard, mut is_stopped) = (false, false);
    poll_fn(|context| {
        // Once it is heard of, a stop wakes this task and shows itself as a change: no request has
        // to listen for it again.
        if !is_stopped && (!is_heard || stop.has_changed().unwrap_or(true)) {
            is_heard = true;
            is_stopped = stopped.as_mut().poll(context).is_ready();
            if is_stopped && !asked.load(Ordering::Acquire) {
                return Poll::Ready(Ok(()));
            }
            if is_stopped {
                finish(http.as_mut());
            }
        }
        http.as_mut().poll(context)
    })
    .await
}

fn http_1(head_timer: HeadTimer) -> http1::Builder {
    let mut http = http1::Builder::new();
    http.timer(head_timer)
        .header_read_timeout(HEAD_TIME_MAX)
        .max_headers(HEADERS_MAX)
        .max_buf_size(HEAD_BYTES_MAX)
        // Who has sent a request and hangs up leaves it to go on: what is committed is recorded. To
        // look for that on each wait costs a buffer for the next request, too.
        .half_close(true)
        // Answers are short: one copy costs less than a system call over two pieces.
        .writev(false);
    http
}

fn http_2() -> http2::Builder<TokioExecutor> {
    let mut http = http2::Builder::new(TokioExecutor::new());
    http.timer(TokioTimer::new())
        .max_concurrent_streams(STREAMS_MAX)
        .max_header_list_size(HEADER_LIST_BYTES_MAX)
        .keep_alive_interval(Some(KEEP_ALIVE_EVERY))
        .keep_alive_timeout(KEEP_ALIVE_TIME_MAX);
    http
}

const HTTP_2_OPENING: &[u8] = b"PRI ";
const OPENING_TIME_MAX: Duration = Duration::from_secs(10);
const PEEK_PAUSE: Duration = Duration::from_millis(5);
/// Also how long an idle connection is kept.
const HEAD_TIME_MAX: Duration = Duration::from_secs(30);
const HEADERS_MAX: usize = 100;
const HEAD_BYTES_MAX: usize = 64 * 1024;
const HEADER_LIST_BYTES_MAX: u32 = 64 * 1024;
const STREAMS_MAX: u32 = 250;
const KEEP_ALIVE_EVERY: Duration = Duration::from_secs(30);
const KEEP_ALIVE_TIME_MAX: Duration = Duration::from_secs(10);

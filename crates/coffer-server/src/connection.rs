//! One connection, from its first bytes to its last, within bounds of time and size.

use std::future::poll_fn;
use std::net::IpAddr;
use std::pin::pin;
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

use crate::serve::{Peer, State, serve};
use crate::tls;

/// The HTTP versions that are spoken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Version {
    Http1,
    Http2,
}

/// What a connection passes on its way in.
pub(crate) struct Door {
    /// TLS, where it is on.
    pub(crate) acceptor: Option<TlsAcceptor>,
    /// Whether the server stops: nobody comes in then.
    pub(crate) stop: watch::Receiver<bool>,
}

/// Serves a connection until it ends; `watcher` ends it gracefully when the server stops.
pub(crate) async fn connection(
    state: Arc<State>,
    stream: TcpStream,
    peer: IpAddr,
    door: Door,
    watcher: Watcher,
) {
    let Door { acceptor, mut stop } = door;
    let opened = tokio::select! {
        biased;
        opened = tokio::time::timeout(OPENING_TIME_MAX, open(stream, acceptor)) => opened,
        _ = stop.wait_for(|stopped| *stopped) => return,
    };
    let asked = Arc::new(AtomicBool::new(false));
    match opened {
        Ok(Some(Opened::Plain(stream, version))) => {
            let spoken = speak(
                state,
                TokioIo::new(stream),
                Peer { ip: peer, is_secure: false },
                version,
                watcher,
                &asked,
            );
            until_stopped(spoken, stop, &asked).await;
        }
        Ok(Some(Opened::Tls(stream, version))) => {
            let spoken = speak(
                state,
                TokioIo::new(*stream),
                Peer { ip: peer, is_secure: true },
                version,
                watcher,
                &asked,
            );
            until_stopped(spoken, stop, &asked).await;
        }
        Ok(None) => {}
        Err(_) => tracing::debug!("connection took too long to open"),
    }
}

/// Serves until the connection ends, or until the server stops where no request has come: hyper
/// would go on waiting for a first one.
async fn until_stopped(
    spoken: impl Future<Output = ()>,
    mut stop: watch::Receiver<bool>,
    asked: &AtomicBool,
) {
    let mut stopped = pin!(stop.wait_for(|stopped| *stopped));
    let stopped_unasked = poll_fn(|context| match asked.load(Ordering::Acquire) {
        // From then on every request would look here for nothing.
        true => Poll::Pending,
        false => match stopped.as_mut().poll(context) {
            Poll::Ready(Ok(_)) => Poll::Ready(()),
            _ => Poll::Pending,
        },
    });
    tokio::select! {
        biased;
        () = spoken => {}
        () = stopped_unasked => {}
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

async fn speak<I>(
    state: Arc<State>,
    io: I,
    peer: Peer,
    version: Version,
    watcher: Watcher,
    asked: &Arc<AtomicBool>,
) where
    I: Read + Write + Unpin + Send + 'static,
{
    let asked = asked.clone();
    let service = service_fn(move |request| {
        asked.store(true, Ordering::Release);
        let state = state.clone();
        async move { Ok::<_, std::convert::Infallible>(serve(state, peer, request).await) }
    });
    let ended = match version {
        Version::Http1 => {
            let mut http = http1::Builder::new();
            http.timer(TokioTimer::new())
                .header_read_timeout(HEAD_TIME_MAX)
                .max_headers(HEADERS_MAX)
                .max_buf_size(HEAD_BYTES_MAX);
            watcher.watch(http.serve_connection(io, service)).await
        }
        Version::Http2 => {
            let mut http = http2::Builder::new(TokioExecutor::new());
            http.timer(TokioTimer::new())
                .max_concurrent_streams(STREAMS_MAX)
                .max_header_list_size(HEADER_LIST_BYTES_MAX)
                .keep_alive_interval(Some(KEEP_ALIVE_EVERY))
                .keep_alive_timeout(KEEP_ALIVE_TIME_MAX);
            watcher.watch(http.serve_connection(io, service)).await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "connection ended early");
    }
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

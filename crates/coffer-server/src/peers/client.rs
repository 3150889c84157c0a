//! How a peer is told something: one request on a connection of its own.

use std::net::SocketAddr;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use coffer_http::exchange;
use coffer_model::Sensitive;
use coffer_pipeline::NotTold;
use http::{Request, StatusCode, header};
use http_body_util::Full;
use tokio::net::TcpStream;
use tokio::sync::Semaphore;
use tokio_rustls::TlsConnector;

use super::PATH;
use super::file::PeerPlace;
use crate::runtime;

/// A peer as it is reached.
pub(super) struct Client {
    place: PeerPlace,
    tls: TlsConnector,
    /// As many as may be on their way at one time.
    places: Semaphore,
    /// When it was last not reached, and why.
    trouble: Mutex<Option<(Instant, String)>>,
}

/// The bytes of a message, wiped when they have been sent.
struct Exposed(Sensitive<Vec<u8>>);

impl AsRef<[u8]> for Exposed {
    fn as_ref(&self) -> &[u8] {
        self.0.expose()
    }
}

impl Client {
    pub(super) fn new(place: PeerPlace, tls: TlsConnector) -> Self {
        Self { place, tls, places: Semaphore::new(MESSAGES_MAX), trouble: Mutex::default() }
    }

    /// Sends a message, and gives the answer.
    ///
    /// # Errors
    /// Why there is none. A peer that was not reached a moment ago is not tried again: many messages
    /// wait for it, and errands for others would wait with them.
    pub(super) async fn tell(&self, message: Sensitive<Vec<u8>>) -> Result<Vec<u8>, NotTold> {
        if let Some(why) = self.trouble() {
            return Err(NotTold { why, is_busy: false });
        }
        let Ok(_place) = self.places.try_acquire() else {
            let why = "as many messages are on their way as may be".to_owned();
            return Err(NotTold { why, is_busy: true });
        };
        let stream = tokio::time::timeout(CONNECT_TIME_MAX, self.connect()).await;
        let stream =
            stream.unwrap_or_else(|_| Err(format!("no connection within {CONNECT_TIME_MAX:?}")));
        let stream = stream.inspect_err(|why| self.note_trouble(Some(why)));
        let stream = stream.map_err(|why| NotTold { why, is_busy: false })?;
        let answer = tokio::time::timeout(ANSWER_TIME_MAX, self.ask(stream, message)).await;
        let answer =
            answer.unwrap_or_else(|_| Err(format!("no answer within {ANSWER_TIME_MAX:?}")));
        self.note_trouble(answer.as_ref().err().map(String::as_str));
        answer.map_err(|why| NotTold { why, is_busy: false })
    }

    async fn connect(&self) -> Result<tokio_rustls::client::TlsStream<TcpStream>, String> {
        let (host, port) = (self.place.place.host.as_str(), self.place.place.port);
        let found = tokio::net::lookup_host((host, port)).await;
        let found = found.map_err(|error| format!("no address of `{host}`: {error}"))?;
        let mut why = format!("`{host}` has no address");
        for address in found.take(ADDRESSES_MAX) {
            match TcpStream::connect(address).await {
                Ok(stream) => return self.secure(stream, address).await,
                Err(error) => why = format!("no connection to {address}: {error}"),
            }
        }
        Err(why)
    }

    async fn secure(
        &self,
        stream: TcpStream,
        address: SocketAddr,
    ) -> Result<tokio_rustls::client::TlsStream<TcpStream>, String> {
        let name = self.place.server_name.clone();
        let stream = self.tls.connect(name, stream).await;
        stream.map_err(|error| format!("no TLS with {address}: {error}"))
    }

    async fn ask(
        &self,
        stream: tokio_rustls::client::TlsStream<TcpStream>,
        message: Sensitive<Vec<u8>>,
    ) -> Result<Vec<u8>, String> {
        let request = Request::post(PATH)
            .header(header::HOST, self.place.authority.as_str())
            .header(header::CONTENT_TYPE, "application/octet-stream")
            .header(header::USER_AGENT, "coffer")
            .header(header::CONNECTION, "close")
            .body(Full::new(Bytes::from_owner(Exposed(message))))
            .map_err(|error| error.to_string())?;
        let answer = exchange(stream, request, ANSWER_BYTES_MAX).await?;
        match answer.status() {
            StatusCode::OK => Ok(answer.into_body().to_vec()),
            status => {
                let said = String::from_utf8_lossy(answer.body()).chars().take(256).collect();
                let said: String = said;
                Err(format!("its answer has status {status}: {}", said.trim().escape_debug()))
            }
        }
    }

    fn trouble(&self) -> Option<String> {
        let trouble = self.trouble.lock().unwrap_or_else(PoisonError::into_inner);
        let (at, why) = trouble.as_ref()?;
        let is_fresh = runtime::instant().duration_since(*at) < TROUBLE_PAUSE;
        is_fresh.then(|| format!("not tried, as a moment ago: {why}"))
    }

    fn note_trouble(&self, why: Option<&str>) {
        let mut trouble = self.trouble.lock().unwrap_or_else(PoisonError::into_inner);
        *trouble = why.map(|why| (runtime::instant(), why.to_owned()));
    }
}

/// Messages on their way to one peer: a few, so that one which does not answer leaves room for other
/// errands.
const MESSAGES_MAX: usize = 8;
const ADDRESSES_MAX: usize = 4;
const CONNECT_TIME_MAX: Duration = Duration::from_secs(5);
const ANSWER_TIME_MAX: Duration = Duration::from_secs(20);
/// For so long a peer that was not reached is not tried again.
const TROUBLE_PAUSE: Duration = Duration::from_millis(500);
/// An answer names at most as many versions as a secret has.
const ANSWER_BYTES_MAX: usize = 64 << 10;

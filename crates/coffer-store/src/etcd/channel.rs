//! One connection to a member: gRPC, of which little is used, over HTTP/2.

use std::convert::Infallible;
use std::future::poll_fn;
use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::{BufMut as _, Bytes, BytesMut};
use futures_util::stream::{self, StreamExt as _};
use http::{HeaderMap, HeaderValue, Request, Response};
use http_body_util::combinators::BoxBody;
use http_body_util::{Full, StreamBody};
use hyper::body::{Body as _, Frame, Incoming};
use hyper::client::conn::http2::{self, SendRequest};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::task::AbortHandle;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use super::address::Member;
use super::failure::Failure;
use super::messages::Question;

/// A connection that stands. What is asked on it is asked at the same time.
pub(super) struct Channel {
    sender: SendRequest<Body>,
    origin: String,
    token: Option<HeaderValue>,
    driver: AbortHandle,
}

type Body = BoxBody<Bytes, Infallible>;

/// The messages that a member sends one after the other.
pub(super) struct Messages<T> {
    body: Incoming,
    taken: BytesMut,
    bytes_max: usize,
    of: PhantomData<fn() -> T>,
}

impl Channel {
    /// Connects to a member.
    pub(super) async fn connect(
        member: &Member,
        tls: Option<&Arc<ClientConfig>>,
    ) -> Result<Self, Failure> {
        let made = timeout(CONNECT, Self::make(member, tls)).await;
        let made = made.unwrap_or_else(|_| Err("no answer in time".to_owned()));
        // Whatever went wrong, nothing was asked for yet.
        made.map_err(Failure::Elsewhere)
    }

    async fn make(member: &Member, tls: Option<&Arc<ClientConfig>>) -> Result<Self, String> {
        let told = |error: std::io::Error| error.to_string();
        let stream = TcpStream::connect((member.host.as_str(), member.port)).await.map_err(told)?;
        stream.set_nodelay(true).map_err(told)?;
        let Some(tls) = tls else {
            return Self::over(stream, format!("http://{member}")).await;
        };
        let name = ServerName::try_from(member.host.clone()).map_err(|error| error.to_string())?;
        let connector = TlsConnector::from(Arc::clone(tls));
        let stream = connector.connect(name, stream).await.map_err(told)?;
        Self::over(stream, format!("https://{member}")).await
    }

    async fn over<S>(stream: S, origin: String) -> Result<Self, String>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let mut builder = http2::Builder::new(TokioExecutor::new());
        builder.initial_stream_window_size(WINDOW_BYTES);
        builder.initial_connection_window_size(2 * WINDOW_BYTES);
        let made = builder.handshake(TokioIo::new(stream)).await;
        let (sender, connection) = made.map_err(|error| said(&error))?;
        let task = async {
            if let Err(error) = connection.await {
                tracing::debug!(%error, "a connection to etcd ended");
            }
        };
        let driver = tokio::runtime::Handle::current().spawn(task).abort_handle();
        Ok(Self { sender, origin, token: None, driver })
    }

    /// Says with each request from now on who asks.
    pub(super) fn set_token(&mut self, token: &str) -> Result<(), Failure> {
        let token = HeaderValue::from_str(token);
        let mut token = token.map_err(|_| Failure::Refused("its token is no text".to_owned()))?;
        token.set_sensitive(true);
        self.token = Some(token);
        Ok(())
    }

    pub(super) fn is_closed(&self) -> bool {
        self.sender.is_closed()
    }

    /// Asks, and waits for the whole answer, of so many bytes at most.
    pub(super) async fn ask<Q: Question>(
        &self,
        question: &Q,
        bytes_max: usize,
    ) -> Result<Q::Answer, Failure> {
        let body = BoxBody::new(Full::new(framed(question)?));
        let mut messages: Messages<Q::Answer> = self.send::<Q>(body, bytes_max).await?;
        let answer = messages.next().await?;
        let answer = answer.ok_or_else(|| Failure::Unclear("an answer is empty".to_owned()))?;
        match messages.next().await? {
            None => Ok(answer),
            Some(_) => Err(Failure::Unclear("there are two answers".to_owned())),
        }
    }

    /// Asks for what comes from now on.
    pub(super) async fn follow<Q: Question>(
        &self,
        question: &Q,
        bytes_max: usize,
    ) -> Result<Messages<Q::Answer>, Failure> {
        let frame = Ok(Frame::data(framed(question)?));
        // The end of the question would be the end of the answers.
        let frames = stream::once(std::future::ready(frame)).chain(stream::pending());
        self.send::<Q>(BoxBody::new(StreamBody::new(frames)), bytes_max).await
    }

    async fn send<Q: Question>(
        &self,
        body: Body,
        bytes_max: usize,
    ) -> Result<Messages<Q::Answer>, Failure> {
        let request = self.request(Q::PATH, body)?;
        let mut sender = self.sender.clone();
        let ready = sender.ready().await;
        ready.map_err(|error| Failure::Elsewhere(format!("cannot ask: {}", said(&error))))?;
        let response = sender.try_send_request(request).await.map_err(|mut error| {
            let is_unsent = error.take_message().is_some();
            let cause = format!("no answer: {}", said(&error.into_error()));
            if is_unsent { Failure::Elsewhere(cause) } else { Failure::Unclear(cause) }
        })?;
        Messages::of(response, bytes_max)
    }

    fn request(&self, path: &str, body: Body) -> Result<Request<Body>, Failure> {
        let mut request = Request::post(format!("{}{path}", self.origin))
            .header("content-type", "application/grpc")
            .header("te", "trailers")
            // A member that is cut off from the others says so rather than let wait.
            .header("hasleader", "true");
        if let Some(token) = &self.token {
            request = request.header("token", token);
        }
        request.body(body).map_err(|error| Failure::Refused(error.to_string()))
    }
}

impl Drop for Channel {
    fn drop(&mut self) {
        self.driver.abort();
    }
}

impl<T: prost::Message + Default> Messages<T> {
    fn of(response: Response<Incoming>, bytes_max: usize) -> Result<Self, Failure> {
        if response.status() != http::StatusCode::OK {
            // Not etcd itself, which always says so, but perhaps what is in between.
            return Err(Failure::Unclear(format!("HTTP status {}", response.status())));
        }
        if let Some(failure) = failure_in(response.headers()) {
            return Err(failure);
        }
        let body = response.into_body();
        Ok(Self { body, taken: BytesMut::new(), bytes_max, of: PhantomData })
    }

    /// The next message; none when the member has said that it has said everything.
    pub(super) async fn next(&mut self) -> Result<Option<T>, Failure> {
        loop {
            if let Some(message) = take(&mut self.taken, self.bytes_max)? {
                return Ok(Some(message));
            }
            let frame = poll_fn(|context| Pin::new(&mut self.body).poll_frame(context)).await;
            let Some(frame) = frame else {
                return Err(Failure::Unclear("the connection ended".to_owned()));
            };
            let frame = frame.map_err(|error| Failure::Unclear(said(&error)))?;
            match frame.into_data() {
                Ok(data) => self.taken.extend_from_slice(&data),
                Err(frame) => return self.end(frame.trailers_ref()),
            }
        }
    }

    fn end(&self, trailers: Option<&HeaderMap>) -> Result<Option<T>, Failure> {
        let cut = || Failure::Unclear("an answer was cut off".to_owned());
        let trailers = trailers.ok_or_else(cut)?;
        match failure_in(trailers) {
            Some(failure) => Err(failure),
            None if trailers.contains_key(STATUS) && self.taken.is_empty() => Ok(None),
            None => Err(cut()),
        }
    }
}

/// Takes the message that has come whole out of what has come, if one has.
pub(super) fn take<T: prost::Message + Default>(
    taken: &mut BytesMut,
    bytes_max: usize,
) -> Result<Option<T>, Failure> {
    let Some((prefix, rest)) = taken.split_first_chunk::<PREFIX_BYTES>() else {
        return Ok(None);
    };
    let [form, length @ ..] = *prefix;
    let length = usize::try_from(u32::from_be_bytes(length)).unwrap_or(usize::MAX);
    if form != PLAIN {
        return Err(Failure::Unclear("an answer is compressed, which nobody asked".to_owned()));
    }
    if length > bytes_max {
        return Err(Failure::TooLong);
    }
    if rest.len() < length {
        let missing = length - rest.len();
        taken.reserve(missing);
        return Ok(None);
    }
    let mut message = taken.split_to(PREFIX_BYTES + length).freeze();
    let message = T::decode(message.split_off(PREFIX_BYTES));
    let told = |error| Failure::Unclear(format!("an answer cannot be read: {error}"));
    message.map(Some).map_err(told)
}

/// What went wrong, as headers or trailers say it.
fn failure_in(headers: &HeaderMap) -> Option<Failure> {
    let status = headers.get(STATUS)?;
    let code = status.to_str().ok().and_then(|code| code.parse().ok()).unwrap_or(UNKNOWN);
    if code == 0 {
        return None;
    }
    let message = headers.get("grpc-message").map_or(&b""[..], HeaderValue::as_bytes);
    let message = message.get(..message.len().min(MESSAGE_BYTES_MAX)).unwrap_or_default();
    let message = percent_encoding::percent_decode(message).decode_utf8_lossy();
    Some(Failure::of(code, &message))
}

/// What an error says, with what is below it.
fn said(error: &hyper::Error) -> String {
    let mut said = error.to_string();
    let mut below = std::error::Error::source(error);
    for _ in 0..CAUSES_MAX {
        let Some(error) = below else { break };
        said = format!("{said}: {error}");
        below = error.source();
    }
    said
}

/// A message with the prefix that gRPC puts before each.
pub(super) fn framed(message: &impl prost::Message) -> Result<Bytes, Failure> {
    let length = message.encoded_len();
    let mut framed = BytesMut::with_capacity(PREFIX_BYTES + length);
    let too_long = || Failure::Refused("a question is too long".to_owned());
    framed.put_u8(PLAIN);
    framed.put_u32(u32::try_from(length).map_err(|_| too_long())?);
    message.encode(&mut framed).map_err(|_| too_long())?;
    Ok(framed.freeze())
}

/// TCP, TLS and HTTP/2 together.
const CONNECT: Duration = Duration::from_secs(3);
/// How much a member may send before it is waited for.
const WINDOW_BYTES: u32 = 4 * 1_024 * 1_024;
const PREFIX_BYTES: usize = 5;
/// Not compressed.
const PLAIN: u8 = 0;
const STATUS: &str = "grpc-status";
const UNKNOWN: i32 = 2;
const CAUSES_MAX: usize = 4;
/// How much of what a member says about a failure is read.
const MESSAGE_BYTES_MAX: usize = 1_024;

//! The Lambda Runtime API, version 2018-06-01, of one instance.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bytes::{Bytes, BytesMut};
use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode, header};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use serde_json::json;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Mutex;

use crate::exchange::{Answer, Event, Exchange, Refusal};
use crate::outcome::PAYLOAD_BYTES_MAX;
use crate::peer;

/// Serves the instance's own processes until it is dropped.
pub(crate) async fn serve(listener: TcpListener, exchange: Arc<Exchange>, peer: peer::Instance) {
    let api = Api { exchange, peer, has_warned: AtomicBool::new(false), reading: Mutex::new(()) };
    let mut connections = FuturesUnordered::new();
    loop {
        tokio::select! {
            accepted = listener.accept(), if connections.len() < CONNECTIONS_MAX => match accepted {
                Ok((stream, _)) => {
                    connections.push(api.speak(stream));
                }
                // As when there are no file descriptors left: others may be given back.
                Err(_) => tokio::time::sleep(ACCEPT_PAUSE).await,
            },
            Some(()) = connections.next() => {}
        }
    }
}

/// What the connections of an instance have in common.
struct Api {
    exchange: Arc<Exchange>,
    peer: peer::Instance,
    has_warned: AtomicBool,
    /// Held while a body is read, so that a function cannot have many large ones kept here at once.
    reading: Mutex<()>,
}

impl Api {
    async fn speak(&self, stream: TcpStream) {
        if !is_peer(&stream, self.peer).await {
            // Once, or whoever it is could fill the log.
            if !self.has_warned.swap(true, Ordering::Relaxed) {
                tracing::warn!("a process that is none of a function's has called its Runtime API");
            }
            return;
        }
        // Events are handed over at once; nothing is lost where that cannot be set.
        stream.set_nodelay(true).ok();
        let service =
            service_fn(|request| async move { Ok::<_, Infallible>(answer(self, request).await) });
        let mut http = http1::Builder::new();
        // An open request for the next event may be days old, its head is not.
        http.timer(TokioTimer::new()).header_read_timeout(HEAD_TIME_MAX).max_headers(HEADERS_MAX);
        if let Err(error) = http.serve_connection(TokioIo::new(stream), service).await {
            tracing::debug!(%error, "a connection to the Runtime API ended early");
        }
    }

    async fn take_init_error(
        &self,
        request: Request<Incoming>,
    ) -> Result<Response<Full<Bytes>>, Refusal> {
        let _one = self.reading.lock().await;
        self.exchange.may_fail_init()?;
        let (head, body) = request.into_parts();
        match read(body).await {
            Ok((body, _)) => {
                self.exchange.fail_init(error_of(&head.headers, body))?;
                Ok(ok())
            }
            Err(refused) => Ok(refused),
        }
    }

    async fn take_answer(
        &self,
        id: &str,
        is_error: bool,
        request: Request<Incoming>,
    ) -> Result<Response<Full<Bytes>>, Refusal> {
        let _one = self.reading.lock().await;
        // What would not be taken is not read.
        self.exchange.may_answer(id)?;
        let (head, body) = request.into_parts();
        let (body, trailers) = match read(body).await {
            Ok(read) => read,
            Err(refused) => {
                if refused.status() == StatusCode::PAYLOAD_TOO_LARGE {
                    self.exchange.answer(id, Answer::TooLarge)?;
                }
                return Ok(refused);
            }
        };
        let answer = match error_of_stream(&trailers) {
            Some(error) => Answer::Error(error),
            None if is_error => Answer::Error(error_of(&head.headers, body)),
            None => Answer::Response(body),
        };
        self.exchange.answer(id, answer).map(|()| ok())
    }
}

async fn is_peer(stream: &TcpStream, peer: peer::Instance) -> bool {
    let (Ok(local), Ok(remote)) = (stream.local_addr(), stream.peer_addr()) else {
        return false;
    };
    let looked = tokio::task::spawn_blocking(move || peer.is_peer(local, remote)).await;
    looked.unwrap_or(false)
}

async fn answer(api: &Api, request: Request<Incoming>) -> Response<Full<Bytes>> {
    let path = request.uri().path().to_owned();
    let Some(path) = path.strip_prefix(VERSION) else {
        return error(StatusCode::NOT_FOUND, "NotFound", "There is nothing at this path");
    };
    let parts: Vec<&str> = path.split('/').collect();
    let answered = match (request.method(), parts.as_slice()) {
        (&Method::GET, ["invocation", "next"]) => api.exchange.next().await.map(event),
        (&Method::POST, ["init", "error"]) => api.take_init_error(request).await,
        (&Method::POST, ["invocation", id, kind @ ("response" | "error")]) => {
            api.take_answer(id, *kind == "error", request).await
        }
        (_, ["invocation", "next"] | ["init", "error"]) | (_, ["invocation", _, _]) => {
            let message = "This method is not for this path";
            Ok(error(StatusCode::METHOD_NOT_ALLOWED, "MethodNotAllowed", message))
        }
        _ => Ok(error(StatusCode::NOT_FOUND, "NotFound", "There is nothing at this path")),
    };
    answered.unwrap_or_else(refused)
}

/// Reads a body and its trailers, or says why not.
async fn read(mut body: Incoming) -> Result<(Bytes, HeaderMap), Response<Full<Bytes>>> {
    let (mut bytes, mut trailers) = (BytesMut::new(), HeaderMap::new());
    let mut bytes_seen: usize = 0;
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| {
            let message = "HTTP request detected as truncated";
            error(StatusCode::BAD_REQUEST, "TruncatedHTTPRequest", message)
        })?;
        if let Some(data) = frame.data_ref() {
            bytes_seen = bytes_seen.saturating_add(data.len());
            if bytes_seen <= PAYLOAD_BYTES_MAX {
                bytes.extend_from_slice(data);
            } else if bytes_seen > DISCARDED_BYTES_MAX {
                break;
            }
        } else if let Ok(found) = frame.into_trailers() {
            trailers = found;
        }
    }
    // Only now, for a client that is cut off does not hear why.
    if bytes_seen > PAYLOAD_BYTES_MAX {
        let message = format!("Exceeded maximum allowed payload size ({PAYLOAD_BYTES_MAX} bytes).");
        return Err(error(StatusCode::PAYLOAD_TOO_LARGE, "RequestEntityTooLarge", &message));
    }
    Ok((bytes.freeze(), trailers))
}

fn event(event: Event) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(event.payload));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    let deadline_ms = event.deadline_ms.to_string();
    for (name, value) in [
        ("lambda-runtime-aws-request-id", Some(event.request_id)),
        ("lambda-runtime-deadline-ms", Some(deadline_ms)),
        ("lambda-runtime-invoked-function-arn", Some(event.function_arn)),
        ("lambda-runtime-trace-id", event.trace_id),
        ("lambda-runtime-client-context", event.client_context),
    ] {
        // What cannot be in a header has been refused by who takes requests.
        let value = value.and_then(|value| HeaderValue::try_from(value).ok());
        headers.extend(value.map(|value| (HeaderName::from_static(name), value)));
    }
    response
}

/// The error that a runtime sends; where it sends only the type of one, that.
fn error_of(headers: &HeaderMap, body: Bytes) -> Bytes {
    if !body.is_empty() {
        return body;
    }
    let kind = headers.get(ERROR_TYPE).and_then(|kind| kind.to_str().ok());
    json!({ "errorType": kind.unwrap_or("Runtime.Unknown"), "errorMessage": "" }).to_string().into()
}

/// The error that a streaming response ends with, in its trailers.
fn error_of_stream(trailers: &HeaderMap) -> Option<Bytes> {
    let body = trailers.get("lambda-runtime-function-error-body");
    let body = body.and_then(|body| BASE64_STANDARD.decode(body.as_bytes()).ok());
    trailers.contains_key(ERROR_TYPE).then(|| error_of(trailers, body.unwrap_or_default().into()))
}

fn ok() -> Response<Full<Bytes>> {
    respond(StatusCode::ACCEPTED, json!({ "status": "OK" }).to_string())
}

fn refused(refusal: Refusal) -> Response<Full<Bytes>> {
    match refusal {
        Refusal::WrongRequestId => {
            error(StatusCode::BAD_REQUEST, "InvalidRequestID", "Invalid request ID")
        }
        Refusal::WrongOrder { from, to } => {
            let message = format!(
                "Transition from {from} to {to} failed for runtime. Error: State transition is not \
                 allowed"
            );
            error(StatusCode::FORBIDDEN, "InvalidStateTransition", &message)
        }
    }
}

fn error(status: StatusCode, kind: &str, message: &str) -> Response<Full<Bytes>> {
    respond(status, json!({ "errorType": kind, "errorMessage": message }).to_string())
}

fn respond(status: StatusCode, body: String) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(body)));
    *response.status_mut() = status;
    let kind = HeaderValue::from_static("application/json");
    response.headers_mut().insert(header::CONTENT_TYPE, kind);
    response
}

const VERSION: &str = "/2018-06-01/runtime/";
const ERROR_TYPE: &str = "lambda-runtime-function-error-type";
const CONNECTIONS_MAX: usize = 64;
const HEADERS_MAX: usize = 64;
/// Also how long an idle connection is kept: longer than any function runs.
const HEAD_TIME_MAX: Duration = Duration::from_secs(1200);
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);
const DISCARDED_BYTES_MAX: usize = 64 * 1024 * 1024;

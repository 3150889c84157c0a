//! One HTTP request: coffer's own few paths, or the road.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use coffer_pipeline::{Answer, Received, Road, TlsSession, spans};
use http::{HeaderValue, Method, Request, Response, StatusCode, Version, header};
use http_body_util::Full;
use hyper::body::Incoming;
use tracing::Instrument as _;

use crate::body;
use crate::metrics::Metrics;
use crate::readiness::Readiness;
use crate::{runtime, traces};

/// What every connection shares.
pub(crate) struct State {
    pub(crate) road: Road,
    pub(crate) metrics: Metrics,
    pub(crate) bodies: body::Room,
    pub(crate) readiness: Readiness,
}

/// The other end of a connection.
#[derive(Debug, Clone)]
pub(crate) struct Peer {
    /// Its address, written.
    pub(crate) ip: Arc<str>,
    /// How the connection is secured, where it is.
    pub(crate) tls: Option<Arc<TlsSession>>,
}

/// Answers one request; there is always an answer.
pub(crate) async fn serve(
    state: Arc<State>,
    peer: Peer,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let path = request.uri().path();
    if path.starts_with(OWN_PATHS) || path == METRICS_PATH {
        return Ok(Box::pin(own_path(&state, request.method(), path)).await);
    }
    let started = runtime::instant();
    let answer = match spans::are_made() {
        false => answer(&state, peer, request).await,
        true => {
            let span = traces::request(request.headers());
            let answer = Box::pin(answer(&state, peer, request)).instrument(span.clone()).await;
            traces::tell(&span, &answer);
            answer
        }
    };
    let took = started.elapsed();
    state.metrics.answered(&answer, took);
    log(&answer, took);
    Ok(response(answer))
}

async fn answer(state: &Arc<State>, peer: Peer, request: Request<Incoming>) -> Answer {
    match request.version() {
        Version::HTTP_2 => Box::pin(to_its_end(state.clone(), peer, request)).await,
        _ => travel(state, peer, request).await,
    }
}

/// Takes a request to its end also where its caller goes away: what is committed is recorded, and
/// what a function has begun. Of HTTP/1 hyper does so by itself, as it is set up.
async fn to_its_end(state: Arc<State>, peer: Peer, request: Request<Incoming>) -> Answer {
    let travelling = async move { travel(&state, peer, request).await };
    let travelling = runtime::spawn(travelling.instrument(tracing::Span::current()));
    travelling.await.unwrap_or_else(|error| Answer::lost(&error))
}

async fn travel(state: &State, peer: Peer, request: Request<Incoming>) -> Answer {
    let road = &state.road;
    let (head, body) = request.into_parts();
    // Its room is given back when the answer is made.
    let read = state.bodies.read(&head, body).await;
    let (body, refusal) = match &read {
        Ok(held) => (held.bytes.clone(), None),
        Err(fault) => (Bytes::new(), Some(fault.clone())),
    };
    let (now, real_now) = road.world().clock.both();
    let Peer { ip: source_ip, tls } = peer;
    let received = Box::new(Received { head, body, source_ip, tls, now, real_now });
    match refusal {
        None => road.travel(received).await,
        Some(fault) => Box::pin(road.refuse(&received, fault)).await,
    }
}

async fn own_path(state: &State, method: &Method, path: &str) -> Response<Full<Bytes>> {
    if method != Method::GET && method != Method::HEAD {
        return plain(StatusCode::METHOD_NOT_ALLOWED, TEXT, "only GET is answered here\n");
    }
    match path {
        "/_coffer/health" => plain(StatusCode::OK, JSON, HEALTHY),
        "/_coffer/ready" => match state.readiness.check(&state.road).await {
            Ok(()) => plain(StatusCode::OK, JSON, r#"{"status":"ready"}"#),
            Err(why) => plain(StatusCode::SERVICE_UNAVAILABLE, JSON, why.to_string()),
        },
        METRICS_PATH => {
            let is_ready = state.readiness.check(&state.road).await.is_ok();
            state.metrics.state.look(state.road.world(), is_ready);
            plain(StatusCode::OK, PROMETHEUS, state.metrics.text())
        }
        _ => plain(StatusCode::NOT_FOUND, TEXT, "no such path\n"),
    }
}

fn plain(
    status: StatusCode,
    content_type: &'static str,
    body: impl Into<Bytes>,
) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(body.into()));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}

fn response(answer: Answer) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(answer.body)));
    *response.status_mut() =
        StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(answer.content_type));
    if let Ok(id) = HeaderValue::try_from(answer.request_id) {
        headers.insert(REQUEST_ID, id);
    }
    for (name, value) in answer.headers {
        let name = header::HeaderName::from_bytes(name.as_bytes());
        if let (Ok(name), Ok(value)) = (name, HeaderValue::try_from(value)) {
            headers.insert(name, value);
        }
    }
    response
}

/// One event for each request. Reads that went well are told at `debug`: there are too many.
fn log(answer: &Answer, took: Duration) {
    let service = answer.route.map_or("-", |route| route.service.name);
    let operation = answer.route.map_or("-", |route| route.entry.name);
    let duration_ms = took.as_secs_f64() * 1e3;
    let request_id = answer.request_id.as_str();
    let status = answer.status;
    match &answer.fault {
        Some(fault) if status >= 500 => {
            let (code, cause) = (fault.code, fault.for_log());
            tracing::error!(
                request_id,
                service,
                operation,
                status,
                code,
                duration_ms,
                cause,
                "failed"
            );
        }
        Some(fault) => {
            let code = fault.code;
            tracing::info!(request_id, service, operation, status, code, duration_ms, "refused");
        }
        None if answer.is_read() => {
            tracing::debug!(request_id, service, operation, status, duration_ms, "answered");
        }
        None => {
            tracing::info!(request_id, service, operation, status, duration_ms, "answered");
        }
    }
}

const OWN_PATHS: &str = "/_coffer/";
const METRICS_PATH: &str = "/metrics";
const REQUEST_ID: header::HeaderName = header::HeaderName::from_static("x-amzn-requestid");
const JSON: &str = "application/json";
const TEXT: &str = "text/plain; charset=utf-8";
const PROMETHEUS: &str = "text/plain; version=0.0.4";
const HEALTHY: &str = concat!(r#"{"status":"ok","version":""#, env!("CARGO_PKG_VERSION"), r#""}"#);

//! Functions that are services elsewhere, which answer the Invoke API at a URL.

use std::net::IpAddr;
use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use http::{Request, Response, StatusCode, Uri, header};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Incoming;
use hyper_util::rt::TokioIo;
use rustls_pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::Instant;
use tokio_rustls::TlsConnector;

use crate::function::{Function, Invocation};
use crate::functions::Shared;
use crate::outcome::{Failure, FailureKind, Fault, FunctionError, Outcome, PAYLOAD_BYTES_MAX};
use crate::settings::Settings;

/// Invokes the function at a URL that the operator has listed.
pub(crate) async fn invoke(
    shared: &Shared,
    url: &str,
    function: &Function,
    invocation: &Invocation,
) -> Result<Outcome, Failure> {
    let failed = |kind, reason: String| {
        let message = format!("cannot invoke function `{}` at `{url}`: {reason}", function.name);
        Failure::new(kind, message)
    };
    if !shared.settings.urls.iter().any(|allowed| allowed == url) {
        return Err(failed(FailureKind::NotAllowed, "the URL is not allowed".to_owned()));
    }
    let begin = Instant::now();
    let asked = ask(&shared.settings, url, function, invocation);
    match tokio::time::timeout(function.timeout, asked).await {
        Ok(Ok(mut outcome)) => {
            outcome.duration = begin.elapsed();
            Ok(outcome)
        }
        Ok(Err(reason)) => Err(failed(FailureKind::NoAnswer, reason)),
        Err(_) => {
            let fault = Fault::TimedOut { timeout: function.timeout };
            let now = shared.host.real_now();
            Ok(Outcome::of_fault(&fault, function, invocation, now))
        }
    }
}

async fn ask(
    settings: &Settings,
    url: &str,
    function: &Function,
    invocation: &Invocation,
) -> Result<Outcome, String> {
    let uri: Uri = url.parse().map_err(|_| "it is no URL".to_owned())?;
    let host = uri.host().unwrap_or_default().trim_matches(['[', ']']);
    let is_plain = uri.scheme_str() == Some("http");
    let is_loopback = host == "localhost"
        || host.parse::<IpAddr>().is_ok_and(|address| address.to_canonical().is_loopback());
    if host.is_empty() || !(is_plain && is_loopback || uri.scheme_str() == Some("https")) {
        return Err("only https URLs are asked, and http ones of loopback addresses".to_owned());
    }
    let port = uri.port_u16().unwrap_or(if is_plain { 80 } else { 443 });
    let stream = TcpStream::connect((host, port)).await;
    let stream = stream.map_err(|error| format!("no connection: {error}"))?;
    if is_plain {
        return post(stream, &uri, function, invocation).await;
    }
    let tls = settings.tls.clone().ok_or("no certificate authorities are set")?;
    let name = ServerName::try_from(host.to_owned()).map_err(|error| error.to_string())?;
    let stream = TlsConnector::from(tls).connect(name, stream).await;
    post(stream.map_err(|error| format!("no TLS: {error}"))?, &uri, function, invocation).await
}

async fn post<S>(
    stream: S,
    uri: &Uri,
    function: &Function,
    invocation: &Invocation,
) -> Result<Outcome, String>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let request = request(uri, function, invocation)?;
    let told = |error: hyper::Error| format!("no answer: {error}");
    let handshake = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await;
    let (mut sender, connection) = handshake.map_err(told)?;
    let asked = async {
        let response = sender.send_request(request).await.map_err(told)?;
        outcome(response, function).await
    };
    // The connection is driven beside what is asked, and dropped with it.
    tokio::pin!(asked);
    tokio::select! {
        outcome = &mut asked => outcome,
        ended = connection => match ended {
            Ok(()) => asked.await,
            Err(error) => Err(told(error)),
        },
    }
}

fn request(
    uri: &Uri,
    function: &Function,
    invocation: &Invocation,
) -> Result<Request<Full<Bytes>>, String> {
    let above = uri.path().trim_end_matches('/');
    let path = format!("{above}/2015-03-31/functions/{}/invocations", function.name);
    let authority = uri.authority().map_or("", |authority| authority.as_str());
    // AWS: the client context is base64 on the wire (API reference, Invoke, 2026-11).
    let context = invocation.client_context.as_ref().map(|it| BASE64_STANDARD.encode(it));
    let mut request = Request::post(path)
        .header(header::HOST, authority.rsplit('@').next().unwrap_or_default())
        .header(header::CONTENT_TYPE, "application/json")
        .header(header::USER_AGENT, "coffer")
        .header("x-amzn-requestid", &invocation.request_id)
        .header("x-amz-invocation-type", "RequestResponse")
        .header("x-amz-log-type", "Tail");
    if let Some(context) = context {
        request = request.header("x-amz-client-context", context);
    }
    request.body(Full::new(invocation.payload.clone())).map_err(|error| error.to_string())
}

async fn outcome(answer: Response<Incoming>, function: &Function) -> Result<Outcome, String> {
    let (head, body) = answer.into_parts();
    if head.status != StatusCode::OK {
        return Err(format!("the answer has status {}", head.status));
    }
    let named = |name: &str| head.headers.get(name).and_then(|value| value.to_str().ok());
    let log_tail = named("x-amz-log-result").and_then(|log| BASE64_STANDARD.decode(log).ok());
    let version = named("x-amz-executed-version").unwrap_or(&function.version).to_owned();
    let function_error = named("x-amz-function-error").map(|_| FunctionError::Unhandled);
    let body = Limited::new(body, PAYLOAD_BYTES_MAX).collect().await;
    let body = body.map_err(|error| format!("no whole answer: {error}"))?;
    Ok(Outcome {
        payload: body.to_bytes(),
        function_error,
        log_tail: log_tail.unwrap_or_default().into(),
        executed_version: version,
        duration: Duration::ZERO,
    })
}

//! Functions that are services elsewhere, which answer the Invoke API at a URL.

use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use coffer_http::{Place, exchange, has_no_port};
use http::{Request, Response, StatusCode, Uri, header};
use http_body_util::Full;
use rustls_pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::Instant;
use tokio_rustls::TlsConnector;

use crate::function::{Function, Invocation};
use crate::functions::Shared;
use crate::log_lines::LogLines;
use crate::outcome::{Failure, FailureKind, Fault, FunctionError, Outcome, PAYLOAD_BYTES_MAX};
use crate::settings::Host;

/// Invokes the function at a URL that the operator has listed. It is asked there and nowhere else: an
/// answer that points to another place is none.
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
    let Ok(_room) = shared.asking.try_acquire() else {
        let reason = "as many services are asked as may be at one time".to_owned();
        return Err(failed(FailureKind::TooManyInstances, reason));
    };
    let begin = Instant::now();
    let mut lines = LogLines::new(function, shared.settings.logs_lines);
    lines.begin(&invocation.request_id);
    let asked = ask(shared, url, function, invocation);
    match tokio::time::timeout(function.timeout, asked).await {
        Ok(Ok(mut outcome)) => {
            outcome.duration = begin.elapsed();
            lines.push(&outcome.log_tail);
            lines.end();
            Ok(outcome)
        }
        Ok(Err(reason)) => Err(failed(FailureKind::NoAnswer, reason)),
        Err(_) => {
            let fault = Fault::TimedOut { timeout: function.timeout };
            lines.tell(&fault.sentence());
            let now = shared.host.real_now();
            Ok(Outcome::of_fault(&fault, function, invocation, now))
        }
    }
}

/// Reads the URL of a service: an https one, or an http one of a loopback address, of a host and a path
/// alone.
///
/// # Errors
/// What is wrong with it, for the operator.
pub fn url_of(text: &str) -> Result<Uri, String> {
    place_of(text).map(|(uri, _)| uri)
}

fn place_of(text: &str) -> Result<(Uri, Place), String> {
    let uri: Uri = text.parse().map_err(|_| "it is no URL".to_owned())?;
    if uri.host().is_none_or(str::is_empty) {
        return Err("give a whole URL, such as https://rotate.example/".to_owned());
    }
    let has_user = uri.authority().is_some_and(|it| it.as_str().contains('@'));
    if has_user || uri.query().is_some() || text.contains('#') {
        return Err("leave out user, query and fragment".to_owned());
    }
    if has_no_port(&uri) {
        return Err("its port is none of 1 to 65535".to_owned());
    }
    let place = Place::of(&uri).filter(|place| !place.is_plain || place.is_loopback());
    let place = place.ok_or("only https URLs are asked, and http ones of loopback addresses")?;
    Ok((uri, place))
}

async fn ask(
    shared: &Shared,
    url: &str,
    function: &Function,
    invocation: &Invocation,
) -> Result<Outcome, String> {
    let (uri, place) = place_of(url)?;
    let request = request(shared.host.as_ref(), &uri, function, invocation).await?;
    let stream = TcpStream::connect((place.host.as_str(), place.port)).await;
    let stream = stream.map_err(|error| format!("no connection: {error}"))?;
    if place.is_plain {
        return post(stream, request, function).await;
    }
    let tls = shared.settings.tls.clone().ok_or("no certificate authorities are set")?;
    let name = ServerName::try_from(place.host).map_err(|error| error.to_string())?;
    let stream = TlsConnector::from(tls).connect(name, stream).await;
    post(stream.map_err(|error| format!("no TLS: {error}"))?, request, function).await
}

async fn post<S>(
    stream: S,
    request: Request<Full<Bytes>>,
    function: &Function,
) -> Result<Outcome, String>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    outcome(exchange(stream, request, PAYLOAD_BYTES_MAX).await?, function)
}

/// The request, signed by the function's session: whoever answers can tell who asks, as AWS can.
async fn request(
    host: &dyn Host,
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
        .header(header::HOST, authority)
        .header(header::CONTENT_TYPE, "application/json")
        .header(header::USER_AGENT, "coffer")
        .header("x-amzn-requestid", &invocation.request_id)
        .header("x-amz-invocation-type", "RequestResponse")
        .header("x-amz-log-type", "Tail");
    if let Some(context) = context {
        request = request.header("x-amz-client-context", context);
    }
    let (mut head, ()) = request.body(()).map_err(|error| error.to_string())?.into_parts();
    let credentials = function.supply.credentials().await?;
    host.sign(&mut head, &invocation.payload, &credentials, &function.region)
        .map_err(|reason| format!("cannot sign: {reason}"))?;
    Ok(Request::from_parts(head, Full::new(invocation.payload.clone())))
}

fn outcome(answer: Response<Bytes>, function: &Function) -> Result<Outcome, String> {
    let (head, body) = answer.into_parts();
    if head.status != StatusCode::OK {
        return Err(format!("the answer has status {}", head.status));
    }
    let named = |name: &str| head.headers.get(name).and_then(|value| value.to_str().ok());
    let log_tail = named("x-amz-log-result").and_then(|log| BASE64_STANDARD.decode(log).ok());
    let version = named("x-amz-executed-version").unwrap_or(&function.version).to_owned();
    let function_error = named("x-amz-function-error").map(|_| FunctionError::Unhandled);
    Ok(Outcome {
        payload: body,
        function_error,
        log_tail: log_tail.unwrap_or_default().into(),
        executed_version: version,
        duration: Duration::ZERO,
    })
}

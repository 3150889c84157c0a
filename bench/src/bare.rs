//! The bare server: hyper, set up as coffer sets it up, answering bytes from a file.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::path::PathBuf;

use crate::runtime;
use bytes::Bytes;
use clap::Args;
use http::{HeaderValue, Response, header};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpListener;

/// Where to listen and what to answer.
#[derive(Args)]
pub(crate) struct Bare {
    #[arg(long)]
    listen: SocketAddr,
    /// The body of every answer.
    #[arg(long)]
    body: PathBuf,
}

impl Bare {
    pub(crate) fn run(&self) -> Result<(), String> {
        let body = std::fs::read(&self.body).map_err(|error| error.to_string())?;
        tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .build()
            .map_err(|error| error.to_string())?
            .block_on(serve(self.listen, body.into()))
    }
}

async fn serve(address: SocketAddr, body: Bytes) -> Result<(), String> {
    let listener = TcpListener::bind(address).await.map_err(|error| error.to_string())?;
    loop {
        let (stream, _) = listener.accept().await.map_err(|error| error.to_string())?;
        stream.set_nodelay(true).map_err(|error| error.to_string())?;
        let body = body.clone();
        runtime::spawn(async move {
            let service = service_fn(move |request: hyper::Request<Incoming>| {
                let body = body.clone();
                async move { Ok::<_, Infallible>(answer(request, body).await) }
            });
            let mut http = http1::Builder::new();
            http.timer(TokioTimer::new());
            // A client that goes away is no matter.
            drop(http.serve_connection(TokioIo::new(stream), service).await);
        });
    }
}

async fn answer(request: hyper::Request<Incoming>, body: Bytes) -> Response<Full<Bytes>> {
    // The request is read whole, as any server must.
    drop(request.into_body().collect().await);
    let mut response = Response::new(Full::new(body));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/x-amz-json-1.1"));
    headers.insert(
        header::HeaderName::from_static("x-amzn-requestid"),
        HeaderValue::from_static("00000000-0000-4000-8000-000000000000"),
    );
    response
}

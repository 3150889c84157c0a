//! TLS: both HTTP versions by ALPN, and a certificate that does not fit its key.

use std::fs;
use std::sync::Arc;

use bytes::Bytes;
use coffer_client::Credentials;
use coffer_protocol::sigv4::Signer;
use coffer_server::runtime;
use http_body_util::{BodyExt, Full};
use hyper::client::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls_pki_types::{CertificateDer, ServerName};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::process::{Server, Setup, run, wait_for};

/// A server with a certificate for `localhost`, and what its clients trust.
fn setup() -> (Setup, CertificateDer<'static>) {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let setup = Setup::new().with("COFFER_TLS_CERT", "cert.pem").with("COFFER_TLS_KEY", "key.pem");
    fs::write(setup.path("cert.pem"), made.cert.pem()).unwrap();
    fs::write(setup.path("key.pem"), made.signing_key.serialize_pem()).unwrap();
    (setup, made.cert.der().clone())
}

async fn connect(
    server: &Server,
    trusted: &CertificateDer<'static>,
    protocols: &[&[u8]],
) -> TlsStream<TcpStream> {
    try_connect(server, trusted, protocols).await.unwrap()
}

async fn try_connect(
    server: &Server,
    trusted: &CertificateDer<'static>,
    protocols: &[&[u8]],
) -> std::io::Result<TlsStream<TcpStream>> {
    let mut roots = rustls::RootCertStore::empty();
    roots.add(trusted.clone()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = protocols.iter().map(|name| name.to_vec()).collect();
    let stream = TcpStream::connect(server.address()).await.unwrap();
    let name = ServerName::try_from("localhost").unwrap();
    TlsConnector::from(Arc::new(config)).connect(name, stream).await
}

/// What `/metrics` tells.
fn metrics(server: &Server, trusted: &CertificateDer<'static>) -> String {
    run(async {
        let stream = connect(server, trusted, &[]).await;
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.unwrap();
        let connection = runtime::spawn(connection);
        let request = http::Request::get("/metrics").body(Full::<Bytes>::default()).unwrap();
        let answer = sender.send_request(request).await.unwrap();
        let body = answer.into_body().collect().await.unwrap().to_bytes();
        drop(sender);
        connection.await.unwrap().unwrap();
        String::from_utf8(body.to_vec()).unwrap()
    })
}

fn put_request(server: &Server, credentials: &Credentials) -> http::Request<Full<Bytes>> {
    let body = br#"{"Name":"/kept","Value":"v","Type":"String","Overwrite":true}"#;
    signed(server, credentials, "ssm", "AmazonSSM.PutParameter", body)
}

fn signed(
    server: &Server,
    credentials: &Credentials,
    service: &str,
    target: &str,
    body: &'static [u8],
) -> http::Request<Full<Bytes>> {
    let body = Bytes::from_static(body);
    let request = http::Request::post(format!("https://{}/", server.address()))
        .header("x-amz-target", target)
        .body(())
        .unwrap();
    let (mut head, ()) = request.into_parts();
    let now = runtime::real_now();
    let signer = Signer { credentials, region: "us-east-1", service, now };
    signer.sign_request(&mut head, &body).unwrap();
    http::Request::from_parts(head, Full::new(body))
}

/// What the records of this event say of TLS.
async fn recorded_tls(server: &Server, stream: TlsStream<TcpStream>, setup: &Setup) -> Vec<Value> {
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.unwrap();
    let connection = runtime::spawn(connection);
    let asked = br#"{"LookupAttributes": [{"AttributeKey": "EventName", "AttributeValue": "PutParameter"}]}"#;
    let target = "com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101.LookupEvents";
    let mut request = signed(server, &setup.credentials(), "cloudtrail", target, asked);
    *request.uri_mut() = "/".parse().unwrap();
    let answer = sender.send_request(request).await.unwrap();
    let body = answer.into_body().collect().await.unwrap().to_bytes();
    drop(sender);
    connection.await.unwrap().unwrap();
    let told: Value = serde_json::from_slice(&body).unwrap();
    let events = told.get("Events").and_then(Value::as_array).unwrap();
    let record = |event: &Value| event.get("CloudTrailEvent").unwrap().as_str().unwrap().to_owned();
    let records = events.iter().map(|event| serde_json::from_str::<Value>(&record(event)).unwrap());
    records.map(|record| record.get("tlsDetails").unwrap().clone()).collect()
}

#[test]
fn both_versions_of_http_are_spoken_over_tls_as_the_client_likes() {
    let (setup, trusted) = setup();
    let server = setup.start();
    assert!(server.printed("AWS_ENDPOINT_URL").unwrap().starts_with("https://127.0.0.1:"));
    let credentials = setup.credentials();
    run(async {
        let stream = connect(&server, &trusted, &[b"h2", b"http/1.1"]).await;
        assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
        let io = TokioIo::new(stream);
        let (mut sender, connection) = http2::handshake(TokioExecutor::new(), io).await.unwrap();
        let connection = runtime::spawn(connection);
        let answer = sender.send_request(put_request(&server, &credentials)).await.unwrap();
        assert_eq!((answer.status().as_u16(), answer.version()), (200, http::Version::HTTP_2));
        assert!(answer.headers().contains_key("x-amzn-requestid"));
        let body = answer.into_body().collect().await.unwrap().to_bytes();
        assert!(body.starts_with(b"{"), "{body:?}");
        drop(sender);
        connection.await.unwrap().unwrap();

        for protocols in [&[&b"http/1.1"[..]][..], &[]] {
            let stream = connect(&server, &trusted, protocols).await;
            assert_ne!(stream.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
            let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.unwrap();
            let connection = runtime::spawn(connection);
            let mut request = put_request(&server, &credentials);
            *request.uri_mut() = "/".parse().unwrap();
            let answer = sender.send_request(request).await.unwrap();
            assert_eq!(answer.status(), 200);
            answer.into_body().collect().await.unwrap();
            drop(sender);
            connection.await.unwrap().unwrap();
        }

        let details = json!({
            "tlsVersion": "TLSv1.3",
            "cipherSuite": "TLS_AES_256_GCM_SHA384",
            "clientProvidedHostHeader": server.address().to_string(),
        });
        let stream = connect(&server, &trusted, &[]).await;
        let told = recorded_tls(&server, stream, &setup).await;
        assert_eq!(told, vec![details; 3], "of both versions of HTTP");
    });
    server.stop();
}

#[test]
fn the_metrics_tell_when_the_certificate_ends() {
    let (setup, trusted) = setup();
    let server = setup.start();
    let text = metrics(&server, &trusted);
    // The library's own choice: the year 4096.
    let told = "\ncoffer_tls_certificate_expiry_timestamp_seconds 67090118400\n";
    assert!(text.contains(told), "{text}");
    server.stop();
}

#[test]
fn a_certificate_that_is_renewed_is_shown_without_a_new_start() {
    let (setup, first) = setup();
    let server = setup.start();
    let key = rcgen::KeyPair::generate().unwrap();
    let mut renewed = rcgen::CertificateParams::new(["localhost".to_owned()]).unwrap();
    renewed.not_after = rcgen::date_time_ymd(2090, 1, 1);
    let renewed = renewed.self_signed(&key).unwrap();
    let next = renewed.der().clone();
    let shows = |trusted| run(try_connect(&server, trusted, &[])).is_ok();

    // One whose key is not there yet does not take the place of one that works.
    fs::write(setup.path("cert.pem"), renewed.pem()).unwrap();
    wait_for(|| setup.log().contains("stays as it was: certificate `cert.pem`").then_some(()));
    assert!(shows(&first) && !shows(&next));
    fs::write(setup.path("key.pem"), key.serialize_pem()).unwrap();
    wait_for(|| shows(&next).then_some(()));
    assert!(!shows(&first));
    wait_for(|| {
        let told = "\ncoffer_tls_certificate_expiry_timestamp_seconds 3786912000\n";
        metrics(&server, &next).contains(told).then_some(())
    });
    fs::remove_file(setup.path("key.pem")).unwrap();
    wait_for(|| setup.log().contains("cannot read the private key in `key.pem`").then_some(()));
    assert!(shows(&next));
    server.stop();
}

#[test]
fn connections_that_have_asked_for_nothing_do_not_hold_up_a_stop() {
    let (setup, trusted) = setup();
    let mut server = setup.start();
    run(async {
        let one = connect(&server, &trusted, &[b"http/1.1"]).await;
        let two = connect(&server, &trusted, &[b"h2"]).await;
        let raw = TcpStream::connect(server.address()).await.unwrap();
        server.signal("TERM");
        assert!(server.ended().success());
        drop((one, two, raw));
    });
}

#[test]
fn a_certificate_and_a_key_that_do_not_fit_are_refused() {
    let (setup, _) = setup();
    let other = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    fs::write(setup.path("key.pem"), other.signing_key.serialize_pem()).unwrap();
    let said = setup.refusal();
    assert!(said.contains("`cert.pem` and key `key.pem` do not work"), "{said}");
    fs::write(setup.path("cert.pem"), "nothing").unwrap();
    let said = setup.refusal();
    assert!(said.contains("no certificate in `cert.pem`"), "{said}");
    assert!(!setup.path("data").exists());
}

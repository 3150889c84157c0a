//! Signed requests as bytes, made once and sent many times: a signature is good for 15 minutes.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};

use crate::runtime;
use coffer_model::Sensitive;
use coffer_protocol::sigv4::{Credentials, Signer};

/// The access key of the measured server.
pub(crate) const ACCESS_KEY_ID: &str = "AKIABENCHBENCHBENCHX";
/// The account of the measured server.
pub(crate) const ACCOUNT: &str = "111122223333";
/// Its secret.
pub(crate) const SECRET: &str = "bench-bench-bench-bench-bench-bench-benc";

/// The credentials of the measured server's first account.
pub(crate) fn root() -> Credentials {
    Credentials {
        access_key_id: ACCESS_KEY_ID.to_owned(),
        secret_access_key: Sensitive::new(SECRET.to_owned()),
        session_token: None,
    }
}

/// Makes the bytes of a signed request of an awsJson service, as boto3 would send it.
pub(crate) fn signed(
    server: SocketAddr,
    credentials: &Credentials,
    service: &str,
    target: &str,
    body: &str,
) -> Result<Vec<u8>, String> {
    let request = request(server)
        .header("x-amz-target", target)
        .header("content-type", "application/x-amz-json-1.1");
    sign(request, credentials, service, body)
}

/// Makes the bytes of a signed request of an awsQuery service.
pub(crate) fn signed_form(
    server: SocketAddr,
    credentials: &Credentials,
    service: &str,
    form: &str,
) -> Result<Vec<u8>, String> {
    let request = request(server).header("content-type", "application/x-www-form-urlencoded");
    sign(request, credentials, service, form)
}

fn request(server: SocketAddr) -> http::request::Builder {
    http::Request::post("/")
        .header("host", server.to_string())
        .header("user-agent", "Boto3/1.44.5 md/Botocore#1.44.5 ua/2.1 os/linux lang/python#3.11")
}

fn sign(
    request: http::request::Builder,
    credentials: &Credentials,
    service: &str,
    body: &str,
) -> Result<Vec<u8>, String> {
    let request = request.body(()).map_err(|error| error.to_string())?;
    let (mut head, ()) = request.into_parts();
    let signer = Signer { credentials, region: "us-east-1", service, now: runtime::real_now() };
    signer.sign_request(&mut head, body.as_bytes()).map_err(|error| format!("{error:?}"))?;
    let mut bytes = b"POST / HTTP/1.1\r\n".to_vec();
    for (name, value) in &head.headers {
        bytes.extend_from_slice(name.as_str().as_bytes());
        bytes.extend_from_slice(b": ");
        bytes.extend_from_slice(value.as_bytes());
        bytes.extend_from_slice(b"\r\n");
    }
    bytes.extend_from_slice(format!("content-length: {}\r\n\r\n{body}", body.len()).as_bytes());
    Ok(bytes)
}

/// Makes the bytes of a request for a file.
pub(crate) fn unsigned_get(server: SocketAddr, path: &str) -> Vec<u8> {
    format!("GET {path} HTTP/1.1\r\nhost: {server}\r\n\r\n").into_bytes()
}

/// Sends one request on a connection of its own and returns the answer's body.
pub(crate) fn once(server: SocketAddr, request: &[u8]) -> Result<Vec<u8>, String> {
    let told = |error: std::io::Error| error.to_string();
    let mut stream = TcpStream::connect(server).map_err(told)?;
    stream.write_all(request).map_err(told)?;
    let mut answer = Vec::new();
    let mut piece = [0; 4096];
    loop {
        if let Some((head_bytes, body_bytes)) = lengths(&answer)
            && answer.len() >= head_bytes + body_bytes
        {
            let body = answer.split_off(head_bytes);
            return if answer.starts_with(b"HTTP/1.1 200") {
                Ok(body)
            } else {
                Err(String::from_utf8_lossy(&body).into_owned())
            };
        }
        match stream.read(&mut piece).map_err(told)? {
            0 => return Err("the server hung up".to_owned()),
            bytes => answer.extend_from_slice(piece.get(..bytes).unwrap_or_default()),
        }
    }
}

/// The lengths of head and body of an answer, once its head is there.
pub(crate) fn lengths(answer: &[u8]) -> Option<(usize, usize)> {
    let end = answer.windows(4).position(|window| window == b"\r\n\r\n")? + 4;
    let head = std::str::from_utf8(answer.get(..end)?).ok()?.to_ascii_lowercase();
    let (_, rest) = head.split_once("content-length: ")?;
    let (length, _) = rest.split_once("\r\n")?;
    Some((end, length.parse().ok()?))
}

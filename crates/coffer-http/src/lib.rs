//! HTTP requests that go out of the process: where a URL points to, and one exchange on a connection
//! that somebody else has made, by which whoever makes it decides what is reached.

use std::fmt;
use std::net::IpAddr;

use bytes::Bytes;
use http::{Request, Response, StatusCode, Uri};
use http_body_util::{BodyExt as _, Full, LengthLimitError, Limited};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};

/// The host that a URL points to, and how it is spoken to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The host's name or address; one of IPv6 without its brackets.
    pub host: String,
    /// The port.
    pub port: u16,
    /// Whether it is spoken to without TLS.
    pub is_plain: bool,
}

impl Place {
    /// Reads a URL; nothing where it is neither of `http` nor of `https`, names no host, or names a
    /// user or a port that is none.
    pub fn of(uri: &Uri) -> Option<Self> {
        let is_plain = match uri.scheme_str() {
            Some("http") => true,
            Some("https") => false,
            _ => return None,
        };
        let has_user = uri.authority().is_some_and(|it| it.as_str().contains('@'));
        let host = uri.host().unwrap_or_default().trim_matches(['[', ']']);
        let port = port_of(uri, if is_plain { 80 } else { 443 })?;
        let is_place = !host.is_empty() && !has_user;
        is_place.then(|| Self { host: host.to_owned(), port, is_plain })
    }

    /// Whether the host says of itself that it is this very machine.
    pub fn is_loopback(&self) -> bool {
        let address = self.host.parse::<IpAddr>();
        address.is_ok_and(|address| address.to_canonical().is_loopback())
            || self.host == "localhost"
    }
}

/// Whether a URL says a port that is not one of 1 to 65535.
pub fn has_no_port(uri: &Uri) -> bool {
    port_of(uri, 1).is_none()
}

/// The port that a URL says, or else this one. What is behind the host and no port is taken for
/// nothing by [`Uri`], so that another one would be asked than was written.
fn port_of(uri: &Uri, otherwise: u16) -> Option<u16> {
    let authority = uri.authority().map_or("", |authority| authority.as_str());
    let place = authority.rsplit_once('@').map_or(authority, |(_, place)| place);
    match place.strip_prefix(uri.host().unwrap_or_default()) {
        None | Some("") => Some(otherwise),
        Some(rest) => {
            let port = rest.strip_prefix(':').filter(|it| it.bytes().all(|it| it.is_ascii_digit()));
            port?.parse().ok().filter(|port| *port > 0)
        }
    }
}

/// Why there is no answer, or not a whole one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoAnswer {
    /// What happened, in words.
    pub why: String,
    /// The status, where that has come.
    pub status: Option<StatusCode>,
    /// Whether the answer is longer than it may be.
    pub is_too_long: bool,
}

impl fmt::Display for NoAnswer {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.why)
    }
}

impl std::error::Error for NoAnswer {}

impl From<NoAnswer> for String {
    fn from(it: NoAnswer) -> Self {
        it.why
    }
}

/// Sends a request and takes its answer, of at most so many bytes. Redirections are answers like any
/// others. Whoever calls bounds the time.
///
/// # Errors
/// See [`NoAnswer`].
pub async fn exchange<S>(
    stream: S,
    request: Request<Full<Bytes>>,
    bytes_max: usize,
) -> Result<Response<Bytes>, NoAnswer>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let told = |error: hyper::Error| {
        let why = format!("no answer: {error}");
        NoAnswer { why, status: None, is_too_long: false }
    };
    let handshake = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await;
    let (mut sender, connection) = handshake.map_err(told)?;
    let asked = async {
        let (head, body) = sender.send_request(request).await.map_err(told)?.into_parts();
        let body = Limited::new(body, bytes_max).collect().await;
        let body = body.map_err(|error| NoAnswer {
            why: format!("no whole answer: {error}"),
            status: Some(head.status),
            is_too_long: error.is::<LengthLimitError>(),
        })?;
        Ok(Response::from_parts(head, body.to_bytes()))
    };
    // The connection is driven beside what is asked, and dropped with it.
    tokio::pin!(asked);
    tokio::select! {
        answer = &mut asked => answer,
        // An answer may be whole all the same: some reset the connection behind it.
        ended = connection => match (asked.await, ended) {
            (Err(none @ NoAnswer { status: Some(_), .. }), _) => Err(none),
            (Err(_), Err(error)) => Err(told(error)),
            (answer, _) => answer,
        },
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Error, ErrorKind};
    use std::pin::Pin;
    use std::task::{Context, Poll};

    use bytes::Bytes;
    use http::{Request, StatusCode};
    use http_body_util::Full;
    use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

    use super::{Place, exchange};

    /// A server that says this as soon as it is asked, and resets the connection.
    struct Resetting {
        answer: &'static [u8],
        is_asked: bool,
    }

    impl AsyncRead for Resetting {
        fn poll_read(
            mut self: Pin<&mut Self>,
            _: &mut Context<'_>,
            buffer: &mut ReadBuf<'_>,
        ) -> Poll<Result<(), Error>> {
            if !self.is_asked {
                return Poll::Pending;
            }
            if self.answer.is_empty() {
                return Poll::Ready(Err(ErrorKind::ConnectionReset.into()));
            }
            buffer.put_slice(std::mem::take(&mut self.answer));
            Poll::Ready(Ok(()))
        }
    }

    impl AsyncWrite for Resetting {
        fn poll_write(
            mut self: Pin<&mut Self>,
            context: &mut Context<'_>,
            bytes: &[u8],
        ) -> Poll<Result<usize, Error>> {
            self.is_asked = true;
            context.waker().wake_by_ref();
            Poll::Ready(Ok(bytes.len()))
        }

        fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Result<(), Error>> {
            Poll::Ready(Ok(()))
        }

        fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Result<(), Error>> {
            Poll::Ready(Ok(()))
        }
    }

    #[tokio::test]
    async fn a_connection_that_is_reset_behind_a_whole_answer_has_given_it() {
        let ask = |answer| {
            let stream = Resetting { answer, is_asked: false };
            exchange(stream, Request::new(Full::new(Bytes::new())), 64)
        };
        for _ in 0..64 {
            let whole = ask(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok").await.unwrap();
            assert_eq!(whole.body().as_ref(), b"ok");
            // Nobody else has the bytes, so whoever takes them can wipe them.
            assert!(whole.into_body().try_into_mut().is_ok());
            let cut = ask(b"HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nok").await;
            assert!(cut.is_err());
            let long =
                b"HTTP/1.1 201 Created\r\ncontent-length: 65\r\n\r\nok and much that is more \
                than sixty-four bytes, all in one answer.....";
            let long = ask(long).await.unwrap_err();
            assert_eq!((long.status, long.is_too_long), (Some(StatusCode::CREATED), true));
        }
    }

    fn place(url: &str) -> Option<(String, u16, bool, bool)> {
        let place = Place::of(&url.parse().ok()?)?;
        let is_loopback = place.is_loopback();
        Some((place.host, place.port, place.is_plain, is_loopback))
    }

    #[test]
    fn a_url_points_to_a_host_and_port() {
        let expected = |host: &str, port, is_plain, is_loopback| {
            Some((host.to_owned(), port, is_plain, is_loopback))
        };
        assert_eq!(place("https://a.example/x?y"), expected("a.example", 443, false, false));
        assert_eq!(place("http://localhost:81"), expected("localhost", 81, true, true));
        assert_eq!(place("http://[::1]/"), expected("::1", 80, true, true));
        assert_eq!(place("https://127.0.0.2:1/"), expected("127.0.0.2", 1, false, true));
        for url in ["ftp://a.example/", "https://user@a.example/", "/path", "a.example:443"] {
            assert_eq!(place(url), None, "{url}");
        }
        assert_eq!(place("https://[::1]:65535/"), expected("::1", 65535, false, true));
        for port in ["0", "65536", "99999999999999999999", "", "+1", "1x"] {
            for host in ["a.example", "[::1]"] {
                assert_eq!(place(&format!("https://{host}:{port}/")), None, "{host}:{port}");
            }
        }
    }
}

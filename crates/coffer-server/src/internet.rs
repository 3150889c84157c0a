//! Requests that go out of the process, on behalf of jobs: documents of issuers, by HTTPS.
//!
//! Who may make an OpenID Connect provider chooses a URL that is asked from here, so what is asked is
//! narrow: a GET without credentials to a host that proves its name by a certificate, never to
//! link-local or loopback addresses, and no answer is shown to anybody who calls.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::Path;
use std::sync::OnceLock;
use std::time::Duration;

use bytes::Bytes;
use coffer_http::{Place, exchange};
use coffer_pipeline::Unreachable;
use http::{Request, StatusCode, Uri, header};
use http_body_util::Full;
use rustls_pki_types::{CertificateDer, ServerName};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use crate::trust;

/// What is outside, by HTTPS.
pub(crate) struct Internet {
    allows_loopback: bool,
    /// Authorities that the operator trusts beside those of the system.
    authorities: Vec<CertificateDer<'static>>,
    tls: OnceLock<Result<TlsConnector, String>>,
}

impl Internet {
    /// Reads the operator's certificate authorities; those of the system are read when they are
    /// first needed.
    ///
    /// # Errors
    /// A sentence for the operator.
    pub(crate) fn new(ca_file: Option<&Path>, allows_loopback: bool) -> Result<Self, String> {
        let authorities = ca_file.map(trust::read).transpose()?.unwrap_or_default();
        Ok(Self { allows_loopback, authorities, tls: OnceLock::new() })
    }

    /// Gets a document, as [`coffer_pipeline::Outside::get`] says.
    ///
    /// # Errors
    /// Why there is none.
    pub(crate) async fn get(&self, url: &str) -> Result<Vec<u8>, Unreachable> {
        let fetched = tokio::time::timeout(GET_TIME_MAX, self.fetch(url)).await;
        fetched
            .unwrap_or_else(|_| Err(format!("no answer within {GET_TIME_MAX:?}")))
            .map_err(Unreachable)
    }

    /// Whether a host is spoken to without TLS.
    pub(crate) fn is_plain(&self, host: &str) -> bool {
        let place = Place { host: host.to_owned(), port: 0, is_plain: true };
        self.allows_loopback && place.is_loopback()
    }

    async fn fetch(&self, url: &str) -> Result<Vec<u8>, String> {
        let uri: Uri = url.parse().map_err(|_| "it is no URL".to_owned())?;
        let place = Place::of(&uri).filter(|place| !place.is_plain || self.is_plain(&place.host));
        let place = place.ok_or("only https URLs without a user are asked")?;
        let stream = self.connect(&place.host, place.port, place.is_plain).await?;
        if place.is_plain {
            return get(stream, &uri).await;
        }
        let name = ServerName::try_from(place.host).map_err(|error| error.to_string())?;
        let tls = self.tls.get_or_init(|| {
            trust::client(&self.authorities, "--oidc-ca-file").map(TlsConnector::from)
        });
        let tls = tls.clone()?;
        let stream = tls.connect(name, stream).await;
        get(stream.map_err(|error| format!("no TLS: {error}"))?, &uri).await
    }

    async fn connect(&self, host: &str, port: u16, is_plain: bool) -> Result<TcpStream, String> {
        let found = tokio::net::lookup_host((host, port)).await;
        let found = found.map_err(|error| format!("no address of `{host}`: {error}"))?;
        let may_ask = |address: &SocketAddr| {
            let is_loopback = address.ip().to_canonical().is_loopback();
            let is_plain_loopback = !is_plain || is_loopback;
            is_plain_loopback && may_be_asked(address.ip(), self.allows_loopback)
        };
        let mut why = format!("`{host}` has no address that may be asked");
        for address in found.filter(may_ask).take(ADDRESSES_MAX) {
            match TcpStream::connect(address).await {
                Ok(stream) => return Ok(stream),
                Err(error) => why = format!("no connection to {address}: {error}"),
            }
        }
        Err(why)
    }
}

async fn get<S>(stream: S, uri: &Uri) -> Result<Vec<u8>, String>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let authority = uri.authority().map_or("", |authority| authority.as_str());
    let path = uri.path_and_query().map_or("/", |path| path.as_str());
    let request = Request::get(path)
        .header(header::HOST, authority)
        .header(header::ACCEPT, "application/json")
        .header(header::USER_AGENT, "coffer")
        .body(Full::<Bytes>::default())
        .map_err(|error| error.to_string())?;
    let answer = exchange(stream, request, DOCUMENT_BYTES_MAX).await?;
    if answer.status() != StatusCode::OK {
        return Err(format!("the answer has status {}", answer.status()));
    }
    Ok(answer.into_body().to_vec())
}

/// Whether an address may be asked: not those of this machine, unless the operator lets them, nor
/// those that only mean something on this network, where clouds have their metadata.
pub(crate) fn may_be_asked(address: IpAddr, allows_loopback: bool) -> bool {
    let address = translated(address);
    let is_local = match address {
        IpAddr::V4(v4) => v4.is_link_local() || v4.is_broadcast() || v4 == METADATA_OF_ALIBABA,
        IpAddr::V6(v6) => v6.is_unicast_link_local() || is_of_cloud(v6),
    };
    let is_anywhere = address.is_unspecified() || address.is_multicast() || is_local;
    !is_anywhere && (allows_loopback || !address.is_loopback())
}

/// The address of version 4 that one of version 6 stands for, also where a network translates them.
fn translated(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => match v6.segments() {
            // RFC 6052: the well-known prefix of NAT64.
            [0x64, 0xff9b, 0, 0, 0, 0, high, low] => {
                Ipv4Addr::from_bits(u32::from(high) << 16 | u32::from(low)).into()
            }
            _ => v6.into(),
        },
        v4 @ IpAddr::V4(_) => v4,
    }
}

/// Whether a cloud has its metadata or credentials there: not all of them are link-local.
fn is_of_cloud(address: Ipv6Addr) -> bool {
    // AWS: fd00:ec2::/32 (EC2 user guide, instance metadata; EKS user guide, Pod Identity); Google:
    // fd20:ce::254 (Compute Engine, metadata server).
    matches!(address.segments(), [0xfd00, 0x0ec2, ..] | [0xfd20, 0x00ce, ..])
}

/// Alibaba Cloud: instance metadata is in the space that providers share.
const METADATA_OF_ALIBABA: Ipv4Addr = Ipv4Addr::new(100, 100, 100, 200);
/// A job waits for it, and the jobs behind it.
const GET_TIME_MAX: Duration = Duration::from_secs(4);
const DOCUMENT_BYTES_MAX: usize = coffer_services::sts::web_identity::KEY_SET_BYTES_MAX;
const ADDRESSES_MAX: usize = 4;

#[cfg(test)]
mod tests {
    use super::{Internet, may_be_asked};

    #[test]
    fn addresses_of_this_machine_and_this_network_are_not_asked() {
        for (address, asked, with_loopback) in [
            ("192.0.2.1", true, true),
            ("10.0.0.1", true, true),
            ("fd00::1", true, true),
            ("127.0.0.1", false, true),
            ("::1", false, true),
            ("::ffff:127.0.0.1", false, true),
            ("169.254.169.254", false, false),
            ("::ffff:169.254.169.254", false, false),
            ("fe80::1", false, false),
            ("fd00:ec2::254", false, false),
            ("fd00:ec2::23", false, false),
            ("fd20:ce::254", false, false),
            ("100.100.100.200", false, false),
            ("100.100.100.201", true, true),
            ("64:ff9b::a9fe:a9fe", false, false),
            ("64:ff9b::7f00:1", false, true),
            ("64:ff9b::c000:201", true, true),
            ("0.0.0.0", false, false),
            ("::", false, false),
            ("224.0.0.1", false, false),
            ("255.255.255.255", false, false),
        ] {
            let address = address.parse().unwrap();
            assert_eq!(may_be_asked(address, false), asked, "{address}");
            assert_eq!(may_be_asked(address, true), with_loopback, "{address}");
        }
    }

    #[tokio::test]
    async fn only_https_is_asked_but_for_loopback_that_is_let() {
        let strict = Internet::new(None, false).unwrap();
        let open = Internet::new(None, true).unwrap();
        assert!(open.is_plain("127.0.0.1") && open.is_plain("::1") && open.is_plain("localhost"));
        assert!(!strict.is_plain("127.0.0.1") && !open.is_plain("192.0.2.1"));
        for url in
            ["http://192.0.2.1/", "ftp://a.example/", "https://user@127.0.0.1/", "https:///x", "x"]
        {
            let refused = open.get(url).await.unwrap_err().0;
            assert!(refused.contains("only https") || refused.contains("no URL"), "{refused}");
        }
        let refused = strict.get("http://127.0.0.1:9/").await.unwrap_err().0;
        assert!(refused.contains("only https"), "{refused}");
        let refused = strict.get("https://127.0.0.1:9/").await.unwrap_err().0;
        assert!(refused.contains("no address that may be asked"), "{refused}");
    }
}

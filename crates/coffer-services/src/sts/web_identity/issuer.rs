//! Issuers' names: the URL that the `iss` claim has, and the same without its scheme, as a provider
//! and its ARN have it.

/// The URL of an issuer without its scheme: `https` for all, and plain `http` for those on this very
/// machine, where the operator may let it. Nothing else names an issuer.
pub fn url_of_issuer(issuer: &str) -> Option<&str> {
    let url = match issuer.strip_prefix("https://") {
        Some(url) => url,
        None => issuer.strip_prefix("http://").filter(|url| is_loopback(host_of(url)))?,
    };
    Some(url).filter(|url| !url.is_empty() && url.len() <= URL_BYTES_MAX)
}

/// The host in such a URL, without its port.
pub(super) fn host_of(url: &str) -> &str {
    let authority = url.split_once('/').map_or(url, |(authority, _)| authority);
    if authority.starts_with('[') {
        return authority.split_once(']').map_or(authority, |(host, _)| host.trim_matches('['));
    }
    authority.rsplit_once(':').map_or(authority, |(host, _)| host)
}

fn is_loopback(host: &str) -> bool {
    let address = host.parse::<std::net::IpAddr>();
    host == "localhost" || address.is_ok_and(|address| address.is_loopback())
}

const URL_BYTES_MAX: usize = 255;

#[cfg(test)]
mod tests {
    use super::{host_of, url_of_issuer};

    #[test]
    fn an_issuer_is_named_by_its_url_with_path() {
        for (issuer, url) in [
            ("https://token.actions.example.com", Some("token.actions.example.com")),
            ("https://a.example/id/7", Some("a.example/id/7")),
            ("https://a.example/", Some("a.example/")),
            ("http://127.0.0.1:8080", Some("127.0.0.1:8080")),
            ("http://localhost/x", Some("localhost/x")),
            ("http://[::1]:1/x", Some("[::1]:1/x")),
            ("http://a.example", None),
            ("http://127.0.0.1.example", None),
            ("http://localhost@a.example", None),
            ("https://", None),
            ("a.example", None),
            ("HTTPS://a.example", None),
        ] {
            assert_eq!(url_of_issuer(issuer), url, "{issuer}");
        }
    }

    #[test]
    fn the_host_stands_before_port_and_path() {
        for (url, host) in [
            ("a.example", "a.example"),
            ("a.example:8443/x:1", "a.example"),
            ("[::1]:8/x", "::1"),
            ("127.0.0.1:8", "127.0.0.1"),
        ] {
            assert_eq!(host_of(url), host);
        }
    }
}

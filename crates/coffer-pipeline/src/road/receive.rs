//! Receive: what came in, whole and bounded, with the time it came at.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use coffer_model::Timestamp;
use coffer_protocol::rest::Parts;
use coffer_seal::{Entropy, uuid_text};
use http::header::{HOST, USER_AGENT};

use crate::audit::TlsDetails;

/// A request whose head and body have been read within their limits. Either may hold a secret, so
/// it has no `Debug`.
pub struct Received {
    /// Method, target, headers.
    pub head: http::request::Parts,
    /// The whole body.
    pub body: Bytes,
    /// The caller's address, written once for each connection.
    pub source_ip: Arc<str>,
    /// How its connection is secured, where it is.
    pub tls: Option<Arc<TlsSession>>,
    /// The time of decisions.
    pub now: Timestamp,
    /// The real time, for the signature.
    pub real_now: Timestamp,
}

/// What was agreed on when a connection was secured, in the names that audit records have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsSession {
    /// The version, such as `TLSv1.3`.
    pub version: String,
    /// The cipher suite, such as `TLS_AES_128_GCM_SHA256`.
    pub cipher_suite: String,
}

impl Received {
    /// What an audit record says of the connection's TLS; the host as the client names it, cut to a
    /// bounded length.
    pub(crate) fn tls_details(&self) -> Option<TlsDetails> {
        let session = self.tls.as_ref()?;
        let header = self.head.headers.get(HOST).and_then(|value| value.to_str().ok());
        // HTTP/2 names it in the request's target.
        let host = header.or_else(|| self.head.uri.authority().map(http::uri::Authority::as_str));
        Some(TlsDetails {
            tls_version: session.version.clone(),
            cipher_suite: session.cipher_suite.clone(),
            client_provided_host_header: cut(host.unwrap_or_default(), HOST_BYTES_MAX).to_owned(),
        })
    }

    /// The parts that the members of a REST request stand in.
    pub(crate) fn parts(&self) -> Parts<'_> {
        Parts {
            method: self.head.method.as_str(),
            path: self.head.uri.path(),
            query: self.head.uri.query(),
            headers: &self.head.headers,
            body: &self.body,
        }
    }

    /// The `User-Agent` header, cut to a bounded length.
    pub(crate) fn user_agent(&self) -> &str {
        let header = self.head.headers.get(USER_AGENT).and_then(|value| value.to_str().ok());
        cut(header.unwrap_or_default(), USER_AGENT_BYTES_MAX)
    }
}

/// As much of a header as so many bytes hold: one that is text is ASCII, so any place is between two
/// characters.
fn cut(header: &str, bytes_max: usize) -> &str {
    header.get(..bytes_max).unwrap_or(header)
}

/// Request ids without a system call: a seeded counter, mixed. They name requests in logs and
/// records; nothing rests on their being hard to guess.
pub(crate) struct RequestIds {
    seeds: [u64; 2],
    counter: AtomicU64,
}

impl RequestIds {
    pub(crate) fn new(entropy: &dyn Entropy) -> Self {
        let mut bytes = [0; 16];
        entropy.fill(&mut bytes);
        let number = u128::from_be_bytes(bytes);
        let high = u64::try_from(number >> 64).unwrap_or(0);
        let low = u64::try_from(number & u128::from(u64::MAX)).unwrap_or(0);
        Self { seeds: [high, low], counter: AtomicU64::new(0) }
    }

    pub(crate) fn next(&self) -> String {
        let count = self.counter.fetch_add(1, Ordering::Relaxed);
        let [high, low] = self.seeds.map(|seed| mix(seed.wrapping_add(count.wrapping_mul(GOLDEN))));
        uuid_text((u128::from(high) << 64) | u128::from(low))
    }
}

/// SplitMix64's finaliser.
fn mix(number: u64) -> u64 {
    let number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ (number >> 31)
}

const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;

const USER_AGENT_BYTES_MAX: usize = 256;
/// The length of a DNS name and a port.
const HOST_BYTES_MAX: usize = 260;

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use coffer_seal::SystemEntropy;

    use super::RequestIds;

    #[test]
    fn request_ids_are_uuids_and_differ() {
        let ids = RequestIds::new(&SystemEntropy::new());
        let drawn: HashSet<String> = (0..1000).map(|_| ids.next()).collect();
        assert_eq!(drawn.len(), 1000);
        for id in drawn {
            assert_eq!(id.len(), 36);
            assert_eq!(id.as_bytes()[14], b'4');
            assert_eq!(id.matches('-').count(), 4);
        }
    }
}

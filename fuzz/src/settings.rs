//! What operators write: the file of settings, of quotas, of peers, a root key, where the store is,
//! headers for a collector.

use coffer_seal::RootKey;
use coffer_server::fuzzed::{collector_headers, peers, quotas, settings};
use coffer_store::{EtcdAddress, PostgresAddress};

use crate::Target;

pub(crate) const TARGET: Target = Target { name: "settings", bytes_max: 16 * 1024, run };

fn run(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    drop(quotas(text));
    if let Err(told) = peers(text) {
        assert!(!told.is_empty() && told.len() <= text.len() + SENTENCE_BYTES_MAX, "{told}");
    }
    if let Err(told) = settings(text) {
        let is_secret = |line: &str| SECRET_SETTINGS.iter().any(|name| line.starts_with(name));
        let are_secret = text.lines().all(|line| is_secret(line) || !line.contains(SECRET));
        assert!(!told.is_empty(), "nothing is told");
        assert!(!are_secret || !told.contains(SECRET), "{told}");
    }
    if let Err(told) = collector_headers(text) {
        assert!(!told.is_empty() && !told.contains(SECRET), "{told}");
    }
    if let Ok(key) = RootKey::parse(text) {
        let again = RootKey::parse(&key.to_text()).unwrap();
        assert_eq!(again.id(), key.id());
    }
    let told = match text.parse::<PostgresAddress>() {
        Ok(address) => format!("{address} {address:?}"),
        Err(told) => told,
    };
    assert!(!told.contains(SECRET) || !is_password(text), "{told}");
    let told = match text.parse::<EtcdAddress>() {
        Ok(address) => format!("{address} {address:?}"),
        Err(told) => told,
    };
    assert!(!told.contains(SECRET) || !is_password(text), "{told}");
}

/// Whether a URL has the secret for its password and for nothing else.
fn is_password(url: &str) -> bool {
    let Some((before, after)) = url.split_once(SECRET) else { return false };
    let user = before.split_once("://").map_or("", |(_, user)| user);
    let is_user = user.ends_with(':') && !user.contains(['/', '?', '#', '@', '[']);
    is_user && after.starts_with('@') && url.matches("xyzzy").count() == 1
}

const SENTENCE_BYTES_MAX: usize = 1024;
/// What inputs have for a password.
const SECRET: &str = "xyzzy-plugh";
/// The settings that hold one.
const SECRET_SETTINGS: &[&str] = &["store = ", "root_secret_access_key = "];

//! Signing keys, and the cache that spares their derivation.

use std::collections::HashMap;
use std::fmt;
use std::hash::BuildHasher;
use std::sync::{Arc, PoisonError, RwLock};

use aws_lc_rs::{constant_time, hmac};
use coffer_model::Sensitive;
use foldhash::quality::RandomState;

use super::TERMINATOR;
use super::parse::CredentialScope;

/// The key that signs one day's requests to one service in one region.
#[derive(Clone)]
pub struct SigningKey(Arc<hmac::Key>);

impl SigningKey {
    /// Derives the key from a secret access key; `date` is `YYYYMMDD`.
    pub fn derive(secret: &Sensitive<String>, date: &str, region: &str, service: &str) -> Self {
        let mut start = Vec::with_capacity(PREFIX.len() + secret.expose().len());
        start.extend_from_slice(PREFIX);
        start.extend_from_slice(secret.expose().as_bytes());
        let mut key = new_key(Sensitive::new(start).expose());
        for part in [date, region, service, TERMINATOR] {
            key = new_key(hmac::sign(&key, part.as_bytes()).as_ref());
        }
        Self(Arc::new(key))
    }

    /// Signs a string to sign.
    pub(super) fn sign(&self, string_to_sign: &[u8]) -> hmac::Tag {
        hmac::sign(&self.0, string_to_sign)
    }

    /// Whether the signature is the string's, in constant time.
    pub(super) fn is_signature(&self, string_to_sign: &[u8], signature: &[u8]) -> bool {
        hmac::verify(&self.0, string_to_sign, signature).is_ok()
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("SigningKey(***)")
    }
}

/// A bounded cache of signing keys, one for each access key, date, region and service.
///
/// A cached key is given out only against the secret that it was derived from, so a secret that
/// changes needs no invalidation, and a cached key proves nothing about its access key: look that
/// up first, each time.
pub struct SigningKeys {
    /// Seeded anew in each process, so whoever chooses a key cannot choose its hash.
    hasher: RandomState,
    shards: [RwLock<Shard>; SHARDS],
}

/// Cached keys by their credential scope, `keyid/date/region/service/aws4_request`.
type Shard = HashMap<Box<str>, Cached, RandomState>;

struct Cached {
    secret: Sensitive<String>,
    key: SigningKey,
}

impl SigningKeys {
    /// An empty cache.
    pub fn new() -> Self {
        Self { hasher: RandomState::default(), shards: std::array::from_fn(|_| RwLock::default()) }
    }

    /// The key for a scope, derived where it is not cached for this very secret.
    pub fn get(&self, scope: &CredentialScope<'_>, secret: &Sensitive<String>) -> SigningKey {
        let derive =
            || SigningKey::derive(secret, scope.date(), scope.region_text(), scope.service());
        let Some(shard) = self.shard(scope.as_str()) else { return derive() };
        if let Some(cached) =
            shard.read().unwrap_or_else(PoisonError::into_inner).get(scope.as_str())
            && is_same(&cached.secret, secret)
        {
            return cached.key.clone();
        }
        let key = derive();
        let mut shard = shard.write().unwrap_or_else(PoisonError::into_inner);
        make_room(&mut shard, scope);
        shard.insert(scope.as_str().into(), Cached { secret: secret.clone(), key: key.clone() });
        key
    }

    fn shard(&self, scope: &str) -> Option<&RwLock<Shard>> {
        let hash = self.hasher.hash_one(scope);
        let index = usize::try_from(hash % u64::try_from(SHARDS).ok()?).ok()?;
        self.shards.get(index)
    }
}

impl Default for SigningKeys {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for SigningKeys {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("SigningKeys")
    }
}

/// Drops other days' keys from a full shard, and any one of today's if that is not enough.
fn make_room(shard: &mut Shard, scope: &CredentialScope<'_>) {
    if shard.len() < SHARD_KEYS_MAX || shard.contains_key(scope.as_str()) {
        return;
    }
    shard.retain(|cached, _| cached.split('/').nth(1) == Some(scope.date()));
    if shard.len() >= SHARD_KEYS_MAX
        && let Some(any) = shard.keys().next().cloned()
    {
        shard.remove(&any);
    }
}

fn is_same(one: &Sensitive<String>, other: &Sensitive<String>) -> bool {
    let (one, other) = (one.expose().as_bytes(), other.expose().as_bytes());
    constant_time::verify_slices_are_equal(one, other).is_ok()
}

fn new_key(bytes: &[u8]) -> hmac::Key {
    hmac::Key::new(hmac::HMAC_SHA256, bytes)
}

const PREFIX: &[u8] = b"AWS4";
const SHARDS: usize = 16;
/// The most keys that one shard holds: 4,096 in all, which is a few megabytes.
const SHARD_KEYS_MAX: usize = 256;

#[cfg(test)]
mod tests {
    use coffer_model::Sensitive;

    use super::{CredentialScope, SHARD_KEYS_MAX, SHARDS, SigningKey, SigningKeys};

    fn secret(text: &str) -> Sensitive<String> {
        Sensitive::new(text.to_owned())
    }

    fn signature(key: &SigningKey) -> Vec<u8> {
        key.sign(b"x").as_ref().to_vec()
    }

    fn cached(keys: &SigningKeys) -> usize {
        keys.shards.iter().map(|shard| shard.read().unwrap().len()).sum()
    }

    #[test]
    fn a_cached_key_is_given_out_only_against_its_own_secret() {
        let keys = SigningKeys::new();
        let scope = CredentialScope::read("A/20261122/dc1/ssm/aws4_request".into()).unwrap();
        let first = signature(&keys.get(&scope, &secret("one")));
        assert_eq!(signature(&keys.get(&scope, &secret("one"))), first);
        let second = signature(&keys.get(&scope, &secret("two")));
        assert_ne!(second, first);
        assert_eq!(
            second,
            signature(&SigningKey::derive(&secret("two"), "20261122", "dc1", "ssm"))
        );
        assert_eq!(cached(&keys), 1);
    }

    #[test]
    fn the_cache_is_bounded_and_prefers_the_day_of_the_newcomer() {
        let keys = SigningKeys::new();
        for number in 0..SHARDS * SHARD_KEYS_MAX * 2 {
            let text = format!("A{number}/20261122/dc1/ssm/aws4_request");
            keys.get(&CredentialScope::read(text.into()).unwrap(), &secret("s"));
        }
        assert!(cached(&keys) <= SHARDS * SHARD_KEYS_MAX);
        for number in 0..SHARDS * SHARD_KEYS_MAX {
            let text = format!("A{number}/20261123/dc1/ssm/aws4_request");
            keys.get(&CredentialScope::read(text.into()).unwrap(), &secret("s"));
        }
        let yesterday = |shard: &std::sync::RwLock<super::Shard>| {
            shard.read().unwrap().keys().filter(|key| key.contains("/20261122/")).count()
        };
        assert_eq!(keys.shards.iter().map(yesterday).sum::<usize>(), 0);
    }

    #[test]
    fn debug_prints_a_mark() {
        let key = SigningKey::derive(&secret("hunter2"), "20261122", "dc1", "ssm");
        assert_eq!(format!("{key:?}"), "SigningKey(***)");
    }
}

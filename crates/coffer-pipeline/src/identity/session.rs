//! Temporary credentials. A session is nowhere but in its token: the sealed claims, which any node
//! that has the store's key can open.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use coffer_model::{AccountId, Sensitive, Timestamp};
use coffer_seal::{Entropy, SessionSealer};
use serde::{Deserialize, Serialize};

/// What a session token says of its session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionClaims {
    /// The access key's id, `ASIA…`. Its secret is derived from it.
    pub access_key_id: String,
    /// The account the session acts in.
    pub account: AccountId,
    /// Whose session it is.
    pub kind: SessionKind,
    /// When it was given out.
    pub issued: Timestamp,
    /// When it ends.
    pub expires: Timestamp,
    /// Whether, and when, whoever asked for it proved to have an MFA device.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mfa_authenticated: Option<Timestamp>,
    /// The session's policies, which bound what it may do; inline text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<String>,
    /// The ARNs of managed policies that bound the session besides.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub policy_arns: Vec<String>,
    /// The session's tags, which go before those of its role or user.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub tags: BTreeMap<String, String>,
    /// The names of those tags that sessions of this session have too.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub transitive: Vec<String>,
    /// The source identity, which stays through all chained roles.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_identity: Option<String>,
    /// Condition keys that a web identity brought: `token.example.com:sub` and the like, and
    /// `aws:federatedprovider`, by lower-case name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub federation: BTreeMap<String, Vec<String>>,
    /// Whether a session asked for this one: role chaining, whose sessions last an hour at most.
    #[serde(default)]
    pub is_chained: bool,
}

/// Whose session it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum SessionKind {
    /// A role's.
    Role {
        /// The role's name, in the case it has.
        role: String,
        /// The role's unique id.
        role_id: String,
        /// The session's name.
        session_name: String,
    },
    /// A user's own, by GetSessionToken.
    User {
        /// The user's name, in lower case.
        user: String,
        /// The user's unique id.
        user_id: String,
    },
    /// The account root's own, by GetSessionToken.
    Root,
    /// A federated user's, by GetFederationToken.
    Federated {
        /// The federated user's name.
        name: String,
        /// The name of the user that asked for it, in lower case; nothing for the account's root.
        user: Option<String>,
        /// The unique id of that user.
        user_id: Option<String>,
    },
}

impl SessionClaims {
    /// Seals the claims into a token.
    pub fn to_token(&self, sealer: &SessionSealer, entropy: &dyn Entropy) -> Option<String> {
        let plain = serde_json::to_vec(self).ok()?;
        Some(STANDARD.encode(sealer.seal(entropy, &plain)))
    }

    /// The same, of at least so many characters: what is missing is blanks behind the claims.
    pub fn to_token_of(
        &self,
        characters_min: usize,
        sealer: &SessionSealer,
        entropy: &dyn Entropy,
    ) -> Option<String> {
        let mut plain = serde_json::to_vec(self).ok()?;
        let bytes_min = (characters_min / 4).saturating_mul(3);
        let blanks = bytes_min.saturating_sub(plain.len());
        plain.resize(plain.len().saturating_add(blanks), b' ');
        Some(STANDARD.encode(sealer.seal(entropy, &plain)))
    }

    /// Opens a token; nothing for what this store has not sealed.
    pub fn of_token(sealer: &SessionSealer, token: &str) -> Option<Self> {
        let plain = sealer.open(&STANDARD.decode(token).ok()?).ok()?;
        serde_json::from_slice(&plain).ok()
    }

    /// The secret access key of the session: derived, so that the token need not hold it.
    pub fn secret(&self, sealer: &SessionSealer) -> Sensitive<String> {
        Sensitive::new(STANDARD.encode(sealer.secret_of(&self.access_key_id).as_slice()))
    }
}

#[cfg(test)]
mod tests {
    use coffer_model::{AccountId, Timestamp};
    use coffer_seal::{RootKey, RowSealer, SystemEntropy};

    use super::{SessionClaims, SessionKind};

    #[test]
    fn a_token_opens_only_as_it_was_sealed() {
        let entropy = SystemEntropy::new();
        let root = RootKey::generate(&entropy);
        let sealer = RowSealer::generate(&entropy, &root).0.session_sealer();
        let claims = SessionClaims {
            access_key_id: "ASIAEXAMPLE".to_owned(),
            account: AccountId::dev(),
            kind: SessionKind::Root,
            issued: Timestamp::from_millis(0),
            expires: Timestamp::from_millis(3_600_000),
            mfa_authenticated: None,
            policy: None,
            policy_arns: Vec::new(),
            tags: Default::default(),
            transitive: Vec::new(),
            source_identity: None,
            federation: Default::default(),
            is_chained: false,
        };
        let token = claims.to_token(&sealer, &entropy).unwrap();
        assert_eq!(SessionClaims::of_token(&sealer, &token), Some(claims.clone()));
        assert_eq!(claims.secret(&sealer).expose().len(), 40);
        let long = claims.to_token_of(4096, &sealer, &entropy).unwrap();
        assert!((4096..4200).contains(&long.len()), "{}", long.len());
        assert_eq!(SessionClaims::of_token(&sealer, &long), Some(claims.clone()));
        let other = RowSealer::generate(&entropy, &root).0.session_sealer();
        assert_eq!(SessionClaims::of_token(&other, &token), None);
        assert_ne!(claims.secret(&other).expose(), claims.secret(&sealer).expose());
        for place in 0..token.len() {
            let mut changed = token.clone().into_bytes();
            changed[place] = if changed[place] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(changed).unwrap();
            assert_eq!(SessionClaims::of_token(&sealer, &changed), None, "character {place}");
        }
    }
}

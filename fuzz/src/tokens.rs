//! Tokens: of OIDC providers, of pages, of sessions.

use coffer_pipeline::identity::SessionClaims;
use coffer_seal::{RootKey, RowSealer, SessionSealer};
use coffer_services::sts::fuzzed::claims_of;

use crate::Target;
use crate::sealed::Counting;

pub(crate) const TARGET: Target = Target { name: "tokens", bytes_max: 24 * 1024, run };

fn run(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    if let Some(claims) = claims_of(text) {
        assert!(claims <= text.len());
    }
    let sealer = sealer();
    // Nobody else has the key.
    assert!(SessionClaims::of_token(&sealer, text).is_none());
    // Whatever claims a release has sealed are read, or are none.
    if let Ok(claims) = serde_json::from_str::<SessionClaims>(text) {
        let token = claims.to_token(&sealer, &Counting::new()).unwrap();
        let again = SessionClaims::of_token(&sealer, &token).unwrap();
        let written = serde_json::to_string(&claims).unwrap();
        assert_eq!(serde_json::to_string(&again).unwrap(), written);
        let padded = claims.to_token_of(900, &sealer, &Counting::new()).unwrap();
        assert!(padded.len() >= 900 && SessionClaims::of_token(&sealer, &padded).is_some());
    }
}

fn sealer() -> SessionSealer {
    let entropy = Counting::new();
    RowSealer::generate(&entropy, &RootKey::generate(&entropy)).0.session_sealer()
}

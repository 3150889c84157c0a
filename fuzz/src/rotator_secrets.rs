//! What rotators read: logins, rules of random members, rules of API keys.

use coffer_model::Sensitive;
use coffer_rotators::{ApiKeyRules, Login, RandomMember, with_random_members};

use crate::Target;

pub(crate) const TARGET: Target = Target { name: "rotator_secrets", bytes_max: 16 * 1024, run };

fn run(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    let secret = Sensitive::new(text.to_owned());
    if let Ok(login) = Login::read(&secret) {
        assert!(!format!("{login:?}").contains(login.password.expose()) || is_short(&login));
    }
    if let Ok(members) = RandomMember::read_rule(text) {
        let empty = Sensitive::new("{\"a\":\"b\"}".to_owned());
        drop(with_random_members(&empty, &members, &mut |bytes: &mut [u8]| bytes.fill(7)));
    }
    let members = RandomMember::read_rule("password=alphanumeric:32").unwrap_or_default();
    if let Ok(made) = with_random_members(&secret, &members, &mut |bytes: &mut [u8]| bytes.fill(7))
    {
        let made: serde_json::Value = serde_json::from_str(made.expose()).unwrap();
        assert!(made.is_object());
    }
    for allows_plain in [true, false] {
        if let Ok(rules) = ApiKeyRules::read(text, allows_plain) {
            assert!(rules.named("").is_none());
        }
    }
}

/// A password of few letters is found in anything.
fn is_short(login: &Login) -> bool {
    login.password.expose().len() < 8 || login.username.contains(login.password.expose())
}

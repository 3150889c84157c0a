//! What a server of Redis answers: whatever it is, a rotation ends, and no error tells a password.

use coffer_model::Sensitive;
use coffer_rotators::Login;
use coffer_rotators::redis_fuzzed::{rotated, rules};

use crate::Target;

pub(crate) const TARGET: Target = Target { name: "redis_answers", bytes_max: 32 * 1024, run };

/// All that the server says, and for the lines about users, each line of it.
fn run(input: &[u8]) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let (current, pending) = (login("ada", CURRENT), login("ada_clone", PENDING));
    if let Err(error) = runtime.block_on(rotated(input, &current, &pending)) {
        let told = format!("{error} {error:?}");
        assert!(!told.contains(CURRENT) && !told.contains(PENDING), "{told}");
        assert!(told.len() < TOLD_BYTES_MAX && !told.contains(char::is_control), "{told}");
    }
    let Ok(text) = std::str::from_utf8(input) else { return };
    for line in text.lines() {
        let Some(read) = rules(line, "ada") else { continue };
        let is_password = |rule: &&str| rule.starts_with(['#', '>']) || *rule == "nopass";
        assert_eq!(read.first(), Some(&"reset"));
        assert!(!read.iter().any(is_password) && !read.contains(&""), "{read:?}");
        let line = format!("user ada {}", read.join(" "));
        assert_eq!(rules(&line, "ada").unwrap()[1..], read);
    }
}

fn login(username: &str, password: &str) -> Login {
    let secret = serde_json::json!({
        "engine": "redis",
        "host": "db.example",
        "username": username,
        "password": password,
    });
    Login::read(&Sensitive::new(secret.to_string())).unwrap()
}

const CURRENT: &str = "xyzzy-plugh";
const PENDING: &str = "plover-xyzzy";
const TOLD_BYTES_MAX: usize = 1024;

//! Words for parameters, secrets, functions and audited resources: the ARN of what is meant means the
//! same.

use std::sync::Arc;

use coffer_model::{AccountId, Timestamp};
use coffer_pipeline::{Caller, Permissions, RequestContext, Scope};
use coffer_services::{cloudtrail, lambda, secretsmanager, ssm};

use crate::Target;

pub(crate) const TARGET: Target = Target { name: "names", bytes_max: 8 * 1024, run };

fn run(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    let context = context();
    if let Some((path, again)) = ssm::fuzzed::named(text) {
        // `/` alone is read as a name, which no parameter can have; no ARN is of it.
        assert!(path.is_empty() || again.as_deref() == Some(path.as_str()), "{text}: {again:?}");
    }
    if let Some((arn, again)) = lambda::fuzzed::named(text, &context) {
        // An ARN has no room for a name with a colon, which is a version to it.
        let is_plain = text.split(':').next_back().is_some_and(|name| !name.is_empty());
        assert!(!is_plain || again.is_some(), "{text}: {arn}");
    }
    let (_, is_sound) = secretsmanager::fuzzed::read_texts(&context.scope, text);
    assert!(is_sound, "{text}");
    if let Some(token) = cloudtrail::fuzzed::token_again(text) {
        assert_eq!(cloudtrail::fuzzed::token_again(&token), Some(token));
    }
    let (words, name) = text.split_once('\n').unwrap_or((text, "/app/db"));
    cloudtrail::fuzzed::is_meant(words, name, "ssm.amazonaws.com");
}

/// The root of the dev account.
pub(crate) fn context() -> RequestContext {
    let region = "us-east-1".parse().unwrap();
    RequestContext {
        request_id: String::new(),
        caller: Arc::new(Caller::root(AccountId::dev(), "test")),
        identity: None,
        permissions: Arc::new(Permissions::unbounded()),
        scope: Scope { account: AccountId::dev(), region },
        now: Timestamp::from_millis(1_800_000_000_000),
        source_ip: "127.0.0.1".into(),
        user_agent: "fuzz".to_owned(),
        is_secure: false,
        tls: None,
    }
}

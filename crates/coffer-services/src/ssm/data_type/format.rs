//! The forms of values, one function each.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::de::IgnoredAny;
use zeroize::Zeroizing;

/// `ami-` and eight (the older ones) or seventeen hexadecimal digits.
pub(super) fn is_image_id(value: &str) -> bool {
    value.strip_prefix("ami-").is_some_and(|id| {
        let is_hexadecimal = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        matches!(id.len(), 8 | 17) && id.bytes().all(is_hexadecimal)
    })
}

/// Digits, perhaps with a sign before them.
pub(super) fn is_integer(value: &str) -> bool {
    is_digits(value.strip_prefix(['+', '-']).unwrap_or(value))
}

/// Digits with at most one point among them, a sign before and an exponent after them.
pub(super) fn is_float(value: &str) -> bool {
    let value = value.strip_prefix(['+', '-']).unwrap_or(value);
    let (number, exponent) = match value.split_once(['e', 'E']) {
        Some((number, exponent)) => (number, Some(exponent)),
        None => (value, None),
    };
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let has_digits = !whole.is_empty() || !fraction.is_empty();
    let all_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    has_digits && all_digits(whole) && all_digits(fraction) && exponent.is_none_or(is_integer)
}

/// Bytes in base64, padded.
pub(super) fn is_base64(value: &str) -> bool {
    !value.is_empty() && STANDARD.decode(value).map(Zeroizing::new).is_ok()
}

/// RFC 1123: labels of letters, digits and inner hyphens, joined by points; one may end it.
pub(super) fn is_hostname(value: &str) -> bool {
    let name = value.strip_suffix('.').unwrap_or(value);
    name.len() <= HOSTNAME_BYTES_MAX && name.split('.').all(is_label)
}

/// RFC 5321, without quoted local parts and address literals.
pub(super) fn is_email(value: &str) -> bool {
    let Some((local, domain)) = value.rsplit_once('@') else { return false };
    let is_atom = |atom: &str| {
        !atom.is_empty()
            && atom.bytes().all(|byte| byte.is_ascii_alphanumeric() || ATOM_SYMBOLS.contains(&byte))
    };
    value.len() <= EMAIL_BYTES_MAX
        && local.len() <= LOCAL_PART_BYTES_MAX
        && local.split('.').all(is_atom)
        && is_hostname(domain)
        && !domain.ends_with('.')
}

/// RFC 3986, absolute and with a host; only files do without one.
pub(super) fn is_url(value: &str) -> bool {
    let Some((scheme, rest)) = value.split_once("://") else { return false };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host_and_port = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let is_scheme = scheme.starts_with(|first: char| first.is_ascii_alphabetic())
        && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte));
    let is_visible = |byte: u8| byte.is_ascii_graphic() && !b"\"<>\\^`{|}".contains(&byte);
    is_scheme
        && rest.bytes().all(is_visible)
        && escapes_are_whole(rest)
        && (is_host_and_port(host_and_port) || authority.is_empty() && scheme == "file")
}

/// RFC 8259.
pub(super) fn is_json(value: &str) -> bool {
    serde_json::from_str::<IgnoredAny>(value).is_ok()
}

/// JSON with comments between its tokens: `//` to the end of the line, `/*` to `*/`.
pub(super) fn is_jsonc(value: &str) -> bool {
    without_comments(value).is_some_and(|json| is_json(&json))
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_label(label: &str) -> bool {
    (1..=LABEL_BYTES_MAX).contains(&label.len())
        && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        && !label.starts_with('-')
        && !label.ends_with('-')
}

fn is_host_and_port(text: &str) -> bool {
    let (host, port) = match text.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, port),
        _ => (text, ""),
    };
    let is_port = port.is_empty() || port.parse::<u16>().is_ok();
    let inner = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
    is_port
        && match inner {
            Some(address) => address.parse::<std::net::Ipv6Addr>().is_ok(),
            None => !host.is_empty() && !host.contains(['[', ']', ':']),
        }
}

/// Whether two hexadecimal digits follow each percent sign.
fn escapes_are_whole(text: &str) -> bool {
    text.split('%').skip(1).all(|after| {
        let digits = after.as_bytes().get(..2);
        digits.is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit))
    })
}

/// The text with a blank in place of each comment; nothing where one does not end.
fn without_comments(text: &str) -> Option<Zeroizing<String>> {
    let mut out = Zeroizing::new(String::with_capacity(text.len()));
    let mut rest = text.chars().peekable();
    let mut in_text = false;
    while let Some(this) = rest.next() {
        match (this, rest.peek()) {
            ('"', _) => in_text = !in_text,
            ('\\', Some(_)) if in_text => {
                out.push(this);
                out.extend(rest.next());
                continue;
            }
            ('/', Some('/')) if !in_text => {
                rest.by_ref().find(|next| *next == '\n');
                out.push(' ');
                continue;
            }
            ('/', Some('*')) if !in_text => {
                rest.next();
                let mut last = ' ';
                rest.by_ref()
                    .find(|next| std::mem::replace(&mut last, *next) == '*' && *next == '/')?;
                out.push(' ');
                continue;
            }
            _ => {}
        }
        out.push(this);
    }
    Some(out)
}

const HOSTNAME_BYTES_MAX: usize = 253;
const LABEL_BYTES_MAX: usize = 63;
const EMAIL_BYTES_MAX: usize = 254;
const LOCAL_PART_BYTES_MAX: usize = 64;
const ATOM_SYMBOLS: &[u8] = b"!#$%&'*+-/=?^_`{|}~";

#[cfg(test)]
mod tests {
    use super::*;

    fn check(is_met: fn(&str) -> bool, good: &[&str], bad: &[&str]) {
        for value in good {
            assert!(is_met(value), "{value}");
        }
        for value in bad {
            assert!(!is_met(value), "{value}");
        }
    }

    #[test]
    fn numbers() {
        check(is_integer, &["443", "-7", "+7", "0"], &["", "-", "four", "1.5", "1e", "--1", "1 "]);
        let floats = ["1.5", "-0.25", "7", ".5", "5.", "1e9", "1.5E-3"];
        check(is_float, &floats, &["", ".", "-", "1e", "e5", "1.2.3", "NaN", "inf", "1,5"]);
        check(is_base64, &["aGVsbG8gd29ybGQ=", "AAAA"], &["not base64!", "AAA", ""]);
    }

    #[test]
    fn names() {
        let long = format!("{}.example", "a".repeat(64));
        let bad = ["", ".", "a..b", "under score.example", "-first.example", "a_b", &long];
        check(is_hostname, &["db.internal.example.com", "localhost", "a.b.", "1.2"], &bad);
        let bad = ["who.example.com", "@example.com", "a@", "a b@example.com", "a..b@example.com"];
        check(is_email, &["who@example.com", "a.b+c@localhost"], &bad);
        let good = ["ami-0123456789abcdef0", "ami-12345678"];
        check(is_image_id, &good, &["ami-", "ami-1234567", "ami-1234567G", "AMI-12345678", ""]);
    }

    #[test]
    fn urls() {
        let good = [
            "https://example.com/path?x=1#y",
            "postgres://u:p%40@db.example:5432/x",
            "http://[::1]:80/",
            "file:///etc/hosts",
            "s3://bucket/key",
        ];
        let bad = [
            "not a url",
            "https://",
            "https:///path",
            "://x",
            "1a://x",
            "https://a b",
            "https://a\u{a0}b/",
            "https://h/\u{e9}",
            "https://h:99999/",
            "https://x/%4",
            "https://[::1/",
            "mailto:who@example.com",
        ];
        check(is_url, &good, &bad);
    }

    #[test]
    fn documents() {
        let bad = ["", "{", "{'a': 1}", "{\"a\": 1 /* why */}", "1 2"];
        check(is_json, &["{\"a\": [1, 2, {\"b\": null}]}", "7", "\"x\""], &bad);
        let good =
            ["{\"a\": 1 /* why */}", "// first\n[1]", "[\"//\", \"/*\", \"\\\"/*\"]", "1 //"];
        let bad = ["{", "/* open", "[1] /* * /", "/*/ [1]", "1/ /2", "//"];
        check(is_jsonc, &good, &bad);
        check(is_json, &[], &["[".repeat(8000).as_str()]);
    }
}

//! The canonical request and the string to sign.

use aws_lc_rs::digest;
use smallvec::SmallVec;

use super::parse::CredentialScope;
use super::stamp::Stamp;
use super::{ALGORITHM, RequestView, TERMINATOR, list, query};

/// A header that the signature covers is not in the request.
pub(super) struct HeaderAbsent;

/// Where the signature stands.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// In the `Authorization` header.
    Header,
    /// In the query string.
    Query,
}

/// Writes the canonical request. The names in `signed_headers` are in order and lower case.
pub(super) fn write_request(
    out: &mut Vec<u8>,
    request: &RequestView<'_>,
    signed_headers: &str,
    form: Form,
    payload_hash: &[u8],
) -> Result<(), HeaderAbsent> {
    out.extend_from_slice(request.method.as_bytes());
    out.push(b'\n');
    write_path(out, request.path);
    out.push(b'\n');
    if let Some(text) = request.query {
        query::write_canonical(out, text, form == Form::Query);
    }
    out.push(b'\n');
    write_headers(out, request, signed_headers)?;
    out.push(b'\n');
    out.extend_from_slice(signed_headers.as_bytes());
    out.push(b'\n');
    out.extend_from_slice(payload_hash);
    Ok(())
}

/// Writes the string to sign for a canonical request.
pub(super) fn write_string_to_sign(
    out: &mut Vec<u8>,
    stamp: &Stamp,
    scope: &CredentialScope<'_>,
    canonical_request: &digest::Digest,
) {
    let parts =
        [ALGORITHM, "\n", stamp.as_str(), "\n", scope.date(), "/", scope.region_text(), "/"];
    for part in parts.into_iter().chain([scope.service(), "/", TERMINATOR, "\n"]) {
        out.extend_from_slice(part.as_bytes());
    }
    out.extend_from_slice(&hex(canonical_request));
}

/// A SHA-256 digest as lower-case hexadecimal digits.
pub(super) fn hex(digest: &digest::Digest) -> [u8; 64] {
    let digit = |nibble: u8| if nibble < 10 { b'0' + nibble } else { b'a' + nibble - 10 };
    let mut out = [0; 64];
    let (pairs, _) = out.as_chunks_mut::<2>();
    for (pair, byte) in pairs.iter_mut().zip(digest.as_ref()) {
        *pair = [digit(byte >> 4), digit(byte & 15)];
    }
    out
}

/// Writes the path: without dot segments and empty ones, and encoded once more than received.
///
/// AWS: every service but S3 encodes twice, so a percent sign of the wire is encoded here.
fn write_path(out: &mut Vec<u8>, path: &str) {
    if path == "/" || path.is_empty() {
        out.push(b'/');
        return;
    }
    let mut segments: Vec<&str> = Vec::new();
    for segment in path.split('/') {
        match segment {
            "" | "." => {}
            ".." => drop(segments.pop()),
            other => segments.push(other),
        }
    }
    for segment in &segments {
        out.push(b'/');
        segment.bytes().for_each(|byte| query::write_encoded(out, byte));
    }
    if segments.is_empty() || path.ends_with('/') {
        out.push(b'/');
    }
}

/// Writes the signed headers, each with all its values.
fn write_headers(
    out: &mut Vec<u8>,
    request: &RequestView<'_>,
    signed_headers: &str,
) -> Result<(), HeaderAbsent> {
    let names: Few<&str> = list::names(signed_headers).collect();
    // One pass over the headers: to look each name up would be to hash each one.
    let mut values = Few::new();
    for (header, value) in request.headers {
        let header = header.as_str();
        if let Some(place) = names.iter().position(|name| *name == header) {
            values.push((place, value.as_bytes()));
        }
    }
    for (place, name) in names.iter().enumerate() {
        out.extend_from_slice(name.as_bytes());
        out.push(b':');
        let mut own = values.iter().filter(|(of, _)| *of == place).map(|(_, value)| *value);
        if let Some(authority) = request.authority.filter(|_| *name == "host") {
            out.extend_from_slice(authority.as_bytes());
        } else {
            write_value(out, own.next().ok_or(HeaderAbsent)?);
            for value in own {
                out.push(b',');
                write_value(out, value);
            }
        }
        out.push(b'\n');
    }
    Ok(())
}

/// As many as most requests sign: no memory is asked for.
type Few<T> = SmallVec<[T; 16]>;

/// Writes a header's value without blanks at its ends, and with one for each run of them inside.
fn write_value(out: &mut Vec<u8>, value: &[u8]) {
    if memchr::memchr2(b' ', b'\t', value).is_none() {
        out.extend_from_slice(value);
        return;
    }
    let words = value.split(|byte| matches!(byte, b' ' | b'\t')).filter(|word| !word.is_empty());
    for (index, word) in words.enumerate() {
        if index > 0 {
            out.push(b' ');
        }
        out.extend_from_slice(word);
    }
}

#[cfg(test)]
mod tests {
    use super::{write_path, write_value};

    fn written(write: fn(&mut Vec<u8>, &str), text: &str) -> String {
        let mut out = Vec::new();
        write(&mut out, text);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn paths_lose_dots_and_empty_segments_and_are_encoded_twice() {
        for (path, expected) in [
            ("", "/"),
            ("/", "/"),
            ("//", "/"),
            ("/./", "/"),
            ("/a/..", "/"),
            ("/a/../../b", "/b"),
            ("//a//b//", "/a/b/"),
            ("/2015-03-31/functions/a%3Ab", "/2015-03-31/functions/a%253Ab"),
            ("/ሴ", "/%E1%88%B4"),
            ("*", "/%2A"),
        ] {
            assert_eq!(written(write_path, path), expected, "{path}");
        }
    }

    #[test]
    fn values_lose_superfluous_blanks() {
        for (value, expected) in
            [("a", "a"), ("  a  b \t c ", "a b c"), ("\"a   b\"", "\"a b\""), (" ", ""), ("", "")]
        {
            assert_eq!(written(|out, text| write_value(out, text.as_bytes()), value), expected);
        }
    }
}

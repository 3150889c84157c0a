//! Texts and numbers, escaped and formatted into bytes.

/// Appends a text in JSON's quotes.
pub(super) fn json(text: &str, out: &mut Vec<u8>) {
    out.reserve(text.len() + 2);
    out.push(b'"');
    escaped(text, out, |byte| byte < b' ' || byte == b'"' || byte == b'\\', json_escape);
    out.push(b'"');
}

/// Appends a text as XML character data, fit for an attribute's value too.
pub(super) fn xml(text: &str, out: &mut Vec<u8>) {
    let special = |byte| byte < b' ' || matches!(byte, b'&' | b'<' | b'>' | b'"');
    escaped(text, out, special, xml_escape);
}

/// Appends a number in decimal.
pub(super) fn integer(number: i64, out: &mut Vec<u8>) {
    out.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
}

/// Appends milliseconds as seconds: `1700000000`, `1700000000.12`.
pub(super) fn seconds(millis: i64, out: &mut Vec<u8>) {
    if millis < 0 {
        out.push(b'-');
    }
    let magnitude = millis.unsigned_abs();
    out.extend_from_slice(itoa::Buffer::new().format(magnitude / 1000).as_bytes());
    let fraction = magnitude % 1000;
    if fraction != 0 {
        // The leading one keeps the zeros behind it.
        let mut digits = itoa::Buffer::new();
        let digits = digits.format(1000 + fraction).trim_end_matches('0');
        out.push(b'.');
        out.extend_from_slice(digits.as_bytes().get(1..).unwrap_or_default());
    }
}

/// Copies runs of plain bytes at once; all that is special is ASCII.
fn escaped(
    text: &str,
    out: &mut Vec<u8>,
    is_special: impl Fn(u8) -> bool,
    escape: impl Fn(u8, &mut Vec<u8>),
) {
    let mut rest = text.as_bytes();
    while let Some(at) = first_special(rest, &is_special) {
        let (plain, special) = rest.split_at(at);
        out.extend_from_slice(plain);
        let Some((byte, after)) = special.split_first() else { break };
        escape(*byte, out);
        rest = after;
    }
    out.extend_from_slice(rest);
}

/// Where the first special byte is; most texts have none. Whole chunks are looked at without a branch
/// for each byte, which the compiler turns into a few vector instructions; the last one overlaps with
/// the one before it. So no byte is looked at by itself but in the shortest of texts, and in a chunk
/// that has a special one.
fn first_special(bytes: &[u8], is_special: impl Fn(u8) -> bool) -> Option<usize> {
    let any = |chunk: &[u8]| chunk.iter().fold(false, |any, byte| any | is_special(*byte));
    let within = |from: usize| {
        let rest = bytes.get(from..)?;
        rest.iter().position(|byte| is_special(*byte)).map(|at| from + at)
    };
    if let Some(last) = bytes.last_chunk::<16>() {
        let (chunks, _) = bytes.as_chunks::<16>();
        return match chunks.iter().position(|chunk| any(chunk)) {
            Some(chunk) => within(chunk * 16),
            None if any(last) => within(bytes.len() - last.len()),
            None => None,
        };
    }
    match (bytes.first_chunk::<8>(), bytes.last_chunk::<8>()) {
        (Some(first), Some(last)) if !any(first) && !any(last) => None,
        _ => within(0),
    }
}

fn json_escape(byte: u8, out: &mut Vec<u8>) {
    let short = match byte {
        b'"' => b'"',
        b'\\' => b'\\',
        b'\n' => b'n',
        b'\r' => b'r',
        b'\t' => b't',
        0x08 => b'b',
        0x0C => b'f',
        control => {
            let low = control & 0x0F;
            out.extend_from_slice(b"\\u00");
            out.push(b'0' + (control >> 4));
            out.push(if low < 10 { b'0' + low } else { b'a' + low - 10 });
            return;
        }
    };
    out.extend_from_slice(&[b'\\', short]);
}

fn xml_escape(byte: u8, out: &mut Vec<u8>) {
    out.extend_from_slice(match byte {
        b'&' => b"&amp;",
        b'<' => b"&lt;",
        b'>' => b"&gt;",
        b'"' => b"&quot;",
        b'\r' => b"&#xD;",
        b'\n' => b"\n",
        b'\t' => b"\t",
        // XML has no way to write the other controls.
        _ => "\u{FFFD}".as_bytes(),
    });
}

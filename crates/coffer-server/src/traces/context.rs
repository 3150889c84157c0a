//! The trace that a request belongs to, as its caller says by W3C's `traceparent` or by AWS's
//! `X-Amzn-Trace-Id`.

use http::HeaderMap;

/// A place in a trace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TraceContext {
    /// The trace.
    pub(crate) trace_id: u128,
    /// The span of the caller; 0 where none is named.
    pub(crate) span_id: u64,
    /// Whether the caller traces, where it says so.
    pub(crate) is_sampled: Option<bool>,
}

impl TraceContext {
    /// What the headers of a request say. W3C's header goes before AWS's.
    pub(crate) fn of_headers(headers: &HeaderMap) -> Option<Self> {
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        let parent = text(TRACEPARENT).and_then(Self::of_traceparent);
        parent.or_else(|| text(AMZN_TRACE_ID).and_then(Self::of_amzn))
    }

    /// Reads `00-TRACE-SPAN-FLAGS`. W3C: later versions may say more behind it; ids of zeros are none.
    pub(crate) fn of_traceparent(text: &str) -> Option<Self> {
        let mut parts = text.trim().split('-');
        let (version, trace, span) = (parts.next()?, parts.next()?, parts.next()?);
        let flags = parts.next()?;
        let version = number(version, 2).filter(|version| *version != 0xff)?;
        if version == 0 && parts.next().is_some() {
            return None;
        }
        let trace_id = number(trace, 32).filter(|id| *id != 0)?;
        let span_id = u64::try_from(number(span, 16)?).ok().filter(|id| *id != 0)?;
        let is_sampled = Some(number(flags, 2)? & 1 == 1);
        Some(Self { trace_id, span_id, is_sampled })
    }

    /// Reads `Root=1-SECONDS-REST;Parent=SPAN;Sampled=1`, in any order and with more in between.
    pub(crate) fn of_amzn(text: &str) -> Option<Self> {
        if text.len() > AMZN_BYTES_MAX {
            return None;
        }
        let (mut trace_id, mut span_id, mut is_sampled) = (None, 0, None);
        for part in text.split(';') {
            let Some((name, value)) = part.trim().split_once('=') else { continue };
            match name {
                "Root" => trace_id = root(value),
                "Parent" => {
                    span_id = number(value, 16).and_then(|id| u64::try_from(id).ok()).unwrap_or(0);
                }
                // AWS: `?` asks that whoever is called decides.
                "Sampled" => {
                    is_sampled = match value {
                        "1" => Some(true),
                        "0" => Some(false),
                        _ => None,
                    }
                }
                _ => {}
            }
        }
        trace_id.map(|trace_id| Self { trace_id, span_id, is_sampled })
    }

    /// The same as AWS's header.
    pub(crate) fn to_amzn(self) -> String {
        let id = format!("{:032x}", self.trace_id);
        let (seconds, rest) = id.split_at_checked(8).unwrap_or((&id, ""));
        let sampled = if self.is_sampled == Some(true) { "1" } else { "0" };
        format!("Root=1-{seconds}-{rest};Parent={:016x};Sampled={sampled}", self.span_id)
    }
}

fn root(text: &str) -> Option<u128> {
    let mut parts = text.split('-');
    let (version, seconds, rest) = (parts.next()?, parts.next()?, parts.next()?);
    if version != "1" || parts.next().is_some() {
        return None;
    }
    let (seconds, rest) = (number(seconds, 8)?, number(rest, 24)?);
    Some((seconds << 96) | rest).filter(|id| *id != 0)
}

/// A number of so many digits, in lower-case hexadecimal.
fn number(text: &str, digits: usize) -> Option<u128> {
    let is_digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    let is_number = text.len() == digits && text.bytes().all(is_digit);
    is_number.then(|| u128::from_str_radix(text, 16).ok())?
}

const TRACEPARENT: &str = "traceparent";
const AMZN_TRACE_ID: &str = "x-amzn-trace-id";
/// AWS adds to what callers say; more than this is nobody's.
const AMZN_BYTES_MAX: usize = 1024;

#[cfg(test)]
mod tests {
    use super::TraceContext;

    #[test]
    fn both_headers_name_a_trace_a_span_and_a_choice() {
        let w3c = "00-5759e988bd862e3fe1be46a994272793-53995c3f42cd8ad8-01";
        let read = TraceContext::of_traceparent(w3c).unwrap();
        let amzn = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1";
        assert_eq!(TraceContext::of_amzn(amzn), Some(read));
        assert_eq!(read.to_amzn(), amzn);
        assert_eq!(read.is_sampled, Some(true));
        let odd = "Self=1-x;Sampled=?;Root=1-5759e988-bd862e3fe1be46a994272793;Lineage=a:0";
        let open = TraceContext { span_id: 0, is_sampled: None, ..read };
        assert_eq!(TraceContext::of_amzn(odd), Some(open));
        assert!(
            TraceContext::of_traceparent(&format!("{}-more", w3c.replacen("00", "cc", 1)))
                .is_some()
        );
    }

    #[test]
    fn what_is_no_place_in_a_trace_is_none() {
        for bad in [
            "",
            "00",
            "ff-5759e988bd862e3fe1be46a994272793-53995c3f42cd8ad8-01",
            "00-5759E988bd862e3fe1be46a994272793-53995c3f42cd8ad8-01",
            "00-00000000000000000000000000000000-53995c3f42cd8ad8-01",
            "00-5759e988bd862e3fe1be46a994272793-0000000000000000-01",
            "00-5759e988bd862e3fe1be46a994272793-53995c3f42cd8ad8-01-more",
            "00-+759e988bd862e3fe1be46a99427279-53995c3f42cd8ad8-01",
        ] {
            assert_eq!(TraceContext::of_traceparent(bad), None, "{bad}");
        }
        for bad in
            ["", "Root=", "Root=1-0-0", "Root=2-5759e988-bd862e3fe1be46a994272793", "Parent=a"]
        {
            assert_eq!(TraceContext::of_amzn(bad), None, "{bad}");
        }
    }
}

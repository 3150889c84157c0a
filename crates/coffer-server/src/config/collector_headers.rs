//! Headers that a collector wants, by which it knows who sends: read of the environment alone, as they
//! are mostly keys.

use coffer_model::Sensitive;
use http::{HeaderMap, HeaderName, HeaderValue};

use super::InvalidConfig;

/// What a variable of OpenTelemetry's says of headers, and which variable.
#[derive(Clone, Debug)]
pub struct HeadersText {
    variable: &'static str,
    text: Sensitive<String>,
}

impl HeadersText {
    /// The variable for traces, and else the one for all that is sent over OTLP.
    ///
    /// # Errors
    /// What the reader of variables says.
    pub(super) fn find(
        variable: impl Fn(&str) -> Result<Option<String>, InvalidConfig>,
    ) -> Result<Option<Self>, InvalidConfig> {
        for name in [FOR_TRACES, FOR_ALL] {
            if let Some(text) = variable(name)? {
                return Ok(Some(Self { variable: name, text: text.into() }));
            }
        }
        Ok(None)
    }

    /// A text as if the variable for all had it.
    #[cfg(feature = "fuzzed")]
    pub(super) fn of(text: &str) -> Self {
        Self { variable: FOR_ALL, text: text.to_owned().into() }
    }

    /// The variable that was found.
    pub(super) fn variable(&self) -> &'static str {
        self.variable
    }

    /// The headers: `NAME=VALUE` with commas between, values percent-encoded as in W3C's Baggage.
    ///
    /// # Errors
    /// A sentence for the operator, which quotes nothing: where a separator is missing, the value stands
    /// in the place of a name.
    pub(super) fn read(&self) -> Result<HeaderMap, String> {
        let text = self.text.expose();
        let wrong = |why: String| format!("{}: {why}", self.variable);
        if text.len() > TEXT_BYTES_MAX {
            return Err(wrong(format!("give {TEXT_BYTES_MAX} bytes at most")));
        }
        if text.split(',').count() > HEADERS_MAX {
            return Err(wrong(format!("give {HEADERS_MAX} headers at most")));
        }
        let mut headers = HeaderMap::new();
        for (number, member) in text.split(',').enumerate() {
            let at = |why: &str| wrong(format!("its header {} {why}", number + 1));
            let (name, value) = member.split_once('=').ok_or_else(|| at(NO_PAIR))?;
            let name: HeaderName = name.trim().parse().map_err(|_| at(NO_NAME))?;
            if FRAMING.contains(&name.as_str()) {
                return Err(at("is one that is coffer's to say"));
            }
            let value = Sensitive::new(unescaped(value.trim()).ok_or_else(|| at(NO_ESCAPE))?);
            let value = HeaderValue::from_bytes(value.expose());
            let mut value = value.map_err(|_| at("has a character that no header may have"))?;
            value.set_sensitive(true);
            if headers.insert(name, value).is_some() {
                return Err(at("is given twice"));
            }
        }
        Ok(headers)
    }
}

/// The bytes of a text in which `%` begins two hexadecimal digits.
fn unescaped(text: &str) -> Option<Vec<u8>> {
    let mut bytes = text.bytes();
    let mut plain = Vec::with_capacity(text.len());
    while let Some(byte) = bytes.next() {
        plain.push(match byte {
            b'%' => {
                let mut digit = || char::from(bytes.next()?).to_digit(16);
                let (high, low) = (digit()?, digit()?);
                u8::try_from(high * 16 + low).ok()?
            }
            byte => byte,
        });
    }
    Some(plain)
}

const FOR_TRACES: &str = "OTEL_EXPORTER_OTLP_TRACES_HEADERS";
const FOR_ALL: &str = "OTEL_EXPORTER_OTLP_HEADERS";
/// As much as W3C's Baggage may have.
const TEXT_BYTES_MAX: usize = 8_192;
const HEADERS_MAX: usize = 64;
/// What says how the message is sent, and what is in it.
const FRAMING: [&str; 12] = [
    "connection",
    "content-encoding",
    "content-length",
    "content-type",
    "expect",
    "host",
    "keep-alive",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "user-agent",
];
const NO_PAIR: &str = "is not NAME=VALUE; a comma in a value is written %2C";
const NO_NAME: &str = "has no name that a header can have";
const NO_ESCAPE: &str = "has a % without two hexadecimal digits; a % in a value is written %25";

#[cfg(test)]
mod tests {
    use super::{FOR_ALL, FOR_TRACES, HeadersText};

    fn read(text: &str) -> Result<Vec<(String, String)>, String> {
        let variable = |name: &str| Ok((name == FOR_ALL).then(|| text.to_owned()));
        let headers = HeadersText::find(variable).unwrap().unwrap().read()?;
        let shown = format!("{headers:?}");
        assert!(
            headers.values().all(|it| it.is_sensitive()) && !shown.contains("xyzzy"),
            "{shown}"
        );
        let pair = |(name, value): (&http::HeaderName, &http::HeaderValue)| {
            (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned())
        };
        Ok(headers.iter().map(pair).collect())
    }

    fn pairs(expected: &[(&str, &str)]) -> Result<Vec<(String, String)>, String> {
        Ok(expected.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect())
    }

    #[test]
    fn headers_are_pairs_whose_values_are_unescaped() {
        assert_eq!(read("api-key=xyzzy"), pairs(&[("api-key", "xyzzy")]));
        let wanted = pairs(&[("authorization", "Basic YWRhOg=="), ("x-scope", "a,b=100%")]);
        assert_eq!(read(" Authorization = Basic%20YWRhOg== ,X-Scope=a%2Cb%3d100%25"), wanted);
        assert_eq!(read("authorization=Bearer xyzzy"), pairs(&[("authorization", "Bearer xyzzy")]));
        assert_eq!(read("a="), pairs(&[("a", "")]));
        assert_eq!(read("a=+%C3%A9"), pairs(&[("a", "+é")]));
    }

    #[test]
    fn what_is_malformed_is_refused_by_its_place_and_never_quoted() {
        let many = vec!["xyzzy=1"; 65].join(",");
        let long = format!("a=xyzzy{}", "y".repeat(8_192));
        let cases = [
            ("xyzzy", "its header 1 is not NAME=VALUE"),
            ("a=b,", "its header 2 is not NAME=VALUE"),
            ("a=b,,c=d", "its header 2 is not NAME=VALUE"),
            ("=xyzzy", "its header 1 has no name"),
            ("a=b,xy zzy=c", "its header 2 has no name"),
            ("a=xyzzy%2", "its header 1 has a % without two"),
            ("a=xyzzy%+1", "its header 1 has a % without two"),
            ("a=xyzzy%é", "its header 1 has a % without two"),
            ("a=xyzzy%0d%0ab: c", "its header 1 has a character"),
            ("a=xyzzy%00", "its header 1 has a character"),
            ("Content-Type=xyzzy", "its header 1 is one that is coffer's"),
            ("host=xyzzy", "its header 1 is one that is coffer's"),
            ("a=b,A=xyzzy", "its header 2 is given twice"),
            (many.as_str(), "give 64 headers at most"),
            (long.as_str(), "give 8192 bytes at most"),
        ];
        for (text, why) in cases {
            let said = read(text).unwrap_err();
            let wanted = format!("OTEL_EXPORTER_OTLP_HEADERS: {why}");
            assert!(said.starts_with(&wanted) && !said.contains("xyzzy"), "{text}: {said}");
        }
    }

    #[test]
    fn the_variable_for_traces_takes_the_place_of_the_one_for_all() {
        let both = |name: &str| Ok(Some(format!("from={name}")));
        let found = HeadersText::find(both).unwrap().unwrap();
        assert_eq!(
            (found.variable(), found.read().unwrap()["from"].as_bytes()),
            (FOR_TRACES, FOR_TRACES.as_bytes())
        );
        assert!(HeadersText::find(|_| Ok(None)).unwrap().is_none());
        assert!(!format!("{found:?}").contains("from="));
    }
}

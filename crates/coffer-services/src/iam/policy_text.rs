//! Policy documents: what callers may put, and how they are given back.

use coffer_pipeline::identity::PolicyDocument;
use coffer_policy::{Grammar, Policy};
use coffer_protocol::Fault;

use super::errors::IamError;

/// What a document is to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PolicyKind {
    /// What an identity may do; it has no principal.
    Identity,
    /// Whom a role trusts; it has no resource.
    Trust,
}

/// Takes a document that is well-formed.
///
/// # Errors
/// `MalformedPolicyDocument` for any other.
pub(super) fn must_be_valid(text: &str, kind: PolicyKind) -> Result<PolicyDocument, Fault> {
    let grammar = match kind {
        PolicyKind::Identity => Grammar::Identity,
        PolicyKind::Trust => Grammar::Trust,
    };
    match Policy::parse(text, grammar) {
        Ok(_) => Ok(PolicyDocument::new(text)),
        Err(flaw) => Err(malformed(flaw.message())),
    }
}

/// The fault of a document that is not well-formed.
pub(super) fn malformed(message: &str) -> Fault {
    IamError::MalformedPolicyDocumentException.with(message)
}

/// A document as answers have it: percent-encoded as RFC 3986 says.
pub(super) fn encoded(document: &PolicyDocument) -> String {
    let mut text = String::with_capacity(document.text().len() * 2);
    for byte in document.text().bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            text.push(char::from(byte));
        } else {
            text.push('%');
            for digit in [byte >> 4, byte & 0xf] {
                text.push(char::from(if digit < 10 { b'0' + digit } else { b'A' + digit - 10 }));
            }
        }
    }
    text
}

/// The size of a document as IAM counts it: characters without white space.
pub(super) fn characters(text: &str) -> usize {
    text.chars().filter(|character| !character.is_whitespace()).count()
}

#[cfg(test)]
mod tests {
    use coffer_pipeline::identity::PolicyDocument;

    use super::{PolicyKind, characters, encoded, must_be_valid};

    #[test]
    fn documents_come_back_percent_encoded() {
        let document = PolicyDocument::new("{\"A\": \"b-_.~*é\"}");
        assert_eq!(encoded(&document), "%7B%22A%22%3A%20%22b-_.~%2A%C3%A9%22%7D");
        assert_eq!(characters("{ \"a\":\n\t1 }"), 7);
    }

    #[test]
    fn what_is_no_policy_is_refused() {
        for text in ["", "{", "[]", "{}", "\"x\""] {
            let fault = must_be_valid(text, PolicyKind::Identity).unwrap_err();
            assert_eq!(fault.code, "MalformedPolicyDocument", "{text}");
        }
    }
}

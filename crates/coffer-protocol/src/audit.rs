//! What an audit record shows of inputs and outputs: members in CloudTrail's spelling, and nothing
//! that must not be shown. Written straight from the typed values into bytes.

use std::collections::BTreeMap;

use coffer_model::{Sensitive, Timestamp};
use zeroize::Zeroize;

use crate::encode::{Encode, close};
use crate::shape::Rules;

/// A value that an audit record may show. `SIDE` keeps apart what a structure shows as an input
/// and as an output, where it is both: [`ASKED`] or [`ANSWERED`].
pub trait Audit<const SIDE: bool> {
    /// Whether it is shown at all.
    const SHOWN: Shown = Shown::Plainly;

    /// Appends the value as JSON, under the rules of the member that holds it.
    fn audit(&self, rules: &Rules, veil: Veil, out: &mut Vec<u8>);
}

/// The side of [`Audit`] that inputs are on; made by `#[derive(Input)]`.
pub const ASKED: bool = false;
/// The side of [`Audit`] that outputs are on; made by `#[derive(Output)]`.
pub const ANSWERED: bool = true;

/// How much of a type is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shown {
    /// All of it.
    Plainly,
    /// It is behind the veil.
    Veiled,
    /// Nothing. AWS: no blob is shown, whether it is a ciphertext, a plaintext or a secret.
    Never,
}

/// What stands in the place of a sensitive value. It differs from service to service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Veil {
    /// Nothing, not even the member's name.
    Absent,
    /// A text that says so.
    Marked,
}

/// An object that is being written: the parameters of a request, the elements of an answer.
#[derive(Debug)]
pub struct AuditObject<'a> {
    out: &'a mut Vec<u8>,
    veil: Veil,
}

impl<'a> AuditObject<'a> {
    /// Writes an object with what `members` puts into it; `null` where that is nothing.
    pub fn write(out: &'a mut Vec<u8>, veil: Veil, members: impl FnOnce(&mut AuditObject<'_>)) {
        let start = out.len();
        out.push(b'{');
        members(&mut AuditObject { out, veil });
        if out.len() == start + 1 {
            out.truncate(start);
            out.extend_from_slice(b"null");
        } else {
            close(b'}', out);
        }
    }

    /// Puts in every member of an input that may be shown.
    pub fn input<T: Audit<ASKED>>(&mut self, input: &T) {
        self.all(|veil, out| input.audit(Rules::NONE, veil, out));
    }

    /// Puts in every member of an output that may be shown.
    pub fn output<T: Audit<ANSWERED>>(&mut self, output: &T) {
        self.all(|veil, out| output.audit(Rules::NONE, veil, out));
    }

    /// Puts in one member; its name is in CloudTrail's spelling already.
    pub fn member<T: Encode + ?Sized>(&mut self, name: &str, value: &T) {
        name.encode_json(self.out);
        self.out.push(b':');
        value.encode_json(self.out);
        self.out.push(b',');
    }

    /// Puts in one member whose JSON is there already.
    pub fn json(&mut self, name: &str, json: &[u8]) {
        name.encode_json(self.out);
        self.out.push(b':');
        self.out.extend_from_slice(json);
        self.out.push(b',');
    }

    /// Takes the brackets off a structure, so that its members are this object's.
    fn all(&mut self, audit: impl FnOnce(Veil, &mut Vec<u8>)) {
        let start = self.out.len();
        audit(self.veil, self.out);
        let is_structure = self.out.get(start) == Some(&b'{') && self.out.last() == Some(&b'}');
        if is_structure {
            self.out.pop();
            self.out.remove(start);
            if self.out.len() > start {
                self.out.push(b',');
            }
        } else {
            self.out.truncate(start);
        }
    }
}

/// Appends a member, or what stands for it. `key` is its name with quotes and colon.
pub fn member<const SIDE: bool, T: Audit<SIDE>>(
    key: &[u8],
    value: &T,
    rules: &Rules,
    veil: Veil,
    out: &mut Vec<u8>,
) {
    let shown = match (T::SHOWN, veil) {
        (Shown::Never, _) => return,
        (Shown::Plainly, _) if !rules.sensitive => true,
        (_, Veil::Absent) => return,
        (_, Veil::Marked) => false,
    };
    out.extend_from_slice(key);
    if shown {
        value.audit(rules, veil, out);
    } else {
        out.extend_from_slice(MARK);
    }
    out.push(b',');
}

/// The name that CloudTrail gives a member: `secretId` for `SecretId`, `arn` for `ARN`.
pub fn spelling(wire: &str) -> String {
    if wire.chars().all(|character| character.is_ascii_uppercase()) {
        return wire.to_ascii_lowercase();
    }
    let mut characters = wire.chars();
    let first = characters.next().map(|first| first.to_ascii_lowercase());
    first.into_iter().chain(characters).collect()
}

macro_rules! plainly {
    ($($kind:ty),*) => {$(
        impl<const SIDE: bool> Audit<SIDE> for $kind {
            fn audit(&self, _: &Rules, _: Veil, out: &mut Vec<u8>) {
                self.encode_json(out);
            }
        }
    )*};
}

plainly!(String, bool, i32, i64, f64);

impl<const SIDE: bool> Audit<SIDE> for Timestamp {
    /// AWS: instants are written for people, as in `Nov 25, 2026, 10:37:39 PM`.
    fn audit(&self, _: &Rules, _: Veil, out: &mut Vec<u8>) {
        let text = self.to_jiff().strftime("%b %-d, %Y, %-I:%M:%S %p").to_string();
        text.encode_json(out);
    }
}

impl<const SIDE: bool> Audit<SIDE> for Vec<u8> {
    const SHOWN: Shown = Shown::Never;

    fn audit(&self, _: &Rules, _: Veil, out: &mut Vec<u8>) {
        out.extend_from_slice(MARK);
    }
}

impl<const SIDE: bool, T: Audit<SIDE> + Zeroize> Audit<SIDE> for Sensitive<T> {
    const SHOWN: Shown = match T::SHOWN {
        Shown::Never => Shown::Never,
        _ => Shown::Veiled,
    };

    fn audit(&self, _: &Rules, _: Veil, out: &mut Vec<u8>) {
        out.extend_from_slice(MARK);
    }
}

impl<const SIDE: bool, T: Audit<SIDE>> Audit<SIDE> for Box<T> {
    const SHOWN: Shown = T::SHOWN;

    fn audit(&self, rules: &Rules, veil: Veil, out: &mut Vec<u8>) {
        self.as_ref().audit(rules, veil, out);
    }
}

impl<const SIDE: bool, T: Audit<SIDE>> Audit<SIDE> for Vec<T> {
    const SHOWN: Shown = T::SHOWN;

    fn audit(&self, rules: &Rules, veil: Veil, out: &mut Vec<u8>) {
        let of_member = rules.of_member();
        out.push(b'[');
        for value in self {
            member::<SIDE, T>(b"", value, of_member, veil, out);
        }
        close(b']', out);
    }
}

impl<const SIDE: bool, T: Audit<SIDE>> Audit<SIDE> for BTreeMap<String, T> {
    const SHOWN: Shown = T::SHOWN;

    fn audit(&self, rules: &Rules, veil: Veil, out: &mut Vec<u8>) {
        let of_value = rules.of_value();
        let are_keys_shown = !rules.of_key().sensitive;
        out.push(b'{');
        for (key, value) in self.iter().filter(|_| are_keys_shown) {
            let start = out.len();
            key.encode_json(out);
            out.push(b':');
            let before = out.len();
            member::<SIDE, T>(b"", value, of_value, veil, out);
            if out.len() == before {
                out.truncate(start);
            }
        }
        close(b'}', out);
    }
}

/// The answer of an operation that has none.
impl<const SIDE: bool> Audit<SIDE> for () {
    fn audit(&self, _: &Rules, _: Veil, _: &mut Vec<u8>) {}
}

/// AWS: what SSM's records have in the place of a value (CloudTrail, PutParameter).
const MARK: &[u8] = b"\"HIDDEN_DUE_TO_SECURITY_REASONS\"";

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use coffer_model::{Sensitive, Timestamp};

    use super::{AuditObject, Veil, spelling};
    use crate::{AwsEnum, Input, Output};

    #[derive(Input, Output)]
    struct Inner {
        #[shape(wire = "ARN")]
        arn: Option<String>,
        #[shape(sensitive)]
        note: Option<String>,
    }

    #[derive(AwsEnum)]
    enum Colour {
        #[shape(wire = "deep-red")]
        DeepRed,
    }

    #[derive(Input, Output)]
    struct Outer {
        #[shape(required)]
        secret_id: String,
        secret_string: Option<Sensitive<String>>,
        secret_binary: Option<Sensitive<Vec<u8>>>,
        ciphertext_blob: Option<Vec<u8>>,
        inner: Option<Vec<Inner>>,
        #[shape(member(sensitive))]
        answers: Option<Vec<String>>,
        context: Option<BTreeMap<String, String>>,
        #[shape(value(sensitive))]
        veiled: Option<BTreeMap<String, String>>,
        colour: Option<Colour>,
        count: Option<i32>,
        is_set: Option<bool>,
        at: Option<Timestamp>,
        missing: Option<String>,
    }

    fn full() -> Outer {
        let pair = |value: &str| Some([("Key".to_owned(), value.to_owned())].into());
        Outer {
            secret_id: "a\"b".to_owned(),
            secret_string: Some("S3CRET".to_owned().into()),
            secret_binary: Some(b"S3CRET".to_vec().into()),
            ciphertext_blob: Some(b"S3CRET".to_vec()),
            inner: Some(vec![
                Inner { arn: Some("arn:x".to_owned()), note: Some("S3CRET".to_owned()) },
                Inner { arn: None, note: None },
            ]),
            answers: Some(vec!["S3CRET".to_owned()]),
            context: pair("v"),
            veiled: pair("S3CRET"),
            colour: Some(Colour::DeepRed),
            count: Some(-3),
            is_set: Some(false),
            at: Some(Timestamp::from_millis(1_795_646_259_000)),
            missing: None,
        }
    }

    fn shown(veil: Veil) -> String {
        let mut asked = Vec::new();
        AuditObject::write(&mut asked, veil, |object| object.input(&full()));
        let mut answered = Vec::new();
        AuditObject::write(&mut answered, veil, |object| object.output(&full()));
        assert_eq!(asked, answered);
        String::from_utf8(asked).unwrap()
    }

    #[test]
    fn members_are_in_cloudtrails_spelling_and_what_is_sensitive_is_not_there() {
        assert_eq!(
            shown(Veil::Absent),
            r#"{"secretId":"a\"b","inner":[{"arn":"arn:x"},{}],"answers":[],"context":{"Key":"v"},"#
                .to_owned()
                + r#""veiled":{},"colour":"deep-red","count":-3,"isSet":false,"#
                + r#""at":"Nov 25, 2026, 10:37:39 PM"}"#
        );
    }

    #[test]
    fn or_a_mark_is_in_its_place() {
        let shown = shown(Veil::Marked);
        assert!(!shown.contains("S3CRET"), "{shown}");
        let mark = r#""HIDDEN_DUE_TO_SECURITY_REASONS""#;
        assert!(shown.contains(&format!(r#""secretString":{mark},"inner":"#)), "{shown}");
        assert!(shown.contains(&format!(r#""note":{mark}"#)), "{shown}");
        assert!(shown.contains(&format!(r#""answers":[{mark}]"#)), "{shown}");
        assert!(shown.contains(&format!(r#""veiled":{{"Key":{mark}}}"#)), "{shown}");
        assert!(!shown.contains("secretBinary") && !shown.contains("ciphertextBlob"), "{shown}");
        serde_json::from_str::<serde_json::Value>(&shown).unwrap();
    }

    #[test]
    fn an_object_takes_members_of_its_own_beside_an_inputs() {
        let mut out = Vec::new();
        let inner = Inner { arn: Some("x".to_owned()), note: None };
        AuditObject::write(&mut out, Veil::Absent, |object| {
            object.input(&inner);
            object.member("encryptionAlgorithm", "SYMMETRIC_DEFAULT");
            object.json("more", b"[1]");
        });
        let expected = r#"{"arn":"x","encryptionAlgorithm":"SYMMETRIC_DEFAULT","more":[1]}"#;
        assert_eq!(String::from_utf8(out).unwrap(), expected);
        let mut out = Vec::new();
        AuditObject::write(&mut out, Veil::Absent, |object| object.output(&()));
        assert_eq!(out, b"null");
        let mut out = Vec::new();
        let nothing = Inner { arn: None, note: None };
        AuditObject::write(&mut out, Veil::Absent, |object| object.input(&nothing));
        assert_eq!(out, b"null");
    }

    #[test]
    fn names_begin_in_lower_case() {
        for (wire, name) in [
            ("SecretId", "secretId"),
            ("ARN", "arn"),
            ("RotationLambdaARN", "rotationLambdaARN"),
            ("trailNameList", "trailNameList"),
            ("", ""),
        ] {
            assert_eq!(spelling(wire), name);
        }
    }
}

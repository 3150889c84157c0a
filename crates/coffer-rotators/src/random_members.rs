//! Signing keys and the like: members of a secret's JSON that only have to be random.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use coffer_model::Sensitive;
use zeroize::Zeroizing;

use crate::RotationError;
use crate::login::{NewMember, rewrite};

/// A member that gets a random value in each rotation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RandomMember {
    /// The member's name.
    pub name: String,
    /// How the value is written.
    pub form: RandomForm,
    /// How many bytes are drawn, or characters of [`RandomForm::Alphanumeric`]: 16 to 1024.
    pub length: usize,
}

/// How a random value is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RandomForm {
    /// Bytes in hexadecimal digits, in lower case.
    Hex,
    /// Bytes in base64, padded.
    Base64,
    /// Bytes in base64 for URLs, without padding, as JSON Web Keys have them.
    Base64Url,
    /// ASCII letters and digits.
    Alphanumeric,
}

impl RandomMember {
    /// Reads a rule such as `signing_key:base64url:32+pepper:hex:16`: members with form and length.
    ///
    /// # Errors
    /// Unusable, saying what is wrong with it.
    pub fn read_rule(rule: &str) -> Result<Vec<Self>, RotationError> {
        let members: Vec<Self> = rule.split('+').map(Self::read).collect::<Result<_, _>>()?;
        must_be_sound(&members)?;
        Ok(members)
    }

    fn read(text: &str) -> Result<Self, RotationError> {
        let wrong = || {
            RotationError::Unusable(format!(
                "`{text}` is not a member with form and length, such as signing_key:base64url:32; \
                 forms are hex, base64, base64url and alphanumeric"
            ))
        };
        let mut parts = text.split(':');
        let (Some(name), Some(form), Some(length), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(wrong());
        };
        let is_name = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
        let is_number = !length.is_empty() && length.bytes().all(|byte| byte.is_ascii_digit());
        if name.is_empty() || !name.bytes().all(is_name) || !is_number {
            return Err(wrong());
        }
        let form = match form {
            "hex" => RandomForm::Hex,
            "base64" => RandomForm::Base64,
            "base64url" => RandomForm::Base64Url,
            "alphanumeric" => RandomForm::Alphanumeric,
            _ => return Err(wrong()),
        };
        let length = length.parse().map_err(|_| wrong())?;
        Ok(Self { name: name.to_owned(), form, length })
    }
}

/// Makes the pending secret: the current one with new random values; all else as it was written.
///
/// `draw` fills a buffer with random bytes that nobody can foretell.
///
/// # Errors
/// Unusable, where a member is not there, is named twice or has a length out of bounds.
pub fn with_random_members(
    current: &Sensitive<String>,
    members: &[RandomMember],
    mut draw: impl FnMut(&mut [u8]),
) -> Result<Sensitive<String>, RotationError> {
    must_be_sound(members)?;
    let mut values: Vec<(&str, Zeroizing<String>)> = Vec::with_capacity(members.len());
    for RandomMember { name, form, length } in members {
        values.push((name, Zeroizing::new(form.draw(*length, &mut draw))));
    }
    let changes: Vec<_> =
        values.iter().map(|(name, value)| (*name, NewMember::Text(value))).collect();
    rewrite(current, &changes)
}

fn must_be_sound(members: &[RandomMember]) -> Result<(), RotationError> {
    let unusable = |why: String| Err(RotationError::Unusable(why));
    if members.is_empty() {
        return unusable("no member is named that gets a random value".to_owned());
    }
    for (at, RandomMember { name, length, .. }) in members.iter().enumerate() {
        if !(LENGTH_MIN..=LENGTH_MAX).contains(length) {
            return unusable(format!(
                "the length of the member `{name}` is not from {LENGTH_MIN} to {LENGTH_MAX}"
            ));
        }
        if members.iter().skip(at + 1).any(|other| other.name == *name) {
            return unusable(format!("the member `{name}` is named twice"));
        }
    }
    Ok(())
}

impl RandomForm {
    fn draw(self, length: usize, draw: &mut impl FnMut(&mut [u8])) -> String {
        let mut bytes = Zeroizing::new(vec![0; length]);
        draw(&mut bytes);
        match self {
            Self::Hex => {
                let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
                digits.filter_map(|digit| char::from_digit(digit.into(), 16)).collect()
            }
            Self::Base64 => STANDARD.encode(&bytes),
            Self::Base64Url => URL_SAFE_NO_PAD.encode(&bytes),
            Self::Alphanumeric => {
                let mut text = String::with_capacity(length);
                loop {
                    // Six bits name 62 characters and two that are none, which are drawn anew: each
                    // character is as likely as any other.
                    let chars = bytes.iter().filter_map(|byte| {
                        ALPHANUMERIC.as_bytes().get(usize::from(byte & 63)).copied()
                    });
                    text.extend(chars.map(char::from).take(length - text.len()));
                    if text.len() == length {
                        return text;
                    }
                    draw(&mut bytes);
                }
            }
        }
    }
}

const ALPHANUMERIC: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
const LENGTH_MIN: usize = 16;
const LENGTH_MAX: usize = 1024;

#[cfg(test)]
mod tests {
    use coffer_model::Sensitive;

    use super::{RandomForm, RandomMember, with_random_members};

    fn member(name: &str, form: RandomForm, length: usize) -> RandomMember {
        RandomMember { name: name.to_owned(), form, length }
    }

    /// Counts, so that each of the bytes there are is drawn.
    fn counting() -> impl FnMut(&mut [u8]) {
        let mut next = 0u8;
        move |bytes| {
            for byte in bytes {
                *byte = next;
                next = next.wrapping_add(1);
            }
        }
    }

    fn made(secret: &str, members: &[RandomMember]) -> Result<String, String> {
        let made = with_random_members(&Sensitive::new(secret.to_owned()), members, counting());
        made.map(|made| made.expose().clone()).map_err(|error| error.to_string())
    }

    #[test]
    fn chosen_members_get_values_of_their_form_and_all_else_stays() {
        let secret = r#"{"h":"","kept":{"a":1.0},"b":[1],"u":null,"t":"x"}"#;
        let members = [
            member("h", RandomForm::Hex, 16),
            member("b", RandomForm::Base64, 16),
            member("u", RandomForm::Base64Url, 16),
            member("t", RandomForm::Alphanumeric, 20),
        ];
        let expected = concat!(
            r#"{"h":"000102030405060708090a0b0c0d0e0f","kept":{"a":1.0},"#,
            r#""b":"EBESExQVFhcYGRobHB0eHw==","u":"ICEiIyQlJicoKSorLC0uLw","#,
            r#""t":"wxyz0123456789ABCDEF"}"#
        );
        assert_eq!(made(secret, &members).as_deref(), Ok(expected));
    }

    #[test]
    fn a_rule_names_members_with_form_and_length() {
        let rule = "signing_key:base64url:32+a.b-c:hex:16+d:alphanumeric:1024+e:base64:64";
        let expected = vec![
            member("signing_key", RandomForm::Base64Url, 32),
            member("a.b-c", RandomForm::Hex, 16),
            member("d", RandomForm::Alphanumeric, 1024),
            member("e", RandomForm::Base64, 64),
        ];
        assert_eq!(RandomMember::read_rule(rule), Ok(expected));
        for rule in [
            "",
            "key",
            "key:hex",
            "key:hex:",
            "key:hex:+16",
            "key:hex:15",
            "key:hex:1025",
            "key:hex:99999999999999999999999",
            "key:Hex:16",
            "key:hex:16:16",
            ":hex:16",
            "a key:hex:16",
            "key:hex:16+",
            "key:hex:16+key:hex:32",
            "key:hex:16,other:hex:32",
        ] {
            assert!(RandomMember::read_rule(rule).is_err(), "{rule}");
        }
    }

    #[test]
    fn what_cannot_be_replaced_is_refused() {
        let hex = |length| member("key", RandomForm::Hex, length);
        let secret = r#"{"key":"old"}"#;
        assert!(made(secret, &[hex(16)]).is_ok() && made(secret, &[hex(1024)]).is_ok());
        for (secret, members) in [
            (secret, vec![]),
            (secret, vec![hex(15)]),
            (secret, vec![hex(1025)]),
            (secret, vec![hex(16), hex(16)]),
            (r#"{"other":"old"}"#, vec![hex(16)]),
            (r#"["key"]"#, vec![hex(16)]),
        ] {
            let error = made(secret, &members).unwrap_err();
            assert!(!error.contains("old"), "{error}");
        }
    }
}

//! Draws the ids that IAM gives.

use coffer_model::Sensitive;
use coffer_seal::Entropy;

/// What an id is of: its first four characters (IAM user guide, "Unique identifiers").
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum IdKind {
    /// A user's.
    User,
    /// A group's.
    Group,
    /// A role's.
    Role,
    /// A managed policy's.
    Policy,
    /// An instance profile's.
    InstanceProfile,
    /// An access key's.
    AccessKey,
}

impl IdKind {
    fn prefix(self) -> &'static str {
        match self {
            Self::User => "AIDA",
            Self::Group => "AGPA",
            Self::Role => "AROA",
            Self::Policy => "ANPA",
            Self::InstanceProfile => "AIPA",
            Self::AccessKey => "AKIA",
        }
    }

    /// AWS: access keys have 20 characters, all else 21.
    fn drawn(self) -> usize {
        if self == Self::AccessKey { 16 } else { 17 }
    }
}

/// Draws a unique id of this kind.
pub(super) fn draw(entropy: &dyn Entropy, kind: IdKind) -> String {
    let mut text = String::with_capacity(24);
    text.push_str(kind.prefix());
    text.extend(symbols(entropy, BASE32, kind.drawn()));
    text
}

/// Draws a secret access key: 40 characters.
pub(super) fn draw_secret(entropy: &dyn Entropy) -> Sensitive<String> {
    let mut text = String::with_capacity(SECRET_CHARACTERS);
    text.extend(symbols(entropy, BASE64, SECRET_CHARACTERS));
    Sensitive::new(text)
}

/// INVARIANT: the alphabet's length divides 256, so that every symbol is as likely as another.
fn symbols<'a>(
    entropy: &dyn Entropy,
    alphabet: &'a [u8],
    count: usize,
) -> impl Iterator<Item = char> + use<'a> {
    let mut bytes = zeroize::Zeroizing::new(vec![0_u8; count]);
    entropy.fill(&mut bytes);
    (0..count).map(move |place| {
        let byte = bytes.get(place).copied().unwrap_or_default();
        char::from(alphabet.get(usize::from(byte) % alphabet.len()).copied().unwrap_or(b'A'))
    })
}

const BASE32: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
const BASE64: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const SECRET_CHARACTERS: usize = 40;

#[cfg(test)]
mod tests {
    use coffer_seal::SystemEntropy;

    use super::{BASE32, BASE64, IdKind, draw, draw_secret};

    #[test]
    fn ids_have_the_form_of_their_kind() {
        let entropy = SystemEntropy::new();
        assert_eq!((256 % BASE32.len(), 256 % BASE64.len()), (0, 0));
        for (kind, prefix, length) in [
            (IdKind::User, "AIDA", 21),
            (IdKind::Role, "AROA", 21),
            (IdKind::AccessKey, "AKIA", 20),
        ] {
            let id = draw(&entropy, kind);
            assert!(id.starts_with(prefix) && id.len() == length, "{id}");
            assert!(id.bytes().all(|byte| BASE32.contains(&byte)), "{id}");
            assert_ne!(id, draw(&entropy, kind));
        }
        assert_eq!(draw_secret(&entropy).expose().len(), 40);
    }
}

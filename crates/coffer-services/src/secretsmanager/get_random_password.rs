//! GetRandomPassword: draws a password.

use coffer_model::Sensitive;
use coffer_pipeline::{Access, Call, Demand, Operation};
use coffer_protocol::{ErrorRow, Fault, Input, Output};
use coffer_seal::Entropy;
use zeroize::Zeroizing;

use super::errors::SecretsManagerError;

/// Draws a password of the kinds of characters that are wanted.
pub(super) struct GetRandomPassword;

/// Which kinds, and how many.
#[derive(Input, Debug, Default)]
#[shape(name = "GetRandomPasswordRequest")]
pub(super) struct GetRandomPasswordInput {
    #[shape(min = 1, max = 4096)]
    password_length: Option<i64>,
    #[shape(min = 0, max = 4096)]
    exclude_characters: Option<String>,
    exclude_numbers: Option<bool>,
    exclude_punctuation: Option<bool>,
    exclude_uppercase: Option<bool>,
    exclude_lowercase: Option<bool>,
    include_space: Option<bool>,
    require_each_included_type: Option<bool>,
}

/// The password.
#[derive(Output, Debug)]
#[shape(name = "GetRandomPasswordResponse")]
pub(super) struct GetRandomPasswordOutput {
    #[shape(min = 0, max = 4096)]
    random_password: Option<Sensitive<String>>,
}

impl GetRandomPasswordInput {
    /// A password of the usual length and kinds, without these characters.
    pub(super) fn excluding(characters: &str) -> Self {
        Self { exclude_characters: Some(characters.to_owned()), ..Self::default() }
    }
}

impl Operation for GetRandomPassword {
    const NAME: &'static str = "GetRandomPassword";
    const ACCESS: Access = Access::Read;
    const ERRORS: &'static [ErrorRow] = &[
        SecretsManagerError::InvalidParameterException.row(),
        SecretsManagerError::InvalidRequestException.row(),
        SecretsManagerError::InternalServiceError.row(),
    ];
    type Input = GetRandomPasswordInput;
    type Output = GetRandomPasswordOutput;

    async fn demands(_: &mut Call<'_>, _: &Self::Input) -> Result<Vec<Demand>, Fault> {
        Ok(Demand::any("secretsmanager:GetRandomPassword"))
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        let password = draw(call.entropy(), input)?;
        Ok(GetRandomPasswordOutput { random_password: Some(password) })
    }
}

/// Draws a password.
///
/// # Errors
/// `InvalidParameterException` where no characters are left, or too few.
pub(super) fn draw(
    entropy: &dyn Entropy,
    input: &GetRandomPasswordInput,
) -> Result<Sensitive<String>, Fault> {
    let kinds = kinds(input);
    let length = usize::try_from(input.password_length.unwrap_or(LENGTH_USUAL)).unwrap_or(1);
    let requires_each = input.require_each_included_type.unwrap_or(true);
    let mut pool = kinds.concat();
    let excluded = input.exclude_characters.as_deref().unwrap_or_default();
    if input.include_space.unwrap_or(false) && !excluded.contains(' ') {
        pool.push(b' ');
    }
    if pool.is_empty() {
        return Err(refused("All characters have been excluded from selection."));
    }
    if requires_each && kinds.iter().any(Vec::is_empty) {
        return Err(refused("All characters of the desired type have been excluded."));
    }
    if requires_each && length < kinds.len() {
        return Err(refused("Password length is too short based on the required types."));
    }
    let mut dice = Dice { entropy, left: Zeroizing::new(Vec::new()) };
    let mut password = Zeroizing::new(Vec::with_capacity(length));
    if requires_each {
        // A space is welcome where it is included, but never required.
        password.extend(kinds.iter().filter_map(|kind| dice.pick(kind)));
    }
    while password.len() < length {
        password.extend(dice.pick(&pool));
    }
    // The required ones stand first until all are mixed (Fisher and Yates).
    for place in (1..password.len()).rev() {
        password.swap(place, dice.below(place + 1));
    }
    let text = password.iter().map(|byte| char::from(*byte)).collect();
    Ok(Sensitive::new(text))
}

/// The kinds of characters that are not switched off, without the excluded characters.
fn kinds(input: &GetRandomPasswordInput) -> Vec<Vec<u8>> {
    let excluded = input.exclude_characters.as_deref().unwrap_or_default();
    let switches = [
        (input.exclude_lowercase, &b"abcdefghijklmnopqrstuvwxyz"[..]),
        (input.exclude_uppercase, b"ABCDEFGHIJKLMNOPQRSTUVWXYZ"),
        (input.exclude_numbers, b"0123456789"),
        (input.exclude_punctuation, b"!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"),
    ];
    let is_kept = |byte: &u8| !excluded.contains(char::from(*byte));
    switches
        .iter()
        .filter(|(is_off, _)| !is_off.unwrap_or(false))
        .map(|(_, kind)| kind.iter().copied().filter(is_kept).collect())
        .collect()
}

/// Even choices out of random bytes.
struct Dice<'e> {
    entropy: &'e dyn Entropy,
    left: Zeroizing<Vec<u8>>,
}

impl Dice<'_> {
    fn pick(&mut self, kind: &[u8]) -> Option<u8> {
        kind.get(self.below(kind.len())).copied()
    }

    /// A number below `bound`, each as likely as the others; numbers from the uneven end of the
    /// range are drawn again.
    fn below(&mut self, bound: usize) -> usize {
        let bound = bound.clamp(1, NUMBERS);
        let even = NUMBERS - NUMBERS % bound;
        loop {
            let drawn = usize::from(self.byte()) << 8 | usize::from(self.byte());
            if drawn < even {
                return drawn % bound;
            }
        }
    }

    fn byte(&mut self) -> u8 {
        loop {
            if let Some(byte) = self.left.pop() {
                return byte;
            }
            self.left.resize(BYTES_AT_ONCE, 0);
            self.entropy.fill(&mut self.left);
        }
    }
}

fn refused(message: &str) -> Fault {
    SecretsManagerError::InvalidParameterException.with(message)
}

const LENGTH_USUAL: i64 = 32;
const NUMBERS: usize = 1 << 16;
const BYTES_AT_ONCE: usize = 256;

#[cfg(test)]
mod tests {
    use coffer_seal::SystemEntropy;

    use super::{GetRandomPasswordInput, draw};

    fn password(input: &GetRandomPasswordInput) -> Result<String, String> {
        let drawn = draw(&SystemEntropy::new(), input);
        drawn.map(|text| text.expose().clone()).map_err(|fault| fault.message)
    }

    #[test]
    fn a_password_has_every_kind_that_is_not_switched_off() {
        for length in [4, 32, 4096] {
            let input =
                GetRandomPasswordInput { password_length: Some(length), ..Default::default() };
            let text = password(&input).unwrap();
            assert_eq!(i64::try_from(text.len()).unwrap(), length);
            assert!(text.bytes().any(|byte| byte.is_ascii_lowercase()));
            assert!(text.bytes().any(|byte| byte.is_ascii_uppercase()));
            assert!(text.bytes().any(|byte| byte.is_ascii_digit()));
            assert!(text.bytes().any(|byte| byte.is_ascii_punctuation()));
            assert!(!text.contains(' '));
        }
    }

    #[test]
    fn excluded_characters_never_come() {
        let input = GetRandomPasswordInput {
            password_length: Some(4096),
            exclude_characters: Some("abc !\u{e9}0".to_owned()),
            exclude_uppercase: Some(true),
            include_space: Some(true),
            ..Default::default()
        };
        let text = password(&input).unwrap();
        assert!(!text.contains(['a', 'b', 'c', ' ', '!', '0']));
        assert!(!text.bytes().any(|byte| byte.is_ascii_uppercase()));
    }

    #[test]
    fn every_character_comes_about_equally_often() {
        let input = GetRandomPasswordInput {
            password_length: Some(4096),
            exclude_uppercase: Some(true),
            exclude_lowercase: Some(true),
            exclude_punctuation: Some(true),
            include_space: Some(true),
            ..Default::default()
        };
        let text = password(&input).unwrap();
        for character in "0123456789 ".chars() {
            let count = text.chars().filter(|each| *each == character).count();
            assert!((200..600).contains(&count), "{character}: {count}");
        }
    }

    #[test]
    fn what_cannot_be_is_refused_in_aws_words() {
        let all_off = GetRandomPasswordInput {
            exclude_uppercase: Some(true),
            exclude_lowercase: Some(true),
            exclude_punctuation: Some(true),
            exclude_numbers: Some(true),
            ..Default::default()
        };
        assert_eq!(
            password(&all_off).unwrap_err(),
            "All characters have been excluded from selection."
        );
        let no_digits = GetRandomPasswordInput {
            exclude_characters: Some("0123456789".to_owned()),
            ..Default::default()
        };
        assert_eq!(
            password(&no_digits).unwrap_err(),
            "All characters of the desired type have been excluded."
        );
        let short = GetRandomPasswordInput { password_length: Some(3), ..Default::default() };
        assert_eq!(
            password(&short).unwrap_err(),
            "Password length is too short based on the required types."
        );
        let short_but_any = GetRandomPasswordInput {
            password_length: Some(1),
            require_each_included_type: Some(false),
            ..no_digits
        };
        assert_eq!(password(&short_but_any).unwrap().len(), 1);
    }
}

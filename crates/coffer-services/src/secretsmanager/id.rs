//! How a caller's words for a secret find it: a name, a whole ARN, or an ARN without its suffix.

use std::sync::Arc;

use coffer_model::Arn;
use coffer_pipeline::{Call, Demand, Guard, Scope};
use coffer_protocol::Fault;
use coffer_seal::Entropy;

use super::errors::SecretsManagerError;
use super::secret::{SecretPolicyRecord, SecretRecord};

/// What a `SecretId` names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SecretName {
    /// Where it is.
    pub(crate) scope: Scope,
    /// Its name.
    pub(crate) name: String,
    /// The end of its ARN, where the whole ARN was given.
    pub(crate) suffix: Option<String>,
}

impl SecretName {
    /// Reads a `SecretId` of a call in this scope.
    ///
    /// # Errors
    /// Text that is neither a name nor a secret's ARN.
    pub(crate) fn parse(scope: &Scope, secret_id: &str) -> Result<Self, Fault> {
        let Some(resource) = secret_id.strip_prefix("arn:") else {
            must_be_a_name(secret_id)?;
            return Ok(Self { scope: scope.clone(), name: secret_id.to_owned(), suffix: None });
        };
        let arn: Arn = secret_id.parse().map_err(|_| invalid_name())?;
        let (Some(account), Some(region)) = (arn.account, arn.region) else {
            return Err(invalid_name());
        };
        let name = arn.resource.strip_prefix("secret:").filter(|_| arn.service == SERVICE);
        let name = name.filter(|_| !resource.is_empty()).ok_or_else(invalid_name)?;
        let scope = Scope { account, region };
        // AWS: an ARN that ends in a hyphen and six characters is taken for a whole one, even
        // where they belong to the name (API reference, SecretId).
        let (name, suffix) = match split_suffix(name) {
            Some((name, suffix)) => (name, Some(suffix.to_owned())),
            None => (name, None),
        };
        must_be_a_name(name)?;
        Ok(Self { scope, name: name.to_owned(), suffix })
    }
}

/// Finds a secret, also one that waits for its deletion.
///
/// # Errors
/// `ResourceNotFoundException` where there is none; also for an ARN of another region.
pub(crate) async fn find(call: &mut Call<'_>, secret_id: &str) -> Result<Arc<SecretRecord>, Fault> {
    find_if_there(call, secret_id).await?.ok_or_else(not_found)
}

/// Finds a secret, or nothing.
///
/// # Errors
/// Text that can be no secret's name or ARN.
pub(crate) async fn find_if_there(
    call: &mut Call<'_>,
    secret_id: &str,
) -> Result<Option<Arc<SecretRecord>>, Fault> {
    let wanted = SecretName::parse(call.scope(), secret_id)?;
    if wanted.scope.region != *call.region() {
        return Ok(None);
    }
    let key = SecretRecord::key_of(&wanted.scope, &wanted.name);
    let found = call.get::<SecretRecord>(&key).await?;
    Ok(found.filter(|secret| wanted.suffix.is_none_or(|suffix| suffix == secret.suffix)))
}

/// Finds a secret that does not wait for its deletion.
///
/// # Errors
/// See [`find`]; `InvalidRequestException` for one that was deleted.
pub(crate) async fn find_living(
    call: &mut Call<'_>,
    secret_id: &str,
) -> Result<Arc<SecretRecord>, Fault> {
    let secret = find(call, secret_id).await?;
    if secret.deletion.is_some() { Err(marked_for_deletion()) } else { Ok(secret) }
}

/// Finds a secret to be changed: it waits for no deletion and follows no other secret.
///
/// # Errors
/// See [`find_living`]; `InvalidParameterException` for a replica.
pub(crate) async fn find_changeable(
    call: &mut Call<'_>,
    secret_id: &str,
) -> Result<Arc<SecretRecord>, Fault> {
    let secret = find_living(call, secret_id).await?;
    must_not_be_replica(&secret)?;
    Ok(secret)
}

/// Refuses to change a replica.
pub(crate) fn must_not_be_replica(secret: &SecretRecord) -> Result<(), Fault> {
    if secret.is_replica() {
        return Err(SecretsManagerError::InvalidParameterException.with(
            "Operation not permitted on a replica secret. Call must be made in primary secret's \
             region.",
        ));
    }
    Ok(())
}

/// The permission for an action on the secret that a `SecretId` names, whether or not it is there.
///
/// # Errors
/// Text that can be no secret's name or ARN.
pub(crate) async fn demand(
    call: &mut Call<'_>,
    action: &'static str,
    secret_id: &str,
) -> Result<Demand, Fault> {
    let Some(secret) = find_if_there(call, secret_id).await? else {
        let wanted = SecretName::parse(call.scope(), secret_id)?;
        let ending = wanted.suffix.map(|suffix| format!("-{suffix}")).unwrap_or_default();
        let arn = wanted.scope.arn_text(SERVICE, &["secret:", &wanted.name, &ending]);
        return Ok(Demand::of(action, arn).shown_as(secret_id));
    };
    // AWS: a refusal names the secret as the caller did (mongodb/awscdk-resources-mongodbatlas#207).
    let demand = Demand::of(action, secret.arn()).shown_as(secret_id).owned_by(secret.account);
    let demand = match secret.has_policy {
        false => demand,
        true => {
            let policy =
                call.get::<SecretPolicyRecord>(&SecretPolicyRecord::key_of(&secret)).await?;
            let documents = policy.iter().map(|policy| policy.text.clone()).collect();
            demand.guarded_by(Guard::Resource(documents))
        }
    };
    Ok(demand.known_by(secret))
}

/// The permissions of an operation that needs one on one secret.
///
/// # Errors
/// See [`demand`].
pub(crate) async fn demands(
    call: &mut Call<'_>,
    action: &'static str,
    secret_id: &str,
) -> Result<Vec<Demand>, Fault> {
    Ok(vec![demand(call, action, secret_id).await?])
}

/// Refuses what cannot be the name of a secret.
pub(crate) fn must_be_a_name(name: &str) -> Result<(), Fault> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-/_+=.@!".contains(&byte);
    if !name.is_empty() && name.len() <= NAME_BYTES_MAX && name.bytes().all(allowed) {
        Ok(())
    } else {
        Err(invalid_name())
    }
}

/// Draws the six characters at the end of an ARN.
pub(crate) fn draw_suffix(entropy: &dyn Entropy) -> String {
    let mut suffix = String::with_capacity(SUFFIX_CHARACTERS);
    while suffix.len() < SUFFIX_CHARACTERS {
        let mut random = [0; SUFFIX_CHARACTERS * 2];
        entropy.fill(&mut random);
        let letters = random.iter().filter_map(|byte| LETTERS.get(usize::from(byte & 63)));
        suffix.extend(
            letters.map(|letter| char::from(*letter)).take(SUFFIX_CHARACTERS - suffix.len()),
        );
    }
    suffix
}

fn split_suffix(name: &str) -> Option<(&str, &str)> {
    let (name, suffix) = name.rsplit_once('-')?;
    let is_suffix = suffix.len() == SUFFIX_CHARACTERS
        && suffix.bytes().all(|byte| byte.is_ascii_alphanumeric())
        && !name.is_empty();
    is_suffix.then_some((name, suffix))
}

/// The fault where there is no such secret. AWS answers 400, not 404.
pub(crate) fn not_found() -> Fault {
    SecretsManagerError::ResourceNotFoundException
        .with("Secrets Manager can't find the specified secret.")
}

/// The fault of a secret that waits for its deletion.
pub(crate) fn marked_for_deletion() -> Fault {
    SecretsManagerError::InvalidRequestException
        .with("You can't perform this operation on the secret because it was marked for deletion.")
}

fn invalid_name() -> Fault {
    Fault::validation(
        "Invalid name. Must be a valid name containing alphanumeric characters, or any of the \
         following: -/_+=.@!",
    )
}

const SERVICE: &str = "secretsmanager";
const SUFFIX_CHARACTERS: usize = 6;
const NAME_BYTES_MAX: usize = 512;
const LETTERS: &[u8; 62] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

#[cfg(test)]
mod tests {
    use coffer_model::AccountId;
    use coffer_pipeline::Scope;

    use super::{SecretName, draw_suffix, must_be_a_name};

    fn scope() -> Scope {
        Scope { account: AccountId::dev(), region: "us-east-1".parse().unwrap() }
    }

    fn check(secret_id: &str, name: &str, suffix: Option<&str>) {
        let found = SecretName::parse(&scope(), secret_id).unwrap();
        assert_eq!((found.name.as_str(), found.suffix.as_deref()), (name, suffix), "{secret_id}");
    }

    #[test]
    fn a_secret_is_named_in_three_ways() {
        let arn = "arn:aws:secretsmanager:us-east-1:000000000000:secret:";
        check("app/db", "app/db", None);
        check("app/db-abcdef", "app/db-abcdef", None);
        check(&format!("{arn}app/db"), "app/db", None);
        check(&format!("{arn}app/db-AbCd1f"), "app/db", Some("AbCd1f"));
        check(&format!("{arn}app/db-abcdef-AbCd1f"), "app/db-abcdef", Some("AbCd1f"));
        check(&format!("{arn}app/db-abcde"), "app/db-abcde", None);
        check(&format!("{arn}-abcdef"), "-abcdef", None);
        let longest = "n".repeat(512);
        check(&longest, &longest, None);
        check(&format!("{arn}{longest}"), &longest, None);
        check(&format!("{arn}{longest}-AbCd1f"), &longest, Some("AbCd1f"));
    }

    #[test]
    fn other_text_names_nothing() {
        for text in [
            "in ner",
            "ä",
            "arn:aws:ssm:us-east-1:000000000000:parameter/a",
            "arn:aws:secretsmanager:us-east-1:000000000000:secret:",
            "arn:aws:secretsmanager:us-east-1::secret:a",
            "arn:aws:secretsmanager",
            "arn:",
            &"n".repeat(513),
            &format!("arn:aws:secretsmanager:us-east-1:000000000000:secret:{}", "n".repeat(513)),
            &format!(
                "arn:aws:secretsmanager:us-east-1:000000000000:secret:{}-AbCd1f",
                "n".repeat(513)
            ),
        ] {
            let fault = SecretName::parse(&scope(), text).unwrap_err();
            assert_eq!(fault.code, "ValidationException", "{text}");
        }
    }

    #[test]
    fn names_have_letters_digits_and_eight_signs() {
        for name in ["a", "Valid/_+=.@-!Name", "1/2/3"] {
            assert!(must_be_a_name(name).is_ok(), "{name}");
        }
        for name in ["", "a b", "a*", "a:b", "a\n"] {
            assert!(must_be_a_name(name).is_err(), "{name:?}");
        }
    }

    #[test]
    fn a_suffix_is_six_letters_and_digits() {
        let suffix = draw_suffix(&coffer_seal::SystemEntropy::new());
        assert!(suffix.len() == 6 && suffix.bytes().all(|byte| byte.is_ascii_alphanumeric()));
    }
}

//! Grant tokens: sealed names of grants. Grants hold at once here, so a token adds nothing to one;
//! but what is no token of a grant is refused, as AWS does.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use coffer_pipeline::{Call, Scope};
use coffer_protocol::Fault;
use coffer_store::Key;

use super::errors::KmsError;
use super::grant::GrantRecord;

/// Makes another token of a grant.
pub(super) fn issue(call: &Call<'_>, grant: &GrantRecord) -> String {
    let name = format!("{}:{}:{}:{}", grant.account, grant.region, grant.key_id, grant.grant_id);
    URL_SAFE_NO_PAD.encode(call.root_key().seal(call.entropy(), PURPOSE, name.as_bytes()))
}

/// The row of the grant that a token is of.
///
/// # Errors
/// `InvalidGrantTokenException` for anything else.
pub(super) fn grant_of(call: &Call<'_>, token: &str) -> Result<Key, Fault> {
    let read = || {
        let sealed = URL_SAFE_NO_PAD.decode(token).ok()?;
        let name = call.root_key().open(PURPOSE, &sealed).ok()?;
        let mut parts = std::str::from_utf8(&name).ok()?.splitn(4, ':');
        let account = parts.next()?.parse().ok()?;
        let region = parts.next()?.parse().ok()?;
        let (key_id, grant_id) = (parts.next()?, parts.next()?);
        Some(GrantRecord::key_of(&Scope { account, region }, key_id, grant_id))
    };
    read().ok_or_else(invalid)
}

/// Refuses tokens that are of no grant.
///
/// # Errors
/// `InvalidGrantTokenException`.
pub(super) async fn must_be_known(
    call: &mut Call<'_>,
    tokens: Option<&[String]>,
) -> Result<(), Fault> {
    for token in tokens.unwrap_or_default() {
        let row = grant_of(call, token)?;
        if call.get::<GrantRecord>(&row).await?.is_none() {
            return Err(invalid());
        }
    }
    Ok(())
}

fn invalid() -> Fault {
    KmsError::InvalidGrantTokenException.with("The grant token is not valid.")
}

const PURPOSE: &[u8] = b"kms grant token";

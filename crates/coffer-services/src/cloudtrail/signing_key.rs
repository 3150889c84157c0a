//! The keys that digest files are signed with: one for each account and region, and a new one each
//! year.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use coffer_model::{AccountId, Region, Sensitive, Timestamp};
use coffer_pipeline::{Call, Scope};
use coffer_protocol::Fault;
use coffer_seal::{DigestSigner, sha256_hex};
use coffer_store::{Direction, Key, Record};
use serde::{Deserialize, Serialize};

use crate::base64_text;

/// A key, its private half for this sealed row alone.
#[derive(Serialize, Deserialize)]
pub(super) struct SigningKeyRecord {
    account: AccountId,
    region: Region,
    pub(super) fingerprint: String,
    pub(super) made: Timestamp,
    #[serde(with = "base64_text")]
    pub(super) public_key: Vec<u8>,
    #[serde(with = "secret_text")]
    private_key: Sensitive<String>,
}

impl fmt::Debug for SigningKeyRecord {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "SigningKeyRecord({})", self.fingerprint)
    }
}

impl SigningKeyRecord {
    /// When it signs no more.
    pub(super) fn ends(&self) -> Timestamp {
        self.made.plus(VALID)
    }

    /// The signer.
    pub(super) fn signer(&self) -> Result<DigestSigner, Fault> {
        let broken = || Fault::internal("the key of digest files cannot be read");
        let bytes = STANDARD.decode(self.private_key.expose()).map_err(|_| broken())?;
        let bytes = Sensitive::new(bytes);
        DigestSigner::from_pkcs8(bytes.expose()).map_err(|_| broken())
    }

    fn prefix_of(scope: &Scope) -> Key {
        scope.key(Self::TABLE, &[])
    }
}

impl Record for SigningKeyRecord {
    const TABLE: &'static str = "cloudtrail.signing-key";

    fn key(&self) -> Key {
        let scope = Scope { account: self.account, region: self.region.clone() };
        let made = coffer_pipeline::context::sortable(self.made);
        scope.key(Self::TABLE, &[&made, &self.fingerprint])
    }
}

/// All keys of the call's account and region, oldest first.
pub(super) async fn all(call: &mut Call<'_>) -> Result<Vec<Arc<SigningKeyRecord>>, Fault> {
    let prefix = SigningKeyRecord::prefix_of(call.scope()).prefix();
    let order = Direction::Ascending;
    let rows = call.scan::<SigningKeyRecord>(&prefix, None, KEYS_MAX, order).await?;
    Ok(rows.into_iter().map(|(_, key)| key).collect())
}

/// The key that signs now, in a region of the call's account; made where there is none.
pub(super) async fn present(
    call: &mut Call<'_>,
    region: &Region,
) -> Result<Arc<SigningKeyRecord>, Fault> {
    let scope = Scope { account: call.account(), region: region.clone() };
    let prefix = SigningKeyRecord::prefix_of(&scope).prefix();
    let newest = call.scan::<SigningKeyRecord>(&prefix, None, 1, Direction::Descending).await?;
    if let Some((_, key)) = newest.into_iter().next().filter(|(_, key)| call.now() < key.ends()) {
        return Ok(key);
    }
    let failed = |_| Fault::internal("no key for digest files could be made");
    let signer = DigestSigner::generate().map_err(failed)?;
    let private_key = STANDARD.encode(signer.to_pkcs8().map_err(failed)?.as_slice());
    let public_key = signer.public_key();
    let made = || SigningKeyRecord {
        account: scope.account,
        region: scope.region.clone(),
        fingerprint: sha256_hex(&public_key).chars().take(FINGERPRINT_DIGITS).collect(),
        made: call.now(),
        public_key: public_key.clone(),
        private_key: Sensitive::new(private_key.clone()),
    };
    let record = Arc::new(made());
    let row = made();
    call.put(row).await?;
    Ok(record)
}

mod secret_text {
    use coffer_model::Sensitive;
    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(
        secret: &Sensitive<String>,
        out: S,
    ) -> Result<S::Ok, S::Error> {
        out.serialize_str(secret.expose())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        input: D,
    ) -> Result<Sensitive<String>, D::Error> {
        String::deserialize(input).map(Sensitive::new)
    }
}

const VALID: Duration = Duration::from_secs(365 * 86_400);
/// More than a century's.
const KEYS_MAX: usize = 100;
/// AWS: 128 bits.
const FINGERPRINT_DIGITS: usize = 32;

//! ListPublicKeys: the keys that digest files are verified with.

use coffer_model::Timestamp;
use coffer_pipeline::{Access, Call, Demand, Operation};
use coffer_protocol::{ErrorRow, Fault, Input, Output};

use super::errors::CloudTrailError;
use super::signing_key;

/// Lists the public keys whose private keys may have signed digest files in a range of time.
pub(super) struct ListPublicKeys;

/// The range; now, where nothing is said.
#[derive(Input, Debug)]
#[shape(name = "ListPublicKeysRequest")]
pub(super) struct ListPublicKeysInput {
    start_time: Option<Timestamp>,
    end_time: Option<Timestamp>,
    next_token: Option<String>,
}

/// The keys. There are few, so they come on one page.
#[derive(Output, Debug)]
#[shape(name = "ListPublicKeysResponse")]
pub(super) struct ListPublicKeysOutput {
    public_key_list: Option<Vec<PublicKey>>,
    next_token: Option<String>,
}

/// A public key.
#[derive(Output, Debug)]
pub(super) struct PublicKey {
    value: Option<Vec<u8>>,
    validity_start_time: Option<Timestamp>,
    validity_end_time: Option<Timestamp>,
    fingerprint: Option<String>,
}

impl Operation for ListPublicKeys {
    const NAME: &'static str = "ListPublicKeys";
    const ACCESS: Access = Access::Read;
    const ERRORS: &'static [ErrorRow] = &[
        CloudTrailError::InvalidTimeRangeException.row(),
        CloudTrailError::UnsupportedOperationException.row(),
        CloudTrailError::OperationNotPermittedException.row(),
        CloudTrailError::InvalidTokenException.row(),
    ];
    type Input = ListPublicKeysInput;
    type Output = ListPublicKeysOutput;

    async fn demands(_: &mut Call<'_>, _: &Self::Input) -> Result<Vec<Demand>, Fault> {
        Ok(Demand::any("cloudtrail:ListPublicKeys"))
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        if input.next_token.is_some() {
            return Err(
                CloudTrailError::InvalidTokenException.with("The pagination token is not valid.")
            );
        }
        let start = input.start_time.unwrap_or(call.now());
        let end = input.end_time.unwrap_or(call.now().max(start));
        if start > end {
            return Err(CloudTrailError::InvalidTimeRangeException
                .with("The start time must be earlier than the end time."));
        }
        let keys = signing_key::all(call).await?;
        let overlapping = keys.iter().filter(|key| key.made <= end && key.ends() >= start);
        let list = overlapping.map(|key| PublicKey {
            value: Some(key.public_key.clone()),
            validity_start_time: Some(key.made),
            validity_end_time: Some(key.ends()),
            fingerprint: Some(key.fingerprint.clone()),
        });
        Ok(ListPublicKeysOutput { public_key_list: Some(list.collect()), next_token: None })
    }
}

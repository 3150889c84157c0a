//! GetAccessKeyInfo: whose account an access key belongs to.

use coffer_model::AccountId;
use coffer_pipeline::identity::AccessKeyRecord;
use coffer_pipeline::{Access, Call, Demand, Operation};
use coffer_protocol::{ErrorRow, Fault, Input, Output};

use super::access_key_id;

/// Tells the account of an access key, whether or not the key may be used.
pub(super) struct GetAccessKeyInfo;

/// Which access key.
#[derive(Input, Debug)]
#[shape(name = "GetAccessKeyInfoRequest")]
pub(super) struct GetAccessKeyInfoInput {
    #[shape(required, min = 16, max = 128, pattern = r"[\w]*")]
    access_key_id: String,
}

/// The account.
#[derive(Output, Debug)]
#[shape(name = "GetAccessKeyInfoResponse")]
pub(super) struct GetAccessKeyInfoOutput {
    account: Option<String>,
}

impl Operation for GetAccessKeyInfo {
    const NAME: &'static str = "GetAccessKeyInfo";
    const ACCESS: Access = Access::Read;
    const ERRORS: &'static [ErrorRow] = &[];
    type Input = GetAccessKeyInfoInput;
    type Output = GetAccessKeyInfoOutput;

    async fn demands(_: &mut Call<'_>, _: &Self::Input) -> Result<Vec<Demand>, Fault> {
        Ok(Demand::any("sts:GetAccessKeyInfo"))
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        let account = account_of(call, &input.access_key_id).await?;
        let account =
            account.ok_or_else(|| Fault::validation("The specified access key does not exist."))?;
        Ok(GetAccessKeyInfoOutput { account: Some(account.to_string()) })
    }
}

async fn account_of(call: &mut Call<'_>, id: &str) -> Result<Option<AccountId>, Fault> {
    let key = call.get::<AccessKeyRecord>(&AccessKeyRecord::key_of(id)).await?;
    Ok(key.map(|key| key.account).or_else(|| access_key_id::account_of(id)))
}

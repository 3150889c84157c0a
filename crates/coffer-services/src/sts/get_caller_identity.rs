//! GetCallerIdentity: the account, ARN and id of whoever signed.

use coffer_pipeline::{Access, Call, Demand, Operation};
use coffer_protocol::{ErrorRow, Fault, Input, Output};

/// Tells the caller who it is. It needs no permission: AWS answers even those who are denied it.
pub(super) struct GetCallerIdentity;

/// Nothing is taken.
#[derive(Input, Debug)]
#[shape(name = "GetCallerIdentityRequest")]
pub(super) struct GetCallerIdentityInput {}

/// Who the caller is.
#[derive(Output, Debug)]
#[shape(name = "GetCallerIdentityResponse")]
pub(super) struct GetCallerIdentityOutput {
    user_id: Option<String>,
    account: Option<String>,
    arn: Option<String>,
}

impl Operation for GetCallerIdentity {
    const NAME: &'static str = "GetCallerIdentity";
    const ACCESS: Access = Access::Read;
    const ERRORS: &'static [ErrorRow] = &[];
    type Input = GetCallerIdentityInput;
    type Output = GetCallerIdentityOutput;

    async fn demands(_: &mut Call<'_>, _: &Self::Input) -> Result<Vec<Demand>, Fault> {
        Ok(Vec::new())
    }

    async fn run(call: &mut Call<'_>, _: &Self::Input) -> Result<Self::Output, Fault> {
        let caller = &call.context().caller;
        Ok(GetCallerIdentityOutput {
            user_id: Some(caller.user_id.clone()),
            account: Some(caller.account.to_string()),
            arn: Some(caller.arn.clone()),
        })
    }
}

//! GetAccessKeyLastUsed: tells when an access key was last used.

use std::sync::Arc;

use coffer_model::{Arn, Timestamp};
use coffer_pipeline::identity::{
    AccessKeyLastUsedRecord, AccessKeyOwner, AccessKeyRecord, UserRecord,
};
use coffer_pipeline::{Access, Call, Demand, Operation};
use coffer_protocol::{ErrorRow, Fault, Input, Output};

use super::find::demand_on_user;

/// Tells when, where and by which service an access key was last used.
pub(super) struct GetAccessKeyLastUsed;

/// Which key.
#[derive(Input, Debug)]
#[shape(name = "GetAccessKeyLastUsedRequest")]
pub(super) struct GetAccessKeyLastUsedInput {
    #[shape(required, min = 16, max = 128, pattern = r"[\w]+")]
    access_key_id: String,
}

/// Whose key it is, and its last use.
#[derive(Output, Debug)]
#[shape(name = "GetAccessKeyLastUsedResponse")]
pub(super) struct GetAccessKeyLastUsedOutput {
    user_name: Option<String>,
    access_key_last_used: Option<AccessKeyLastUsed>,
}

impl Operation for GetAccessKeyLastUsed {
    const NAME: &'static str = "GetAccessKeyLastUsed";
    const ACCESS: Access = Access::Read;
    const ERRORS: &'static [ErrorRow] = &[];
    type Input = GetAccessKeyLastUsedInput;
    type Output = GetAccessKeyLastUsedOutput;

    async fn demands(call: &mut Call<'_>, input: &Self::Input) -> Result<Vec<Demand>, Fault> {
        let action = "iam:GetAccessKeyLastUsed";
        match &key(call, &input.access_key_id).await?.owner {
            AccessKeyOwner::User { user, .. } => {
                Ok(vec![demand_on_user(call, action, user).await?])
            }
            AccessKeyOwner::Root => {
                Ok(vec![Demand::of(action, Arn::root(call.account()).to_string())])
            }
        }
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        let key = key(call, &input.access_key_id).await?;
        let row = AccessKeyLastUsedRecord::key_of(&input.access_key_id);
        let used = call.get::<AccessKeyLastUsedRecord>(&row).await?;
        let user_name = match &key.owner {
            AccessKeyOwner::Root => None,
            AccessKeyOwner::User { user, .. } => {
                let user = call.get::<UserRecord>(&UserRecord::key_of(key.account, user)).await?;
                user.map(|user| user.user_name.clone())
            }
        };
        Ok(GetAccessKeyLastUsedOutput {
            user_name,
            access_key_last_used: Some(AccessKeyLastUsed::of(used.as_deref())),
        })
    }
}

/// The last use of an access key.
#[derive(Output, Debug)]
pub(super) struct AccessKeyLastUsed {
    last_used_date: Option<Timestamp>,
    #[shape(required)]
    service_name: String,
    #[shape(required)]
    region: String,
}

impl AccessKeyLastUsed {
    fn of(used: Option<&AccessKeyLastUsedRecord>) -> Self {
        // AWS: a key that was never used has no date, and `N/A` for the rest (IAM API reference).
        let or_none = |text: Option<String>| text.unwrap_or_else(|| "N/A".to_owned());
        Self {
            last_used_date: used.map(|used| used.used),
            service_name: or_none(used.map(|used| used.service.clone())),
            region: or_none(used.map(|used| used.region.to_string())),
        }
    }
}

/// A key of the caller's account. AWS: of any other the caller learns nothing, not even that it is
/// not there.
async fn key(call: &mut Call<'_>, id: &str) -> Result<Arc<AccessKeyRecord>, Fault> {
    let found = call.get::<AccessKeyRecord>(&AccessKeyRecord::key_of(id)).await?;
    found.filter(|key| key.account == call.account()).ok_or_else(|| {
        Fault::access_denied(format!(
            "User: {} is not authorized to perform: iam:GetAccessKeyLastUsed on resource: access \
             key {id}",
            call.context().caller.arn
        ))
    })
}

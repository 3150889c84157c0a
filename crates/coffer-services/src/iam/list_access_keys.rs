//! ListAccessKeys: lists access keys.

use coffer_pipeline::identity::AccessKeyRecord;
use coffer_pipeline::{Access, Call, Demand, Operation};
use coffer_protocol::{ErrorRow, Fault, Input, Output};

use super::access_keys::{AccessKeyMetadata, Owner};
use super::errors::IamError;
use super::find::demand_on_meant;
use super::pages::Page;

/// Lists the access keys of a user, or of whoever calls, without their secrets.
pub(super) struct ListAccessKeys;

/// Whose keys, and which page.
#[derive(Input, Debug)]
#[shape(name = "ListAccessKeysRequest")]
pub(super) struct ListAccessKeysInput {
    #[shape(min = 1, max = 128, pattern = r"[\w+=,.@-]+")]
    user_name: Option<String>,
    #[shape(min = 1, max = 320, pattern = r"[\u0020-\u00FF]+")]
    marker: Option<String>,
    #[shape(min = 1, max = 1000)]
    max_items: Option<i32>,
}

/// A page of keys.
#[derive(Output, Debug)]
#[shape(name = "ListAccessKeysResponse")]
pub(super) struct ListAccessKeysOutput {
    #[shape(required)]
    access_key_metadata: Vec<AccessKeyMetadata>,
    is_truncated: Option<bool>,
    marker: Option<String>,
}

impl Operation for ListAccessKeys {
    const NAME: &'static str = "ListAccessKeys";
    const ACCESS: Access = Access::Read;
    const ERRORS: &'static [ErrorRow] =
        &[IamError::NoSuchEntityException.row(), IamError::ServiceFailureException.row()];
    type Input = ListAccessKeysInput;
    type Output = ListAccessKeysOutput;

    async fn demands(call: &mut Call<'_>, input: &Self::Input) -> Result<Vec<Demand>, Fault> {
        Ok(vec![demand_on_meant(call, "iam:ListAccessKeys", input.user_name.as_ref()).await?])
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        let mut owner = Owner::of(call, input.user_name.as_ref()).await?;
        let mut ids = owner.ids().clone();
        if matches!(owner, Owner::Root(_)) {
            // The key that came with the account is in no list; it is the one that signs.
            ids.extend(call.context().caller.access_key_id.clone());
        }
        let rows: Vec<_> = ids.iter().map(|id| AccessKeyRecord::key_of(id)).collect();
        let keys = call.get_many::<AccessKeyRecord>(&rows).await?;
        let keys = keys.iter().flatten().filter(|key| owner.has(key));
        let entries = keys.map(|key| (key.access_key_id.clone(), owner.listed(key))).collect();
        let page = Page::of(entries, input.marker.as_ref(), input.max_items)?;
        Ok(ListAccessKeysOutput {
            is_truncated: Some(page.is_truncated()),
            access_key_metadata: page.items,
            marker: page.marker,
        })
    }
}

//! CreateAccessKey: makes an access key.

use coffer_pipeline::{Access, Call, Demand, Operation};
use coffer_protocol::{ErrorRow, Fault, Input, Output};

use super::access_keys::{AccessKey, Owner};
use super::errors::IamError;
use super::find::demand_on_meant;
use super::id::{self, IdKind};
use super::permissions::exceeds;

/// Makes an access key of a user, or of whoever calls; its secret is shown this once.
pub(super) struct CreateAccessKey;

/// Whose key.
#[derive(Input, Debug)]
#[shape(name = "CreateAccessKeyRequest")]
pub(super) struct CreateAccessKeyInput {
    #[shape(min = 1, max = 128, pattern = r"[\w+=,.@-]+")]
    user_name: Option<String>,
}

/// The key with its secret.
#[derive(Output, Debug)]
#[shape(name = "CreateAccessKeyResponse")]
pub(super) struct CreateAccessKeyOutput {
    #[shape(required)]
    access_key: AccessKey,
}

impl Operation for CreateAccessKey {
    const NAME: &'static str = "CreateAccessKey";
    const ACCESS: Access = Access::Write;
    const ERRORS: &'static [ErrorRow] = &[
        IamError::NoSuchEntityException.row(),
        IamError::LimitExceededException.row(),
        IamError::ServiceFailureException.row(),
    ];
    type Input = CreateAccessKeyInput;
    type Output = CreateAccessKeyOutput;

    async fn demands(call: &mut Call<'_>, input: &Self::Input) -> Result<Vec<Demand>, Fault> {
        Ok(vec![demand_on_meant(call, "iam:CreateAccessKey", input.user_name.as_ref()).await?])
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        let mut owner = Owner::of(call, input.user_name.as_ref()).await?;
        call.acted_on(&owner.arn());
        if owner.ids().len() >= KEYS_MAX {
            return Err(exceeds("AccessKeysPerUser", KEYS_MAX));
        }
        let id = id::draw(call.entropy(), IdKind::AccessKey);
        let key = owner.new_key(&id, id::draw_secret(call.entropy()), call.now());
        let access_key = owner.shown(&key);
        owner.ids().insert(id);
        call.put(key).await?;
        owner.stage(call).await?;
        Ok(CreateAccessKeyOutput { access_key })
    }
}

/// AWS: a user has at most so many access keys (IAM user guide, quotas).
const KEYS_MAX: usize = 2;

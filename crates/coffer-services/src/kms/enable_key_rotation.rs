//! EnableKeyRotation: has a key's material replaced from time to time.

use coffer_pipeline::{Access, Call, ContextValues, Demand, Operation};
use coffer_protocol::{ErrorRow, Fault, Input};

use super::errors::KmsError;
use super::find::find_to_change;
use super::multi_region::put_with_replicas;
use super::permission::demand_on;
use super::rotate_due_key::begin_rotation;
use super::usage;

/// Has a key's material replaced each time a period has passed, beginning now.
pub(super) struct EnableKeyRotation;

/// Which key, and how often.
#[derive(Input, Debug)]
#[shape(name = "EnableKeyRotationRequest")]
pub(super) struct EnableKeyRotationInput {
    #[shape(required, min = 1, max = 2048)]
    key_id: String,
    #[shape(min = 90, max = 2560)]
    rotation_period_in_days: Option<i32>,
}

impl Operation for EnableKeyRotation {
    const NAME: &'static str = "EnableKeyRotation";
    const ACCESS: Access = Access::Write;
    const ERRORS: &'static [ErrorRow] = &[
        KmsError::NotFoundException.row(),
        KmsError::DisabledException.row(),
        KmsError::InvalidArnException.row(),
        KmsError::DependencyTimeoutException.row(),
        KmsError::KMSInternalException.row(),
        KmsError::KMSInvalidStateException.row(),
        KmsError::UnsupportedOperationException.row(),
    ];
    type Input = EnableKeyRotationInput;
    type Output = ();

    async fn demands(call: &mut Call<'_>, input: &Self::Input) -> Result<Vec<Demand>, Fault> {
        Ok(vec![demand_on(call, "kms:EnableKeyRotation", &input.key_id).await?])
    }

    fn condition<'i>(input: &'i Self::Input, key: &str) -> Option<ContextValues<'i>> {
        (key == "kms:rotationperiodindays")
            .then(|| i64::from(input.rotation_period_in_days.unwrap_or(PERIOD_DAYS_USUAL)).into())
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        let key = find_to_change(call, &input.key_id, "kms:EnableKeyRotation").await?;
        usage::must_rotate(&key)?;
        if key.kind.is_external() {
            return Err(usage::invalid_origin(&key));
        }
        key.must_decide()?;
        key.must_be_usable()?;
        let period_days = input
            .rotation_period_in_days
            .or(key.rotation.map(|rotation| rotation.period_days))
            .unwrap_or(PERIOD_DAYS_USUAL);
        call.acted_on(&key.arn());
        if key.rotation.is_some_and(|rotation| rotation.period_days == period_days) {
            return Ok(());
        }
        let mut key = key.copy();
        begin_rotation(call, &mut key, period_days).await?;
        put_with_replicas(call, key).await
    }
}

/// AWS: about a year.
const PERIOD_DAYS_USUAL: i32 = 365;

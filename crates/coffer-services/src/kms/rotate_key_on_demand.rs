//! RotateKeyOnDemand: replaces a key's material now.

use std::time::Duration;

use coffer_pipeline::{Access, Call, Demand, Operation};
use coffer_protocol::{ErrorRow, Fault, Input, Output};

use super::errors::KmsError;
use super::find::find_to_change;
use super::key::KeyRecord;
use super::material::{MadeBy, SealedMaterial};
use super::multi_region::{put_with_replicas, related};
use super::permission::demand_on;
use super::rotate_due_key::emit_rotation;
use super::usage;

/// Replaces a key's material now; what it sealed before goes on opening.
pub(super) struct RotateKeyOnDemand;

/// Which key.
#[derive(Input, Debug)]
#[shape(name = "RotateKeyOnDemandRequest")]
pub(super) struct RotateKeyOnDemandInput {
    #[shape(required, min = 1, max = 2048)]
    key_id: String,
}

/// The key that was rotated.
#[derive(Output, Debug)]
#[shape(name = "RotateKeyOnDemandResponse")]
pub(super) struct RotateKeyOnDemandOutput {
    key_id: Option<String>,
}

impl Operation for RotateKeyOnDemand {
    const NAME: &'static str = "RotateKeyOnDemand";
    const ACCESS: Access = Access::Write;
    const ERRORS: &'static [ErrorRow] = &[
        KmsError::NotFoundException.row(),
        KmsError::DisabledException.row(),
        KmsError::InvalidArnException.row(),
        KmsError::DependencyTimeoutException.row(),
        KmsError::KMSInternalException.row(),
        KmsError::KMSInvalidStateException.row(),
        KmsError::UnsupportedOperationException.row(),
        KmsError::LimitExceededException.row(),
        KmsError::ConflictException.row(),
    ];
    type Input = RotateKeyOnDemandInput;
    type Output = RotateKeyOnDemandOutput;

    async fn demands(call: &mut Call<'_>, input: &Self::Input) -> Result<Vec<Demand>, Fault> {
        Ok(vec![demand_on(call, "kms:RotateKeyOnDemand", &input.key_id).await?])
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        let key = find_to_change(call, &input.key_id, "kms:RotateKeyOnDemand").await?;
        usage::must_rotate(&key)?;
        key.must_decide()?;
        key.must_be_usable()?;
        let arn = key.arn();
        let is_on_demand =
            |material: &&SealedMaterial| material.made_by == MadeBy::OnDemandRotation;
        if key.materials.iter().filter(is_on_demand).count() >= ON_DEMAND_ROTATIONS_MAX {
            return Err(KmsError::LimitExceededException.with(format!(
                "The on-demand rotations limit has been reached for the given keyId. No more on-demand \
                 rotations can be performed for this key: {arn}"
            )));
        }
        if key.rotation.is_some_and(|rotation| rotation.next.minus(SOON) <= call.now()) {
            return Err(KmsError::ConflictException.with(format!(
                "An automatic rotation of {arn} is in progress or scheduled to begin within the next 20 \
                 minutes."
            )));
        }
        let mut key = key.copy();
        let key_id = key.key_id.clone();
        if key.kind.is_external() {
            must_be_imported_everywhere(call, &key).await?;
            key.rotate_to_pending(call)?;
        } else {
            key.rotate(call, MadeBy::OnDemandRotation)?;
        }
        call.acted_on(&arn);
        put_with_replicas(call, key).await?;
        emit_rotation(call, &arn, &key_id).await?;
        Ok(RotateKeyOnDemandOutput { key_id: Some(key_id) })
    }
}

/// Refuses to rotate to imported material that a replica still lacks.
async fn must_be_imported_everywhere(call: &mut Call<'_>, key: &KeyRecord) -> Result<(), Fault> {
    for region in key.replica_regions() {
        let Some(replica) = related(call, key, &region).await? else { continue };
        if !replica.pending.as_ref().is_some_and(SealedMaterial::is_here) {
            return Err(replica.invalid_state("has no key material pending rotation."));
        }
    }
    Ok(())
}

/// AWS: for as long as the key is there.
const ON_DEMAND_ROTATIONS_MAX: usize = 25;
/// AWS: a rotation that is this near is not overtaken.
const SOON: Duration = Duration::from_secs(20 * 60);

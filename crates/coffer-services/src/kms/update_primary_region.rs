//! UpdatePrimaryRegion: makes a replica the primary, and the primary a replica.

use coffer_model::Region;
use coffer_pipeline::{Access, Call, ContextValues, Demand, Operation};
use coffer_protocol::{ErrorRow, Fault, Input};

use super::errors::KmsError;
use super::find::find_to_change;
use super::key::key_arn;
use super::multi_region::{put_with_replicas, related};
use super::permission::{demand_on, of_key};
use super::rotate_due_key::move_rotation;

/// Makes a replica of a key the primary, and the key a replica.
pub(super) struct UpdatePrimaryRegion;

/// Which key, and which of its replicas.
#[derive(Input, Debug)]
#[shape(name = "UpdatePrimaryRegionRequest")]
pub(super) struct UpdatePrimaryRegionInput {
    #[shape(required, min = 1, max = 2048)]
    key_id: String,
    #[shape(required, min = 1, max = 32, pattern = r"^([a-z]+-){2,3}\d+$")]
    primary_region: String,
}

impl Operation for UpdatePrimaryRegion {
    const NAME: &'static str = "UpdatePrimaryRegion";
    const ACCESS: Access = Access::Write;
    const ERRORS: &'static [ErrorRow] = &[
        KmsError::DisabledException.row(),
        KmsError::InvalidArnException.row(),
        KmsError::KMSInvalidStateException.row(),
        KmsError::KMSInternalException.row(),
        KmsError::NotFoundException.row(),
        KmsError::UnsupportedOperationException.row(),
    ];
    type Input = UpdatePrimaryRegionInput;
    type Output = ();

    async fn demands(call: &mut Call<'_>, input: &Self::Input) -> Result<Vec<Demand>, Fault> {
        let action = "kms:UpdatePrimaryRegion";
        let key = find_to_change(call, &input.key_id, action).await;
        let mut demands = vec![demand_on(call, action, &input.key_id).await?];
        // AWS: on the replica, too, by its own key policy (API reference).
        if let (Ok(key), Ok(region)) = (key, input.primary_region.parse()) {
            let replica = related(call, &key, &region).await?;
            demands.push(match replica {
                Some(replica) => of_key(call, &replica, action),
                None => Demand::of(action, key_arn(&key.scope().in_region(region), &key.key_id)),
            });
        }
        Ok(demands)
    }

    fn condition<'i>(input: &'i Self::Input, key: &str) -> Option<ContextValues<'i>> {
        match key {
            "kms:primaryregion" => Some(input.primary_region.as_str().into()),
            _ => None,
        }
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        let former = find_to_change(call, &input.key_id, "kms:UpdatePrimaryRegion").await?;
        let mut regions = former.must_be_primary()?.clone();
        former.must_be_usable()?;
        let region: Region = input
            .primary_region
            .parse()
            .map_err(|_| Fault::validation(format!("{} is no region", input.primary_region)))?;
        if region == former.region {
            let message = format!("{} is the primary key already.", former.arn());
            return Err(KmsError::UnsupportedOperationException.with(message));
        }
        let replica = related(call, &former, &region).await?.ok_or_else(|| {
            let arn = key_arn(&former.scope().in_region(region.clone()), &former.key_id);
            KmsError::NotFoundException.with(format!("Key '{arn}' does not exist"))
        })?;
        replica.must_be_usable()?;
        regions.replicas.remove(&region);
        regions.replicas.insert(former.region.clone());
        regions.primary = region;
        let mut primary = replica.copy();
        primary.multi_region = Some(regions);
        call.acted_on(&former.arn());
        call.acted_on(&primary.arn());
        move_rotation(call, &primary).await?;
        put_with_replicas(call, primary).await
    }
}

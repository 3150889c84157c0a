//! DeleteImportedKeyMaterial: takes imported material out of a key.

use coffer_pipeline::{Access, Call, Demand, Operation};
use coffer_protocol::{ErrorRow, Fault, Input, Output};

use super::errors::KmsError;
use super::find::find_to_change;
use super::imports;
use super::multi_region::put_with_replicas;
use super::permission::demand_on;
use super::usage;

/// Takes imported material out of a key, which needs the same again before it can be used.
pub(super) struct DeleteImportedKeyMaterial;

/// Which key, and which of its material.
#[derive(Input, Debug)]
#[shape(name = "DeleteImportedKeyMaterialRequest")]
pub(super) struct DeleteImportedKeyMaterialInput {
    #[shape(required, min = 1, max = 2048)]
    key_id: String,
    #[shape(min = 64, max = 64, pattern = r"^[a-f0-9]+$")]
    key_material_id: Option<String>,
}

/// The material's id.
#[derive(Output, Debug)]
#[shape(name = "DeleteImportedKeyMaterialResponse")]
pub(super) struct DeleteImportedKeyMaterialOutput {
    key_id: Option<String>,
    key_material_id: Option<String>,
}

impl Operation for DeleteImportedKeyMaterial {
    const NAME: &'static str = "DeleteImportedKeyMaterial";
    const ACCESS: Access = Access::Write;
    const ERRORS: &'static [ErrorRow] = &[
        KmsError::InvalidArnException.row(),
        KmsError::UnsupportedOperationException.row(),
        KmsError::DependencyTimeoutException.row(),
        KmsError::NotFoundException.row(),
        KmsError::KMSInternalException.row(),
        KmsError::KMSInvalidStateException.row(),
    ];
    type Input = DeleteImportedKeyMaterialInput;
    type Output = DeleteImportedKeyMaterialOutput;

    async fn demands(call: &mut Call<'_>, input: &Self::Input) -> Result<Vec<Demand>, Fault> {
        Ok(vec![demand_on(call, "kms:DeleteImportedKeyMaterial", &input.key_id).await?])
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        let action = "kms:DeleteImportedKeyMaterial";
        let key = find_to_change(call, &input.key_id, action).await?;
        if !key.kind.is_external() {
            return Err(usage::invalid_origin(&key));
        }
        let arn = key.arn();
        call.acted_on(&arn);
        let material = match &input.key_material_id {
            Some(id) => {
                let mut all = key.materials.iter().chain(&key.pending);
                let found = all.find(|material| material.id == *id);
                Some(found.ok_or_else(|| {
                    let message = format!("Key material {id} of {arn} does not exist");
                    KmsError::NotFoundException.with(message)
                })?)
            }
            // A key that never had material has nothing to lose, which is no error.
            None => key.materials.last(),
        };
        let material_id = material.map(|material| material.id.clone());
        if let Some(id) = &material_id {
            put_with_replicas(call, imports::without(&key, id)).await?;
        }
        Ok(DeleteImportedKeyMaterialOutput {
            key_id: Some(arn),
            key_material_id: material_id.filter(|_| key.kind.is_symmetric()),
        })
    }
}
